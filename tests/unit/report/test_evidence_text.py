"""What the page says of fewer and more segments."""

from __future__ import annotations

from typing import Any

import pytest

from gp_segmentation.report.evidence_text import evidence_sentences, usefulness_sentences


def row(share: float, added: float, half: float = 0.004) -> dict[str, Any]:
    interval = {"added": added, "added_low": added - half, "added_high": added + half}
    return {"cv": share, "measures": {"a": share, "b": share}, **interval}


BY_K = [
    {"k": 2, **row(0.068, -0.023)},
    {"k": 4, **row(0.091, 0.0, 0.0)},
    {"k": 12, **row(0.109, 0.018)},
]


def said(**changed: Any) -> str:
    evidence = {"n_clusters": 4, "beyond_by_k": BY_K, "ceiling": {"cv": 0.152}}
    (text,) = usefulness_sentences(evidence | changed)
    return text


def test_the_page_says_what_fewer_segments_lose_and_more_would_add() -> None:
    assert said() == (
        "With 4 segments, 9.1% of the variance of 2 measures not used is explained, 2.3 points more than "
        "with 2; 12 would add 1.8 points (95% intervals: 1.9 to 2.7 and 1.4 to 2.2 points). "
        "A linear model of the features themselves explains 15.2%."
    )


def test_levels_are_compared_where_the_run_has_them() -> None:
    levels = [{"level": "supergroup", "k": 2, **row(0.07, -0.021)}, {"level": "segment", **BY_K[1]}]
    assert said(beyond_levels=levels).startswith(
        "With 4 segments, 9.1% of the variance of 2 measures not used is explained, 2.1 points more than "
        "with 2 supergroups (95% interval: 1.7 to 2.5 points)."
    )


@pytest.mark.parametrize(
    ("added", "words"),
    [
        (0.001, "; 12 would add nothing certain (95% intervals: 1.9 to 2.7 and −0.3 to 0.5 points)."),
        (-0.01, "; 12 would take away 1.0 points (95% intervals: 1.9 to 2.7 and −1.4 to −0.6 points)."),
    ],
)
def test_a_difference_that_chance_may_have_made_is_not_called_one(added: float, words: str) -> None:
    assert words in said(beyond_by_k=[*BY_K[:2], {"k": 12, **row(0.09, added)}])


def test_fewer_segments_that_tell_as_much_are_said_to() -> None:
    rows = [{"k": 2, **row(0.09, -0.001)}, BY_K[1]]
    assert "is explained, no more for certain than with 2 (95% interval: −0.3 to 0.5 points)." in said(
        beyond_by_k=rows
    )


def test_nothing_is_said_of_what_was_not_measured() -> None:
    assert usefulness_sentences({"n_clusters": 4, "beyond_by_k": [], "ceiling": {}}) == []
    alone = said(beyond_by_k=[BY_K[1]], ceiling={})
    assert alone == "With 4 segments, 9.1% of the variance of 2 measures not used is explained."


def test_means_count_the_measures_that_every_grouping_is_tested_on() -> None:
    pairs = [("imd", "segments"), ("imd", "icb"), ("gps", "segments"), ("gps", "icb"), ("gps", "deprivation")]
    measures = [{"measure": measure, "grouping": grouping, "cv": 0.1} for measure, grouping in pairs]
    beyond = {"measures": measures, "means": {"segments": 0.1, "deprivation": 0.05, "icb": 0.02}}
    (text,) = evidence_sentences({"assessed": True, "beyond": beyond})
    assert text.startswith(
        "On average the segments explain 10.0% of the variance in other measures (1 of them)."
    )
