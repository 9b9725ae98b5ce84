"""Lloyd's iterations of K-means, compiled, with bounds that save most of the distances.

Hamerly (2010), "Making k-means even faster": a row cannot change its cluster if its distance to its own
centroid is at most a lower bound of its distance to all others, or half the distance from its own centroid to
the nearest other. Both bounds are updated by how far the centroids moved. The other rows are measured again,
all in one matrix product. Labels and centroids are those of the plain iterations.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from gp_segmentation.utils.arrays import Floats, Ints

#: Share of the longest row by which bounds are widened: matrix products leave distances this far off.
SLACK = 1e-7


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile without Python's lock, and keep the code beside the module if that folder can be written."""
    try:
        return njit(nogil=True, cache=True)(function)
    except RuntimeError:  # no folder for the code: each process compiles anew
        return njit(nogil=True)(function)


@dataclass(frozen=True)
class Fit:
    """Where the iterations from one start ended.

    Attributes
    ----------
    labels : (n,) nearest centroid of each row; centroids : (k, d), in the units of the rows.
    inertia : sum of squared distances to the nearest centroid; iterations : passes over the rows.
    """

    labels: Ints
    centroids: Floats
    inertia: float
    iterations: int


def lloyd(rows: Floats, squares: Floats, start: Floats, tolerance: float, max_iter: int) -> Fit | None:
    """Iterate from `start` until no row changes its cluster, or centroids move by at most `tolerance`.

    Returns None if a cluster lost all its rows.

    Parameters
    ----------
    rows : (n, d), C-contiguous and centred; squares : (n,) their squared lengths.
    start : (k, d) first centroids.
    tolerance : sum over centroids of the squared distance moved at which to stop.
    """
    labels, centroids, iterations = _iterate(rows, squares, start, tolerance, max_iter)
    if iterations == 0:
        return None
    return Fit(labels, centroids, float(_inertia(rows, labels, centroids)), int(iterations))


@compiled
def _iterate(
    rows: Floats, squares: Floats, start: Floats, tolerance: float, max_iter: int
) -> tuple[Ints, Floats, int]:
    n, d = rows.shape
    k = len(start)
    centroids = start.copy()
    labels = np.full(n, -1, np.int64)
    upper, lower = np.zeros(n), np.zeros(n)
    sums, sizes, moved = np.zeros((k, d)), np.zeros(k, np.int64), np.zeros(k)
    chosen, count = np.arange(n + 1), n
    gathered, products = np.empty((n, d)), np.empty(k * n)
    first, second, nearest = np.empty(n), np.empty(n), np.zeros(n, np.int32)
    slack = SLACK * math.sqrt(squares.max())
    for iteration in range(1, max_iter + 1):
        if iteration > 1:
            count = _select(upper, lower, _half_gaps(centroids), labels, chosen, slack)
        block = products[: k * count].reshape((k, count))
        _products(rows, centroids, chosen[:count], gathered, block)
        _two_nearest(block, centroids, first[:count], second[:count], nearest[:count])
        changed = _assign(
            rows, squares, chosen, first[:count], second, nearest, upper, lower, labels, sums, sizes
        )
        if changed == 0:
            return labels, centroids, iteration
        if sizes.min() == 0:
            return labels, centroids, 0
        if _move(centroids, sums, sizes, moved) <= tolerance or iteration == max_iter:
            break
        _widen(upper, lower, labels, moved)
    # The centroids moved once more after the labels were set.
    block = products.reshape((k, n))
    _products(rows, centroids, chosen[:n], gathered, block)
    _two_nearest(block, centroids, first, second, nearest)
    return nearest.astype(np.int64), centroids, iteration


@compiled
def _products(rows: Floats, centroids: Floats, chosen: Ints, gathered: Floats, out: Floats) -> None:
    """Write ``centroids @ rows[chosen].T`` to `out`; `gathered` is room for the chosen rows."""
    if len(chosen) == len(rows):
        np.dot(centroids, rows.T, out)
        return
    for r in range(len(chosen)):
        i = chosen[r]
        for t in range(rows.shape[1]):  # faster than a slice
            gathered[r, t] = rows[i, t]
    np.dot(centroids, gathered[: len(chosen)].T, out)


@compiled
def _two_nearest(
    products: Floats, centroids: Floats, first: Floats, second: Floats, nearest: NDArray[np.int32]
) -> None:
    """Set the lowest and second lowest ``|c|² - 2 c·x`` over the centroids, and which one is lowest."""
    first[:] = np.inf
    second[:] = np.inf
    for j in range(len(centroids)):
        _compare(products[j], np.square(centroids[j]).sum(), np.int32(j), first, second, nearest)


@compiled
def _compare(
    products: Floats, length: float, j: int, first: Floats, second: Floats, nearest: NDArray[np.int32]
) -> None:
    # Without branches, so that one instruction does several rows.
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
    """Set bounds and labels of the chosen rows, update sums and sizes; return how many labels changed."""
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
    """Return half the distance of each centroid to the nearest other, (k,); inf for a single centroid."""
    half = np.full(len(centroids), np.inf)
    for j in range(len(centroids)):
        for m in range(j):
            gap = 0.5 * math.sqrt(np.square(centroids[j] - centroids[m]).sum())
            half[j] = min(half[j], gap)
            half[m] = min(half[m], gap)
    return half


@compiled
def _select(upper: Floats, lower: Floats, half: Floats, labels: Ints, out: Ints, slack: float) -> int:
    """Write the rows that may change their cluster to `out`; return their number."""
    count = 0
    for i in range(len(upper)):
        out[count] = i
        count += upper[i] + slack >= max(lower[i], half[labels[i]])
    return count


@compiled
def _move(centroids: Floats, sums: Floats, sizes: Ints, moved: Floats) -> float:
    """Move centroids to the means of their rows, set the distances `moved`; return their sum of squares."""
    total = 0.0
    for j in range(len(centroids)):
        mean = sums[j] / sizes[j]
        squared = np.square(mean - centroids[j]).sum()
        centroids[j] = mean
        moved[j] = math.sqrt(squared)
        total += squared
    return total


@compiled
def _widen(upper: Floats, lower: Floats, labels: Ints, moved: Floats) -> None:
    """Widen bounds by the distance that the row's own centroid moved, and the farthest of the others."""
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
