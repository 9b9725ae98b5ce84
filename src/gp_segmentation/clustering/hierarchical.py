"""Hierarchical clustering on trees: one set of distances, one tree per linkage, all cuts from it."""

from collections.abc import Sequence
from typing import Any, Literal, Self

import fastcluster
import numpy as np
from numpy.typing import ArrayLike
from scipy.spatial.distance import cdist, pdist
from sklearn.base import BaseEstimator, ClusterMixin
from sklearn.utils.validation import validate_data

from gp_segmentation.errors import ConfigError
from gp_segmentation.utils.arrays import Floats, Ints
from gp_segmentation.utils.parallel import parallel_map

#: Linkages whose merge heights never fall from one merge to the next, so that cuts nest.
LINKAGES = ("ward", "average", "complete", "single")

#: Distances of rows of numbers, as ``scipy.spatial.distance.pdist`` calls them.
Metric = Literal[
    "euclidean",
    "sqeuclidean",
    "cityblock",
    "chebyshev",
    "minkowski",
    "cosine",
    "correlation",
    "braycurtis",
    "canberra",
    "seuclidean",
    "mahalanobis",
]

#: Metrics that scale by the variance of all rows, so that blocks of rows cannot be computed separately.
SCALED_METRICS = ("seuclidean", "mahalanobis")

#: Rows whose distances to all later rows are computed together.
BLOCK = 256


def condensed_distances(X: ArrayLike, metric: str = "euclidean", jobs: int | None = 1) -> Floats:
    """Return the distances of all pairs of rows, (n (n - 1) / 2,), as ``scipy.spatial.distance.pdist`` does.

    They equal those of pdist to the last bit, but `jobs` threads compute blocks of rows in parallel.
    """
    values = np.ascontiguousarray(X, dtype=np.float64)
    rows = len(values)
    if metric in SCALED_METRICS:
        return np.asarray(pdist(values, metric=metric))
    distances: Floats = np.empty(rows * (rows - 1) // 2)
    tasks = [(values, metric, start, distances) for start in range(0, rows, BLOCK)]
    list(parallel_map(_fill_block, tasks, jobs, here=True))
    return distances


def _fill_block(values: Floats, metric: str, start: int, out: Floats) -> None:
    """Write the distances of `BLOCK` rows to the rows after them, in the positions of pdist."""
    rows = len(values)
    block = cdist(values[start : start + BLOCK], values[start:], metric=metric)
    for i, distances in enumerate(block, start=start):
        first = rows * i - i * (i + 1) // 2
        out[first : first + rows - i - 1] = distances[i - start + 1 :]


def build_tree(distances_or_X: ArrayLike, linkage: str, metric: str = "euclidean") -> Floats:
    """Return scipy's linkage matrix, (n - 1, 4): the two nodes merged, the height, the number of rows below.

    Parameters
    ----------
    distances_or_X : condensed distances (one dimension) or rows (two).
    linkage : one of `LINKAGES`.
    metric : distance of rows; Ward's method is defined for ``euclidean`` only.
    """
    _check_method(linkage, metric)
    data = np.asarray(distances_or_X, dtype=np.float64)
    if data.ndim == 2:
        data = condensed_distances(data, metric)
    # The distances are overwritten on the way: the copy is the price of half the time of scipy's linkage.
    return np.asarray(fastcluster.linkage(data.copy(), method=linkage, preserve_input=False))


def cut(tree: Floats, ks: Sequence[int]) -> Ints:
    """Cut `tree` into each number of clusters of `ks`: (len(ks), n) labels 0..k-1.

    Clusters are numbered by their first row. The partition is that of
    ``scipy.cluster.hierarchy.fcluster(tree, k, "maxclust")``, except that fcluster returns fewer than k
    clusters where merges have equal heights. Here the last k - 1 merges of the tree are always undone, in
    the order of scipy's linkage matrix, which gives exactly k clusters.
    """
    rows = len(tree) + 1
    if any(not 1 <= k <= rows for k in ks):
        raise ConfigError(f"n_clusters must lie in 1..{rows}, the number of rows; found {list(ks)}")
    return np.stack([_cut_once(tree, rows, k) for k in ks])


def _cut_once(tree: Floats, rows: int, k: int) -> Ints:
    merges = rows - k
    root = np.arange(2 * rows - 1)
    root[tree[:merges, :2].astype(np.int64)] = np.arange(rows, rows + merges)[:, None]
    while not np.array_equal(above := root[root], root):  # each pass doubles the number of levels climbed
        root = above
    _, first, codes = np.unique(root[:rows], return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[codes].astype(np.int64)


def _check_method(linkage: str | None, metric: str) -> None:
    if linkage is None:
        raise ConfigError(
            "linkage is not set. Let the study choose it, or set clusterer.linkage=" + "|".join(LINKAGES)
        )
    if linkage not in LINKAGES:
        raise ConfigError(f"linkage is {linkage!r}. Set clusterer.linkage to one of {', '.join(LINKAGES)}")
    if linkage == "ward" and metric != "euclidean":
        raise ConfigError(f"ward linkage needs Euclidean distances, found metric {metric!r}")


class Hierarchical(ClusterMixin, BaseEstimator):  # type: ignore[misc]  # sklearn is untyped
    """Agglomerative clustering by scipy's tree, cut into a number of clusters.

    Parameters
    ----------
    n_clusters : clusters to cut the tree into; `fit` refuses None, which the study replaces.
    linkage : ward, average, complete or single; `fit` refuses None likewise.
    metric : see `Metric`; Ward takes Euclidean only.

    Attributes
    ----------
    labels_ : (n,) cluster of each row, 0..k-1 by first row.
    tree_ : (n - 1, 4) scipy's linkage matrix.
    """

    def __init__(
        self, n_clusters: int | None = None, linkage: str | None = None, metric: Metric = "euclidean"
    ) -> None:
        self.n_clusters = n_clusters
        self.linkage = linkage
        self.metric = metric

    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Build the tree of the rows of `X` and cut it; `y` is ignored."""
        if self.n_clusters is None:
            raise ConfigError("n_clusters is not set. Let the study choose it, or set clusterer.n_clusters=K")
        _check_method(self.linkage, self.metric)
        values = validate_data(self, X, dtype=np.float64, ensure_min_samples=2)
        self.tree_ = build_tree(values, str(self.linkage), self.metric)
        self.labels_ = cut(self.tree_, [self.n_clusters])[0]
        return self
