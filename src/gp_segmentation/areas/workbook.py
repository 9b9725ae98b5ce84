"""The workbook of one area, written as that of the whole run is (`insight.workbook`)."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from gp_segmentation.insight.workbook import headers
from gp_segmentation.insight.workbook.layout import WorkbookSheet
from gp_segmentation.insight.workbook.number_formats import unit_in_words
from gp_segmentation.insight.workbook.sheets import with_rounded_gains
from gp_segmentation.insight.workbook.workbook import write_workbook
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
    **headers.NETWORK,
    "postcode": "Postcode",
    "list_size": "Registered patients",
    **SEGMENT,
    "certainty": "Certainty (%)",
    "membership": "Belongs to",
    "second_segment_code": "Next nearest segment",
    "margin": "Margin",
    "special": "Special",
    "first_indicator_code": "Largest opportunity",
    "first_description": "What it asks for",
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
    if name not in (*headers.BOARD, "segment_code")
}
ASKED = {
    "condition": "Condition",
    "way": "Fewer or more patients than expected",
    "practices": "Practices",
    "patients": "Together, patients",
    "own_practices": "Of these, practices also unusual beside their own segment",
    "own_patients": "Together, patients beside their own segment",
    "area_practices": "Practices of the area",
    "by_chance": "Practices that chance alone would flag",
    "largest": "Largest gaps: recorded (expected)",
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
    "peer_icb_code": "Peer's integrated care board code",
    "peer_icb_name": "Peer's integrated care board",
    "in_area": "In the area",
}


def write_area_workbook(
    path: Path,
    tables: AreaTables,
    source: Mapping[str, Any],
    config: Mapping[str, Any],
    tags: Mapping[str, str],
) -> None:
    """Write the workbook of an area to `path` (.xlsx) and beside it (.ods).

    Parameters
    ----------
    source, config, tags : of the run, as for `write_workbook`.
    """
    write_workbook(path, area_sheets(tables), source, config, tags)


def area_sheets(tables: AreaTables) -> dict[str, WorkbookSheet]:
    """Return the sheets of an area: segments, practices, measures, opportunities, profiles, peers.

    A table without a row has no sheet.
    """
    scope = f"Practices of {visible_name(tables.name)}"
    mix = WorkbookSheet(tables.mix, "Practices and patients by segment, beside England", scope, MIX)
    sheets = {
        "Segments": mix,
        "Practices": _practices(tables, scope),
        **_measures(tables, scope),
        **_opportunities(tables, scope),
        **_expected(tables, scope),
        "Peers": WorkbookSheet(
            _with_names(tables, tables.neighbours),
            "The practices in England most like each practice",
            scope,
            PEERS,
        ),
    }
    return {name: sheet for name, sheet in sheets.items() if len(sheet.table)}


def _with_names(tables: AreaTables, rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of practices with the names of these."""
    if rows.empty:
        return rows
    names = tables.practices.set_index("practice_code")["practice_name"]
    return rows.assign(practice_name=rows["practice_code"].map(names))


def _about_indicators(tables: AreaTables) -> pd.DataFrame:
    """Indicator code -> its condition and what it asks for; empty without achievement."""
    known = tables.opportunities.reindex(columns=["indicator_code", "group_name", "description"])
    return known.set_index("indicator_code")


def _practices(tables: AreaTables, scope: str) -> WorkbookSheet:
    what = tables.practices["first_indicator_code"].map(_about_indicators(tables)["description"])
    return WorkbookSheet(
        tables.practices.assign(first_description=what),
        "Practices of the area and their segments",
        scope,
        PRACTICES,
        shows_achievement=True,
    )


def _measures(tables: AreaTables, scope: str) -> dict[str, WorkbookSheet]:
    measures = tables.measures.assign(unit=tables.measures["unit"].map(unit_in_words))
    columns, units = _profile_columns(tables)
    return {
        "Measures": WorkbookSheet(
            measures,
            "Measures beside England, the largest difference first",
            scope,
            MEASURES,
            in_unit_of_row=("area_mean", "england_mean", "lowest", "highest"),
        ),
        "Profiles": WorkbookSheet(
            _wide(tables), "Every measure of every practice", scope, columns, units=units
        ),
    }


def _opportunities(tables: AreaTables, scope: str) -> dict[str, WorkbookSheet]:
    rows = _with_names(tables, tables.practice_opportunities)
    if len(rows):
        rows = rows.join(_about_indicators(tables), on="indicator_code")
    return {
        "Opportunities": WorkbookSheet(
            with_rounded_gains(tables.opportunities),
            "Additional patients by indicator",
            scope,
            OPPORTUNITIES,
            shows_achievement=True,
        ),
        "By practice": WorkbookSheet(
            with_rounded_gains(rows),
            "Every practice and indicator, the largest opportunity first",
            scope,
            BY_PRACTICE,
            shows_achievement=True,
        ),
    }


def _expected(tables: AreaTables, scope: str) -> dict[str, WorkbookSheet]:
    units = dict.fromkeys(("expected", "difference"), "patients")
    by_practice = {**PRACTICE, **{name: header for name, header in EXPECTED.items() if name != "practices"}}
    return {
        "To ask about": WorkbookSheet(
            tables.conditions,
            "Conditions with unusually many practices that record fewer or more patients than expected",
            scope,
            ASKED,
        ),
        "Expected": WorkbookSheet(
            tables.expected, "Patients expected on registers, and recorded", scope, EXPECTED, units=units
        ),
        "Expected by practice": WorkbookSheet(
            _with_names(tables, tables.practice_expected),
            "Patients expected and recorded, by practice",
            scope,
            by_practice,
            units=units,
        ),
    }


def _wide(tables: AreaTables) -> pd.DataFrame:
    """A row per practice, a column per measure."""
    values = tables.profiles.pivot_table("practice", "practice_code", "feature")
    return tables.practices[[*PRACTICE, "segment_code"]].join(values, on="practice_code")


def _profile_columns(tables: AreaTables) -> tuple[dict[str, str], dict[str, str]]:
    """The headers of `_wide`, features by their label and unit; and the units of the features."""
    rows = tables.profiles.dropna(subset=["practice"]).drop_duplicates("feature")
    units = dict(zip(rows["feature"], rows["unit"], strict=True))
    labels = zip(units, rows["label"], strict=True)
    named = {feature: f"{label}, {unit_in_words(units[feature])}" for feature, label in labels}
    return {**PRACTICE, "segment_code": "Segment code", **named}, units
