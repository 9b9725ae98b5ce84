"""Write the synthetic England as a QOF archive of 2024-25."""

import math
from collections.abc import Iterator

import numpy as np

from gp_segmentation.sources.synthetic import naming
from gp_segmentation.sources.synthetic.england import England
from gp_segmentation.sources.synthetic.files import CRLF, csv_text
from gp_segmentation.sources.synthetic.patients import register_list_types

YEAR = "2425"
NATION = ("E92000001", "ENG", "England")
MAXIMUM_POINTS = "635"
#: An indicator's measures in the official order -> attribute of `DrawnCounts`.
MEASURES = {
    "NUMERATOR": "numerator",
    "REGISTER": "register",
    "DENOMINATOR": "denominator",
    "PCAS": "pcas",
    "NEWLY_DIAGNOSED": "newly_diagnosed",
    "ACHIEVED_POINTS": "points",
}
#: Code and name of the sub-domain of the groups whose sub-domain is not the domain itself.
SUB_DOMAINS = {
    "CS": ("PHAS", "Public Health Additional Services"),
    "VI": ("PHVI", "Public Health Vaccination and Immunisation"),
}
DOMAINS = {"Clinical": "CL", "Public Health": "PH", "Quality improvement": "QI"}


def qof_members(england: England) -> dict[str, str]:
    """Return name and text of each member of the archive."""
    return {
        **dict(_achievement_members(england)),
        f"MAPPING_INDICATORS_{YEAR}.csv": _indicators(england),
        f"MAPPING_NHS_GEOGRAPHIES_{YEAR}.csv": _geographies(england),
        f"ORGANISATION_REFERENCE_{YEAR}.csv": _organisations(england),
        f"PRACTICE_VALIDATION_OUTCOMES_{YEAR}.csv": _validation(england),
        f"PREVALENCE_{YEAR}.csv": _prevalence(england),
    }


def _achievement_members(england: England) -> Iterator[tuple[str, str]]:
    """Yield one member per region, sorted by name; a value of NaN has no row."""
    header = "REGION_ODS_CODE,REGION_ONS_CODE,REGION_NAME,PRACTICE_CODE,INDICATOR_CODE,MEASURE,VALUE"
    measured = [
        (j, entry["code"], measure)
        for j, entry in enumerate(england.counts.indicators)
        for measure in MEASURES
        if measure in entry["measures"]
    ]
    columns = [getattr(england.counts, MEASURES[measure])[:, j] for j, _, measure in measured]
    values = np.column_stack(columns).tolist()
    records = england.records()
    for r, region in sorted(enumerate(england.calibration.regions), key=lambda pair: pair[1]["name"]):
        name = region["name"].upper().replace(" ", "_")
        area = f"{region['code']},{region['ons']},{name}"
        template = [f"{area},%s,{code},{measure},%r{CRLF}" for _, code, measure in measured]
        body = [
            line % (p.practice_code, value)
            for p, row in zip(records, values, strict=True)
            if p.region == r and p.in_qof
            for line, value in zip(template, row, strict=True)
            if not math.isnan(value)
        ]
        yield f"ACHIEVEMENT_{name}_{YEAR}.csv", header + CRLF + "".join(body)


def _prevalence(england: England) -> str:
    groups = register_list_types(england.calibration)
    published = england.practices["in_qof"].to_numpy()
    lists = england.lists[list(groups.values())].to_numpy()[published]
    registers = england.registers[list(groups)].to_numpy()[published]
    codes = england.practices["practice_code"][published]
    template = "".join(f"%s,{group},%d.0,{list_type},%d{CRLF}" for group, list_type in groups.items())
    body = [
        template % tuple(field for pair in zip(register, size, strict=True) for field in (code, *pair))
        for code, register, size in zip(codes, registers.tolist(), lists.tolist(), strict=True)
    ]
    header = "PRACTICE_CODE,GROUP_CODE,REGISTER,PATIENT_LIST_TYPE,PRACTICE_LIST_SIZE"
    return header + CRLF + "".join(body)


def _indicators(england: England) -> str:
    header = (
        "INDICATOR_CODE", "INDICATOR_DESCRIPTION", "INDICATOR_POINT_VALUE", "GROUP_CODE", "GROUP_DESCRIPTION",
        "SUB_DOMAIN_CODE", "SUB_DOMAIN_DESCRIPTION", "DOMAIN_CODE", "DOMAIN_DESCRIPTION", "PATIENT_LIST_TYPE",
    )  # fmt: skip
    rows = []
    for entry in england.counts.indicators:
        domain = (DOMAINS[entry["domain"]], entry["domain"])
        own = [entry[key] for key in ("code", "description", "points", "group", "group_description")]
        rows.append((*own, *SUB_DOMAINS.get(entry["group"], domain), *domain, entry["list_type"]))
    return csv_text([header, *rows])


def _geographies(england: England) -> str:
    header = (
        "NAT_ONS_CODE", "NAT_CODE", "NAT_COUNTRY", "REGION_ODS_CODE", "REGION_ONS_CODE", "REGION_NAME",
        "ICB_ODS_CODE", "ICB_ONS_CODE", "ICB_NAME", "SUB_ICB_ODS_CODE", "SUB_ICB_ONS_CODE", "SUB_ICB_NAME",
        "PCN_ODS_CODE", "PCN_NAME", "PRACTICE_CODE", "PRACTICE_NAME",
    )  # fmt: skip
    rows = (
        (*NATION, *area_fields(england, row.region, row.icb, row.sub_icb), row.pcn_code, row.pcn_name,
         row.practice_code, row.practice_name)
        for row in england.records()
        if row.in_qof
    )  # fmt: skip
    return csv_text([header, *rows])


def area_fields(england: England, region: int, icb: int, sub_icb: int) -> tuple[str, ...]:
    """Return ODS code, ONS code and name of region, ICB and sub-ICB location."""
    top, board = england.calibration.regions[region], england.calibration.icbs[icb]
    return (
        top["code"], top["ons"], top["name"],
        board.code, board.ons, naming.icb_name(board),
        naming.sub_icb_code(sub_icb), naming.sub_icb_ons(sub_icb), naming.sub_icb_name(board, sub_icb),
    )  # fmt: skip


def _organisations(england: England) -> str:
    """Return maximum points, some of them written as decimals, as in the real file."""
    codes = england.practices["practice_code"][england.practices["in_qof"]]
    rows = [(code, MAXIMUM_POINTS + (".0" if i % 64 == 63 else "")) for i, code in enumerate(codes)]
    return csv_text([("PRACTICE_CODE", "REVISED_MAX_POINTS"), *rows])


def _validation(england: England) -> str:
    codes = england.practices["practice_code"][~england.practices["in_qof"]]
    rows = [(code, 1, "Achieved points <= manual points total") for code in codes]
    return csv_text([("PRACTICE_CODE", "RULE", "DESCRIPTION"), *rows])
