"""K-means against scikit-learn's: the same fits, and with a Ward start never worse and often better."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.base import clone
from sklearn.cluster import BisectingKMeans, KMeans, kmeans_plusplus

from gp_segmentation.clustering import cluster_labels, fit_kmeans, is_plain_kmeans, ward_starts
from gp_segmentation.clustering.kmeans import greedy_plusplus


def cases() -> list[tuple[str, np.ndarray]]:
    found = []
    for seed in range(3):
        rng = np.random.default_rng(seed)
        groups = rng.normal(size=(6, 5))[rng.integers(0, 6, 300)] * 3
        found += [
            (f"groups {seed}", groups + rng.normal(size=(300, 5))),
            (f"noise {seed}", rng.normal(size=(400, 8))),
            (f"heavy tails {seed}", rng.standard_t(2, size=(400, 8))),
        ]
    return found


@pytest.mark.parametrize(("name", "X"), cases(), ids=lambda value: value if isinstance(value, str) else "")
@pytest.mark.parametrize("k", [2, 5, 9, 15])
def test_inertia_is_no_worse_than_scikit_learns_ten_starts(name, X, k):
    usual = KMeans(k, n_init=10, random_state=0)
    found = fit_kmeans(usual, X, ward_starts(X)(k))
    expected = KMeans(k, n_init=10, random_state=0).fit(X)
    assert found.inertia <= expected.inertia_ * (1 + 1e-12)


def adversarial() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(1)
    noise = rng.normal(size=(300, 4))
    return {
        "noise": noise,
        "groups": noise + 6 * rng.normal(size=(5, 4))[rng.integers(0, 5, 300)],
        "a huge offset": noise + 1e7,
        "a constant column": np.column_stack([noise, np.ones(300)]),
        "one wide column": noise * [1e6, 1, 1, 1],
        "half of it one row": np.vstack([noise, np.zeros((300, 4))]),
        "every row thrice": np.repeat(noise[:80], 3, axis=0),
        "in Fortran's order": np.asfortranarray(noise),
        "one column": noise[:, :1],
        "wide": rng.normal(size=(60, 200)),
    }


@pytest.mark.parametrize("name", adversarial())
@pytest.mark.parametrize("k", [1, 2, 3, 7, 16])
def test_fits_are_scikit_learns(name, k):
    X = adversarial()[name]
    for n_init in (1, "auto", 4):
        estimator = KMeans(k, n_init=n_init, random_state=3)
        expected = clone(estimator).fit(X)
        found = fit_kmeans(estimator, X)
        assert found.inertia == pytest.approx(expected.inertia_, rel=1e-9)
        spread = np.abs(X - X.mean(axis=0)).max()
        np.testing.assert_allclose(found.centroids, expected.cluster_centers_, atol=1e-8 * spread)
        assert found.iterations == expected.n_iter_
        np.testing.assert_array_equal(found.labels, expected.labels_)
        assert estimator.get_params() == KMeans(k, n_init=n_init, random_state=3).get_params()
        assert not hasattr(estimator, "labels_")


@pytest.mark.parametrize("k", [1, 2, 5, 20])
def test_starts_are_those_scikit_learn_draws(k):
    for seed in range(5):
        X = np.random.default_rng(seed).normal(size=(500, 6))
        X -= X.mean(axis=0)
        ours, theirs = np.random.RandomState(seed), np.random.RandomState(seed)
        for _ in range(3):  # the second and third begin where the random numbers were left
            expected, _ = kmeans_plusplus(X, k, random_state=theirs)
            np.testing.assert_array_equal(greedy_plusplus(X, np.square(X).sum(axis=1), k, ours), expected)


def test_every_row_is_nearest_to_the_centroid_of_its_cluster():
    X = np.random.default_rng(0).normal(size=(400, 5)) + 3
    found = fit_kmeans(KMeans(6, n_init=3, random_state=0), X)
    np.testing.assert_array_equal(cdist(X, found.centroids).argmin(axis=1), found.labels)


def test_rows_of_integers_give_the_labels_of_the_same_floats():
    X = np.random.default_rng(0).integers(0, 9, size=(200, 3))
    usual = KMeans(5, n_init=2, random_state=0)
    np.testing.assert_array_equal(fit_kmeans(usual, X).labels, fit_kmeans(usual, X * 1.0).labels)


def test_an_outlier_of_1e12_gets_a_cluster_of_its_own():
    X = np.random.default_rng(0).normal(size=(300, 4))
    X[7, 0] = 1e12
    labels = fit_kmeans(KMeans(2, n_init=3, random_state=0), X).labels
    assert np.flatnonzero(labels == labels[7]).tolist() == [7]


def test_as_many_clusters_as_rows():
    X = np.random.default_rng(0).normal(size=(30, 3))
    found = fit_kmeans(KMeans(30, random_state=0), X)
    assert found.inertia == pytest.approx(0, abs=1e-20)
    assert sorted(found.labels) == list(range(30))


def test_a_start_that_loses_a_cluster_gives_the_fit_of_scikit_learn():
    X = np.random.default_rng(0).normal(size=(200, 2))
    start = np.array([[0.0, 0.0], [90.0, 90.0], [91.0, 91.0]])  # no row is near the last two
    expected = KMeans(3, init=start, n_init=1).fit(X).inertia_
    usual = fit_kmeans(KMeans(3, n_init=1, random_state=0), X)
    found = fit_kmeans(KMeans(3, n_init=1, random_state=0), X, start)
    assert found.inertia == pytest.approx(min(expected, usual.inertia))
    assert len(np.unique(found.labels)) == 3


def test_max_iter_ends_the_iterations_as_in_scikit_learn():
    X = np.random.default_rng(0).normal(size=(500, 6))
    for max_iter in (1, 2, 5):
        estimator = KMeans(6, n_init=1, max_iter=max_iter, random_state=0)
        found, expected = fit_kmeans(estimator, X), clone(estimator).fit(X)
        np.testing.assert_allclose(found.centroids, expected.cluster_centers_, rtol=1e-12)
        np.testing.assert_array_equal(found.labels, expected.labels_)


@pytest.mark.parametrize(
    ("estimator", "X"),
    [
        (KMeans(5), np.zeros((3, 2))),
        (KMeans(2), np.array([[0.0, np.nan], [1.0, 2.0], [3.0, 4.0]])),
        (KMeans(0), np.zeros((3, 2))),
        (KMeans(2, n_init=0), np.eye(3)),
        (KMeans(2, tol=-1.0), np.eye(3)),
        (KMeans(2, max_iter=0), np.eye(3)),
    ],
)
def test_what_scikit_learn_refuses_is_refused(estimator, X):
    with pytest.raises(ValueError, match=r"n_samples|NaN|n_clusters|n_init|tol|max_iter"):
        fit_kmeans(estimator, X)


def test_other_clusterers_are_fitted_by_scikit_learn():
    X = np.random.default_rng(0).normal(size=(100, 3))
    other = BisectingKMeans(4, random_state=0)
    np.testing.assert_array_equal(cluster_labels(other, X), clone(other).fit_predict(X))
    plain = KMeans(4, n_init=2, random_state=0)
    np.testing.assert_array_equal(cluster_labels(plain, X), clone(plain).fit_predict(X))


def test_on_some_data_the_ward_start_is_better():
    gains = []
    for _, X in cases():
        usual = KMeans(9, n_init=10, random_state=0)
        gains.append(1 - fit_kmeans(usual, X, ward_starts(X)(9)).inertia / usual.fit(X).inertia_)
    assert sum(gain > 1e-3 for gain in gains) >= 3


def test_only_kmeans_with_its_default_start_and_algorithm_is_plain():
    assert is_plain_kmeans(KMeans(3))
    assert not is_plain_kmeans(KMeans(3, init="random"))
    assert not is_plain_kmeans(KMeans(3, init=np.eye(3)))
    assert not is_plain_kmeans(KMeans(3, algorithm="elkan"))


def test_a_ward_start_of_many_rows_has_k_centroids():
    X = np.random.default_rng(0).normal(size=(5000, 2))
    assert ward_starts(X)(7).shape == (7, 2)
