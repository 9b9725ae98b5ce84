"""The page of one area: its practices and figures beside England's, to be read, searched and printed."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from gp_segmentation.figures import segment_keys
from gp_segmentation.report.area_data import OUTSIDE, area_data, records
from gp_segmentation.report.expected_text import (
    asked_row,
    by_chance,
    in_interval,
    question,
    register_row,
    register_sentence,
)
from gp_segmentation.report.page import write_template
from gp_segmentation.schemas import AreaTables, LocalSegments
from gp_segmentation.utils.intervals import Interval, rounded_interval
from gp_segmentation.utils.rounding import natural, score_reached, signed, whole_percent
from gp_segmentation.utils.wording import CERTAIN, inline, short_icb, visible_name

#: So many of the measures, indicators and registers are shown; the workbook has all.
MEASURES, INDICATORS, REGISTERS = 8, 10, 8


@dataclass(frozen=True)
class AreaPage:
    """What a page of an area is made of.

    Attributes
    ----------
    tables : the area's figures. source : the contents of source.json. segments : everyone's, for colours.
    verdict : a sentence on what the segments are worth. about : sentences that must be known (a grouping's
        unmatched codes, years). map : ``svg`` and ``png``; None where no practice has a position.
    """

    tables: AreaTables
    source: Mapping[str, Any]
    segments: pd.DataFrame
    verdict: str
    about: tuple[str, ...] = ()
    map: Mapping[str, bytes] | None = None
    official_border: bool = False


def write_area_page(path: Path, page: AreaPage) -> None:
    """Write the page: one HTML file that needs no network, the same bytes for the same input."""
    tables = page.tables
    colours = {key.number: key.colour for key in segment_keys(page.segments[page.segments["segment"] > 0])}
    mix = [_mix_row(row, colours) for row in records(tables.mix)]
    write_template(
        path,
        "area.html.j2",
        title=title(page),
        source=dict(page.source),
        synthetic=bool(page.source["synthetic"]),
        warning=page.source.get("warning") or "",
        summary=summary(page),
        verdict=page.verdict,
        about=page.about,
        mix=[row for row in mix if row["practices"]],
        absent=[row for row in mix if not row["practices"] and row["segment"] > 0],
        map=_map(page),
        measures=[_measure_row(row) for row in records(tables.measures.head(MEASURES))],
        opportunities=[_indicator_row(row) for row in records(tables.opportunities.head(INDICATORS))],
        asked=[asked_row(row) for row in records(tables.conditions)],
        questions=questions(tables),
        by_chance=by_chance(records(tables.conditions)[0]) if len(tables.conditions) else "",
        expected=[register_row(row) for row in records(tables.expected.head(REGISTERS))],
        expected_from=expected_from(tables),
        local=_local(tables.local),
        printed=_printed(tables.practices),
        practices=len(tables.practices),
        scripts=("tables.js", "area.js"),
        data=area_data(page.tables, colours),
    )


def largest_segment(mix: pd.DataFrame) -> dict[str, Any]:
    """The row of the segment that has most practices."""
    return records(mix.sort_values("practices", ascending=False, kind="stable"))[0]


def area_name(tables: AreaTables) -> str:
    """The area's name as people say it."""
    return short_icb(tables.name) if tables.kind == "icb" else visible_name(tables.name)


def title(page: AreaPage) -> str:
    """The heading: the area and the data's year."""
    return f"{area_name(page.tables)}: general practices by segment, {page.source['period']}"


def summary(page: AreaPage) -> list[str]:
    """What a reader in a hurry takes away: practices, what is largest, how sure that is, what to ask."""
    tables, name = page.tables, area_name(page.tables)
    placed = tables.mix[(tables.mix["segment"] > 0) & (tables.mix["practices"] > 0)]
    patients = int(tables.mix["patients"].sum())
    said = [f"{len(tables.practices):,} practices with {patients:,} registered patients."]
    if len(placed):
        top = largest_segment(placed)
        said.append(
            f"{whole_percent(top['share'])} of them are in segment {top['segment_code']}, "
            f"{inline(top['segment_name'])} (England {whole_percent(top['england_share'])})."
        )
    known = tables.measures.dropna(subset=["difference_sd"])
    if len(known):
        row = known.iloc[0]
        area, england = (natural(row[column], row["unit"]) for column in ("area_mean", "england_mean"))
        said.append(f"What sets {name} apart most: {inline(row['label'])}, {area} (England {england}).")
    certainty = tables.practices["certainty"].dropna()
    if len(certainty):
        sure = int((certainty >= CERTAIN).sum())
        said.append(
            f"The segment is certain for {sure:,} of {len(certainty):,} practices: the probability that they "
            "belong to it is 90% or more."
        )
    said += questions(tables)[:1]
    if len(tables.opportunities):
        largest = records(tables.opportunities)[0]
        here, target = (natural(100 * largest[name], "%") for name in ("rate", "target"))
        said.append(
            f"The largest opportunity is {inline(largest['group_name'])} ({largest['indicator_code']}): "
            f"about {gain_of(largest)} more patients if practices reached the upper quartile of their own "
            f"segment ({target}; here {here})."
        )
    outside = [row for row in records(tables.expected) if not in_interval(row)]
    if outside and not len(tables.conditions):
        said.append(
            f"The register furthest from what {tables.adjusted_for} lead to expect is "
            f"{inline(outside[0]['condition'])}: {register_sentence(outside[0])} patients, a difference "
            "to look into."
        )
    return said


