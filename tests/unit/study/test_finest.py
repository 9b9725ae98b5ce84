"""The finest rule on small written tables: the largest number of segments that passes all three tests."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from gp_segmentation.errors import ConfigError
from gp_segmentation.study.finest import check_enough_draws
from gp_segmentation.study.rule import choose

RULE = {
    "kind": "finest",
    "min_share": 0.1,
    "min_practices": 5,
    "criterion": "excess_silhouette",
    "min_exceedance": 0.95,
    "min_jaccard": 0.75,
    "min_prediction_strength": 0.75,
}


def table(*rows: tuple[str, str | None, int, float], preparation: str | None = None) -> pd.DataFrame:
    """Trials of 100 practices in equal segments: clusterer, linkage, number of them, excess silhouette."""
    made = []
    for trial, (clusterer, linkage, k, excess) in enumerate(rows):
        sizes = [100 // k] * k
        made.append(
            {
                "trial": trial,
                "preparation": preparation,
                "clusterer": clusterer,
                "linkage": linkage,
                "n_clusters": k,
                "silhouette": 0.5 + excess,
                "davies_bouldin": 1.0,
                "calinski_harabasz": 10.0,
                "inertia": 100.0 / k,
                "smallest_segment": min(sizes),
                "largest_segment": max(sizes),
                "sizes": " ".join(map(str, sizes)),
                "null_silhouette": 0.5,
                "excess_silhouette": excess,
                "agreement": 1.0,
            }
        )
    return pd.DataFrame(made)


class Measured:
    """What the rule would measure, written down as (exceedance, Jaccard, strength) of trials 0, 1, ..."""

    def __init__(self, *figures: tuple[float | None, float | None, float | None]) -> None:
        self.figures = figures
        self.asked: dict[int, list[int]] = {}

    def _answer(self, place: int, trials: list[int]) -> dict[int, float]:
        self.asked.setdefault(place, []).extend(trials)
        found = {trial: self.figures[trial][place] for trial in trials}
        return {trial: value for trial, value in found.items() if value is not None}

    def exceedance(self, trials):
        return self._answer(0, trials)

    def jaccard_min(self, trials):
        return self._answer(1, trials)

    def prediction_strength(self, trials):
        return self._answer(2, trials)


KMEANS = [
    ("kmeans", None, 2, 0.05),
    ("kmeans", None, 3, 0.02),
    ("kmeans", None, 4, 0.01),
    ("kmeans", None, 5, 0.03),
]


@pytest.mark.parametrize(
    ("figures", "chosen", "supported"),
    [
        # All pass: five, though two have the highest excess.
        ([(1, 0.9, 0.9)] * 4, 3, True),
        # Five segments do not return, do not predict, do not beat random data.
        ([(1, 0.9, 0.9)] * 3 + [(1, 0.74, 0.9)], 2, True),
        ([(1, 0.9, 0.9)] * 3 + [(1, 0.9, 0.74)], 2, True),
        ([(1, 0.9, 0.9)] * 3 + [(0.94, 0.9, 0.9)], 2, True),
        # The limits themselves pass.
        ([(0, 0, 0)] * 3 + [(0.95, 0.75, 0.75)], 3, True),
        # What was not measured passes nothing.
        ([(1, 0.9, 0.9)] * 3 + [(None, 0.9, 0.9)], 2, True),
        ([(1, 0.9, 0.9)] * 3 + [(1, None, 0.9)], 2, True),
        ([(1, 0.9, 0.9)] * 3 + [(1, 0.9, None)], 2, True),
        # None passes: the most stable, whatever its number and excess.
        ([(0.5, 0.9, 0.9), (0.5, 0.95, 0.9), (0.5, 0.8, 0.9), (0.5, 0.5, 0.2)], 1, False),
        ([(None, None, None)] * 4, 0, False),
    ],
)
def test_the_largest_number_that_passes_all_three(figures, chosen, supported):
    choice = choose(table(*KMEANS), RULE, Measured(*figures))
    assert (choice["trial"], choice["supported"]) == (chosen, supported)
    rows = {row["trial"]: row for row in choice["candidates"]}
    assert [trial for trial, row in rows.items() if row["chosen"]] == [chosen]
    assert rows[chosen]["passes"] == supported


def test_among_as_many_segments_the_most_separate_wins():
    trials = table(("kmeans", None, 3, 0.02), ("hierarchical", "ward", 3, 0.04), ("kmeans", None, 2, 0.09))
    assert choose(trials, RULE, Measured(*[(1, 0.9, 0.9)] * 3))["trial"] == 1


def test_trees_are_grown_anew_only_where_they_would_be_preferred():
    trials = table(
        ("kmeans", None, 2, 0.05),
        ("kmeans", None, 3, 0.02),
        ("hierarchical", "ward", 2, 0.09),  # fewer segments than K-means keeps
        ("hierarchical", "ward", 3, 0.01),  # as many, less separate
        ("hierarchical", "ward", 4, 0.01),  # more
        ("hierarchical", "ward", 5, 0.01),  # more, but not beyond random data
    )
    measured = Measured((1, 0.9, 0.9), (1, 0.8, 0.8), (1, 1, 1), (1, 1, 1), (1, 0.7, 1), (0.9, 1, 1))
    choice = choose(trials, RULE, measured)
    assert choice["trial"] == 1
    assert measured.asked == {0: [0, 1, 2, 3, 4, 5], 1: [0, 1, 4], 2: [0, 1]}
    verdicts = [(row["beats_random"], row["returns"], row["predicts"]) for row in choice["candidates"]]
    assert verdicts == [
        (True, True, True),
        (True, True, True),
        (True, None, None),
        (True, None, None),
        (True, False, None),
        (False, None, None),
    ]


def test_trees_alone_are_all_asked():
    trials = table(("hierarchical", "ward", 2, -0.1), ("hierarchical", "ward", 3, -0.1))
    choice = choose(trials, RULE, Measured((0, 0.6, 0.9), (0, 0.7, 0.9)))
    assert (choice["trial"], choice["supported"]) == (1, False)


def test_a_segment_too_small_is_no_candidate():
    choice = choose(table(*KMEANS), RULE | {"min_share": 0.25}, Measured(*[(1, 0.9, 0.9)] * 4))
    assert choice["trial"] == 2  # 100 / 4 = 25 practices; 100 / 5 = 20 are too few
    assert [row["trial"] for row in choice["candidates"]] == [0, 1, 2]


def test_a_choice_the_data_support_comes_before_one_they_do_not():
    one, other = (table(KMEANS[0], preparation=name) for name in ("wide", "narrow"))
    trials = pd.concat([one, other.assign(trial=1)], ignore_index=True)
    measured = Measured((0.5, 0.9, 0.9), (1, 0.8, 0.8))
    choice = choose(trials, RULE, measured, agreement=lambda one, other: 0.4)
    assert (choice["preparation"], choice["supported"]) == ("narrow", True)
    assert [row["supported"] for row in choice["by_preparation"]] == [False, True]


def test_the_reason_says_what_was_found_again_and_what_was_asked():
    reason = choose(table(*KMEANS), RULE, Measured(*[(1, 0.9, 0.9)] * 3, (1, 0.5, 0.9)))["reason"]
    assert "2, 3 and 4 segments are found again: each segment returns when practices are redrawn" in reason
    assert "lowest overlap 75% or more" in reason
    assert "The largest of these numbers was taken (lowest overlap 90%; prediction strength 90%;" in reason


def test_the_reason_says_that_no_number_is_supported():
    choice = choose(table(*KMEANS), RULE, Measured(*[(0.5, 0.9, None)] * 4))
    assert "No number of segments is supported by the data." in choice["reason"]
    assert "prediction strength not measured; more separate than 50% of random data sets" in choice["reason"]


@pytest.mark.parametrize(
    ("draws", "least", "enough"),
    [
        # The highest share that B draws can show is 1 - 1 / (B + 1): 19 of 20 is .95.
        (19, 0.95, True),
        (18, 0.95, False),
        (99, 0.99, True),
        (98, 0.99, False),
        (0, 0.0, True),
        (500, 1.0, False),
    ],
)
def test_too_few_draws_to_show_what_is_asked_are_refused(draws, least, enough):
    options = {"rule": RULE | {"min_exceedance": least}, "null_model": {"draws": draws}}
    if enough:
        assert check_enough_draws(options) is None
        return
    assert check_enough_draws(options | {"rule": {"kind": "coarse"}}) is None
    with pytest.raises(ConfigError, match=r"which \d+ draws of the null cannot show.*study=coarse"):
        check_enough_draws(options)


def test_a_figure_that_is_no_number_is_none():
    trials = table(KMEANS[0], ("kmeans", None, 60, 0.1))  # sixty segments of one are too small
    (row,) = choose(trials, RULE, Measured((np.nan, 0.9, 0.9), (1, 1, 1)))["candidates"]
    assert (row["exceedance"], row["beats_random"], row["passes"]) == (None, None, False)
