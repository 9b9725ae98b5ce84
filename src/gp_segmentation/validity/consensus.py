"""Consensus clustering: practices grouped by how often the resamples put them together."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.cluster.hierarchy import linkage
from sklearn.metrics import adjusted_rand_score

from gp_segmentation.clustering import cut
from gp_segmentation.utils.arrays import Floats, Ints
from gp_segmentation.validity.agreement import matched

#: Rows whose pairs are compared with all others at a time.
BLOCK = 512
#: A pair together in a share of resamples between these is ambiguous (Senbabaoglu et al. 2014).
AMBIGUOUS = (0.1, 0.9)


def share_together(first: NDArray[np.int16], second: NDArray[np.int16]) -> Floats:
    """Share of the resamples that drew both rows in which both lay in one cluster: (n, m).

    Parameters
    ----------
    first, second : (draws, n) and (draws, m) cluster of each row in each draw, -1 where it was not drawn.

    Returns
    -------
    NaN where no resample drew both.
    """
    k = int(max(first.max(initial=0), second.max(initial=0))) + 1
    both = (first >= 0).T.astype(np.float32) @ (second >= 0).astype(np.float32)
    shared = (_indicators(first, k) @ _indicators(second, k).T).astype(np.float64)
    return np.divide(shared, both, out=np.full_like(shared, np.nan), where=both > 0)


def _indicators(labels: NDArray[np.int16], k: int) -> NDArray[np.float32]:
    """One column per draw and cluster, 1 where the row lies in it: (n, draws k). Counts stay exact."""
    marks = labels.T[:, :, None] == np.arange(k)
    return marks.reshape(len(marks), -1).astype(np.float32)


def consensus_clusters(labels: NDArray[np.int16], segments: ArrayLike, *, rows: int) -> Ints:
    """Cluster practices by how often resamples put them together (Monti et al. 2003).

    The distance of two practices is 1 - `share_together`; average linkage, cut into as many clusters as there
    are segments and named after those they share most practices with (`agreement.matched`). Pairs never drawn
    together count as half together. The distances of `rows` practices are held, 8 rows² bytes or so; of
    more, as many evenly spaced ones make the tree, and every other joins the cluster with whose members it
    was together most often on average. A practice that no resample drew keeps its segment.

    Parameters
    ----------
    labels : (draws, n), from `Resamples`; segments : (n,).

    Returns
    -------
    (n,) segment each practice has by consensus.
    """
    segments = np.asarray(segments)
    drawn = np.flatnonzero((labels >= 0).any(axis=0))
    n = len(drawn)
    kept = drawn if n <= rows else drawn[np.unique(np.linspace(0, n - 1, rows).astype(np.int64))]
    tree = linkage(_condensed(labels[:, kept]), method="average")
    codes = cut(tree, [min(len(np.unique(segments)), len(kept))])[0]
    found = np.full(len(segments), -1, dtype=np.int64)
    found[kept] = codes
    rest = np.setdiff1d(drawn, kept)
    members = np.eye(codes.max() + 1)[codes] / np.bincount(codes)
    for start in range(0, len(rest), BLOCK):
        some = rest[start : start + BLOCK]
        shares = np.nan_to_num(share_together(labels[:, some], labels[:, kept]), nan=0.5)
        found[some] = (shares @ members).argmax(axis=1)
    named = segments.astype(np.int64)
    named[drawn] = matched(segments[drawn], found[drawn])
    return named


def _condensed(labels: NDArray[np.int16]) -> Floats:
    """Distances 1 - `share_together` of all pairs, in scipy's order, a block of rows at a time."""
    n = labels.shape[1]
    out = np.empty(n * (n - 1) // 2)
    place = 0
    for start in range(0, n, BLOCK):
        block = share_together(labels[:, start : start + BLOCK], labels[:, start:])
        for i, row in enumerate(block):
            apart = row[i + 1 :]
            out[place : place + len(apart)] = 1 - np.nan_to_num(apart, nan=0.5)
            place += len(apart)
    return out


def summarise_consensus(labels: NDArray[np.int16], segments: ArrayLike, found: Ints) -> dict[str, Any]:
    """Sum up a consensus clustering.

    Returns
    -------
    dict: ``ari``, adjusted Rand index with the segments; ``moved``, practices that change segment;
    ``segments``, frame of segment, practices and ``together``, the mean share of resamples in which two of
    its practices lay together; ``ambiguous``, share of all pairs together neither nearly never nor nearly
    always (`AMBIGUOUS`): near 0 for separate groups.
    """
    segments = np.asarray(segments)
    names, codes = np.unique(found, return_inverse=True)
    onehot = np.eye(len(names))[codes]
    sums, pairs, ambiguous, known = np.zeros(len(names)), np.zeros(len(names)), 0, 0
    for start in range(0, len(found), BLOCK):
        stop = start + BLOCK
        shares = share_together(labels[:, start:stop], labels[:, start:])
        later = np.triu(np.ones(shares.shape, dtype=bool), 1) & np.isfinite(shares)
        within = later & (codes[start:stop, None] == codes[None, start:])
        pairs += within.sum(axis=1) @ onehot[start:stop]
        sums += np.where(within, shares, 0.0).sum(axis=1) @ onehot[start:stop]
        ambiguous += int((later & (shares > AMBIGUOUS[0]) & (shares < AMBIGUOUS[1])).sum())
        known += int(later.sum())
    table = pd.DataFrame({"segment": names, "practices": onehot.sum(axis=0).astype(int)})
    table["together"] = np.divide(sums, pairs, out=np.full_like(sums, np.nan), where=pairs > 0)
    return {
        "ari": float(adjusted_rand_score(segments, found)),
        "moved": int((segments != found).sum()),
        "segments": table,
        "ambiguous": ambiguous / known if known else None,
    }
