"""Scores against scikit-learn, on ordinary and on adversarial inputs."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.spatial.distance import pdist, squareform
from sklearn import metrics
from sklearn.cluster import KMeans

from gp_segmentation.clustering import build_tree, cut
from gp_segmentation.validity import score_labellings, silhouette_samples


def plain(rng: np.random.Generator) -> np.ndarray:
    return rng.normal(size=(90, 4))


def duplicates(rng: np.random.Generator) -> np.ndarray:
    return np.repeat(rng.integers(0, 4, size=(12, 3)), 6, axis=0).astype(float)


def constant_columns(rng: np.random.Generator) -> np.ndarray:
    return np.column_stack([rng.normal(size=(80, 2)), np.full((80, 2), 7.1)])


def one_far_row(rng: np.random.Generator) -> np.ndarray:
    X = rng.normal(size=(70, 3))
    X[0] = 1e4
    return X


def unequal_scales(rng: np.random.Generator) -> np.ndarray:
    return rng.normal(size=(75, 3)) * [1e-3, 1.0, 1e3]


INPUTS = [plain, duplicates, constant_columns, one_far_row, unequal_scales]


def labellings_of(X: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Random labels, K-means, cuts of one tree, a cluster of one, and all but one row alone."""
    n = len(X)
    random = [np.concatenate([np.arange(k), rng.integers(0, k, n - k)]) for k in (2, 3, 9)]
    kmeans = [KMeans(k, n_init=1, random_state=0).fit(X).labels_ for k in (2, 5)]
    nested = cut(build_tree(X, "average"), [2, 3, 6, 11])
    one = np.zeros(n)
    one[3] = 1
    nearly_all = np.arange(n)
    nearly_all[-1] = 0
    return np.vstack([*random, *kmeans, nested, one, nearly_all])


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("make", INPUTS)
def test_scores_equal_scikit_learns(make, seed):
    rng = np.random.default_rng(seed)
    X = make(rng)
    labellings = labellings_of(X, rng)
    found = score_labellings(X, labellings)
    # Distances of differences, not of products: scikit-learn's own lose digits for near rows.
    D = squareform(pdist(X))
    for i, labels in enumerate(labellings):
        expected = metrics.silhouette_samples(D, labels, metric="precomputed")
        assert_allclose(found.samples[i], expected, atol=1e-9)
        assert_allclose(found.silhouette[i], expected.mean(), atol=1e-9)
        assert_allclose(found.davies_bouldin[i], metrics.davies_bouldin_score(X, labels), rtol=1e-6)
        assert_allclose(found.calinski_harabasz[i], metrics.calinski_harabasz_score(X, labels), rtol=1e-6)
        assert_array_equal(found.sizes[i], np.unique(labels, return_counts=True)[1])
        means = [expected[labels == label].mean() for label in np.unique(labels)]
        assert_allclose(found.segments[i], means, atol=1e-9)


@pytest.mark.parametrize("offset", [1e8, -1e8])
def test_a_huge_offset_costs_no_accuracy(offset):
    rng = np.random.default_rng(0)
    # Sixty-fourths, so that adding the offset is exact.
    X = np.round(rng.normal(size=(80, 3)) * 64) / 64
    labels = rng.integers(0, 4, 80)
    near, far = score_labellings(X, labels), score_labellings(X + offset, labels)
    for name in ("silhouette", "davies_bouldin", "calinski_harabasz", "within", "between"):
        assert_allclose(getattr(far, name), getattr(near, name), rtol=1e-9, atol=1e-9)


def test_sums_of_squares_are_inertia_and_add_up_to_the_total():
    X = np.random.default_rng(1).normal(size=(200, 5))
    model = KMeans(4, n_init=3, random_state=0, tol=0).fit(X)
    found = score_labellings(X, model.labels_)
    assert_allclose(found.within, model.inertia_, rtol=1e-9)
    assert_allclose(found.within + found.between, np.square(X - X.mean(axis=0)).sum(), rtol=1e-9)


@pytest.mark.parametrize("labels", [np.zeros(10), np.arange(10)], ids=["one cluster", "n clusters"])
def test_one_cluster_and_n_clusters_have_no_scores(labels):
    found = score_labellings(np.random.default_rng(0).normal(size=(10, 2)), labels)
    undefined = [found.silhouette[0], found.davies_bouldin[0], found.calinski_harabasz[0]]
    assert np.isnan(undefined).all()
    assert np.isnan(found.samples).all()
    assert np.isfinite([found.within[0], found.between[0]]).all()


def test_rows_that_all_coincide_score_as_scikit_learn_says():
    X = np.ones((8, 2))
    labels = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    found = score_labellings(X, labels)
    assert_allclose(found.silhouette, 0.0)
    assert_allclose(found.davies_bouldin, metrics.davies_bouldin_score(X, labels))
    assert_allclose(found.calinski_harabasz, metrics.calinski_harabasz_score(X, labels))


def test_a_silhouette_by_hand():
    # distances:     0-1: 1   0-2: 4   0-3: 6   1-2: 3   1-3: 5   2-3: 2
    X = np.array([[0.0], [1.0], [4.0], [6.0]])
    found = silhouette_samples(X, ["a", "a", "b", "b"])
    expected = [
        ((4 + 6) / 2 - 1) / ((4 + 6) / 2),
        ((3 + 5) / 2 - 1) / ((3 + 5) / 2),
        ((4 + 3) / 2 - 2) / ((4 + 3) / 2),
        ((6 + 5) / 2 - 2) / ((6 + 5) / 2),
    ]
    assert_allclose(found, expected)


def test_threads_distances_memory_and_company_do_not_matter():
    rng = np.random.default_rng(2)
    X = rng.normal(size=(700, 6))
    labellings = labellings_of(X, rng)
    alone = np.array([score_labellings(X, labels).silhouette[0] for labels in labellings])
    one = score_labellings(X, labellings)
    assert_allclose(one.silhouette, alone, atol=1e-12)
    assert_array_equal(one.samples, score_labellings(X, labellings, jobs=2).samples)
    assert_allclose(score_labellings(X, labellings, distances=pdist(X)).samples, one.samples, atol=1e-12)
    assert_allclose(score_labellings(X, labellings, memory=2**16).samples, one.samples, atol=1e-12)


def test_values_that_are_not_finite_and_labels_that_do_not_match_are_refused():
    X = np.array([[0.0], [np.nan], [1.0]])
    with pytest.raises(ValueError, match="finite"):
        score_labellings(X, [0, 1, 1])
    with pytest.raises(ValueError, match="labels are for 2 rows, X has 3"):
        score_labellings(np.zeros((3, 1)), [0, 1])
