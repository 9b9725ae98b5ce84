"""The sheets of the workbook of several years."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from gp_segmentation.insight.workbook.workbook import WorkbookSheet
from gp_segmentation.schemas import PanelTables

STEP = {"from_period": "From year", "to_period": "To year"}
FLOWS = {
    **STEP,
    "segment_from": "From segment",
    "segment_to": "To segment",
    "practices": "Practices",
    "share": "Of the segment's practices (%)",
    "low": "Interval from (%)",
    "high": "Interval to (%)",
    "expected": "Practices expected by drift alone",
    "moved": "Moved beyond drift",
    "with_england": "Changed with England",
}
TRENDS = {
    "label": "Measure",
    "unit": "Unit",
    "group": "Practices",
    "segment": "Segment or England",
    "period": "Year",
    "practices": "Number of practices",
    "mean": "Mean, weighted by patients",
}
EVENTS = {
    **STEP,
    "practice_code": "Practice code",
    "practice_name": "Practice",
    "pcn_code": "Network code",
    "patients": "Registered patients",
    "event": "What became of it",
    "successor": "Successor code",
    "basis": "Successor known by",
    "reason": "Reason",
}
ACCOUNT = {
    **STEP,
    "kind": "Practices",
    "practices": "Number of practices",
    "patients_before": "Patients before",
    "patients_after": "Patients after",
}
AGREEMENT = {
    "first": "First segments",
    "first_period": "Year of the first",
    "second": "Second segments",
    "second_period": "Year of the second",
    "practices": "Number of practices",
    "ari": "Adjusted Rand index",
}
RETURNS = {
    "period": "Year",
    "segment": "Segment",
    "jaccard": "Overlap with the year's own segments (Jaccard)",
}
CORE = {"part": "Part", "item": "Item", "period": "Year", "found": "What the year has", "used": "Compared"}


def panel_sheets(panel: PanelTables, names: Mapping[str, str]) -> dict[str, WorkbookSheet]:
    """Return the sheets: practices by year, flows, trends, practices of one year, patients, fits, core.

    Parameters
    ----------
    names : number of a segment as text -> its code and name.
    """
    scope = f"England, {panel.periods[0]} to {panel.periods[-1]}"
    by_practice, headers = _by_practice(panel, names)
    returns = panel.returns.assign(segment=panel.returns["segment"].astype(str).map(names))
    flows, trends = (_named(table, names) for table in (panel.flows, panel.trends))
    trends = trends.replace({"unit": {"%": "percent"}})  # screen readers skip a cell of signs alone
    shown = {
        "Practices": (by_practice, "Segment of every practice in every year", headers, 2),
        "Flows": (flows, "Who went from which segment to which", FLOWS, 1),
        "Trends": (trends, "Means of every measure by segment and year", TRENDS, 2),
        "Closed and new": (panel.practices, "Practices of one year only, and what became of them", EVENTS, 0),
        "Patients": (panel.account, "Where the patients of both years are", ACCOUNT, 0),
        "Other fits": (panel.agreement, "Do other years give other segments?", AGREEMENT, 2),
        "Segments in other years": (returns, "Does each segment return in each year?", RETURNS, 2),
        "Compared": (panel.core, "What the years have in the same form", CORE, 0),
    }
    return {
        name: WorkbookSheet(table, title, scope, columns, decimals)
        for name, (table, title, columns, decimals) in shown.items()
        if len(table)
    }


def _named(table: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    """The table with its columns of segments in words."""
    columns = [str(name) for name in table if str(name).startswith("segment")]
    return table.assign(**{name: table[name].map(lambda text: names.get(text, text)) for name in columns})


def _by_practice(panel: PanelTables, names: Mapping[str, str]) -> tuple[pd.DataFrame, dict[str, str]]:
    """A row per practice; of every year its segment and certainty, of each but the first the change."""
    rows = panel.segments.assign(segment=panel.segments["segment"].astype(str).map(names))
    about = ["practice_code", "practice_name", "icb_name"]
    wide = rows.drop_duplicates("practice_code", keep="last")[about].set_index("practice_code")
    headers = {
        "practice_code": "Practice code",
        "practice_name": "Practice",
        "icb_name": "Integrated care board",
    }
    for number, period in enumerate(panel.periods):
        own = rows[rows["period"] == period].set_index("practice_code")
        columns = {"segment": "Segment", "certainty": "Certainty (%)", "change": "Change"}
        for column, header in columns.items():
            if column != "change" or number:
                wide[f"{column} {period}"] = own[column]
                words, percent, _ = header.partition(" (%)")
                headers[f"{column} {period}"] = f"{words} {period}{percent}"
    return wide.reset_index(), headers
