"""Stability against the published formulas, coded here a second time and plainly."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from pandas.testing import assert_frame_equal
from sklearn.cluster import AgglomerativeClustering, BisectingKMeans, KMeans
from sklearn.mixture import GaussianMixture

from gp_segmentation.clustering import Hierarchical
from gp_segmentation.validity import (
    bootstrap_jaccard,
    prediction_strength,
    resample,
    seed_agreement,
    stability,
)
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


@pytest.mark.parametrize(
    ("labels", "predicted", "expected"),
    [
        ([0, 0, 0, 0, 1, 1], [0, 0, 0, 1, 1, 1], (3 * 2) / (4 * 3)),  # the second is kept whole
        ([0, 0, 1, 1, 1], [0, 0, 0, 1, 2], 0),  # no pair of the second is kept
        ([0, 0, 1, 1, 1], [2, 2, 0, 0, 0], 1),
        ([0, 0, 1], [0, 0, 1], 0),  # a cluster of one counts as 0
        ([2, 2, 0, 0], [1, 1, 0, 0], 1),  # a number without rows does not count
        ([0, 0, 0, 0, 0], [0, 0, 0, 1, 1], (3 * 2 + 2 * 1) / (5 * 4)),
    ],
)
def test_pairs_kept_together_by_hand(labels, predicted, expected):
    assert pairs_kept(np.array(labels), np.array(predicted)) == expected


@pytest.fixture
def asked(watch_tasks) -> dict:
    """What `parallel_map` and the bar are asked for; the tasks are done one after another."""
    return watch_tasks(stability, lambda function, *task: function(*task))


#: Two pairs of near rows, as a list of whole numbers.
PAIRS = [[0, 0], [0, 1], [9, 9], [9, 8]]


@pytest.mark.parametrize(
    ("options", "seed", "jobs"), [({}, 0, 1), ({"seed": 4, "jobs": 3}, 4, 3), ({"jobs": None}, 0, None)]
)
def test_halves_are_split_by_the_seed_in_the_threads_asked_for(options, seed, jobs, asked):
    clusterer = KMeans(1, n_init=1, random_state=0)
    assert prediction_strength(PAIRS, clusterer, splits=3, **options).tolist() == [1, 1, 1]
    assert [(child.entropy, child.spawn_key) for _, _, child in asked["tasks"]] == [
        (seed, (0,)),
        (seed, (1,)),
        (seed, (2,)),
    ]
    for values, fresh, _ in asked["tasks"]:
        assert values.dtype == np.float64
        assert values.tolist() == PAIRS
        assert fresh is not clusterer
        assert fresh.get_params() == clusterer.get_params()
    assert (asked["jobs"], asked["processes"], asked["total"]) == (jobs, False, 3)
    assert asked["what"] == "random halves"


def test_of_an_odd_number_of_rows_the_second_half_has_one_more(asked, monkeypatch):
    halves = []

    def recorded(clusterer, values):
        halves.append(values[:, 0].tolist())
        return np.zeros(len(values), dtype=np.int64)

    monkeypatch.setattr(stability, "fit_labels", recorded)
    for _ in range(2):
        prediction_strength(np.arange(7)[:, None], KMeans(1), splits=1)
    second, first, *again = halves
    assert again == [second, first]
    assert (len(first), len(second)) == (3, 4)
    assert sorted(first + second) == list(range(7))


@pytest.mark.parametrize(
    ("options", "seed", "jobs"), [({}, 0, 1), ({"seed": 4, "jobs": 3}, 4, 3), ({"jobs": None}, 0, None)]
)
def test_bootstraps_are_those_of_resample_without_the_number_of_clusters(options, seed, jobs, monkeypatch):
    calls = []

    def recorded(*arguments, **named):
        calls.append((arguments, named))
        frame = pd.DataFrame({"draw": [0, 0], "k": [2, 2], "segment": ["a", "b"], "jaccard": [0.5, 1.0]})
        return SimpleNamespace(jaccard=frame)

    monkeypatch.setattr(stability, "resample", recorded)
    labels, clusterer = ["b", "a", "a", "b"], KMeans(2)
    found = bootstrap_jaccard(PAIRS, labels, clusterer, draws=9, **options)
    assert calls == [((PAIRS, {2: labels}, {2: clusterer}), {"draws": 9, "seed": seed, "jobs": jobs})]
    assert_frame_equal(found, pd.DataFrame({"draw": [0, 0], "segment": ["a", "b"], "jaccard": [0.5, 1.0]}))


@pytest.mark.parametrize(
    ("options", "seed", "jobs"), [({}, 0, 1), ({"seed": 4, "jobs": 3}, 4, 3), ({"jobs": None}, 0, None)]
)
def test_every_run_has_a_random_state_of_its_own_drawn_from_the_seed(options, seed, jobs, asked):
    clusterer = KMeans(2, n_init=1)
    found = seed_agreement(PAIRS, clusterer, runs=8, **options)
    assert found.tolist() == [1.0] * (8 * 7 // 2)
    states = [fresh.random_state for fresh, _ in asked["tasks"]]
    assert states == [int(state) % 2147483648 for state in np.random.SeedSequence(seed).generate_state(8)]
    assert all(isinstance(state, int) for state in states)
    for fresh, values in asked["tasks"]:
        assert fresh is not clusterer
        assert fresh.get_params() == {**clusterer.get_params(), "random_state": fresh.random_state}
        assert values.dtype == np.float64
        assert values.tolist() == PAIRS
    assert clusterer.random_state is None
    assert (asked["jobs"], asked["total"], asked["what"]) == (jobs, 8, "other seeds")


@pytest.mark.parametrize(("runs", "pairs"), [(0, 0), (1, 0), (2, 1), (4, 6)])
def test_every_two_runs_are_compared_once(runs, pairs):
    assert seed_agreement(PAIRS, KMeans(2, n_init=1), runs=runs).tolist() == [1.0] * pairs
    assert seed_agreement(PAIRS, Hierarchical(2, "average"), runs=runs).tolist() == []


def test_runs_that_differ_have_the_adjusted_rand_index_of_their_labels(monkeypatch):
    labels = iter([[0, 0, 1, 1], [1, 1, 0, 0], [0, 1, 0, 1]])
    monkeypatch.setattr(stability, "fit_labels", lambda clusterer, values: np.array(next(labels)))
    # crossing halves: (0 - 2 * 2 / 6) / ((2 + 2) / 2 - 2 * 2 / 6)
    assert_allclose(seed_agreement(PAIRS, KMeans(2), runs=3), [1, -0.5, -0.5])


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


def test_subsamples_take_their_share_and_have_the_segments_centroids(planted):
    X, truth = planted
    clusterer = KMeans(3, n_init=3, random_state=0)
    found = resample(X, {3: truth}, {3: clusterer}, scheme="subsample", share=0.5, draws=4, trace=[3], seed=7)
    assert found.centroids[3].shape == (4, 3, X.shape[1])
    means = np.array([X[truth == segment].mean(axis=0) for segment in (1, 2, 3)])
    assert_allclose(found.centroids[3], np.stack([means] * 4), atol=0.3)
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
    found = resample(X, {7: labels}, {7: clusterer}, draws=6, trace=[7], seed=1)
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
    found = resample(X, {5: labels}, {5: KMeans(5, n_init=1, random_state=0)}, draws=3, trace=[5], seed=0)
    assert_allclose(found.jaccard["jaccard"], 1.0)  # three distinct rows, three clusters
