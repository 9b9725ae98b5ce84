"""Scores against scikit-learn, on ordinary and on adversarial inputs."""

from __future__ import annotations

import re

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.spatial.distance import pdist, squareform
from sklearn import metrics
from sklearn.cluster import KMeans

from gp_segmentation.clustering import build_tree, cut
from gp_segmentation.validity import METRICS, score_labellings, scores, silhouette_samples

#: Rows on a line whose mean is 17: cluster a = 28 31 34, b = 0 2, c = 10 14.
LINE = np.array([[28.0], [0], [10], [31], [2], [14], [34]])
LABELS = ["a", "b", "c", "a", "b", "c", "a"]


def test_every_score_by_hand():
    found = score_labellings(LINE, [LABELS, ["all"] * 7])
    # mean distance to the own cluster, and to the nearest other: c for a and b, b for c
    silhouettes = {
        28: ((18 + 14) / 2 - (3 + 6) / 2) / 16,
        31: ((21 + 17) / 2 - (3 + 3) / 2) / 19,
        34: ((24 + 20) / 2 - (6 + 3) / 2) / 22,
        0: ((10 + 14) / 2 - 2) / 12,
        2: ((8 + 12) / 2 - 2) / 10,
        10: ((10 + 8) / 2 - 4) / 9,
        14: ((14 + 12) / 2 - 4) / 13,
    }
    in_order = [silhouettes[value] for value in (28, 0, 10, 31, 2, 14, 34)]
    a, b, c = (
        (silhouettes[28] + silhouettes[31] + silhouettes[34]) / 3,
        (silhouettes[0] + silhouettes[2]) / 2,
        (silhouettes[10] + silhouettes[14]) / 2,
    )
    assert_allclose(found.samples, [in_order, [np.nan] * 7])
    assert_allclose(found.silhouette, [sum(in_order) / 7, np.nan])
    assert len(found.segments) == len(found.sizes) == 2
    assert_allclose(found.segments[0], [a, b, c])
    assert_allclose(found.segments[1], [np.nan])
    assert [sizes.tolist() for sizes in found.sizes] == [[3, 2, 2], [7]]
    assert found.n_clusters.tolist() == [3, 1]
    # centroids 31, 1, 12
    within, between = 3**2 + 3**2 + 1 + 1 + 2**2 + 2**2, 3 * (31 - 17) ** 2 + 2 * (17 - 1) ** 2 + 2 * 5**2
    assert_allclose(found.within, [within, within + between])
    assert_allclose(found.between, [between, 0], atol=1e-9)
    assert_allclose(found.calinski_harabasz, [(between / (3 - 1)) / (within / (7 - 3)), np.nan])
    # mean distances to the centroid (3 + 0 + 3) / 3, 1, 2; a is most like c, b and c like one another
    assert_allclose(found.davies_bouldin, [((2 + 2) / 19 + (1 + 2) / 11 + (1 + 2) / 11) / 3, np.nan])


def test_only_silhouettes_can_be_left_out():
    found, all_scores = score_labellings(LINE, LABELS, silhouettes=False), score_labellings(LINE, LABELS)
    assert found.samples.shape == (1, 7)
    for left_out in (found.samples, found.silhouette, found.segments[0]):
        assert np.isnan(left_out).all()
    for name in set(METRICS) - {"silhouette"}:
        assert getattr(found, name) == getattr(all_scores, name)


@pytest.mark.parametrize("labels", [["a"] * 7, "abcdefg"], ids=["one cluster", "n clusters"])
def test_undefined_scores_are_not_a_number_whatever_else_is_scored(labels):
    found = score_labellings(LINE, [list(labels), LABELS])
    assert np.isnan([found.davies_bouldin[0], found.calinski_harabasz[0], found.silhouette[0]]).all()
    assert np.isfinite([found.davies_bouldin[1], found.calinski_harabasz[1], found.silhouette[1]]).all()


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([-1, 1, -1, 1 + 2e-9], 0.0),  # centroids that differ only by rounding
        ([-1, 1, -1, 1 + 2e-3], (1 + 1.001) / 0.001),
        ([0, 2e-9, 5, 5], 0.0),  # clusters without any width but rounding
        ([0, 2e-3, 5, 5], (0.001 + 0) / 4.999),
        ([-1, 1, 0, 2], (1 + 1) / 1),
    ],
)
def test_davies_bouldin_of_two_clusters_that_coincide_or_have_no_width(rows, expected):
    X = np.array(rows, dtype=float)[:, None]
    assert_allclose(score_labellings(X, [0, 0, 1, 1]).davies_bouldin, expected, rtol=1e-9)


