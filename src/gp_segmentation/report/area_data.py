"""What the script of an area's page has: its practices, measures, opportunities and peers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from gp_segmentation.figures import on_dark
from gp_segmentation.schemas import AreaTables
from gp_segmentation.utils.intervals import rounded_interval
from gp_segmentation.utils.rounding import UNKNOWN, natural_number, rounded_down
from gp_segmentation.utils.wording import short_icb, visible_name

#: Opportunities of a practice that the page holds.
OF_PRACTICE = 5
#: Colour of practices that belong to no segment.
OUTSIDE = "#8C8C8C"


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a table, by column."""
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]


def area_data(tables: AreaTables, colours: Mapping[int, str]) -> dict[str, Any]:
    """Return what the script sorts, filters, shows and saves; `colours` by number of the segment."""
    profiles = tables.profiles
    features = profiles.drop_duplicates("feature")
    values = profiles.pivot_table("practice", "practice_code", "feature", sort=False, dropna=False)
    values = values.reindex(tables.practices["practice_code"])
    means = profiles.drop_duplicates(["segment", "feature"]).set_index(["segment", "feature"])["segment_mean"]
    gains = tables.practice_opportunities
    if len(gains):
        gains = gains[gains["additional_patients"] > 0].groupby("practice_code").head(OF_PRACTICE)
    names = dict(zip(tables.mix["segment"], tables.mix["segment_name"], strict=True))
    return {
        "file": f"{tables.kind}_{tables.code}",
        "segments": [
            [
                int(row["segment"]),
                "none" if row["segment"] < 1 else row["segment_code"],
                names[row["segment"]],
                colours.get(row["segment"], OUTSIDE),
                on_dark(colours.get(row["segment"], OUTSIDE)),
            ]
            for row in records(tables.mix)
        ],
        "practices": [_practice_row(row) for row in records(tables.practices)],
        "features": [
            {
                "label": row["label"],
                "unit": row["unit"],
                "england": _shown(row["england_mean"], row["unit"]),
                "segments": {
                    str(int(segment)): _shown(means.get((segment, row["feature"])), row["unit"])
                    for segment in names
                    if (segment, row["feature"]) in means.index
                },
                "values": [_shown(value, row["unit"]) for value in values[row["feature"]]],
            }
            for row in records(features)
        ],
        "gains": _by_practice(tables.practices, gains, _gain),
        "expected": _by_practice(tables.practices, _outside(tables.practice_expected), _expected),
        "peers": _by_practice(tables.practices, tables.neighbours, _peer),
    }


def _practice_row(row: Mapping[str, Any]) -> list[Any]:
    certainty = row["certainty"]
    gain, *interval = (row[f"first_{name}"] for name in ("additional_patients", "low", "high"))
    return [
        row["practice_code"],
        visible_name(row["practice_name"]),
        "" if pd.isna(row["pcn_name"]) else visible_name(row["pcn_name"]),
        "" if pd.isna(row["postcode"]) else row["postcode"],
        int(row["list_size"]),
        int(row["segment"]),
        None if pd.isna(certainty) else int(rounded_down(100 * certainty)),
        "" if pd.isna(row["second_segment_code"]) else row["second_segment_code"],
        "" if pd.isna(row["special"]) else row["special"],
        "" if pd.isna(gain) else row["first_indicator_code"],
        None if pd.isna(gain) else int(rounded_interval(gain, *interval).value),
        row["membership"] if pd.notna(row["membership"]) else "",
    ]


def _gain(row: Mapping[str, Any]) -> list[Any]:
    share = [_shown(100 * row[name], "%") for name in ("rate", "target", "peers_rate")]
    return [
        row["indicator_code"],
        *share,
        f"{row['rank']:,.0f} of {row['ranked']:,.0f}" if pd.notna(row["rank"]) else UNKNOWN,
        str(rounded_interval(row["additional_patients"], row["low"], row["high"])),
    ]


def _outside(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[~rows["recorded"].between(rows["low"], rows["high"])] if len(rows) else rows


def _expected(row: Mapping[str, Any]) -> list[Any]:
    expected = rounded_interval(row["expected"], row["low"], row["high"])
    return [row["condition"], f"{row['recorded']:,}", str(expected)]


def _peer(row: Mapping[str, Any]) -> list[Any]:
    return [
        row["peer_code"],
        visible_name(row["peer_name"]),
        short_icb(row["peer_icb_name"]),
        row["peer_segment_code"],
    ]


def _by_practice(practices: pd.DataFrame, rows: pd.DataFrame, shown: Any) -> list[list[list[Any]]]:
    found: dict[str, list[list[Any]]] = {code: [] for code in practices["practice_code"]}
    for row in records(rows):
        found[row["practice_code"]].append(shown(row))
    return list(found.values())


def _shown(value: Any, unit: str) -> float | None:
    """A number as all tables show it."""
    return None if value is None or pd.isna(value) else natural_number(float(value), unit)
