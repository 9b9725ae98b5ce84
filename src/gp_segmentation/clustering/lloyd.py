"""Lloyd's iterations of K-means with bounds that spare most of the distances, compiled.

Hamerly (2010), "Making k-means even faster": a row whose distance to its own centroid is at most a lower
bound of its distance to every other, or half the way from its own centroid to the nearest other, cannot
change its cluster. Both bounds follow from how far the centroids moved; only the rows they do not settle
are measured again, all at once, as one matrix product. Labels and centroids are those of the plain
iterations.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gp_segmentation.clustering.compiled import compiled
from gp_segmentation.utils.arrays import Floats, Ints

#: Share of a row's length by which bounds are taken wider: products leave distances this far off.
SLACK = 1e-7


@dataclass(frozen=True)
class Fit:
    """Where the iterations of one start ended.

    Attributes
    ----------
    labels : (n,) nearest centroid of each row; centroids : (k, d), in the units of the rows.
    inertia : sum of squared distances to the nearest centroid; iterations : passes over the rows.
    """

    labels: Ints
    centroids: Floats
    inertia: float
    iterations: int


def lloyd(rows: Floats, squares: Floats, start: Floats, tolerance: float, most: int) -> Fit | None:
    """Iterate from `start` until no row changes its cluster, or centroids move by less than `tolerance`.

    Parameters
    ----------
    rows : (n, d), C-contiguous and centred; squares : (n,) their squared lengths.
    start : (k, d) centroids to begin from.
    tolerance : sum over centroids of the squared distance moved at which to stop; most : iterations.

    Returns
    -------
    None if a cluster lost all its rows: what to do then is the caller's to say.
    """
    labels, centroids, iterations = _iterate(rows, squares, start, tolerance, most, SLACK)
    if iterations == 0:
        return None
    inertia = float(_inertia(rows, labels, centroids))
    return Fit(labels, centroids, inertia, int(iterations))


@compiled
def _iterate(
    rows: Floats, squares: Floats, start: Floats, tolerance: float, most: int, slack: float
) -> tuple[Ints, Floats, int]:
    n, d = rows.shape
    k = len(start)
    centroids = start.copy()
    labels = np.full(n, -1, np.int64)
    upper, lower = np.zeros(n), np.zeros(n)
    sums, sizes = np.zeros((k, d)), np.zeros(k, np.int64)
    moved = np.zeros(k)
    unsettled = np.arange(n + 1)
    gathered, products = np.empty((n, d)), np.empty(k * n)
    first, second, nearest = np.empty(n), np.empty(n), np.zeros(n, np.int32)
    scale = slack * math.sqrt(squares.max())
    count = n
    for iteration in range(1, most + 1):
        if iteration > 1:
            count = _select(upper, lower, _half_gaps(centroids), labels, unsettled, scale)
        block = products[: k * count].reshape((k, count))
        _products(rows, centroids, unsettled, count, gathered, block)
        _two_nearest(block, centroids, first[:count], second[:count], nearest[:count])
        changed = _assign(
            rows, squares, unsettled, first[:count], second, nearest, upper, lower, labels, sums, sizes
        )
        if changed == 0:
            return labels, centroids, iteration
        if sizes.min() == 0:
            return labels, centroids, 0
        if _move(centroids, sums, sizes, moved) <= tolerance or iteration == most:
            break
        _widen(upper, lower, labels, moved)
    # Centroids moved once more than the labels know of.
    everything = products.reshape((k, n))
    _products(rows, centroids, np.arange(n), n, gathered, everything)
    _two_nearest(everything, centroids, first, second, nearest)
    return nearest.astype(np.int64), centroids, iteration


@compiled
def _products(
    rows: Floats, centroids: Floats, chosen: Ints, count: int, gathered: Floats, out: Floats
) -> None:
    """``centroids @ rows[chosen].T``, (k, count)."""
    if count == len(rows):
        np.dot(centroids, rows.T, out)
        return
    for r in range(count):
        i = chosen[r]
        for t in range(rows.shape[1]):
            gathered[r, t] = rows[i, t]
    np.dot(centroids, gathered[:count].T, out)


@compiled
def _two_nearest(
    products: Floats, centroids: Floats, first: Floats, second: Floats, nearest: NDArray[np.int32]
) -> None:
    """Lowest and next lowest of ``|c|² - 2 c·x`` over the centroids, and whose is the lowest."""
    first[:] = np.inf
    second[:] = np.inf
    for j in range(len(centroids)):
        length = 0.0
        for t in range(centroids.shape[1]):
            length += centroids[j, t] * centroids[j, t]
        _compare(products[j], length, np.int32(j), first, second, nearest)


@compiled
def _compare(
    products: Floats, length: float, j: int, first: Floats, second: Floats, nearest: NDArray[np.int32]
) -> None:
    # Without branches, so that several rows are done by one instruction.
    for r in range(len(first)):
        value = length - 2 * products[r]
        best = first[r]
        closer = value < best
        higher = best if closer else value
        next_best = second[r]
        second[r] = higher if higher < next_best else next_best
        nearest[r] = j if closer else nearest[r]
        first[r] = value if closer else best


@compiled
def _assign(
    rows: Floats,
    squares: Floats,
    chosen: Ints,
    first: Floats,
    second: Floats,
    nearest: NDArray[np.int32],
    upper: Floats,
    lower: Floats,
    labels: Ints,
    sums: Floats,
    sizes: Ints,
) -> int:
    """Set bounds and labels of the chosen rows, take those that changed to their new sums; count them."""
    changed = 0
    for r in range(len(first)):
        i, new = chosen[r], nearest[r]
        upper[i] = math.sqrt(max(first[r] + squares[i], 0.0))
        lower[i] = math.sqrt(max(second[r] + squares[i], 0.0))
        old = labels[i]
        if old == new:
            continue
        changed += 1
        labels[i] = new
        sizes[new] += 1
        for t in range(rows.shape[1]):
            sums[new, t] += rows[i, t]
        if old >= 0:
            sizes[old] -= 1
            for t in range(rows.shape[1]):
                sums[old, t] -= rows[i, t]
    return changed


@compiled
def _half_gaps(centroids: Floats) -> Floats:
    """Half the distance of each centroid to the nearest other: (k,); inf for one alone."""
    k, d = centroids.shape
    half = np.full(k, np.inf)
    for j in range(k):
        for m in range(j):
            total = 0.0
            for t in range(d):
                total += (centroids[j, t] - centroids[m, t]) ** 2
            gap = 0.5 * math.sqrt(total)
            half[j] = min(half[j], gap)
            half[m] = min(half[m], gap)
    return half


@compiled
def _select(upper: Floats, lower: Floats, half: Floats, labels: Ints, out: Ints, slack: float) -> int:
    """Rows that the bounds do not settle, into `out`; how many."""
    count = 0
    for i in range(len(upper)):
        out[count] = i
        count += upper[i] + slack >= max(lower[i], half[labels[i]])
    return count


@compiled
def _move(centroids: Floats, sums: Floats, sizes: Ints, moved: Floats) -> float:
    """Take centroids to the means of their rows; how far each moved; the sum of squares of that."""
    total = 0.0
    for j in range(len(centroids)):
        squared = 0.0
        for t in range(centroids.shape[1]):
            mean = sums[j, t] / sizes[j]
            squared += (mean - centroids[j, t]) ** 2
            centroids[j, t] = mean
        moved[j] = math.sqrt(squared)
        total += squared
    return total


@compiled
def _widen(upper: Floats, lower: Floats, labels: Ints, moved: Floats) -> None:
    """Let bounds go by as much as the centroids moved: a row's own, and the farthest of the others."""
    farthest = moved.argmax()
    others = np.full(len(moved), moved[farthest])
    rest = moved.copy()
    rest[farthest] = 0.0
    others[farthest] = rest.max()
    for i in range(len(upper)):
        upper[i] += moved[labels[i]]
        lower[i] -= others[labels[i]]


@compiled
def _inertia(rows: Floats, labels: Ints, centroids: Floats) -> float:
    total = 0.0
    for i in range(len(rows)):
        for t in range(rows.shape[1]):
            total += (rows[i, t] - centroids[labels[i], t]) ** 2
    return total