def test_two_of_three_clusters_that_coincide_are_not_compared_with_one_another():
    X = np.array([[-1.0], [1], [-2], [2], [9], [11]])  # centroids 0, 0, 10
    expected = ((1 + 1) / 10 + (2 + 1) / 10 + (2 + 1) / 10) / 3
    assert_allclose(score_labellings(X, [0, 0, 1, 1, 2, 2]).davies_bouldin, expected)


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        (0.0, 1.0),
        (2e-13, 1.0),  # within is 2e-26 where between is 1e8
        (2e-3, 1e8 * (4 - 2) / (2e-6 * (2 - 1))),
    ],
)
def test_calinski_harabasz_of_clusters_without_width_is_1(width, expected):
    X = np.array([[0, 0], [0, width], [1e4, 0], [1e4, 0]])
    X[:2, 1] -= width / 2
    assert_allclose(score_labellings(X, [0, 0, 1, 1]).calinski_harabasz, expected, rtol=1e-9)


def test_numbers_of_any_kind_are_scored_in_full_precision():
    X = np.array([[0.1, 5], [0.2, 7], [3.3, 1], [4.1, 2], [9.7, 4]], dtype=np.float32)
    labels = [0, 0, 1, 1, 1]
    found, exact = score_labellings(X, labels), score_labellings(X.astype(np.float64), labels)
    for name in METRICS:
        assert getattr(found, name) == getattr(exact, name)


@pytest.mark.parametrize(
    ("asked", "received"),
    [({}, (1, 2**28)), ({"jobs": 3, "memory": 99}, (3, 99)), ({"jobs": None}, (None, 2**28))],
)
def test_one_thread_and_a_quarter_of_a_gigabyte_unless_others_are_asked_for(asked, received, monkeypatch):
    calls = []

    def recorded(values, items, distances, jobs, memory):
        calls.append((distances, jobs, memory))
        return np.zeros((len(items), len(values)))

    monkeypatch.setattr(scores, "sample_silhouettes", recorded)
    given = np.ones(21)
    score_labellings(LINE, LABELS, distances=given, **asked)
    score_labellings(LINE, LABELS, **asked)
    assert [call[1:] for call in calls] == [received] * 2
    assert calls[0][0] is given
    assert calls[1][0] is None


@pytest.mark.parametrize(("asked", "jobs"), [({}, 1), ({"jobs": 4}, 4)])
def test_silhouettes_alone_take_the_threads_asked_for(asked, jobs, monkeypatch):
    calls = []

    def recorded(values, items, distances, jobs, memory):
        calls.append(jobs)
        return np.zeros((len(items), len(values)))

    monkeypatch.setattr(scores, "sample_silhouettes", recorded)
    assert silhouette_samples(LINE, LABELS, **asked).tolist() == [0] * 7
    assert calls == [jobs]


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


@pytest.mark.parametrize("offset", [[2.0**46, 0, -(2.0**45)], [-(2.0**46), 2.0**20, 0]])
def test_a_huge_offset_costs_no_accuracy(offset):
    rng = np.random.default_rng(0)
    # Sixty-fourths, so that adding the offset is exact.
    X = np.round(rng.normal(size=(80, 3)) * 64) / 64
    labels = rng.integers(0, 4, 80)
    near, far = score_labellings(X, labels), score_labellings(X + offset, labels)
    for name in METRICS:
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


@pytest.mark.parametrize(
    "X",
    [[[0.0], [np.nan], [1.0]], [[0.0], [np.inf], [1.0]], [0.0, 2.0, 1.0], [[[0.0]], [[2.0]], [[1.0]]]],
    ids=["missing", "infinite", "one dimension", "three dimensions"],
)
def test_values_that_are_no_table_of_finite_numbers_are_refused(X):
    message = "X must be a table of finite numbers. Impute or drop the others first"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        score_labellings(X, [0, 1, 1])


def test_labels_that_do_not_match_the_rows_are_refused():
    with pytest.raises(ValueError, match=r"^labels are for 2 rows, X has 3$"):
        score_labellings(np.zeros((3, 1)), [0, 1])
