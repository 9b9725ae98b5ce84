"""Patients recorded on registers beside those expected, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gp_segmentation.schemas import Results
from gp_segmentation.utils.intervals import beside_expected, percent_difference, rounded_interval
from gp_segmentation.utils.rounding import UNKNOWN, about
from gp_segmentation.utils.wording import inline


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


def question(row: Mapping[Any, Any], *, first: bool) -> str:
    """What to ask about a condition (a row of ``areas.conditions``); `first`: of all of them.

    The page of England says it in the same words (report/templates/here.js).
    """
    own, way, name = row["own_practices"], row["way"], inline(str(row["condition"]))
    asked = (
        f"how patients with {name} are found and coded"
        if way == "fewer"
        else f"whether services match their patients with {name}"
    )
    return (
        f"{'Start here: ask' if first else 'Ask'} {own:,} practices {asked}: they record about "
        f"{about(row['own_patients'])} {way} than similar practices would. Of all practices "
        f"{row['practices']:,} record {way} than England would, together about {about(row['patients'])}."
    )


def by_chance(row: Mapping[Any, Any]) -> str:
    """What chance alone would flag, and what a flag does not say; `row` of ``areas.conditions``."""
    flagged = row["by_chance"]
    number = f"about {flagged:,.0f}" if flagged >= 1 else "less than 1"
    return (
        f"Chance alone would flag {number} of {row['area_practices']:,} practices either way. A "
        "flag does not prove that patients are missed: ethnicity and smoking are not adjusted for, and some "
        "of a gap may be who the patients are. Special practices are left out."
    )


def asked_row(row: Mapping[Any, Any]) -> dict[str, str]:
    """A row of ``areas.conditions`` as tables show it."""
    patients, own = (f"{about(row[name])} {row['way']}" for name in ("patients", "own_patients"))
    return {
        "condition": str(row["condition"]),
        "practices": f"{row['practices']:,}",
        "patients": patients,
        "own": f"{row['own_practices']:,} ({own})",
        "largest": str(row["largest"]),
    }


def register_row(row: Mapping[Any, Any]) -> dict[str, str]:
    """A row of numbers as tables show it."""
    return {
        "register": str(row["condition"]),
        "recorded": f"{row['recorded']:,.0f}",
        "expected": str(rounded_interval(row["expected"], row["low"], row["high"])),
        "difference": percent_difference(row["recorded"], row["expected"]),
        "inside": "yes" if in_interval(row) else "no",
    }
