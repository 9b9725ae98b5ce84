"""Stability: do the segments come back when the practices are drawn again?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone
from sklearn.metrics import pairwise_distances_argmin

from gp_segmentation.clustering import Hierarchical, centroids
from gp_segmentation.parallel import ordered_map

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def bootstrap_jaccard(
    X: ArrayLike, labels: ArrayLike, clusterer: Any, *, draws: int, seed: int = 0, jobs: int | None = 1
) -> pd.DataFrame:
    """How well each segment is found again in bootstrap samples (Hennig 2007, "clusterboot").

    Each draw takes n rows with replacement, keeps each drawn row once, clusters them, and gives every
    segment A the highest Jaccard coefficient ``|A & C| / |A | C|`` over the new clusters C, A counted among
    the drawn rows. A segment with no row drawn scores 0. Hennig reads a mean of .75 or more as valid, below
    .6 as not to be trusted.

    Parameters
    ----------
    X : (n, d) fitted rows; labels : (n,) their segments.
    clusterer : unfitted estimator that made them.
    draws, seed, jobs : the result depends on the first two alone.

    Returns
    -------
    frame draw, segment, jaccard.
    """
    values = np.asarray(X, dtype=np.float64)
    segments, codes = np.unique(np.asarray(labels), return_inverse=True)
    seeds = np.random.SeedSequence(seed).spawn(draws)
    tasks = [(values, codes, len(segments), clone(clusterer), child) for child in seeds]
    found = list(ordered_map(_jaccard_draw, tasks, jobs, processes=isinstance(clusterer, Hierarchical)))
    rows = [
        (draw, segment, value)
        for draw, row in enumerate(found)
        for segment, value in zip(segments.tolist(), row.tolist(), strict=True)
    ]
    return pd.DataFrame(rows, columns=["draw", "segment", "jaccard"])


def _jaccard_draw(
    values: Floats, codes: Ints, k: int, clusterer: Any, seed: np.random.SeedSequence
) -> Floats:
    generator = np.random.default_rng(seed)
    drawn = np.unique(generator.integers(len(values), size=len(values)))
    again = np.asarray(clusterer.fit_predict(values[drawn]))
    return jaccard(codes[drawn], again, k)


def jaccard(codes: Ints, again: Ints, k: int) -> Floats:
    """Highest Jaccard coefficient of each of the k clusters in `codes` over the clusters in `again`: (k,)."""
    both = np.zeros((k, int(again.max()) + 1))
    np.add.at(both, (codes, again), 1)
    either = both.sum(axis=1)[:, None] + both.sum(axis=0) - both
    best: Floats = np.divide(both, either, out=np.zeros_like(both), where=either > 0).max(axis=1)
    return best


def prediction_strength(
    X: ArrayLike, clusterer: Any, *, splits: int, seed: int = 0, jobs: int | None = 1
) -> Floats:
    """Prediction strength of each random split in halves (Tibshirani & Walther 2005): (splits,).

    Both halves are clustered. For each cluster of the second half, the share of its pairs of rows that the
    centroids of the first half also put together is taken; the strength is the lowest of these. Above .8 or
    .9 the authors call the clusters well supported. A cluster of one counts as 0.
    """
    values = np.asarray(X, dtype=np.float64)
    seeds = np.random.SeedSequence(seed).spawn(splits)
    tasks = [(values, clone(clusterer), child) for child in seeds]
    return np.array(list(ordered_map(_strength, tasks, jobs, processes=isinstance(clusterer, Hierarchical))))


def _strength(values: Floats, clusterer: Any, seed: np.random.SeedSequence) -> float:
    order = np.random.default_rng(seed).permutation(len(values))
    train, test = values[order[: len(order) // 2]], values[order[len(order) // 2 :]]
    train_labels = clone(clusterer).fit_predict(train)
    test_labels = np.asarray(clone(clusterer).fit_predict(test))
    centres = centroids(train, train_labels).to_numpy()
    return pairs_kept(test_labels, pairwise_distances_argmin(test, centres))


def pairs_kept(labels: Ints, predicted: Ints) -> float:
    """Lowest share, over the clusters of `labels`, of pairs of rows that are also together in `predicted`."""
    both = np.zeros((int(labels.max()) + 1, int(predicted.max()) + 1))
    np.add.at(both, (labels, predicted), 1)
    size = both.sum(axis=1)
    kept = (both * (both - 1)).sum(axis=1)
    pairs = size * (size - 1)
    return float(np.divide(kept, pairs, out=np.zeros_like(kept), where=pairs > 0)[size > 0].min())
