"""Recorded and expected patients in words: by segment on the page, and where there are none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from gp_segmentation.report.expected_text import expected_text, register_row, register_sentence
from gp_segmentation.schemas import Results, empty

ROW = {"condition": "Dementia", "recorded": 352, "expected": 410.3, "low": 395, "high": 426}


def test_a_register_is_told_without_a_verdict() -> None:
    assert register_sentence(ROW) == "expected 410 (395 to 426), recorded 352"
    assert register_row(ROW) == {
        "register": "Dementia",
        "recorded": "352",
        "expected": "410 (395 to 426)",
        "difference": "14% fewer",
        "inside": "no",
    }
    assert register_row({**ROW, "recorded": 426})["inside"] == "yes"


def test_every_register_has_its_difference_in_every_segment(results_of: Callable[..., Results]) -> None:
    results = results_of(4)
    table = results.expected_groups
    # Of segment 1, on a register: ten too many, and so many that it is no longer in the interval.
    own = (table["level"] == "segment") & (table["group_code"] == "HYP")
    codes = dict(zip(results.segments["segment"], results.segments["segment_code"], strict=True))
    table = table.assign(recorded=table["recorded"].where(~own, 2 * table["expected"]).astype("int64"))
    found = expected_text(replace(results, expected_groups=table), dict(sorted(codes.items())))
    assert found["codes"] == [codes[n] for n in (1, 2, 3, 4)]
    assert [row["register"] for row in found["rows"]] == ["Atrial <b>fibrillation", "Hypertension"]
    assert {found["rows"][1][code] for code in codes.values()} == {"100% more *"}
    assert not any(found["rows"][0][code].endswith("*") for code in codes.values())
    first = found["segments"][0]
    rows = table[(table["level"] == "segment") & (table["area_code"] == first["code"])]
    assert [row["register"] for row in first["rows"]] == list(rows["condition"])
    assert [row["inside"] for row in first["rows"]] == ["yes", "no"]
    assert found["sentences"] == ["Expected is <this>."]


def test_a_run_without_expected_numbers_has_no_rows(results_of: Callable[..., Results]) -> None:
    results = replace(results_of(4), expected_groups=empty("expected_groups"), expected_about={})
    assert expected_text(results, {1: "A1"}) == {"sentences": [], "codes": [], "rows": [], "segments": []}
