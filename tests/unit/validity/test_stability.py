"""Stability against the published formulas, coded here a second time and plainly."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from pandas.testing import assert_frame_equal
from sklearn.cluster import AgglomerativeClustering, BisectingKMeans, KMeans
from sklearn.mixture import GaussianMixture

from gp_segmentation.clustering import Hierarchical
from gp_segmentation.validity import bootstrap_jaccard, prediction_strength, resample, seed_agreement
from gp_segmentation.validity.agreement import contingency, jaccard, matching
from gp_segmentation.validity.stability import pairs_kept


def jaccard_by_sets(codes: np.ndarray, again: np.ndarray, k: int) -> list[float]:
    first = [set(np.flatnonzero(codes == i)) for i in range(k)]
    second = [set(np.flatnonzero(again == j)) for j in range(again.max() + 1)]
    return [max(len(a & c) / len(a | c) if a | c else 0.0 for c in second) for a in first]


def pairs_by_loops(labels: np.ndarray, predicted: np.ndarray) -> float:
    shares = []
    for cluster in set(labels.tolist()):
        members = np.flatnonzero(labels == cluster)
        pairs = [(i, j) for i in members for j in members if i != j]
        together = [predicted[i] == predicted[j] for i, j in pairs]
        shares.append(np.mean(together) if pairs else 0.0)
    return float(min(shares))


@pytest.mark.parametrize("seed", range(6))
def test_coefficients_agree_with_their_definitions(seed):
    rng = np.random.default_rng(seed)
    codes, again = rng.integers(0, 4, 40), rng.integers(0, 3, 40)
    assert_allclose(jaccard(contingency(codes, again, 5)), [*jaccard_by_sets(codes, again, 4), 0.0])
    assert_allclose(pairs_kept(codes, again), pairs_by_loops(codes, again))


def test_planted_groups_are_found_again_and_too_many_are_not(planted):
    X, truth = planted
    right = bootstrap_jaccard(X, truth, KMeans(3, n_init=3, random_state=0), draws=10, seed=1)
    assert right.groupby("segment")["jaccard"].mean().min() > 0.98
    assert sorted(right["segment"].unique()) == [1, 2, 3]
    clusterer = KMeans(7, n_init=3, random_state=0)
    many = bootstrap_jaccard(X, clusterer.fit_predict(X), clusterer, draws=10, seed=1)
    assert many.groupby("segment")["jaccard"].mean().min() < 0.75


def test_prediction_strength_tells_the_planted_number(planted):
    X, _ = planted
    strengths = {k: prediction_strength(X, KMeans(k, n_init=3, random_state=0), splits=4) for k in (3, 6)}
    assert strengths[3].shape == (4,)
    assert strengths[3].min() > 0.95
    assert strengths[6].mean() < 0.8


@pytest.mark.parametrize("clusterer", [KMeans(3, n_init=1, random_state=0), Hierarchical(3, "average")])
def test_jobs_do_not_change_the_draws(planted, clusterer):
    X, truth = planted
    one, two = (bootstrap_jaccard(X, truth, clusterer, draws=3, seed=2, jobs=jobs) for jobs in (1, 2))
    assert_frame_equal(one, two, check_exact=True)
    one, two = (prediction_strength(X, clusterer, splits=3, seed=2, jobs=jobs) for jobs in (1, 2))
    assert_allclose(one, two, rtol=0)


def clusterboot(X: np.ndarray, labels: np.ndarray, k: int, draws: int, seed: int) -> np.ndarray:
    """Hennig (2007), section 3, scheme "boot": draw, keep distinct rows, cluster, highest Jaccard."""
    means = []
    for child in np.random.SeedSequence(seed).spawn(draws):
        rows = sorted(set(np.random.default_rng(child).integers(len(X), size=len(X)).tolist()))
        again = AgglomerativeClustering(k).fit_predict(X[rows])
        second = [{rows[i] for i in np.flatnonzero(again == j)} for j in range(k)]
        first = [{i for i in rows if labels[i] == name} for name in sorted(set(labels.tolist()))]
        means.append([max(len(a & c) / len(a | c) for c in second) for a in first])
    return np.mean(means, axis=0)


@pytest.mark.parametrize("seed", range(3))
def test_bootstrap_jaccard_equals_a_plain_clusterboot(seed):
    X = np.random.default_rng(seed).normal(size=(80, 3))
    labels = Hierarchical(4, "ward").fit_predict(X)
    found = bootstrap_jaccard(X, labels, Hierarchical(4, "ward"), draws=5, seed=seed)
    assert_allclose(found.groupby("segment")["jaccard"].mean(), clusterboot(X, labels, 4, draws=5, seed=seed))


@pytest.mark.parametrize("seed", range(3))
def test_prediction_strength_equals_the_published_formula(seed):
    """Tibshirani & Walther (2005), equation 2.1, by loops over pairs, with scikit-learn's own Ward."""
    X = np.random.default_rng(seed).normal(size=(60, 2))
    child = np.random.SeedSequence(seed).spawn(1)[0]
    order = np.random.default_rng(child).permutation(60)
    train, test = X[order[:30]], X[order[30:]]
    fitted = AgglomerativeClustering(3).fit_predict(train)
    centres = np.array([train[fitted == j].mean(axis=0) for j in range(3)])
    nearest = np.array([np.argmin([np.linalg.norm(row - centre) for centre in centres]) for row in test])
    expected = pairs_by_loops(AgglomerativeClustering(3).fit_predict(test), nearest)
    found = prediction_strength(X, Hierarchical(3, "ward"), splits=1, seed=seed)
    assert_allclose(found, [expected])


