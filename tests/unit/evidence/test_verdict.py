from __future__ import annotations

import numpy as np
import pytest
from sklearn.cluster import KMeans

from gp_segmentation.evidence import judge
from gp_segmentation.evidence.verdict import MEANINGS, NO_GAP
from gp_segmentation.validity import valleys

THRESHOLDS = {
    "unstable_jaccard": 0.6,
    "excess": 0.05,
    "jaccard": 0.75,
    "ari": 0.65,
    "valley": 0.25,
    "max_tied_share": 0.2,
}
GOOD = {
    **{"silhouette": 0.4, "null_silhouette": 0.2, "excess_silhouette": 0.2},
    **{"jaccard_min": 0.9, "ari_kmeans_hierarchical": 0.9, "valley_max": 0.1},
}


@pytest.mark.parametrize(
    ("changed", "verdict"),
    [
        ({}, "discrete"),
        # Each figure exactly at its threshold, and just beyond it.
        ({"excess_silhouette": 0.05}, "discrete"),
        ({"excess_silhouette": 0.0499}, "continuum"),
        ({"jaccard_min": 0.75}, "discrete"),
        ({"jaccard_min": 0.7499}, "continuum"),
        ({"jaccard_min": 0.6}, "continuum"),
        ({"jaccard_min": 0.5999}, "unstable"),
        ({"ari_kmeans_hierarchical": 0.65}, "discrete"),
        ({"ari_kmeans_hierarchical": 0.6499}, "continuum"),
        ({"valley_max": 0.25}, "discrete"),
        ({"valley_max": 0.2501}, "continuum"),
        ({"valley_smooth": 0.25}, "discrete"),
        ({"valley_smooth": 0.2501}, "continuum"),
        # A figure that is not known supports no verdict, unless another decides against groups.
        ({"excess_silhouette": None}, "not judged"),
        ({"jaccard_min": None}, "not judged"),
        ({"ari_kmeans_hierarchical": None}, "not judged"),
        ({"valley_max": None}, "not judged"),
        ({"valley_max": None, "ari_kmeans_hierarchical": 0.6499}, "continuum"),
        ({"valley_max": 0.2501, "excess_silhouette": None}, "continuum"),
        ({"valley_max": None, "valley_smooth": 0.2501}, "continuum"),
        ({"jaccard_min": None, "valley_max": 0.9}, "not judged"),
        (dict.fromkeys(GOOD), "not judged"),
        # Instability comes before everything else.
        (dict.fromkeys(GOOD) | {"jaccard_min": 0.5}, "unstable"),
    ],
)
def test_every_figure_has_its_say(changed, verdict):
    found = judge(GOOD | changed, THRESHOLDS)
    assert found.verdict == verdict
    assert found.meaning == MEANINGS[verdict]
    assert len([*found.reasons, *found.beside]) == 4 + ("valley_smooth" in changed)


def told(figures: dict[str, float | None]) -> list[str]:
    """Every sentence of a verdict."""
    found = judge(figures, THRESHOLDS)
    return [*found.reasons, *found.beside]


#: How sentences begin that say that a condition holds, does not hold, or was not measured.
HOLDS = ("More separate", "Stable", "K-means and Ward's method find nearly the same", "A gap", "Features in")
FAILS = (
    "Only slightly",
    "No more",
    "Not stable",
    "K-means and Ward's method find different",
    "No ",
    "Features in",
)
UNKNOWN = (
    "The segments were not compared",
    "Stability was not",
    "K-means and Ward's method were not",
    "Gaps",
)


@pytest.mark.parametrize(
    ("changed", "verdict", "begin", "count"),
    [
        ({}, "discrete", HOLDS, 4),
        ({"valley_smooth": 0.2}, "discrete", HOLDS, 5),
        ({"excess_silhouette": 0.01}, "continuum", FAILS, 1),
        ({"excess_silhouette": -0.01, "ari_kmeans_hierarchical": 0.4}, "continuum", FAILS, 2),
        ({"jaccard_min": 0.7, "valley_max": 1.2}, "continuum", FAILS, 2),
        ({"jaccard_min": 0.5}, "unstable", FAILS, 1),
        ({"excess_silhouette": 0.01, "jaccard_min": 0.5, "valley_max": 0.5}, "unstable", FAILS, 3),
        ({"jaccard_min": None}, "not judged", UNKNOWN, 1),
        ({"jaccard_min": None, "valley_max": 0.9}, "not judged", UNKNOWN, 1),
        (dict.fromkeys(GOOD), "not judged", UNKNOWN, 4),
    ],
)
def test_every_reason_argues_for_its_verdict_and_nothing_else_is_called_one(changed, verdict, begin, count):
    found = judge(GOOD | changed, THRESHOLDS)
    assert found.verdict == verdict
    assert len(found.reasons) == count
    for sentence in found.reasons:
        assert sentence.startswith(begin)
    # What looks good is no reason against types, and what looks bad no reason for them.
    for sentence in found.beside:
        assert not sentence.startswith(begin)
    if verdict == "unstable":
        assert found.reasons[0].startswith("Not stable")


ALIKE = "separate than random data with the same correlations"


