"""Hierarchical clustering on scipy's trees: one set of distances, one tree per linkage, every cut from it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.cluster import hierarchy
from scipy.spatial.distance import cdist, pdist
from sklearn.base import BaseEstimator, ClusterMixin
from sklearn.utils.validation import validate_data

from gp_segmentation.errors import ConfigError
from gp_segmentation.utils.arrays import Floats, Ints
from gp_segmentation.utils.parallel import parallel_map

#: Linkages whose merge heights never fall from one merge to the next, so that cuts nest.
LINKAGES = ("ward", "average", "complete", "single")

#: Metrics that scale by the variance of all rows, so that blocks cannot be done by themselves.
OF_ALL_ROWS = ("seuclidean", "mahalanobis")

#: Rows whose distances to all later ones are taken at once.
BLOCK = 256


def condensed_distances(X: ArrayLike, metric: str = "euclidean", jobs: int | None = 1) -> Floats:
    """Distances of all pairs of rows, (n (n - 1) / 2,), in the order of ``scipy.spatial.distance.pdist``.

    They equal pdist's to the last bit; unlike it, blocks of rows are done by `jobs` threads.
    """
    values = np.ascontiguousarray(X, dtype=np.float64)
    rows = len(values)
    if metric in OF_ALL_ROWS:
        whole: Floats = pdist(values, metric=metric)
        return whole
    distances: Floats = np.empty(rows * (rows - 1) // 2)
    starts = range(0, rows, BLOCK)
    tasks = [(values, metric, start, min(start + BLOCK, rows), distances) for start in starts]
    for _ in parallel_map(_fill_block, tasks, jobs):
        pass
    return distances


def _fill_block(values: Floats, metric: str, start: int, stop: int, out: Floats) -> None:
    """Write the distances of rows start..stop to the rows after them where pdist has them."""
    block, rows = cdist(values[start:stop], values[start:], metric=metric), len(values)
    for i in range(start, stop):
        first = rows * i - i * (i + 1) // 2
        out[first : first + rows - i - 1] = block[i - start, i - start + 1 :]


def build_tree(distances_or_X: ArrayLike, linkage: str, metric: str = "euclidean") -> Floats:
    """Build scipy's linkage matrix, (n - 1, 4): the two nodes merged, the height, the rows below.

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
    tree: Floats = hierarchy.linkage(data, method=linkage)
    return tree


def cut(tree: Floats, ks: Sequence[int]) -> Ints:
    """Cut `tree` into each number of clusters of `ks`: (len(ks), n) labels 0..k-1.

    Clusters are numbered by their first row. The partition is that of
    ``scipy.cluster.hierarchy.fcluster(tree, k, "maxclust")``, except where merges of equal height make that
    return fewer than k clusters: here the last n - k merges of the tree are always the ones undone, so that
    k clusters come, in the order scipy put the ties.
    """
    rows = len(tree) + 1
    if any(not 1 <= k <= rows for k in ks):
        raise ConfigError(f"n_clusters must lie in 1..{rows}, the number of rows; found {list(ks)}")
    return np.stack([_cut_once(tree, rows, k) for k in ks])


def _cut_once(tree: Floats, rows: int, k: int) -> Ints:
    merges = rows - k
    root = np.arange(2 * rows - 1)
    root[tree[:merges, :2].astype(np.int64)] = np.arange(rows, rows + merges)[:, None]
    while not np.array_equal(above := root[root], root):  # each pass doubles the distance climbed
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
    n_clusters : clusters to cut the tree into; None is refused by `fit` (the study fills it in).
    linkage : ward, average, complete or single; None is refused likewise.
    metric : any metric of ``scipy.spatial.distance.pdist``; Ward takes Euclidean only.

    Attributes
    ----------
    labels_ : (n,) cluster of each row, 0..k-1 by first row.
    tree_ : (n - 1, 4) scipy's linkage matrix.
    """

    def __init__(
        self, n_clusters: int | None = None, linkage: str | None = None, metric: str = "euclidean"
    ) -> None:
        self.n_clusters = n_clusters
        self.linkage = linkage
        self.metric = metric

    def fit(self, X: ArrayLike, y: Any = None) -> Hierarchical:
        """Build the tree of the rows of `X` and cut it; `y` is ignored."""
        if self.n_clusters is None:
            raise ConfigError("n_clusters is not set. Let the study choose it, or set clusterer.n_clusters=K")
        _check_method(self.linkage, self.metric)
        values = validate_data(self, X, dtype=np.float64, ensure_min_samples=2)
        self.tree_ = build_tree(values, str(self.linkage), self.metric)
        self.labels_ = cut(self.tree_, [self.n_clusters])[0]
        return self