def questions(tables: AreaTables) -> list[str]:
    """What to ask the area's practices about, a sentence for each condition; none where nothing is asked."""
    return [question(row, first=not n) for n, row in enumerate(records(tables.conditions))]


def gain_of(row: Mapping[str, Any]) -> Interval:
    """The additional patients of a row, as its interval bears them."""
    return rounded_interval(row["additional_patients"], row["low"], row["high"])


def expected_from(tables: AreaTables) -> str:
    """What an expected number is, in a sentence."""
    return (
        "Expected is the number of patients that would be on a register if patients of the same "
        f"{tables.adjusted_for} were on it as often as in England. A difference is something to look into, "
        "not a finding."
    )


def _mix_row(row: dict[str, Any], colours: Mapping[int, str]) -> dict[str, Any]:
    none = row["segment"] < 1
    return {
        "segment": int(row["segment"]),
        "code": "none" if none else row["segment_code"],
        "name": "No segment" if none else row["segment_name"],
        "colour": colours.get(row["segment"], OUTSIDE),
        "practices": int(row["practices"]),
        "patients": int(row["patients"]),
        "share": whole_percent(row["share"]),
        "england": whole_percent(row["england_share"]),
        "width": round(100 * row["share"], 1),
        "mark": round(100 * row["england_share"], 1),
    }


def _map(page: AreaPage) -> dict[str, str] | None:
    if page.map is None:
        return None
    uri = f"data:image/svg+xml;base64,{base64.b64encode(page.map['svg']).decode('ascii')}"
    border = "is the official one" if page.official_border else "is drawn around its practices"
    networks = page.tables.practices["pcn_name"].nunique()
    named = " Names are those of its primary care networks, where there is room." if networks > 1 else ""
    counts = ", ".join(
        f"{row['practices']} in {row['segment_code'] if row['segment'] > 0 else 'none'}"
        for row in records(page.tables.mix)
        if row["practices"]
    )
    return {
        "uri": uri,
        "alt": f"Map of the practices of {area_name(page.tables)} by segment: {counts}.",
        "caption": f"The border {border}. Grey dots are practices of other areas.{named}",
    }


def _measure_row(row: dict[str, Any]) -> dict[str, Any]:
    unit = row["unit"]
    return {
        "label": row["label"],
        "area": natural(row["area_mean"], unit),
        "england": natural(row["england_mean"], unit),
        "range": f"{natural(row['lowest'], unit)} to {natural(row['highest'], unit)}",
        "difference": signed(row["difference_sd"]),
    }


def _indicator_row(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "indicator": row["indicator_code"],
        "condition": row["group_name"],
        "description": row["description"],
        **{name: natural(100 * row[name], "%") for name in ("rate", "target", "england_rate")},
        "below": f"{int(row['practices_below']):,} of {int(row['practices']):,}",
        "gain": str(gain_of(row)),
    }


def _printed(practices: pd.DataFrame) -> list[dict[str, Any]]:
    """Practices by segment as they stand in print: code and name, and a star where it is not certain."""
    groups = []
    for (code, name), rows in practices.groupby(["segment_code", "segment_name"], sort=True, dropna=False):
        texts = [
            f"{row['practice_code']} {visible_name(row['practice_name'])}{'' if _is_certain(row) else ' *'}"
            for row in records(rows)
        ]
        groups.append({"code": code, "name": name, "practices": texts})
    return groups


def _local(local: LocalSegments | None) -> dict[str, Any] | None:
    """Segments of the area's own in words and rows; None where they were not asked for."""
    if local is None:
        return None
    national = [name for name in local.crossed.columns if name not in ("local_segment", "name", "practices")]
    alike = "much" if local.agreement >= 0.7 else "somewhat" if local.agreement >= 0.3 else "little"
    doubt = "" if local.supported else " The area's data support no number of segments: take them as bands."
    return {
        "sentence": f"Clustered by themselves, its {len(local.labels):,} ordinary practices fall into "
        f"{len(local.names)} groups. Rates, age adjustment and scaling are England's. They agree {alike} "
        f"with the national segments (adjusted Rand index {score_reached(local.agreement)}; 1: the same, "
        f"0: by chance).{doubt}",
        "columns": [
            *(("Group", "", "local_segment"), ("Beside the area's own average", "", "name")),
            *(("Practices", "n", "practices"), *((f"of them in {code}", "n", code) for code in national)),
        ],
        "rows": records(local.crossed),
    }


def _is_certain(row: Mapping[str, Any]) -> bool:
    return not row["certainty"] < CERTAIN  # special practices have none
