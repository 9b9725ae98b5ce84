"""The figure of usefulness by number of segments: its numbers, its finding, what it does without them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from gp_segmentation.figures import NotShown, usefulness
from gp_segmentation.figures._render import compose
from gp_segmentation.figures._style import style
from gp_segmentation.schemas import Results

ResultsOf = Callable[..., Results]


def with_evidence(results: Results, **changed: Any) -> Results:
    return dataclasses.replace(results, evidence=results.evidence | changed)


def test_its_numbers_are_percent_by_k_and_by_block(results_of: ResultsOf) -> None:
    found = usefulness.data(results_of(4))
    every, context, achievement = found.panels
    assert [every.name, context.name] == ["Mean of 2 measures", "Context: 1 measure"]
    assert every.curve.index.tolist() == [2, 3, 4, 5, 6, 7, 8, 9]
    assert every.curve.loc[4].tolist() == pytest.approx([4.0, 3.0, 5.0])
    assert every.lines == pytest.approx(
        {"features": 20.0, "icb": 15.0, "deprivation": 10.0, "list_size": -1.0}
    )
    assert achievement.curve.loc[4, "cv"] == pytest.approx(4.0)
    assert achievement.curve["low"].isna().all()
    assert every.levels.loc["subgroup"].tolist() == pytest.approx([12, 12.0])
    assert found.compared.loc["12 subgroups"].tolist() == pytest.approx([12, 8.0, 7.6, 8.4])


@pytest.mark.parametrize(
    ("k", "finding"),
    [
        (2, "2 segments explain 2.0% of the variance in measures not used; 9 would add 7.0 points"),
        (
            4,
            "4 segments explain 4.0% of the variance in measures not used, 2.0 points more than 2; "
            "9 would add 5.0 points",
        ),
        (9, "9 segments explain 9.0% of the variance in measures not used, 7.0 points more than 2"),
    ],
)
def test_its_title_says_what_fewer_and_more_segments_would_tell(
    results_of: ResultsOf, k: int, finding: str
) -> None:
    results = with_evidence(results_of(k), beyond_levels=[])
    assert usefulness.title(usefulness.data(results)) == finding


def test_its_title_compares_with_the_levels_where_the_run_has_them(results_of: ResultsOf) -> None:
    results = results_of(4)
    assert usefulness.title(usefulness.data(results)).endswith(
        "measures not used; 12 subgroups would add 8.0 points"
    )
    coarse = {"level": "supergroup", **results.evidence["beyond_by_k"][1]}
    title = usefulness.title(usefulness.data(with_evidence(results, beyond_levels=[coarse])))
    assert title.endswith("measures not used, 1.0 points more than 3 supergroups")


def test_what_chance_may_have_made_is_no_gain(results_of: ResultsOf) -> None:
    results = with_evidence(results_of(4), beyond_levels=[])
    rows = [row | {"added_low": -0.1, "added_high": 0.1} for row in results.evidence["beyond_by_k"]]
    title = usefulness.title(usefulness.data(with_evidence(results, beyond_by_k=rows)))
    assert title.endswith("not used, no more for certain than 2; 9 would add nothing that is certain")
    rows = [row | {"added": 0.0002, "added_low": 0.0001, "added_high": 0.0003} for row in rows]
    title = usefulness.title(usefulness.data(with_evidence(results, beyond_by_k=rows)))
    assert title.endswith("less than 0.1 points less than 2; 9 would add less than 0.1 points")


def test_its_lines_are_named_in_the_picture(results_of: ResultsOf) -> None:
    results = results_of(4)
    data = usefulness.data(results)
    with style():
        figure = compose(usefulness, data, "finding", results)
    named = {text.get_text() for axes in figure.axes for text in axes.texts}
    assert {
        "features themselves 20.0",
        "care boards 15.0",
        "9 segments 9.0",
        "list-size bands −1.0",
        "chosen: 4",
        "subgroups",
    } <= named
    assert "deprivation fifths 10.0%" in usefulness.alt(data)


def test_without_measures_or_other_numbers_it_says_why(results_of: ResultsOf) -> None:
    results = results_of(3)
    with pytest.raises(NotShown, match="Every measure was used"):
        usefulness.data(with_evidence(results, beyond_by_k=[], ceiling={}))
    one = results.evidence["beyond_by_k"][:1]
    with pytest.raises(NotShown, match="fixed in advance"):
        usefulness.data(with_evidence(results, beyond_by_k=one))
