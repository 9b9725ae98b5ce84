"""Patients recorded on registers beside those expected, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gp_segmentation.schemas import Results
from gp_segmentation.utils.intervals import beside_expected, percent_difference, rounded_interval
from gp_segmentation.utils.rounding import UNKNOWN


def expected_text(results: Results, codes: Mapping[int, str]) -> dict[str, Any]:
    """Recorded and expected patients of every register by segment, as text; empty where none are expected.

    ``rows`` has a row per register: by how much the recorded number differs in each segment, with a star
    where it is outside the interval. ``segments`` has the numbers.
    """
    table = results.expected_groups
    table = table[(table["level"] == "segment") & table["area_code"].isin(list(codes.values()))]
    said = [
        percent_difference(row["recorded"], row["expected"]) + " *" * (not in_interval(row))
        for row in table.to_dict("records")
    ]
    wide = table.assign(said=said).pivot(index="condition", columns="area_code", values="said")
    return {
        "sentences": results.expected_about.get("sentences", []),
        "codes": [code for code in codes.values() if code in wide],
        "rows": [{"register": condition, **row} for condition, row in wide.fillna(UNKNOWN).iterrows()],
        "segments": [
            {
                "code": code,
                "name": rows["area"].iloc[0],
                "rows": list(map(register_row, rows.to_dict("records"))),
            }
            for code, rows in table.groupby("area_code")
        ],
    }


def in_interval(row: Mapping[Any, Any]) -> bool:
    """Whether the recorded number of a row is in the interval of the expected one."""
    return bool(row["low"] <= row["recorded"] <= row["high"])


def register_sentence(row: Mapping[Any, Any]) -> str:
    """A row of numbers as a sentence says it: expected 410 (395 to 426), recorded 352."""
    return beside_expected(row["recorded"], row["expected"], row["low"], row["high"])


def register_row(row: Mapping[Any, Any]) -> dict[str, str]:
    """A row of numbers as tables show it."""
    return {
        "register": str(row["condition"]),
        "recorded": f"{row['recorded']:,.0f}",
        "expected": str(rounded_interval(row["expected"], row["low"], row["high"])),
        "difference": percent_difference(row["recorded"], row["expected"]),
        "inside": "yes" if in_interval(row) else "no",
    }