def test_subsamples_take_their_share_and_votes_count_them(planted):
    X, truth = planted
    clusterer = KMeans(3, n_init=3, random_state=0)
    found = resample(X, {3: truth}, {3: clusterer}, scheme="subsample", share=0.5, draws=4, vote=[3], seed=7)
    assert found.votes[3].sum() == 4 * 165
    assert_allclose(found.votes[3][np.arange(330), truth - 1], found.votes[3].sum(axis=1))
    assert found.ari["ari"].min() > 0.98
    with pytest.raises(ValueError, match="jackknife"):
        resample(X, {3: truth}, {3: clusterer}, scheme="jackknife", draws=1)


def test_several_ks_at_once_are_what_each_is_alone(planted):
    X, _ = planted
    clusterers = {k: Hierarchical(k, "average") for k in (2, 3, 5)}
    labels = {k: clusterer.fit_predict(X) for k, clusterer in clusterers.items()}
    together = resample(X, labels, clusterers, draws=3, seed=1).jaccard
    for k in clusterers:
        alone = bootstrap_jaccard(X, labels[k], clusterers[k], draws=3, seed=1)
        of_k = together[together["k"] == k].drop(columns="k").reset_index(drop=True)
        assert_frame_equal(of_k, alone, check_exact=True)


def test_pairs_are_matched_so_that_most_practices_are_on_them():
    #                      greedy would take 10 and be left with 0; 9 + 8 is more
    assert matching(np.array([[10.0, 9.0], [8.0, 0.0]])).tolist() == [1, 0]
    assert matching(np.array([[5.0, 1.0, 2.0]])).tolist() == [0, -1, -1]


def test_seeds_agree_on_planted_groups_and_not_on_noise(planted):
    X, _ = planted
    found = seed_agreement(X, KMeans(3, n_init=3), runs=3, seed=1)
    assert_allclose(found, 1.0)
    assert found.shape == (3,)
    noise = np.random.default_rng(0).normal(size=(300, 6))
    assert seed_agreement(noise, KMeans(8, n_init=1), runs=3, seed=1).mean() < 0.7
    assert seed_agreement(X, Hierarchical(3, "ward"), runs=3).size == 0
    assert seed_agreement(X, KMeans(3), runs=1).size == 0


SMALL = [
    KMeans(7, n_init=1, random_state=0),
    Hierarchical(7, "average"),
    GaussianMixture(7, random_state=0),
    BisectingKMeans(7, n_init=1, random_state=0),
]


@pytest.mark.parametrize("clusterer", SMALL, ids=lambda clusterer: type(clusterer).__name__)
def test_a_resample_of_fewer_rows_than_clusters_leaves_each_by_itself(clusterer):
    """Eight rows in seven segments: a bootstrap holds about five, a half four."""
    X = np.random.default_rng(0).normal(size=(8, 3))
    labels = np.array([1, 1, 2, 3, 4, 5, 6, 7])
    found = resample(X, {7: labels}, {7: clusterer}, draws=6, vote=[7], seed=1)
    child = np.random.SeedSequence(1).spawn(6)[0]
    drawn = np.unique(np.random.default_rng(child).integers(8, size=8))
    assert 1 < len(drawn) < 7
    jaccards = found.jaccard[found.jaccard["draw"] == 0].set_index("segment")["jaccard"]
    for segment in range(1, 8):
        members = [row for row in drawn if labels[row] == segment]
        assert jaccards[segment] == (1 / len(members) if members else 0)
    assert prediction_strength(X, clusterer, splits=2, seed=1).tolist() == [0.0, 0.0]  # clusters of one
    assert np.isfinite(seed_agreement(X, clusterer, runs=2)).all()


def test_rows_that_repeat_others_are_no_obstacle():
    X = np.repeat(np.eye(3), 10, axis=0)
    labels = np.repeat([1, 2, 3], 10)
    found = resample(X, {5: labels}, {5: KMeans(5, n_init=1, random_state=0)}, draws=3, vote=[5], seed=0)
    assert_allclose(found.jaccard["jaccard"], 1.0)  # three distinct rows, three clusters
