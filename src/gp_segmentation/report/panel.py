"""The page of several years: what can be compared, what moved and what closed, flows, trends, other fits."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from PIL import Image

from gp_segmentation.figures import draw_flows, draw_trends
from gp_segmentation.report.area_data import records
from gp_segmentation.report.comparison import around
from gp_segmentation.report.page import write_template
from gp_segmentation.report.pictures import embedded
from gp_segmentation.schemas import PanelTables
from gp_segmentation.utils.rounding import UNKNOWN, natural, percent, percent_reached, score_reached

#: So many of the practices that closed, merged or opened are shown; the table has all.
SHOWN = 40


@dataclass(frozen=True)
class PanelPage:
    """What the page is made of.

    Attributes
    ----------
    names : number of a segment as text -> code and name.
    segments : one row per segment or practice: segment, segment_code, segment_name (for colours).
    sources : the contents of each year's source.json.
    """

    panel: PanelTables
    names: Mapping[str, str]
    segments: pd.DataFrame
    sources: Sequence[Mapping[str, Any]]


def write_panel_page(path: Path, page: PanelPage) -> dict[str, dict[str, bytes]]:
    """Write the page, one HTML file that needs no network; return its pictures (``png``, ``svg``) by name."""
    panel = page.panel
    pictures = {
        "flows": draw_flows(panel.flows, page.segments, panel.periods),
        "trends": draw_trends(panel.trends, page.segments, panel.periods),
    }
    first, last = panel.periods[0], panel.periods[-1]
    write_template(
        path,
        "panel.html.j2",
        **around(page.sources),
        title=f"Segments of practices from {first} to {last}",
        warnings=panel.warnings,
        findings=panel.findings,
        notes=panel.notes,
        flow_picture=_picture(
            pictures["flows"],
            f"Flow chart of practices between segments, {first} to {last}. The table below has its numbers.",
        ),
        trend_picture=_picture(
            pictures["trends"],
            f"Line charts, one for each measure that changed most: its mean by segment and in England, "
            f"{first} to {last}. The table below has their numbers.",
        ),
        flows=[
            _flow(row, page.names) for row in records(panel.flows) if row["practices"] or row["share"] == 0
        ],
        trends=_trends(panel, page.names),
        trend_columns=[("Measure", "", "label"), ("Segment", "", "segment")]
        + [(period, "n", period) for period in panel.periods],
        account=[{**row, "years": _step(row)} for row in records(panel.account)],
        years_column=[("Years", "", "years")] if len(panel.periods) > 2 else [],
        practices=records(panel.practices.sort_values("patients", ascending=False).head(SHOWN)),
        left_out=max(0, len(panel.practices) - SHOWN),
        agreement=[{**row, "text": score_reached(row["ari"])} for row in records(panel.agreement)],
        returns=_returns(panel, page.names),
        return_columns=[("Segment", "", "segment")] + [(period, "n", period) for period in panel.periods],
        core=_core(panel),
        core_columns=[("Part", "", "part"), ("Item", "", "item")]
        + [(period, "", period) for period in panel.periods],
    )
    return pictures


def _picture(picture: Mapping[str, bytes], alt: str) -> dict[str, Any]:
    with Image.open(io.BytesIO(picture["png"])) as png:
        return {**embedded(png), "alt": alt}


def _flow(row: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    share, low, high = (percent(row[name]) for name in ("share", "low", "high"))
    return {
        "years": _step(row),
        "from": names.get(row["segment_from"], row["segment_from"]),
        "to": names.get(row["segment_to"], row["segment_to"]),
        "practices": row["practices"],
        "share": f"{share} ({low} to {high})" if share != UNKNOWN else UNKNOWN,
        "expected": UNKNOWN if row["expected"] != row["expected"] else f"{row['expected']:,.0f}",
        "moved": row["moved"],
        "england": row["with_england"],
    }


def _step(row: Mapping[str, Any]) -> str:
    return f"{row['from_period']} to {row['to_period']}"


def _trends(panel: PanelTables, names: Mapping[str, str]) -> list[dict[str, Any]]:
    same = panel.trends[panel.trends["group"] == "same practices"]
    wide = same.pivot_table("mean", ["feature", "label", "unit", "segment"], "period").reset_index()
    return [
        {
            "label": f"{row['label']} ({row['unit']})",
            "segment": names.get(row["segment"], row["segment"]),
            **{period: natural(row[period], str(row["unit"])) for period in panel.periods},
        }
        for row in records(wide)
    ]


def _returns(panel: PanelTables, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """How far each segment returns in each year, a column per year."""
    wide = panel.returns.pivot_table("jaccard", "segment", "period")
    return [
        {
            "segment": names[str(segment)],
            **{str(period): percent_reached(value) for period, value in row.items()},
        }
        for segment, row in wide.iterrows()
    ]


def _core(panel: PanelTables) -> list[dict[str, Any]]:
    """What is not in every year in the same form."""
    wide = panel.core[~panel.core["used"]].pivot_table("found", ["part", "item"], "period", aggfunc="first")
    return records(wide.reset_index())
