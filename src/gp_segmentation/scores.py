"""Scores of many labellings at once: silhouette, Davies-Bouldin, Calinski-Harabasz, sums of squares, Dunn.

A labelling's silhouette needs, for every row, the sum of distances to each cluster: the rows of
``D @ onehot(labels)``. The one-hot columns of all labellings stand side by side, so one pass over the
distances ``D`` serves them all; and a labelling whose clusters are unions of another's (the cuts of one
tree) needs no columns of its own. ``D`` is never held whole: it comes in blocks of rows, only its upper
triangle is computed, and differences are squared directly, since the shorter ``|x|² + |y|² - 2xy`` loses
half its digits for near rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array
from scipy.spatial.distance import cdist

from gp_segmentation.parallel import ordered_map

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Every score of `Scores`, its lowest and highest possible value, and whether higher is better.
METRICS: dict[str, tuple[float, float, bool]] = {
    "silhouette": (-1.0, 1.0, True),
    "davies_bouldin": (0.0, np.inf, False),
    "calinski_harabasz": (0.0, np.inf, True),
    "within": (0.0, np.inf, False),
    "between": (0.0, np.inf, True),
}


@dataclass(frozen=True)
class Scores:
    """Scores of m labellings of the same n rows.

    Attributes
    ----------
    n_clusters : (m,) clusters found in each labelling.
    silhouette : (m,) mean over rows of ``(b - a) / max(a, b)``, a = mean distance to the row's own
        cluster, b = lowest mean distance to another; 0 for a cluster of one (Rousseeuw 1987).
    davies_bouldin : (m,) mean over clusters of ``max_j (s_i + s_j) / d_ij``, s = mean distance to the
        centroid, d = distance of centroids (Davies & Bouldin 1979). Lower is better.
    calinski_harabasz : (m,) ``(between / (k - 1)) / (within / (n - k))`` (Calinski & Harabasz 1974).
    within : (m,) sum of squared distances to the own centroid, K-means' inertia.
    between : (m,) sum over clusters of size times squared distance of centroid and overall mean;
        ``within + between`` is the total sum of squares.
    samples : (m, n) silhouette of every row.
    segments : m arrays, mean silhouette of each cluster, in ascending order of label.
    sizes : m arrays, rows of each cluster, in ascending order of label.

    Silhouette, Davies-Bouldin and Calinski-Harabasz are NaN for one cluster or n, as scikit-learn leaves
    them undefined.
    """

    n_clusters: Ints
    silhouette: Floats
    davies_bouldin: Floats
    calinski_harabasz: Floats
    within: Floats
    between: Floats
    samples: Floats
    segments: tuple[Floats, ...]
    sizes: tuple[Ints, ...]


@dataclass(frozen=True)
class _Labelling:
    codes: Ints  # (n,) 0..k-1
    sizes: Ints  # (k,)

    @property
    def k(self) -> int:
        return len(self.sizes)

    @property
    def defined(self) -> bool:
        return 2 <= self.k <= len(self.codes) - 1


def score_labellings(
    X: ArrayLike,
    labellings: ArrayLike,
    *,
    distances: Floats | None = None,
    jobs: int | None = 1,
    memory: int = 2**28,
) -> Scores:
    """Score every row of `labellings` on the rows of `X`; equal to scikit-learn's figures to 1e-6.

    Parameters
    ----------
    X : (n, d) finite values.
    labellings : (m, n) or (n,) labels of any kind that sorts.
    distances : condensed Euclidean distances of `X` (``scipy.spatial.distance.pdist``) if already there.
    jobs : threads; the result does not depend on it.
    memory : bytes the pass over the distances may hold at once, about.

    Raises
    ------
    ValueError : values that are not finite, or labels that do not match the rows.
    """
    values = _centred(X)
    items = [_encode(row) for row in _checked_labellings(labellings, len(values))]
    samples = _sample_silhouettes(values, items, distances, jobs, memory)
    within, spread, centroids, between = _squares(values, items)
    return Scores(
        n_clusters=np.array([item.k for item in items], dtype=np.int64),
        silhouette=np.array([row.mean() for row in samples]),
        davies_bouldin=np.array(
            [_davies_bouldin(i, s, c) for i, s, c in zip(items, spread, centroids, strict=True)]
        ),
        calinski_harabasz=np.array(
            [_calinski_harabasz(i, w, b) for i, w, b in zip(items, within, between, strict=True)]
        ),
        within=within,
        between=between,
        samples=samples,
        segments=tuple(
            np.bincount(item.codes, weights=row, minlength=item.k) / item.sizes
            for item, row in zip(items, samples, strict=True)
        ),
        sizes=tuple(item.sizes for item in items),
    )


def silhouette_samples(X: ArrayLike, labels: ArrayLike, *, jobs: int | None = 1) -> Floats:
    """Silhouette of every row under one labelling: (n,), NaN throughout for one cluster or n."""
    return score_labellings(X, labels, jobs=jobs).samples[0]


def _centred(X: ArrayLike) -> Floats:
    values = np.ascontiguousarray(X, dtype=np.float64)
    if values.ndim != 2 or not np.isfinite(values).all():
        raise ValueError("X must be a table of finite numbers. Impute or drop the others first")
    # Twice: beside a large offset the first mean is itself rounded.
    values = values - values.mean(axis=0)
    return values - values.mean(axis=0)


def _checked_labellings(labellings: ArrayLike, rows: int) -> NDArray:
    labels = np.atleast_2d(np.asarray(labellings))
    if labels.shape[1] != rows:
        raise ValueError(f"labels are for {labels.shape[1]} rows, X has {rows}")
    return labels


def _encode(labels: NDArray) -> _Labelling:
    _, codes, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    return _Labelling(codes.astype(np.int64), sizes.astype(np.int64))


# --- silhouettes -----------------------------------------------------------------------------------


def _sample_silhouettes(
    values: Floats, items: Sequence[_Labelling], distances: Floats | None, jobs: int | None, memory: int
) -> Floats:
    out = np.full((len(items), len(values)), np.nan)
    bases, parents = _nesting(items)
    for group in _column_groups(bases, items, len(values), memory):
        sums = _cluster_sums(values, [items[base] for base in group], distances, jobs, memory)
        start = 0
        for base in group:
            columns = sums[:, start : start + items[base].k]
            start += items[base].k
            for j in (j for j, (parent, _) in parents.items() if parent == base):
                out[j] = _silhouette(_merged(columns, parents[j][1], items[j].k), items[j])
    return out


def _nesting(items: Sequence[_Labelling]) -> tuple[list[int], dict[int, tuple[int, Ints]]]:
    """Find labellings that are unions of another's clusters.

    Returns the labellings that need columns of their own, and for each labelling with a silhouette the
    one whose columns it uses and the map of that one's clusters to its own.
    """
    bases: list[int] = []
    parents: dict[int, tuple[int, Ints]] = {}
    for j in sorted(range(len(items)), key=lambda j: (-items[j].k, j)):
        if not items[j].defined:
            continue
        found = ((base, _coarsening(items[base], items[j])) for base in bases)
        parent = next(((base, mapping) for base, mapping in found if mapping is not None), None)
        if parent is None:
            bases.append(j)
            parent = (j, np.arange(items[j].k))
        parents[j] = parent
    return sorted(bases), parents


def _coarsening(fine: _Labelling, coarse: _Labelling) -> Ints | None:
    mapping = np.empty(fine.k, dtype=np.int64)
    mapping[fine.codes] = coarse.codes
    return mapping if np.array_equal(mapping[fine.codes], coarse.codes) else None


def _column_groups(
    bases: Sequence[int], items: Sequence[_Labelling], rows: int, memory: int
) -> Iterator[list[int]]:
    """Split `bases` so that the sums of each group stay within `memory` (one base alone may not)."""
    limit = max(1, memory // (8 * max(rows, 1) * 4))
    group: list[int] = []
    columns = 0
    for base in bases:
        if group and columns + items[base].k > limit:
            yield group
            group, columns = [], 0
        group.append(base)
        columns += items[base].k
    if group:
        yield group


def _cluster_sums(
    values: Floats, items: Sequence[_Labelling], distances: Floats | None, jobs: int | None, memory: int
) -> Floats:
    """``D @ onehot`` for the stacked one-hot columns of `items`: (n, sum of k)."""
    n = len(values)
    onehot = np.concatenate([np.eye(item.k)[item.codes] for item in items], axis=1)
    step = int(np.clip(memory // (8 * n * 8), 1, 512))
    tasks = [(values, distances, onehot, start, min(start + step, n)) for start in range(0, n, step)]
    sums = np.zeros_like(onehot)
    # Added in the order of the blocks, whichever was ready first: sums of floats depend on their order.
    for (_, _, _, start, _), part in zip(tasks, ordered_map(_block_sums, tasks, jobs), strict=True):
        sums[start:] += part
    return sums


def _block_sums(values: Floats, distances: Floats | None, onehot: Floats, start: int, stop: int) -> Floats:
    """What the distances of rows start..stop to those from `start` on add to the sums from `start` on."""
    block = (
        cdist(values[start:stop], values[start:])
        if distances is None
        else _block_of_condensed(distances, len(values), start, stop)
    )
    size = stop - start
    part = np.empty((len(values) - start, onehot.shape[1]))
    part[:size] = block @ onehot[start:]
    part[size:] = block[:, size:].T @ onehot[start:stop]
    return part


def _block_of_condensed(distances: Floats, n: int, start: int, stop: int) -> Floats:
    block = np.zeros((stop - start, n - start))
    for i in range(start, stop):
        first = n * i - i * (i + 1) // 2
        block[i - start, i - start + 1 :] = distances[first : first + n - i - 1]
    size = stop - start
    block[:, :size] += block[:, :size].T
    return block


def _merged(columns: Floats, mapping: Ints, k: int) -> Floats:
    return columns if k == columns.shape[1] else columns @ np.eye(k)[mapping]


def _silhouette(sums: Floats, item: _Labelling) -> Floats:
    rows = np.arange(len(sums))
    own_size = item.sizes[item.codes]
    own = sums[rows, item.codes] / np.maximum(own_size - 1, 1)
    means = sums / item.sizes
    means[rows, item.codes] = np.inf
    other = means.min(axis=1)
    highest = np.maximum(own, other)
    # Rows that coincide with both clusters, and clusters of one, score 0 by convention.
    valid = (highest > 0) & (own_size > 1)
    return np.where(valid, (other - own) / np.where(valid, highest, 1.0), 0.0)


# --- sums of squares and centroids -----------------------------------------------------------------


def _squares(
    values: Floats, items: Sequence[_Labelling]
) -> tuple[Floats, list[Floats], list[Floats], Floats]:
    """Within sums of squares, mean distance to centroid per cluster, centroids, between sums of squares."""
    within, between = np.empty(len(items)), np.empty(len(items))
    spread, centroids = [], []
    for j, item in enumerate(items):
        centre = _cluster_means(values, item)
        squared = np.square(values - centre[item.codes]).sum(axis=1)
        within[j] = squared.sum()
        between[j] = item.sizes @ np.square(centre).sum(axis=1)
        spread.append(np.bincount(item.codes, weights=np.sqrt(squared), minlength=item.k) / item.sizes)
        centroids.append(centre)
    return within, spread, centroids, between


def _cluster_means(values: Floats, item: _Labelling) -> Floats:
    n = len(values)
    order = np.argsort(item.codes, kind="stable")
    starts = np.concatenate([[0], np.cumsum(item.sizes)])
    members = csr_array((np.ones(n), order, starts), shape=(item.k, n))
    return np.asarray(members @ values) / item.sizes[:, None]


def _davies_bouldin(item: _Labelling, spread: Floats, centroids: Floats) -> float:
    if not item.defined:
        return float("nan")
    apart = cdist(centroids, centroids)
    if np.allclose(spread, 0) or np.allclose(apart, 0):
        return 0.0  # scikit-learn's convention
    apart[apart == 0] = np.inf
    return float(((spread[:, None] + spread) / apart).max(axis=1).mean())


def _calinski_harabasz(item: _Labelling, within: float, between: float) -> float:
    if not item.defined:
        return float("nan")
    # Nothing is left within beyond rounding: scikit-learn's convention for none at all.
    if within <= 1e-30 * between:
        return 1.0
    n = len(item.codes)
    return float(between * (n - item.k) / (within * (item.k - 1)))
