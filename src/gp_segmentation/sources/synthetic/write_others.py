"""Write the synthetic England as other publishers' files: ODS, Code-Point Open, Fingertips, ethnicity."""

import csv
import math
from typing import Any

import numpy as np
import pyproj

from gp_segmentation.sources.synthetic.england import England
from gp_segmentation.sources.synthetic.files import CRLF, LF, csv_text
from gp_segmentation.sources.synthetic.naming import sub_icb_code

#: The ODS list has one closed practice per 12 practices, and one other organisation per 10.
CLOSED_EVERY, OTHER_EVERY = 12, 10
IMD_ID, IMD_NAME, IMD_YEAR = 94240, "Deprivation score (IMD 2025)", 2025
#: WGS 84 to the British National Grid by formula alone (Helmert and transverse Mercator, within about five
#: metres), spelled out because pyproj would otherwise use whatever grid files a machine happens to have.
TO_NATIONAL_GRID = (
    "+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad "
    "+step +proj=push +v_3 +step +proj=cart +ellps=WGS84 "
    "+step +inv +proj=helmert +x=446.448 +y=-125.157 +z=542.06 +rx=0.15 +ry=0.247 +rz=0.842 +s=-20.489 "
    "+convention=position_vector +step +inv +proj=cart +ellps=airy +step +proj=pop +v_3 "
    "+step +proj=tmerc +lat_0=49 +lon_0=-2 +k=0.9996012717 +x_0=400000 +y_0=-100000 +ellps=airy"
)


def epraccur_text(england: England) -> str:
    """Return epraccur.csv in the layout of 2026: 27 quoted columns, no header, status in words, role codes.

    Closed practices and other prescribing cost centres follow the practices, in the rows and in the codes.
    """
    rows = [_ods_row(england, p, p.practice_code, p.status, "RO76") for p in england.records()]
    number = len(rows)
    for every, status, setting in ((CLOSED_EVERY, "INACTIVE", "RO76"), (OTHER_EVERY, "ACTIVE", "RO247")):
        for p in england.records()[every // 2 :: every]:
            number += 1
            rows.append(_ods_row(england, p, f"Z{number:05d}", status, setting))
    return csv_text(rows, quoting=csv.QUOTE_ALL)


def _ods_row(england: England, p: Any, code: str, status: str, setting: str) -> list[str]:
    kind = "SYNTHETIC CLINIC" if setting != "RO76" else "SYNTHETIC CLOSED SURGERY"
    name = p.practice_name if code == p.practice_code else f"{kind} {code[1:]}"
    icb, sub_icb = england.calibration.icbs[p.icb], sub_icb_code(p.sub_icb)
    closed = "20240331" if status == "INACTIVE" else ""
    row = [""] * 27
    row[0:4] = [code, name, icb.region, icb.code]
    row[4:10] = ["1 SYNTHETIC STREET", "", "", "SYNTHETIC TOWN", "", p.postcode]
    row[10:17] = ["19740401", closed, status, "B", sub_icb, "20200401", closed]
    row[17], row[21], row[23], row[25] = "00000 000000", "1", sub_icb, setting
    return row


def codepoint_members(england: England) -> dict[str, str]:
    """Return the members of the Code-Point Open archive: headers, then one file of postcodes per area.

    Postcodes have seven characters, the outward part padded to four; coordinates are whole metres.
    """
    known = england.practices[england.practices["on_map"]].drop_duplicates("postcode").sort_values("postcode")
    to_grid = pyproj.Transformer.from_pipeline(TO_NATIONAL_GRID)
    grid = to_grid.transform(known["longitude"].to_numpy(), known["latitude"].to_numpy())
    easting, northing = (np.rint(metres).astype(np.int64).tolist() for metres in grid)
    lines: dict[str, list[str]] = {}
    for postcode, east, north in zip(known["postcode"], easting, northing, strict=True):
        outward, inward = postcode.split(" ")
        line = f'"{outward:<4}{inward}",10,{east},{north},"E92000001","","","","",""'
        lines.setdefault(f"Data/CSV/{outward[:2].lower()}.csv", []).append(line)
    headers = csv_text([
        ("PC", "PQ", "EA", "NO", "CY", "RH", "LH", "CC", "DC", "WC"),
        ("Postcode", "Positional_quality_indicator", "Eastings", "Northings", "Country_code",
         "NHS_regional_HA_code", "NHS_HA_code", "Admin_county_code", "Admin_district_code",
         "Admin_ward_code"),
    ])  # fmt: skip
    return {
        "Doc/Code-Point_Open_Column_Headers.csv": headers,
        **{name: "".join(line + CRLF for line in lines[name]) for name in sorted(lines)},
    }


def imd_text(england: England) -> str:
    """Return the Fingertips file of indicator 94240: England twice, then the practices that have a value."""
    header = (
        "Indicator ID", "Indicator Name", "Parent Code", "Parent Name", "Area Code", "Area Name", "Area Type",
        "Sex", "Age", "Category Type", "Category", "Time period", "Value", "Lower CI 95.0 limit",
        "Upper CI 95.0 limit", "Lower CI 99.8 limit", "Upper CI 99.8 limit", "Count", "Denominator",
        "Value note", "Recent Trend", "Compared to England value or percentiles", "Compared to percentiles",
        "Time period Sortable", "New data", "Compared to goal", "Time period range",
    )  # fmt: skip
    known = [p for p in england.records() if p.in_qof and not math.isnan(p.imd)]
    mean = math.fsum(p.imd * p.list_size for p in known) / sum(p.list_size for p in known)
    nation = ("E92000001", "England")
    rows = [
        _fingertips_row(("", ""), nation, "England", f"{mean:.2f}"),
        _fingertips_row(nation, nation, "England", f"{mean:.2f}"),
    ]
    for p in known:
        value = repr(round(p.imd, 3))
        rows.append(_fingertips_row(nation, (p.practice_code, p.practice_name), "GP", value))
    return csv_text([header, *rows])


def _fingertips_row(
    parent: tuple[str, str], area: tuple[str, str], kind: str, value: str
) -> tuple[object, ...]:
    return (
        IMD_ID, IMD_NAME, *parent, *area, kind, "Persons", "All ages", "", "", IMD_YEAR, value,
        *[""] * 7, "Cannot be calculated", "Not compared", "Not compared", IMD_YEAR * 10000, "", "", "1y",
    )  # fmt: skip


def ethnicity_text(england: England) -> str:
    """Return a local table of ethnicity: the share of patients from ethnic minority groups, by the Census."""
    header = ("practice_code", "practice_name", "postcode", "subicb_code",
              "non_white_popn", "reg_popn", "pct_non_white")  # fmt: skip
    rows = []
    for p in england.records():
        if math.isnan(p.nonwhite_share):
            continue
        share = round(p.nonwhite_share, 6)
        people = round(share * p.list_size, 3)
        names = (p.practice_code, p.practice_name, p.postcode, sub_icb_code(p.sub_icb))
        rows.append((*names, people, p.list_size, share))
    return csv_text([header, *rows], end=LF, quoting=csv.QUOTE_NONNUMERIC)


def truth_text(england: England) -> str:
    """Return each practice's planted archetype (1 = the commonest), special class and irregularity."""
    columns = ["practice_code", "archetype", "special", "quirk"]
    return csv_text([columns, *england.practices[columns].itertuples(index=False, name=None)], end=LF)
