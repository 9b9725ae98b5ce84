"""Figures of the choice: what is drawn, what is left out and said, what the titles find."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from types import ModuleType

import pytest

from gp_segmentation.figures import elbow, other_scores, silhouette_by_k, stability_by_k, use_beyond
from gp_segmentation.figures._render import compose
from gp_segmentation.figures._style import style
from gp_segmentation.schemas import Results

ResultsOf = Callable[..., Results]


def with_giants(results: Results, linkage: str, ks: list[int]) -> Results:
    """One segment of these trials holds all but one of the 235 fitted practices, with a silhouette of 0.9."""
    trials = results.trials.copy()
    there = (trials["linkage"] == linkage) & trials["n_clusters"].isin(ks)
    trials.loc[there, ["largest_segment", "smallest_segment", "silhouette"]] = [234, 1, 0.9]
    return dataclasses.replace(results, trials=trials.astype(results.trials.dtypes))


@pytest.mark.parametrize("module", [silhouette_by_k, other_scores])
def test_a_trial_with_one_giant_segment_is_out_of_the_scale_and_this_is_said(
    module: ModuleType, results_of: ResultsOf
) -> None:
    results = with_giants(results_of(4), "single", list(range(2, 10)))
    results = with_giants(results, "ward", [2, 3])
    data = module.data(results)
    with style():
        figure = compose(module, data, "finding", results)
    beside = figure.axes[1]
    said = " ".join(beside.get_xlabel().split())
    assert said == (
        "Number of segments Not drawn: single linkage and Ward linkage with 2 and 3 segments; "
        "over 90% of practices are in one segment."
    )
    drawn = {line.get_label(): list(line.get_xdata()) for line in beside.lines}
    assert drawn["Ward linkage"] == [4, 5, 6, 7, 8, 9]
    assert "Single linkage" not in drawn
    assert beside.get_ylim()[1] < 0.9 or module is other_scores


def test_the_chosen_method_is_always_drawn(results_of: ResultsOf) -> None:
    results = with_giants(results_of(4), "single", list(range(2, 10)))
    choice = results.choice | {"clusterer": "hierarchical", "linkage": "single"}
    assert silhouette_by_k.data(dataclasses.replace(results, choice=choice)).scores.not_drawn == ""


@pytest.mark.parametrize("module", [elbow, stability_by_k, silhouette_by_k, other_scores])
def test_the_mark_of_the_choice_hides_no_line(module: ModuleType, results_of: ResultsOf) -> None:
    results = results_of(3)
    with style():
        figure = compose(module, module.data(results), "finding", results)
        renderer = figure.canvas.get_renderer()
        for axes in figure.axes:
            (mark,) = [text for text in axes.texts if text.get_text() == "chosen: 3"]
            assert mark.get_window_extent(renderer).y0 >= axes.get_window_extent(renderer).y1


@pytest.mark.parametrize(
    ("boards", "finding"),
    [
        (
            0.15,
            "Segments explain 18.0% of the variance in measures not used to make them; no other grouping "
            "explains more (integrated care boards 15.0%)",
        ),
        (
            0.54,
            "Integrated care boards explain 3.0 times as much as segments of the variance in measures not "
            "used to make them: 54.0% against 18.0%",
        ),
    ],
)
def test_the_title_says_so_where_boards_explain_more(
    results_of: ResultsOf, boards: float, finding: str
) -> None:
    results = results_of(3)
    beyond = results.evidence["beyond"]
    means = beyond["means"] | {"icb": boards}
    evidence = results.evidence | {"beyond": beyond | {"means": means}}
    data = use_beyond.data(dataclasses.replace(results, evidence=evidence))
    assert use_beyond.title(data) == finding
