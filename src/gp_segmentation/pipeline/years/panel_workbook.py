"""The sheets of the workbook of several years."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from gp_segmentation.insight.workbook.headers import BOARD, NETWORK
from gp_segmentation.insight.workbook.layout import WorkbookSheet
from gp_segmentation.insight.workbook.number_formats import unit_in_words
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
    **NETWORK,
    "patients": "Registered patients",
    "event": "What became of it",
    "successor": "Successor code",
    "successor_name": "Successor",
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


def panel_sheets(
    panel: PanelTables, names: Mapping[str, str], practices: pd.DataFrame
) -> dict[str, WorkbookSheet]:
    """Return the sheets: practices by year, flows, trends, practices of one year, patients, fits, core.

    Parameters
    ----------
    names : number of a segment as text -> its code and name. practices : those of all years, each once: the
        names of practices and networks, and the codes of boards.
    """
    scope = f"England, {panel.periods[0]} to {panel.periods[-1]}"
    by_practice, headers = _by_practice(panel, names, practices)
    returns = panel.returns.assign(segment=panel.returns["segment"].astype(str).map(names))
    flows, trends = (_named(table, names) for table in (panel.flows, panel.trends))
    trends = trends.assign(unit=trends["unit"].map(unit_in_words))
    events = _with_names(panel.practices, practices)
    shown = {
        "Flows": (flows, "Who went from which segment to which", FLOWS),
        "Practices": (by_practice, "Segment of every practice in every year", headers),
        "Trends": (trends, "Means of every measure by segment and year", TRENDS),
        "Closed and new": (events, "Practices of one year only, and what became of them", EVENTS),
        "Patients": (panel.account, "Where the patients of both years are", ACCOUNT),
        "Other fits": (panel.agreement, "Do other years give other segments?", AGREEMENT),
        "Segments in other years": (returns, "Does each segment return in each year?", RETURNS),
        "Compared": (panel.core, "What the years have in the same form", CORE),
    }
    in_unit = {"Trends": ("mean",)}
    return {
        name: WorkbookSheet(table, title, scope, columns, in_unit_of_row=in_unit.get(name, ()))
        for name, (table, title, columns) in shown.items()
        if len(table)
    }


def _with_names(events: pd.DataFrame, practices: pd.DataFrame) -> pd.DataFrame:
    """Practices of one year only, with the names of their networks and of those that follow them."""
    networks = practices.drop_duplicates("pcn_code", keep="last").set_index("pcn_code")["pcn_name"]
    names = practices.set_index("practice_code")["practice_name"]
    return events.assign(
        pcn_name=events["pcn_code"].map(networks), successor_name=events["successor"].map(names)
    )


def _named(table: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    """The table with its columns of segments in words."""
    columns = [str(name) for name in table if str(name).startswith("segment")]
    return table.assign(**{name: table[name].map(lambda text: names.get(text, text)) for name in columns})


def _by_practice(
    panel: PanelTables, names: Mapping[str, str], practices: pd.DataFrame
) -> tuple[pd.DataFrame, dict[str, str]]:
    """A row per practice; of every year its segment and certainty, of each but the first the change."""
    rows = panel.segments.assign(segment=panel.segments["segment"].astype(str).map(names))
    about = ["practice_code", "practice_name", "icb_name"]
    wide = rows.drop_duplicates("practice_code", keep="last")[about].set_index("practice_code")
    wide["icb_code"] = practices.set_index("practice_code")["icb_code"]
    headers = {"practice_code": "Practice code", "practice_name": "Practice", **BOARD}
    for number, period in enumerate(panel.periods):
        own = rows[rows["period"] == period].set_index("practice_code")
        columns = {"segment": "Segment", "certainty": "Certainty (%)", "change": "Change"}
        for column, header in columns.items():
            if column != "change" or number:
                wide[f"{column} {period}"] = own[column]
                words, percent, _ = header.partition(" (%)")
                headers[f"{column} {period}"] = f"{words} {period}{percent}"
    return wide.reset_index(), headers
