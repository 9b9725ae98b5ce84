"""The workbook of one area, written as that of the whole run is (`insight.workbook`)."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from gp_segmentation.insight.workbook import headers
from gp_segmentation.insight.workbook.sheets import with_rounded_gains
from gp_segmentation.insight.workbook.workbook import WorkbookSheet, write_workbook
from gp_segmentation.schemas import AreaTables
from gp_segmentation.utils.wording import visible_name

PRACTICE = {"practice_code": "Practice code", "practice_name": "Practice"}
SEGMENT = {"segment_code": "Segment code", "segment_name": "Segment name"}
GAIN = {
    "additional_patients": "Additional patients, own segment",
    "low": "Interval from",
    "high": "Interval to",
}
PRACTICES = {
    **PRACTICE,
    "pcn_name": "Primary care network",
    "postcode": "Postcode",
    "list_size": "Registered patients",
    **SEGMENT,
    "certainty": "Certainty (%)",
    "membership": "Belongs to",
    "second_segment_code": "Next nearest segment",
    "margin": "Margin",
    "special": "Special",
    "first_indicator_code": "Largest opportunity",
    "first_additional_patients": "Additional patients, own segment",
    "first_low": "Interval from",
    "first_high": "Interval to",
}
MIX = {
    **SEGMENT,
    "practices": "Practices",
    "patients": "Registered patients",
    "share": "Of the area's practices (%)",
    "share_of_patients": "Of the area's patients (%)",
    "england_practices": "Practices, England",
    "england_share": "Of England's practices (%)",
    "england_patients": "Registered patients, England",
}
MEASURES = {
    "label": "Measure",
    "unit": "Unit",
    "area_mean": "Area, mean",
    "england_mean": "England, mean",
    "lowest": "Lowest practice",
    "highest": "Highest practice",
    "difference_sd": "Difference from England (SD)",
}
OPPORTUNITIES = {
    "indicator_code": "Indicator",
    "group_name": "Condition",
    "rate": "Achieved (%)",
    "target": "Target: upper quartile of its segments (%)",
    "england_rate": "England (%)",
    "eligible": "Eligible patients",
    "practices_below": "Practices below the target",
    "practices": "Practices compared",
    **GAIN,
    "description": "What it asks for",
}
#: As in the workbook of the whole run, without what is the same in all rows.
BY_PRACTICE = {
    name: header
    for name, header in headers.BY_PRACTICE.items()
    if name not in ("icb_name", "segment_code", "group_name")
}
EXPECTED = {
    name: header for name, header in headers.EXPECTED.items() if name not in ("level", "area", "area_code")
}
PEERS = {
    **PRACTICE,
    "rank": "Rank",
    "peer_code": "Peer code",
    "peer_name": "Peer",
    "peer_segment_code": "Peer's segment",
    "peer_icb_name": "Peer's integrated care board",
    "in_area": "In the area",
}
PATIENTS = tuple(GAIN)


def write_area_workbook(path: Path, tables: AreaTables, source: Mapping[str, Any]) -> None:
    """Write the workbook of an area."""
    write_workbook(path, area_sheets(tables), source)


def area_sheets(tables: AreaTables) -> dict[str, WorkbookSheet]:
    """Return the sheets of an area: practices, segments, measures, opportunities, profiles, peers.

    A table without a row has no sheet.
    """
    names = tables.practices.set_index("practice_code")["practice_name"]
    gains, peers = (
        table.assign(practice_name=table["practice_code"].map(names))
        for table in (tables.practice_opportunities, tables.neighbours)
    )
    gains = with_rounded_gains(gains)
    by_practice = {**PRACTICE, **{name: header for name, header in EXPECTED.items() if name != "practices"}}
    expected = tables.practice_expected
    if len(expected):
        expected = expected.assign(practice_name=expected["practice_code"].map(names))
    measures = tables.measures.replace(
        {"unit": {"%": "percent"}}
    )  # screen readers skip a cell of signs alone
    shown = {
        "Practices": (tables.practices, "Practices of the area and their segments", PRACTICES, 3),
        "Segments": (tables.mix, "Practices and patients by segment, beside England", MIX, 1),
        "Measures": (measures, "Measures beside England, the largest difference first", MEASURES, 3),
        "Opportunities": (
            with_rounded_gains(tables.opportunities),
            "Additional patients by indicator",
            OPPORTUNITIES,
            1,
        ),
        "By practice": (gains, "Every practice and indicator, the largest opportunity first", BY_PRACTICE, 1),
        "Expected": (tables.expected, "Patients expected on registers, and recorded", EXPECTED, 0),
        "Expected by practice": (expected, "Patients expected and recorded, by practice", by_practice, 0),
        "Profiles": (_wide(tables), "Every measure of every practice", _headers(tables), 2),
        "Peers": (peers, "The practices in England most like each practice", PEERS, 1),
    }
    scope = f"Practices of {visible_name(tables.name)}"
    first = tuple(f"first_{name}" for name in GAIN)
    whole = {"Practices": ("certainty", *first)}
    return {
        name: WorkbookSheet(table, title, scope, columns, decimals, whole.get(name, PATIENTS))
        for name, (table, title, columns, decimals) in shown.items()
        if len(table)
    }


def _wide(tables: AreaTables) -> pd.DataFrame:
    """A row per practice, a column per measure."""
    values = tables.profiles.pivot_table("practice", "practice_code", "feature")
    return tables.practices[[*PRACTICE, "segment_code"]].join(values, on="practice_code")


def _headers(tables: AreaTables) -> dict[str, str]:
    """Columns of `_wide`: features by their label and unit."""
    rows = tables.profiles.dropna(subset=["practice"]).drop_duplicates("feature")
    units = rows["unit"].replace({"%": "percent"})
    named = {
        f: f"{label}, {unit}" for f, label, unit in zip(rows["feature"], rows["label"], units, strict=True)
    }
    return {**PRACTICE, "segment_code": "Segment code", **named}
