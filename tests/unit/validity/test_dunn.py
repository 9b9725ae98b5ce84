"""Dunn's index against its definition, pair by pair."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import pdist, squareform

from gp_segmentation.validity.dunn import dunn_indices, farthest_pairs


def by_definition(X: np.ndarray, labels: np.ndarray) -> float:
    distances, same = squareform(pdist(X)), labels[:, None] == labels
    if same.all() or not np.triu(same, 1).any():
        return float("nan")
    widest = distances[same].max()
    return float(distances[~same].min() / widest) if widest else float("inf")


@pytest.mark.parametrize("seed", range(20))
def test_every_pair_is_looked_at(seed):
    rng = np.random.default_rng(seed)
    rows = int(rng.integers(5, 90))
    # Rounded values repeat rows and distances.
    X = rng.normal(size=(rows, 3)).round(int(rng.integers(0, 3)))
    labellings = rng.integers(0, rng.integers(1, 6), (4, rows))
    labellings[3, :2] = 0, 1
    expected = [by_definition(X, labels) for labels in labellings]
    assert_allclose(dunn_indices(X, labellings), expected, rtol=1e-12)
    assert_allclose(dunn_indices(X, labellings, tree=linkage(X, "single"), jobs=2), expected, rtol=1e-12)
    farthest = farthest_pairs(pdist(X), rows)
    assert_allclose(dunn_indices(X, labellings, farthest=farthest), expected, rtol=1e-12)


@pytest.mark.parametrize("rows", [1, 2, 3, 40, 700])
def test_the_farthest_pairs_are_those_of_all(rows):
    X = np.random.default_rng(rows).normal(size=(rows, 2))
    i, j, apart = farthest_pairs(pdist(X), rows)
    square = squareform(pdist(X))
    assert_allclose(square[i, j], apart, rtol=0)
    assert_allclose(apart, np.sort(pdist(X))[::-1][: len(apart)], rtol=0)
    assert len(apart) >= 0.004 * rows * (rows - 1) / 2
    assert (i < j).all()


def test_clusters_without_a_pair_far_apart_are_searched():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 3)) * 0.1
    X[:150] += 50
    labels = np.r_[np.zeros(150), np.ones(150)]  # the farthest pairs all lie in different clusters
    farthest = farthest_pairs(pdist(X), 300)
    assert (labels[farthest[0]] != labels[farthest[1]]).all()
    assert_allclose(dunn_indices(X, labels, farthest=farthest), [by_definition(X, labels)], rtol=1e-12)


def test_a_written_case():
    #      0---2       5-6
    X = np.array([[0.0], [2.0], [5.0], [6.0]])
    assert_allclose(dunn_indices(X, [0, 0, 1, 1]), [(5 - 2) / (2 - 0)])


def test_an_offset_does_not_matter():
    X = np.random.default_rng(1).normal(size=(200, 4))
    labels = (X[:, 0] > 0).astype(int)
    assert_allclose(dunn_indices(X + 1e6, labels), dunn_indices(X, labels), rtol=1e-6)


def test_one_cluster_and_as_many_as_rows_have_none():
    X = np.random.default_rng(2).normal(size=(5, 2))
    assert np.isnan(dunn_indices(X, [[0] * 5, range(5)])).all()


def test_cuts_of_one_tree_share_their_clusters():
    X = np.random.default_rng(4).normal(size=(120, 3))
    for method in ("ward", "average", "single"):
        cuts = np.array([fcluster(linkage(X, method), k, "maxclust") for k in range(2, 15)])
        expected = [by_definition(X, labels) for labels in cuts]
        assert_allclose(dunn_indices(X, cuts), expected, rtol=1e-12)
        assert_allclose(dunn_indices(X, cuts[::-1], jobs=2), expected[::-1], rtol=1e-12)
