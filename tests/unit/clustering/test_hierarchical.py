"""Trees against scipy's own cuts and scikit-learn's own clusterer."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.cluster.hierarchy import fcluster, is_valid_linkage, linkage
from scipy.spatial.distance import pdist
from sklearn.base import clone
from sklearn.cluster import AgglomerativeClustering
from sklearn.metrics import adjusted_rand_score

from gp_segmentation.clustering import Hierarchical, build_tree, condensed_distances, cut
from gp_segmentation.clustering.hierarchical import LINKAGES
from gp_segmentation.errors import ConfigError


def rows(seed: int, n: int = 60) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, 3))


@pytest.mark.parametrize("method", LINKAGES)
@pytest.mark.parametrize("seed", range(3))
def test_tree_and_cuts_are_scipys(method, seed):
    X = rows(seed)
    tree = build_tree(condensed_distances(X), method)
    assert_same_tree(tree, linkage(X, method))
    ks = range(1, len(X) + 1)
    for k, labels in zip(ks, cut(tree, ks), strict=True):
        assert adjusted_rand_score(fcluster(tree, k, "maxclust"), labels) == pytest.approx(1.0)
        assert len(np.unique(labels)) == k


def assert_same_tree(found, expected):
    """The same merges in the same order; heights to rounding, since sums are taken in another order."""
    assert_array_equal(found[:, [0, 1, 3]], expected[:, [0, 1, 3]])
    assert_allclose(found[:, 2], expected[:, 2], rtol=1e-12)


@pytest.mark.parametrize("method", LINKAGES)
def test_labels_agree_with_scikit_learn(method):
    X = rows(7, n=120)
    ours = Hierarchical(5, method).fit_predict(X)
    theirs = AgglomerativeClustering(5, linkage=method).fit_predict(X)
    assert adjusted_rand_score(ours, theirs) == pytest.approx(1.0)


def test_ties_still_give_k_clusters():
    X = np.repeat([[0.0], [1.0], [2.0], [3.0]], 3, axis=0)  # every gap is the same
    tree = build_tree(X, "single")
    assert len(np.unique(fcluster(tree, 3, "maxclust"))) == 1
    for k, labels in zip(range(1, 13), cut(tree, range(1, 13)), strict=True):
        assert len(np.unique(labels)) == k


def test_cuts_nest_and_clusters_are_numbered_by_first_row():
    cuts = cut(build_tree(rows(3), "ward"), [2, 5, 9])
    for coarse, fine in pairwise(cuts):
        assert len(np.unique(np.stack([coarse, fine]), axis=1).T) == fine.max() + 1
    for labels in cuts:
        _, first = np.unique(labels, return_index=True)
        assert_array_equal(first, np.sort(first))


def test_the_estimator_keeps_its_tree_and_can_be_cloned():
    model = clone(Hierarchical(3, "average", metric="cityblock")).fit(rows(1))
    assert is_valid_linkage(model.tree_)
    assert_same_tree(model.tree_, linkage(rows(1), "average", metric="cityblock"))
    assert model.labels_.max() == 2


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (Hierarchical(linkage="ward"), "n_clusters is not set"),
        (Hierarchical(3), "linkage is not set"),
        (Hierarchical(3, "median"), "linkage is 'median'. Set clusterer.linkage to one of ward"),
        (Hierarchical(3, "ward", metric="cityblock"), "ward linkage needs Euclidean"),
        (Hierarchical(61, "ward"), r"n_clusters must lie in 1..60, the number of rows; found \[61\]"),
    ],
)
def test_missing_and_impossible_parameters_are_refused_by_name(model, message):
    with pytest.raises(ConfigError, match=message):
        model.fit(rows(0))


@pytest.mark.parametrize("metric", ["euclidean", "cityblock", "cosine", "seuclidean", "mahalanobis"])
@pytest.mark.parametrize("jobs", [1, 2])
def test_distances_are_scipys_to_the_last_bit(metric, jobs):
    for n in (10, 256, 257, 700):  # blocks of 256
        X = rows(1, n) + 5
        assert_array_equal(condensed_distances(X, metric, jobs), pdist(X, metric))
    assert len(condensed_distances(rows(1, 1), "euclidean", jobs)) == 0
