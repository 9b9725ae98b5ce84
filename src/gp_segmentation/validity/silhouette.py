"""Silhouettes of many labellings in one pass over the distances.

A labelling's silhouette needs, for every row, the sum of distances to each cluster: the rows of
``D @ onehot(labels)``. With the one-hot columns of all labellings side by side, one pass over the distances
``D`` serves them all. A labelling whose clusters are unions of another's (the cuts of one tree) needs no
columns of its own. ``D`` is never in memory whole: it comes in blocks of rows, and only its upper triangle
is computed. Differences are squared directly: ``|x|² + |y|² - 2xy`` loses half its digits for near rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from gp_segmentation.utils.arrays import Floats, Ints
from gp_segmentation.utils.parallel import parallel_map


@dataclass(frozen=True)
class Labelling:
    """One labelling of n rows, its clusters numbered 0..k-1 in ascending order of label."""

    codes: Ints  # (n,) 0..k-1
    sizes: Ints  # (k,)

    @classmethod
    def of(cls, labels: NDArray) -> Labelling:
        """Number the clusters of `labels`, of any kind that sorts."""
        _, codes, sizes = np.unique(labels, return_inverse=True, return_counts=True)
        return cls(codes.astype(np.int64), sizes.astype(np.int64))

    @property
    def k(self) -> int:
        return len(self.sizes)

    @property
    def defined(self) -> bool:
        """Whether silhouette, Davies-Bouldin and Calinski-Harabasz are defined: not for one cluster or n."""
        return 2 <= self.k <= len(self.codes) - 1


def sample_silhouettes(
    values: Floats, items: Sequence[Labelling], distances: Floats | None, jobs: int | None, memory: int
) -> Floats:
    """Silhouette of every row under every labelling: (m, n), NaN where it is not defined.

    Parameters
    ----------
    values : (n, d) finite and centred.
    distances : their condensed Euclidean distances, or None.
    jobs, memory : as for `scores.score_labellings`.
    """
    silhouettes = np.full((len(items), len(values)), np.nan)
    bases, parents = _nesting(items)
    for group in _column_groups(bases, items, len(values), memory):
        sums = _cluster_sums(values, [items[base] for base in group], distances, jobs, memory)
        start = 0
        for base in group:
            columns = sums[:, start : start + items[base].k]
            start += items[base].k
            for j, (parent, mapping) in parents.items():
                if parent == base:
                    # As many clusters need not be numbered alike: one partition can have two numberings.
                    alike = np.array_equal(mapping, np.arange(items[j].k))
                    merged = columns if alike else columns @ np.eye(items[j].k)[mapping]
                    silhouettes[j] = _silhouette(merged, items[j])
    return silhouettes


def _nesting(items: Sequence[Labelling]) -> tuple[list[int], dict[int, tuple[int, Ints]]]:
    """Find labellings whose clusters are unions of another's clusters.

    Returns the places of labellings that need columns of their own, and for each labelling with a silhouette
    the place of the one whose columns it uses and the map of that one's clusters to its own.
    """
    bases: list[int] = []
    parents: dict[int, tuple[int, Ints]] = {}
    for j in sorted(range(len(items)), key=lambda j: (-items[j].k, j)):
        if not items[j].defined:
            continue
        mappings = ((base, _coarsening(items[base], items[j])) for base in bases)
        parent = next(((base, mapping) for base, mapping in mappings if mapping is not None), None)
        if parent is None:
            bases.append(j)
        parents[j] = parent or (j, np.arange(items[j].k))
    return sorted(bases), parents


def _coarsening(fine: Labelling, coarse: Labelling) -> Ints | None:
    """The map of the clusters of `fine` to those of `coarse`; None where they are not parts of these."""
    mapping = np.empty(fine.k, dtype=np.int64)
    mapping[fine.codes] = coarse.codes
    return mapping if np.array_equal(mapping[fine.codes], coarse.codes) else None


def _column_groups(
    bases: Sequence[int], items: Sequence[Labelling], rows: int, memory: int
) -> Iterator[list[int]]:
    """Split `bases` so that the sums of each group fit into `memory` (a single base may not)."""
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
    values: Floats, items: Sequence[Labelling], distances: Floats | None, jobs: int | None, memory: int
) -> Floats:
    """``D @ onehot`` for the stacked one-hot columns of `items`: (n, sum of k)."""
    n = len(values)
    onehot = np.concatenate([np.eye(item.k)[item.codes] for item in items], axis=1)
    step = int(np.clip(memory // (8 * n * 8), 1, 512))
    tasks = [(values, distances, onehot, start, min(start + step, n)) for start in range(0, n, step)]
    sums = np.zeros_like(onehot)
    # Added in the order of the blocks: sums of floats depend on their order.
    parts = parallel_map(_block_sums, tasks, jobs, here=True)
    for (_, _, _, start, _), part in zip(tasks, parts, strict=True):
        sums[start:] += part
    return sums


def _block_sums(values: Floats, distances: Floats | None, onehot: Floats, start: int, stop: int) -> Floats:
    """What distances between rows start..stop and rows from `start` on add to the sums from `start` on."""
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


def _silhouette(sums: Floats, item: Labelling) -> Floats:
    rows = np.arange(len(sums))
    own_size = item.sizes[item.codes]
    own = sums[rows, item.codes] / np.maximum(own_size - 1, 1)
    means = sums / item.sizes
    means[rows, item.codes] = np.inf
    other = means.min(axis=1)
    highest = np.maximum(own, other)
    # By convention a row at no distance from both clusters, or alone in its cluster, scores 0.
    valid = (highest > 0) & (own_size > 1)
    return np.where(valid, (other - own) / np.where(valid, highest, 1.0), 0.0)
