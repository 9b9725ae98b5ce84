"""Stability: do the segments return in bootstrap samples, in halves, and from other random starts?"""

from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.base import clone
from sklearn.metrics import adjusted_rand_score, pairwise_distances_argmin

from gp_segmentation.clustering import centroids, fit_labels
from gp_segmentation.utils.arrays import Floats, Ints
from gp_segmentation.utils.parallel import parallel_map
from gp_segmentation.utils.progress import progress_bar
from gp_segmentation.validity.agreement import contingency
from gp_segmentation.validity.resampling import resample


def bootstrap_jaccard(
    X: ArrayLike, labels: ArrayLike, clusterer: Any, *, draws: int, seed: int = 0, jobs: int | None = 1
) -> pd.DataFrame:
    """How well each segment returns in bootstrap samples (Hennig 2007, "clusterboot").

    Each draw takes n rows with replacement, keeps each drawn row once, clusters them, and gives every
    segment A the highest Jaccard coefficient ``|A & C| / |A | C|`` over the new clusters C, with A reduced to
    the drawn rows. A segment with no row drawn scores 0. Hennig takes a mean of .75 or more as valid, and
    below .6 as not to be trusted.

    Parameters
    ----------
    X : (n, d) fitted rows; labels : (n,) their segments.
    clusterer : unfitted estimator that made them.
    draws, seed, jobs : the result depends on the first two alone.

    Returns
    -------
    frame draw, segment, jaccard.
    """
    k = len(np.unique(np.asarray(labels)))
    resamples = resample(X, {k: labels}, {k: clusterer}, draws=draws, seed=seed, jobs=jobs)
    return resamples.jaccard.drop(columns="k")


def prediction_strength(
    X: ArrayLike, clusterer: Any, *, splits: int, seed: int = 0, jobs: int | None = 1
) -> Floats:
    """Prediction strength of each random split in halves (Tibshirani & Walther 2005): (splits,).

    Both halves are clustered, and the second is also assigned to the first's centroids. The strength is the
    lowest share, over the clusters of the second half, of pairs of rows that this assignment keeps together.
    The authors call clusters well supported above .8 or .9. A cluster of one counts as 0, and so does a half
    without clusters. Rows of no cluster are left out.
    """
    values = np.asarray(X, dtype=np.float64)
    seeds = np.random.SeedSequence(seed).spawn(splits)
    tasks = [(values, clone(clusterer), child) for child in seeds]
    strengths = parallel_map(_strength, tasks, jobs)
    return np.array(list(progress_bar(strengths, splits, "random halves")))


def _strength(values: Floats, clusterer: Any, seed: np.random.SeedSequence) -> float:
    order = np.random.default_rng(seed).permutation(len(values))
    train, test = values[order[: len(order) // 2]], values[order[len(order) // 2 :]]
    halves = [(half, fit_labels(clusterer, half)) for half in (test, train)]
    (test, test_labels), (train, train_labels) = [
        (X[labels >= 0], labels[labels >= 0]) for X, labels in halves
    ]
    if not len(train) or not len(test):
        return 0.0
    centres = centroids(train, train_labels).to_numpy()
    return pairs_kept(test_labels, pairwise_distances_argmin(test, centres))


def pairs_kept(labels: Ints, predicted: Ints) -> float:
    """Lowest share, over the clusters of `labels`, of pairs of rows that are also together in `predicted`."""
    counts = contingency(labels, predicted, int(labels.max()) + 1)
    size = counts.sum(axis=1)
    kept = (counts * (counts - 1)).sum(axis=1)
    pairs = size * (size - 1)
    return float(np.divide(kept, pairs, out=np.zeros_like(kept), where=pairs > 0)[size > 0].min())


def seed_agreement(X: ArrayLike, clusterer: Any, *, runs: int, seed: int = 0, jobs: int | None = 1) -> Floats:
    """Adjusted Rand index of every pair of fits that differ only in their random state: (pairs,).

    Empty for fewer than two runs, and for a clusterer without a random state, whose fits are all the same.
    """
    if runs < 2 or "random_state" not in clusterer.get_params():
        return np.empty(0)
    values = np.asarray(X, dtype=np.float64)
    states = np.random.SeedSequence(seed).generate_state(runs) % 2**31
    tasks = [(clone(clusterer).set_params(random_state=int(state)), values) for state in states]
    labels = list(progress_bar(parallel_map(fit_labels, tasks, jobs), runs, "other seeds"))
    return np.array([adjusted_rand_score(a, b) for a, b in combinations(labels, 2)])
