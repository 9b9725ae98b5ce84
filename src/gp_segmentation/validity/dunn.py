"""Dunn's index of many labellings of the same rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.cluster.hierarchy import linkage
from scipy.spatial.distance import cdist

from gp_segmentation.utils.arrays import Floats, Ints
from gp_segmentation.utils.parallel import parallel_map

#: A cluster's rows, as bytes -> its diameter and True, or a length it does not exceed and False.
Known = dict[bytes, tuple[float, bool]]
#: Rows i, rows j and their distances.
Farthest = tuple[Ints, Ints, Floats]

#: Share of all pairs of rows that are looked at first, the farthest of them.
FARTHEST = 0.005

#: Distances of which that share is estimated.
ESTIMATE = 100_000

#: Pairs looked at together.
PAIRS = 8192

#: Rows whose distances to the others of their cluster are taken at once in the search for a diameter.
STEP = 32


def dunn_indices(
    X: ArrayLike,
    labellings: ArrayLike,
    *,
    tree: Floats | None = None,
    farthest: Farthest | None = None,
    jobs: int | None = 1,
) -> Floats:
    """Lowest distance between two clusters over the highest within one (Dunn 1974): (m,). Higher is better.

    Distance between clusters is that of their nearest members, within one that of its farthest. The index
    is inf where every cluster is one point repeated, NaN for one cluster or n.

    Parameters
    ----------
    X : (n, d) finite values; labellings : (m, n) or (n,) labels of any kind that sorts.
    tree : scipy's single-linkage tree of `X` if already there.
    farthest : from `farthest_pairs`, where all distances are there; it settles most diameters.
    jobs : threads; the result does not depend on it.
    """
    values = np.ascontiguousarray(X, dtype=np.float64)
    values = values - values.mean(axis=0)  # radii lose digits beside a large offset
    rows = np.atleast_2d(np.asarray(labellings))
    tree = linkage(values, "single") if tree is None else tree
    apart = separations(rows, tree)
    known: Known = {}
    tasks = [(values, row, known, farthest) for row in rows]
    wide = np.array(list(parallel_map(_widest, tasks, jobs)))
    counts = np.array([len(np.unique(row)) for row in rows])
    with np.errstate(divide="ignore", invalid="ignore"):
        index = apart / wide
    return np.where((counts > 1) & (counts < len(values)), index, np.nan)


def separations(labellings: NDArray, tree: Floats) -> Floats:
    """Lowest distance of two rows with different labels, for each of m labellings: (m,); inf for one label.

    Single linkage joins nearest rows first. Until two labels are joined every node has one label, so the
    height of the first merge that joins two is the distance asked for.
    """
    n = len(tree) + 1
    leaf = np.arange(2 * n - 1)
    for i, left in enumerate(tree[:, 0].astype(np.int64)):
        leaf[n + i] = leaf[left]
    pairs = leaf[tree[:, :2].astype(np.int64)]
    crossing = labellings[:, pairs[:, 0]] != labellings[:, pairs[:, 1]]
    first = crossing.argmax(axis=1)
    return np.where(crossing.any(axis=1), tree[first, 2], np.inf)


def farthest_pairs(distances: Floats, n: int) -> Farthest:
    """Return the pairs of rows farthest apart, about `FARTHEST` of all: rows i, rows j, distances, falling.

    The highest distance within any cluster is that of the first of these pairs with one label.

    Parameters
    ----------
    distances : (n (n - 1) / 2,) condensed distances of `n` rows.
    """
    step = max(1, len(distances) // ESTIMATE)
    bound = np.quantile(distances[::step], 1 - FARTHEST) if len(distances) else 0.0
    places = np.flatnonzero(distances >= bound)
    places = places[np.argsort(-distances[places], kind="stable")]
    row = np.arange(n, dtype=np.int64)
    first = row * n - row * (row + 1) // 2  # where each row's distances to later ones begin
    i = np.searchsorted(first, places, side="right") - 1
    i = np.minimum(i, n - 2)  # the last row has none, and so begins where they end
    return i, places - first[i] + i + 1, distances[places]


def _widest(values: Floats, labels: NDArray, known: Known, farthest: Farthest | None) -> float:
    """Highest distance of two rows with the same label."""
    if farthest is not None:
        i, j, apart = farthest
        for start in range(0, len(apart), PAIRS):
            stop = start + PAIRS
            together = labels[i[start:stop]] == labels[j[start:stop]]
            if together.any():
                return float(apart[start + int(together.argmax())])
    return _diameter(values, labels, known)


def _diameter(values: Floats, labels: NDArray, known: Known) -> float:
    """Highest distance of two rows with the same label."""
    _, codes = np.unique(labels, return_inverse=True)
    order = np.argsort(codes, kind="stable")
    clusters = np.split(order, np.cumsum(np.bincount(codes))[:-1])
    spreads = [float(np.ptp(values[rows], axis=0).max()) for rows in clusters]
    widest = 0.0
    # The widest cluster first, as far as its spread tells: it rules out most of the others at once.
    for place in np.argsort(-np.array(spreads), kind="stable"):
        widest = max(widest, _cluster_diameter(values, clusters[place], widest, known))
    return widest


def _cluster_diameter(values: Floats, rows: Ints, widest: float, known: Known) -> float:
    """Return the diameter of a cluster, or something not above `widest` where it does not exceed that.

    Cuts of one tree have most clusters in common: what was found of one is kept, an exact diameter or that
    it does not exceed some length.
    """
    key = rows.tobytes()
    diameter, exact = known.get(key, (np.inf, False))
    if not exact and diameter > widest:
        found = _wider(values[rows], widest)
        diameter, exact = found, found > widest
        known[key] = diameter, exact
    return diameter if exact else min(diameter, widest)


def _wider(cluster: Floats, widest: float) -> float:
    """Return the diameter of `cluster` if it exceeds `widest`, else `widest`.

    Two rows at radii r and s from the centroid are at most r + s apart, so rows are taken by falling
    radius until twice the next radius can no longer exceed what was found.
    """
    radii = np.sqrt(np.square(cluster - cluster.mean(axis=0)).sum(axis=1))
    order = np.argsort(-radii, kind="stable")
    cluster, radii = cluster[order], radii[order]
    slack = 1 + 1e-9  # radii are rounded
    for start in range(0, len(cluster), STEP):
        if 2 * radii[start] * slack <= widest:
            break
        reach = int(np.searchsorted(-radii, -(widest / slack - radii[start]), side="right"))
        if reach > start:
            widest = max(widest, float(cdist(cluster[start : start + STEP], cluster[start:reach]).max()))
    return widest
