"""The page of several years: what can be compared, what moved and what closed, flows, trends, other fits."""

from __future__ import annotations

import base64
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from gp_segmentation.figures import draw_flows, draw_trends
from gp_segmentation.report.comparison import around
from gp_segmentation.report.page import write_template
from gp_segmentation.utils.wording import UNKNOWN

#: So many of the practices that closed, merged or opened are shown; the table has all.
SHOWN = 40


@dataclass(frozen=True)
class PanelPage:
    """What the page is made of.

    Attributes
    ----------
    periods : in order. names : number of a segment as text -> code and name.
    segments : one row per segment or practice: segment, segment_code, segment_name (for colours).
    practices, account, flows, trends, agreement, returns, core : schemas ``panel_...``.
    warnings, findings, notes : sentences. sources : the contents of each year's source.json.
    """

    periods: Sequence[str]
    names: Mapping[str, str]
    segments: pd.DataFrame
    practices: pd.DataFrame
    account: pd.DataFrame
    flows: pd.DataFrame
    trends: pd.DataFrame
    agreement: pd.DataFrame
    returns: pd.DataFrame
    core: pd.DataFrame
    warnings: Sequence[str]
    findings: Sequence[str]
    notes: Sequence[str]
    sources: Sequence[Mapping[str, Any]]


def write_panel_page(path: Path, page: PanelPage) -> dict[str, dict[str, bytes]]:
    """Write the page, one HTML file that needs no network; return its pictures (``png``, ``svg``) by name."""
    pictures = {
        "flows": draw_flows(page.flows, page.segments, page.periods),
        "trends": draw_trends(page.trends, page.segments, page.periods),
    }
    first, last = page.periods[0], page.periods[-1]
    write_template(
        path,
        "panel.html.j2",
        **around(page.sources),
        title=f"Segments of practices from {first} to {last}",
        warnings=page.warnings,
        findings=page.findings,
        notes=page.notes,
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
            _flow(row, page.names) for row in _records(page.flows) if row["practices"] or row["share"] == 0
        ],
        trends=_trends(page),
        trend_columns=[("Measure", "", "label"), ("Segment", "", "segment")]
        + [(period, "n", period) for period in page.periods],
        account=[{**row, "years": _step(row)} for row in _records(page.account)],
        years_column=[("Years", "", "years")] if len(page.periods) > 2 else [],
        practices=_records(page.practices.sort_values("patients", ascending=False).head(SHOWN)),
        left_out=max(0, len(page.practices) - SHOWN),
        agreement=[{**row, "text": _decimals(row["ari"])} for row in _records(page.agreement)],
        returns=_returns(page),
        return_columns=[("Segment", "", "segment")] + [(period, "n", period) for period in page.periods],
        core=_core(page),
        core_columns=[("Part", "", "part"), ("Item", "", "item")]
        + [(period, "", period) for period in page.periods],
    )
    return pictures


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(key): value for key, value in row.items()} for row in table.to_dict("records")]


def _picture(picture: Mapping[str, bytes], alt: str) -> dict[str, Any]:
    width, height = struct.unpack(">II", picture["png"][16:24])
    uri = f"data:image/png;base64,{base64.b64encode(picture['png']).decode('ascii')}"
    return {"uri": uri, "alt": alt, "width": width, "height": height}


def _flow(row: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    known = row["share"] == row["share"]
    return {
        "years": _step(row),
        "from": names.get(row["segment_from"], row["segment_from"]),
        "to": names.get(row["segment_to"], row["segment_to"]),
        "practices": row["practices"],
        "share": f"{row['share']:.1%} ({row['low']:.1%} to {row['high']:.1%})" if known else UNKNOWN,
        "expected": UNKNOWN if row["expected"] != row["expected"] else f"{row['expected']:,.0f}",
        "moved": row["moved"],
        "england": row["with_england"],
    }


def _step(row: Mapping[str, Any]) -> str:
    return f"{row['from_period']} to {row['to_period']}"


def _trends(page: PanelPage) -> list[dict[str, Any]]:
    same = page.trends[page.trends["group"] == "same practices"]
    wide = same.pivot_table("mean", ["feature", "label", "unit", "segment"], "period").reset_index()
    names = {**page.names, "England": "England"}
    return [
        {
            "label": f"{row['label']} ({row['unit']})",
            "segment": names.get(row["segment"], row["segment"]),
            **{period: f"{row[period]:,.4g}" for period in page.periods},
        }
        for row in _records(wide)
    ]


def _returns(page: PanelPage) -> list[dict[str, Any]]:
    """How far each segment returns in each year, a column per year."""
    wide = page.returns.pivot_table("jaccard", "segment", "period")
    return [
        {
            "segment": page.names[str(segment)],
            **{str(period): f"{value:.0%}" for period, value in row.items()},
        }
        for segment, row in wide.iterrows()
    ]


def _core(page: PanelPage) -> list[dict[str, Any]]:
    """What is not in every year in the same form."""
    wide = page.core[~page.core["used"]].pivot_table("found", ["part", "item"], "period", aggfunc="first")
    return _records(wide.reset_index())


def _decimals(value: float) -> str:
    return UNKNOWN if value != value else f"{value:.2f}"
