from __future__ import annotations

import numpy as np
import pytest
from sklearn.cluster import KMeans

from gp_segmentation.evidence import judge
from gp_segmentation.evidence.verdict import NO_GAP
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
        ({"excess_silhouette": 0.03}, "continuum"),
        ({"excess_silhouette": -0.02}, "continuum"),
        ({"jaccard_min": 0.7}, "continuum"),
        ({"jaccard_min": 0.5}, "unstable"),
        ({"ari_kmeans_hierarchical": 0.4}, "continuum"),
        ({"valley_max": 1.2}, "continuum"),
        ({"valley_max": None}, "continuum"),
        (dict.fromkeys(GOOD), "continuum"),
    ],
)
def test_every_figure_has_its_say(changed, verdict):
    found = judge(GOOD | changed, THRESHOLDS)
    assert found.verdict == verdict
    assert len(found.reasons) == 4


def test_reasons_give_figures_and_thresholds():
    changed = {"silhouette": 0.204, "null_silhouette": 0.168, "excess_silhouette": 0.036, "valley_max": 1.7}
    assert judge(GOOD | changed, THRESHOLDS).reasons == [
        "Only slightly more separate than random data with the same correlations "
        "(0.20 against 0.17; 0.05 more is asked for).",
        "Stable: when practices are redrawn the same segments return (overlap 90%; 75% is asked for).",
        "K-means and Ward's method find nearly the same segments "
        "(adjusted Rand index 0.90; 0.65 is asked for).",
        "No gap: the border between segments is as crowded as their centres "
        "(density at the border 170% of that at the centres; at most 25% is asked for).",
    ]


def test_a_gap_of_lumps_alone_makes_no_groups():
    found = judge(GOOD | {"valley_smooth": 1.1}, THRESHOLDS)
    assert found.verdict == "continuum"
    assert "Without them there is no gap (density at the border 110%" in found.reasons[-1]
    assert judge(GOOD | {"valley_smooth": NO_GAP}, THRESHOLDS).reasons[-1].endswith("there is no gap.")
    assert judge(GOOD | {"valley_smooth": 0.2}, THRESHOLDS).verdict == "discrete"


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
