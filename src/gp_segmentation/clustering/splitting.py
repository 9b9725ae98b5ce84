"""Splitting segments into subgroups: by K-means within them, or down the tree they are cut from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.cluster.hierarchy import fcluster
from scipy.spatial.distance import cdist
from sklearn.cluster import KMeans

from gp_segmentation.clustering.fitting import singletons
from gp_segmentation.clustering.kmeans import fit_kmeans
from gp_segmentation.clustering.partition import centroids
from gp_segmentation.utils.arrays import Floats, Ints
from gp_segmentation.utils.parallel import parallel_map

#: Starts of K-means for each split of a segment.
STARTS = 10

#: Clusters of outliers, too small to be subgroups, that may be dissolved in a split.
DISSOLVED = 2


@dataclass(frozen=True)
class _Split:
    """A partition of one segment: labels 0, 1 ... of its rows, and the sum of squares within."""

    labels: Ints
    within: float

    @classmethod
    def of(cls, rows: Floats, labels: Ints) -> _Split:
        residuals = rows - centroids(rows, labels).to_numpy()[labels]
        return cls(labels, float(np.square(residuals).sum()))


def split_segments(
    rows: Floats, segment: Ints, *, most: int, floor: int, seed: int, jobs: int | None
) -> Ints:
    """Return subgroups (n,) from K-means within segments, in any numbers.

    Each step divides one segment afresh, into one subgroup more: the segment whose sum of squares then falls
    most. It ends with `most` subgroups, or when no segment can be divided so that all keep `floor` rows.

    Parameters
    ----------
    rows : (n, d). segment : (n,) 0..k-1. most : subgroups of all segments together.
    seed, jobs : the result depends on `seed` alone.
    """
    members = [np.flatnonzero(segment == s) for s in range(segment.max() + 1)]
    now = [_Split.of(rows[inside], np.zeros_like(inside)) for inside in members]
    following: dict[int, _Split | None] = {}
    for _ in range(len(now), most):
        unknown = [s for s in range(len(now)) if s not in following]
        tasks = [(rows[members[s]], int(now[s].labels.max()) + 2, floor, (seed, s)) for s in unknown]
        following |= zip(unknown, parallel_map(_split, tasks, jobs), strict=True)
        gains = {s: now[s].within - split.within for s, split in sorted(following.items()) if split}
        if not gains:
            break
        best = max(gains, key=gains.__getitem__)
        now[best] = following.pop(best) or now[best]
    subgroup = np.empty_like(segment)
    for s, split in enumerate(now):
        subgroup[members[s]] = s * len(rows) + split.labels
    return subgroup


def _split(rows: Floats, parts: int, floor: int, seed: tuple[int, int]) -> _Split | None:
    """Return the best partition into `parts` of at least `floor` rows each that is found, else None.

    A few outliers may be a cluster of their own. Starts that end so do not count. Where all do, K-means gets
    one or two more clusters, and the rows of those that are too small go to the nearest of the others.
    """
    if parts * floor > len(rows):
        return None
    for clusters in range(parts, parts + DISSOLVED + 1):
        if singletons(rows, clusters - 1) is not None:
            return None
        states = np.random.SeedSequence((*seed, clusters)).generate_state(STARTS) % 2**31
        fits = [fit_kmeans(KMeans(clusters, n_init=1, tol=0, random_state=int(s)), rows) for s in states]
        large = [fit.centroids[np.bincount(fit.labels, minlength=clusters) >= floor] for fit in fits]
        nearest = [cdist(rows, centres).argmin(axis=1) for centres in large if len(centres) == parts]
        valid = [labels for labels in nearest if np.bincount(labels, minlength=parts).min() >= floor]
        if valid:
            return min((_Split.of(rows, labels) for labels in valid), key=lambda split: split.within)
    return None


def descend_tree(tree: Floats, k: int, *, most: int, floor: int) -> Ints:
    """Return subgroups (n,) that are nodes of the tree, in any numbers.

    From the cut into `k` segments on, each step undoes the highest merge on top that joins at least `floor`
    rows on both sides, until there are `most` subgroups.
    """
    n = len(tree) + 1
    children = tree[:, :2].astype(np.int64)
    size = np.concatenate([np.ones(n), tree[:, 3]])
    divisible = np.concatenate([np.zeros(n, dtype=bool), size[children].min(axis=1) >= floor])
    undone = np.arange(n - 1) >= n - k
    tops = {2 * n - 2} if k == 1 else {int(node) for node in children[undone].flat if node < 2 * n - k}
    # Heights never fall from one merge to the next, so the highest merge is the last.
    while len(tops) < most and (node := max((top for top in tops if divisible[top]), default=0)):
        tops = tops - {node} | set(children[node - n].tolist())
        undone[node - n] = True
    if not undone.any():
        return np.zeros(n, dtype=np.int64)
    return fcluster(tree, 0.5, "monocrit", monocrit=undone.astype(np.float64)).astype(np.int64)
