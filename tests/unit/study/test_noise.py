"""Label -1 is noise, never a segment: trials, scores, choice and resamples leave such practices out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from optuna.trial import create_trial
from sklearn.cluster import DBSCAN, HDBSCAN, KMeans
from sklearn.metrics import silhouette_score

from gp_segmentation.clustering import NOISE, fit_labels, number_clusters
from gp_segmentation.errors import ConfigError
from gp_segmentation.study import brute_force, open_space, run_study
from gp_segmentation.study.evaluate import Evaluation
from gp_segmentation.study.rule import choose
from gp_segmentation.study.store import pack, unpack
from gp_segmentation.validity import adjusted_rand, prediction_strength, resample, score_labellings

TARGETS = {"DBSCAN": DBSCAN, "KMeans": KMeans, "brute_force": brute_force}
#: Of each row: the planted group, or -1 where it is drawn far and wide.
TRUTH = np.repeat([0, 1, NOISE], [40, 30, 10])
OPTIONS = {
    "n_clusters": [2, 3],
    "linkage": ["ward"],
    "sampler": {"_target_": "brute_force"},
    "n_trials": None,
    "objectives": None,
    "null_model": {"kind": "gaussian", "draws": 19, "n_init": 1},
    "rule": {
        **{"kind": "finest", "min_share": 0.05, "min_practices": 5, "criterion": "excess_silhouette"},
        **{"min_exceedance": 0.95, "min_jaccard": 0.75, "min_prediction_strength": 0.75},
        **{"stability_draws": 6, "splits": 3},
    },
}


def build(node: dict[str, Any], **params: Any) -> Any:
    arguments = {key: value for key, value in node.items() if key not in ("name", "_target_")}
    return TARGETS[node["_target_"]](**(arguments | params))


def dbscan(eps: float) -> dict[str, Any]:
    return {"name": "dbscan", "_target_": "DBSCAN", "eps": eps, "min_samples": 4}


@pytest.fixture(scope="module", name="X")
def planted() -> np.ndarray:
    rng = np.random.default_rng(0)
    centres = np.array([[0.0, 0.0], [20.0, 0.0]])[np.maximum(TRUTH, 0)]
    far = 100 * np.arange(1, 11)[:, None] * [1.0, 1.0]  # each alone
    return np.where((TRUTH < 0)[:, None], np.resize(far, (80, 2)), centres + rng.normal(size=(80, 2)))


@pytest.fixture(scope="module")
def fixed(X):
    return run_study(X, open_space(dbscan(3.0), OPTIONS), build, OPTIONS, seed=1)


@pytest.mark.parametrize(
    ("labels", "names", "codes"),
    [
        ([3, 3, -1, 7], [3, 7], [0, 0, -1, 1]),
        ([-2, 1, -1, 0], [0, 1], [-1, 1, -1, 0]),  # HDBSCAN has several kinds of noise
        ([-1, -1], [], [-1, -1]),
        (["b", "a"], ["a", "b"], [1, 0]),
    ],
)
def test_clusters_are_numbered_from_zero_and_noise_stays_noise(labels, names, codes):
    found = number_clusters(labels)
    assert found[0].tolist() == names
    assert found[1].tolist() == codes


@pytest.mark.parametrize("clusterer", [DBSCAN(eps=3, min_samples=4), HDBSCAN(min_cluster_size=15, copy=True)])
def test_a_fit_keeps_its_noise(clusterer, X):
    labels = fit_labels(clusterer, X)
    assert_array_equal(labels < 0, TRUTH < 0)
    assert set(labels[TRUTH >= 0]) == {0, 1}


def test_scores_are_those_of_the_rows_that_have_a_cluster(X):
    third = np.where(TRUTH < 0, 2, TRUTH)  # the same with the others as a cluster of their own
    scores = score_labellings(X, np.stack([third, TRUTH, np.full(80, NOISE)]))
    kept = TRUTH >= 0
    assert scores.n_clusters.tolist() == [3, 2, 0]
    assert [size.tolist() for size in scores.sizes] == [[40, 30, 10], [40, 30], []]
    assert_allclose(scores.silhouette[0], silhouette_score(X, third))
    assert_allclose(scores.silhouette[1], silhouette_score(X[kept], TRUTH[kept]))
    assert np.isnan(scores.silhouette[2])
    assert np.isnan(scores.samples[1]).sum() == 10
    centred = X[kept] - X[kept].mean(axis=0)
    assert_allclose(scores.within[1] + scores.between[1], np.square(centred).sum())


def test_agreement_is_of_the_rows_that_both_put_into_a_cluster():
    assert adjusted_rand(np.array([0, 0, 1, 1, -1]), np.array([1, 1, 0, 0, 0])) == 1
    assert np.isnan(adjusted_rand(np.array([0, -1]), np.array([-1, 0])))


class Halves(DBSCAN):
    """Puts the first half of the drawn rows into a cluster, and the others into none."""

    def fit_predict(self, X, y=None, sample_weight=None):
        return np.where(np.arange(len(X)) < len(X) // 2, 0, NOISE)


def test_a_row_that_is_noise_in_a_resample_counts_as_outside_and_is_in_no_mean():
    X, segments = np.arange(8.0)[:, None], np.array([0, 0, 0, 0, 1, 1, 1, -1])
    found = resample(X, {2: segments}, {2: Halves()}, scheme="subsample", share=1.0, draws=1, trace=[2])
    # Cluster and first segment are the same four rows; the second segment meets no cluster.
    assert found.jaccard["jaccard"].tolist() == [1.0, 0.0]
    assert found.centroids[2][0, 0].tolist() == [(0 + 1 + 2 + 3) / 4]
    assert np.isnan(found.centroids[2][0, 1]).all()
    wider = resample(
        X, {1: np.where(np.arange(8) < 6, 0, NOISE)}, {1: Halves()}, scheme="subsample", share=1.0, draws=1
    )
    assert wider.jaccard["jaccard"].tolist() == [4 / 6]  # two of its six rows are noise


@pytest.mark.parametrize(("eps", "strength"), [(3.0, 1.0), (1e-6, 0.0)])
def test_prediction_strength_leaves_noise_out_and_is_zero_without_clusters(eps, strength, X):
    found = prediction_strength(X, DBSCAN(eps=eps, min_samples=4), splits=3)
    assert found.tolist() == [strength] * 3


def test_noise_survives_the_storage():
    kept = pack(Evaluation(np.array([0, 1, NOISE, 1]), {"noise": 1}))
    back = unpack(create_trial(value=0.0, user_attrs=kept))
    assert (back.labels.tolist(), back.row) == ([0, 1, NOISE, 1], {"noise": 1})


def test_a_clusterer_that_finds_its_number_is_one_trial_and_counts_its_noise(fixed):
    (row,) = fixed.trials.to_dict("records")
    assert (row["n_clusters"], row["noise"], row["sizes"]) == (2, 10, "40 30")
    assert np.isnan(row["null_silhouette"])  # the null leaves out no row
    assert (fixed.choice["n_clusters"], fixed.choice["supported"]) == (2, None)
    assert "10 of the 80 practices (12%) belong to no segment." in fixed.choice["reason"]
    assert "more than half" not in fixed.choice["reason"]
    assert_array_equal(fixed.result.labels[0] < 0, TRUTH < 0)


def test_practices_without_a_segment_shape_no_centroid_and_the_others_return(fixed, X):
    means = [X[segment == TRUTH].mean(axis=0) for segment in (0, 1)]
    found = fixed.centroids.mean(axis=0)
    assert_allclose(found, means, atol=0.2)
    assert fixed.resamples["jaccard"].mean() > 0.95


def test_where_noise_is_the_majority_the_reason_says_so(fixed):
    trials = fixed.trials.assign(noise=100)
    reason = choose(trials, OPTIONS["rule"])["reason"]
    assert "100 of the 170 practices (59%) belong to no segment." in reason
    assert "more than half: the segments describe only a minority of the practices" in reason


def test_beside_others_a_trial_with_noise_is_not_compared_with_random_data(X):
    kmeans = {"name": "kmeans", "_target_": "KMeans", "n_clusters": None, "n_init": 2, "random_state": 0}
    space = open_space({"candidates": {"kmeans": kmeans, "dbscan": dbscan(3.0)}}, OPTIONS)
    found = run_study(X, space, build, OPTIONS, seed=1)
    assert found.trials["noise"].tolist() == [0, 0, 10]
    assert found.trials["excess_silhouette"].isna().tolist() == [False, False, True]
    assert set(found.candidates["clusterer"]) <= {"kmeans"}


@pytest.mark.parametrize(
    ("eps", "found"),
    [
        (1e-6, r"finds no clusters among 80 practices \(80 belong to none\)"),
        (1e6, "finds 1 cluster among 80 "),
    ],
)
def test_fewer_than_two_clusters_is_an_error_that_names_the_options(eps, found, X):
    with pytest.raises(ConfigError, match=found) as raised:
        run_study(X, open_space(dbscan(eps), OPTIONS), build, OPTIONS)
    assert "clusterer=dbscan" in str(raised.value)
    assert "Change clusterer.eps and clusterer.min_samples" in str(raised.value)