@pytest.mark.parametrize(
    ("silhouette", "null", "excess", "reason"),
    [
        (0.254, 0.204, 0.05, f"More {ALIKE} (0.25 against 0.20: 0.05 above; 0.05 is asked for)."),
        (
            0.25,
            0.201,
            0.049,
            f"Only slightly more {ALIKE} (0.25 against 0.20: 0.04 above; 0.05 is asked for).",
        ),
        (0.2, 0.2, 0.0, f"No more {ALIKE} (0.20 against 0.20: 0.00 above; 0.05 is asked for)."),
        (0.1, 0.2, -0.1, f"No more {ALIKE} (0.10 against 0.20: −0.10 above; 0.05 is asked for)."),
        (None, None, None, "The segments were not compared with random data."),
    ],
)
def test_the_reason_of_the_silhouette(silhouette, null, excess, reason):
    changed = {"silhouette": silhouette, "null_silhouette": null, "excess_silhouette": excess}
    assert reason in told(GOOD | changed)


RETURN = "Stable: when practices are redrawn the same segments return"
CHANGE = "Not stable enough: when practices are redrawn the segments change"
KMEANS_AND_WARD = "K-means and Ward's method"
EMPTY = "A gap: few practices lie on the border between segments"
THIN = "No clear gap: the border between segments is not empty"
FULL = "No gap: the border between segments is as crowded as their centres"
LUMPS = (
    "Features in which many practices share one value (yes or no, counts, zeros) make gaps of their own. "
    "Without them"
)


def density(percent: int | str) -> str:
    return f"(density at the border {percent}% of that at the centres; at most 25% is asked for)."


@pytest.mark.parametrize(
    ("figure", "value", "reason"),
    [
        ("jaccard_min", 0.75, f"{RETURN} (overlap 75%; 75% is asked for)."),
        ("jaccard_min", 0.74, f"{CHANGE} (overlap 74%; 75% is asked for)."),
        ("jaccard_min", None, "Stability was not measured."),
        (
            "ari_kmeans_hierarchical",
            0.65,
            f"{KMEANS_AND_WARD} find nearly the same segments (adjusted Rand index 0.65; 0.65 is asked for).",
        ),
        (
            "ari_kmeans_hierarchical",
            0.64,
            f"{KMEANS_AND_WARD} find different segments (adjusted Rand index 0.64; 0.65 is asked for).",
        ),
        ("ari_kmeans_hierarchical", None, f"{KMEANS_AND_WARD} were not compared."),
        ("valley_max", 0.25, f"{EMPTY} {density(25)}"),
        ("valley_max", 0.26, f"{THIN} {density(26)}"),
        ("valley_max", 0.99, f"{THIN} {density(99)}"),
        ("valley_max", 1.0, f"{FULL} {density(100)}"),
        ("valley_max", 998.0, f"{FULL} {density('99,800')}"),
        ("valley_max", NO_GAP, f"{FULL}."),
        ("valley_max", None, "Gaps between segments were not measured."),
        ("valley_smooth", 0.25, f"{LUMPS} the gap remains {density(25)}"),
        ("valley_smooth", 0.26, f"{LUMPS} there is no gap {density(26)}"),
        ("valley_smooth", NO_GAP, f"{LUMPS} there is no gap."),
    ],
)
def test_reasons_give_figures_and_thresholds(figure, value, reason):
    assert reason in told(GOOD | {figure: value})


def test_two_groups_with_a_gap_have_an_empty_valley():
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(0, 1, (300, 2)), rng.normal([12, 0], 1, (300, 2))])
    found = valleys(X, np.repeat([1, 2], 300))
    assert found["neighbour"].tolist() == [2, 1]
    assert found["valley"].max() < 0.05


@pytest.mark.parametrize(("kind", "low", "high"), [("even", 0.8, 1.25), ("gaussian", 1.1, 2.0)])
def test_one_cloud_cut_in_two_has_none(kind, low, high):
    rng = np.random.default_rng(1)
    x = rng.uniform(0, 1, 4000) if kind == "even" else rng.normal(size=4000)
    labels = KMeans(2, n_init=1, random_state=0).fit_predict(x[:, None])
    # An even spread is as dense at the cut as anywhere; a Gaussian's halves have their means at ±0.80, where
    # its density is exp(0.80² / 2) = 1.38 times lower than at the cut.
    assert valleys(x[:, None], labels)["valley"].between(low, high).all()


def test_a_single_segment_has_no_neighbour_and_coinciding_centres_no_valley():
    assert valleys(np.ones((5, 2)), np.ones(5)).empty
    assert np.isinf(valleys(np.ones((4, 2)), [1, 1, 2, 2])["valley"]).all()


def test_one_row_far_off_shows_no_gap():
    x = np.append(np.random.default_rng(0).normal(size=200), 40.0)
    assert valleys(x[:, None], np.append(np.ones(200), 2))["valley"].min() > 2  # 3.0 rows beside 1


@pytest.mark.parametrize(
    ("figure", "value", "words"),
    [
        ("jaccard_min", 0.7499, "overlap 74%; 75% is asked for"),
        ("ari_kmeans_hierarchical", 0.6499, "adjusted Rand index 0.64; 0.65 is asked for"),
        ("valley_max", 0.2501, "density at the border 26% of that at the centres; at most 25% is asked for"),
        ("valley_max", 0.999, "density at the border 99% of that at the centres; at most 25% is asked for"),
        (
            "valley_smooth",
            0.2501,
            "density at the border 26% of that at the centres; at most 25% is asked for",
        ),
    ],
)
def test_a_figure_that_falls_just_short_is_not_shown_as_reaching_what_is_asked(figure, value, words):
    thresholds = {"excess": 0.03, "jaccard": 0.75, "ari": 0.65, "valley": 0.25, "unstable_jaccard": 0.6}
    found = judge({figure: value}, thresholds)
    assert words in " ".join([*found.reasons, *found.beside])
