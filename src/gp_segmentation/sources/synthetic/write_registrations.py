"""Write the synthetic England as the publication of patients registered at practices, April 2025."""

import numpy as np

from gp_segmentation.sources.synthetic import naming
from gp_segmentation.sources.synthetic.england import England
from gp_segmentation.sources.synthetic.files import CRLF, csv_text
from gp_segmentation.sources.synthetic.write_qof import area_fields
from gp_segmentation.utils.arrays import Ints

PUBLICATION = "GP_PRAC_PAT_LIST"
SEXES = ("FEMALE", "MALE")


def registrations_text(england: England) -> str:
    """Return gp-reg-pat-prac-quin-age.csv: five kinds of organisation stacked, each with its totals.

    As in the real file, bands are sorted as text (``10_14`` before ``5_9``).
    """
    practices, cal = england.practices, england.calibration
    sub_icbs = range(int(practices["sub_icb"].max()) + 1)
    networks = np.unique(practices["pcn_code"].to_numpy(dtype=str))
    parts = [
        _level(england, "Comm Region", practices["region"].to_numpy(),
               [(region["code"], region["ons"], "") for region in cal.regions]),
        _level(england, "ICB", practices["icb"].to_numpy(), [(icb.code, icb.ons, "") for icb in cal.icbs]),
        _level(england, "SUB_ICB_LOCATION_CODE", practices["sub_icb"].to_numpy(),
               [(naming.sub_icb_code(s), naming.sub_icb_ons(s), "") for s in sub_icbs]),
        _level(england, "PCN", np.searchsorted(networks, practices["pcn_code"].to_numpy(dtype=str)),
               [(str(code), "", "") for code in networks]),
        _level(england, "GP", np.arange(len(practices)),
               [(p.practice_code, "", p.postcode) for p in england.records()]),
    ]  # fmt: skip
    header = "PUBLICATION,EXTRACT_DATE,ORG_TYPE,ORG_CODE,ONS_CODE,POSTCODE,SEX,AGE_GROUP_5,NUMBER_OF_PATIENTS"
    return header + CRLF + "".join(parts)


def _level(england: England, kind: str, member_of: Ints, names: list[tuple[str, str, str]]) -> str:
    """Return the rows of all organisations of one kind; `member_of` is the organisation of each practice."""
    bands = england.calibration.raw["fine_structure"]["bands"]
    patients = np.zeros((len(names), *england.patients.shape[1:]), dtype=np.int64)
    np.add.at(patients, member_of, england.patients)
    order = np.argsort(np.array(bands), kind="stable")
    rows = [("ALL", "ALL"), *((sex, name) for sex in SEXES for name in (*np.array(bands)[order], "ALL"))]
    template = "".join(f"{PUBLICATION},2025-04-01,{kind},{{0}},{sex},{name},%d{CRLF}" for sex, name in rows)
    by_sex = np.concatenate([patients[:, :, order], patients.sum(axis=2, keepdims=True)], axis=2)
    counts = np.column_stack([patients.sum(axis=(1, 2)), by_sex.reshape(len(names), -1)])
    codes = sorted(range(len(names)), key=lambda i: names[i][0])
    return "".join(template.format(",".join(names[i])) % tuple(counts[i].tolist()) for i in codes)


def map_text(england: England) -> str:
    """Return gp-reg-pat-prac-map.csv: PCN, sub-ICB location, ICB and region of each practice."""
    header = (
        "PUBLICATION", "EXTRACT_DATE", "PRACTICE_CODE", "PRACTICE_NAME", "PRACTICE_POSTCODE", "PCN_CODE",
        "PCN_NAME", "ONS_SUB_ICB_LOCATION_CODE", "SUB_ICB_LOCATION_CODE", "SUB_ICB_LOCATION_NAME",
        "ONS_ICB_CODE", "ICB_CODE", "ICB_NAME", "ONS_COMM_REGION_CODE", "COMM_REGION_CODE",
        "COMM_REGION_NAME", "SUPPLIER_NAME",
    )  # fmt: skip
    rows = []
    for p in england.records():
        areas = area_fields(england, p.region, p.icb, p.sub_icb)
        ons_first = [areas[i] for level in (6, 3, 0) for i in (level + 1, level, level + 2)]
        practice = (p.practice_code, p.practice_name, p.postcode, p.pcn_code, p.pcn_name)
        rows.append((PUBLICATION, "01Apr2025", *practice, *ons_first, "SYNTHETIC"))
    return csv_text([header, *rows])
