"""K-means with the results of scikit-learn's in a third of its time, and from one better start if asked."""

import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial, reduce
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.utils import check_random_state

from gp_segmentation.clustering.hierarchical import build_tree, cut
from gp_segmentation.clustering.lloyd import Fit, compiled, lloyd
from gp_segmentation.clustering.partition import centroids, number_clusters
from gp_segmentation.utils.arrays import Floats, Ints

#: Most rows of the tree that gives a start: its cost grows with their square.
TREE_ROWS = 2000

#: Relative difference of inertia below which fits count as equal: that of rounding, and that of fits which
#: stopped at different iterations.
ROUNDING, STOPPING = 1e-12, 1e-6


def is_plain_kmeans(estimator: Any) -> bool:
    """Whether `estimator` is scikit-learn's K-means with Lloyd's iterations from k-means++ starts."""
    # A subclass may give the parameters another meaning.
    return type(estimator) is KMeans and str(estimator.init) == "k-means++" and estimator.algorithm == "lloyd"


def cluster_labels(estimator: Any, X: Floats, start: Floats | None = None) -> Ints:
    """Return the labels (n,) of a fresh fit of any clusterer to `X` (n, d); plain K-means by `fit_kmeans`.

    Clusters are 0..k-1; rows that belong to none are `NOISE`.
    """
    if is_plain_kmeans(estimator):
        return fit_kmeans(estimator, X, start).labels
    return number_clusters(np.asarray(clone(estimator).fit_predict(X), dtype=np.int64))[1]


def fit_kmeans(estimator: KMeans, X: Floats, start: Floats | None = None) -> Fit:
    """Fit plain K-means to `X` as ``clone(estimator).fit(X)`` does, and once more from `start`.

    The starts are those that scikit-learn draws: `n_init` times greedy k-means++ from the same random
    numbers. Each is iterated to the same end as in scikit-learn, except for rounding (see `lloyd`), so the
    inertia is never higher than scikit-learn's. The fit from `start` is returned only if its inertia is lower
    by more than `STOPPING`.

    Parameters
    ----------
    estimator : see `is_plain_kmeans`; it stays unfitted.
    X : (n, d) finite rows.
    start : (k, d) centroids, as from `ward_starts`, or None.

    Raises
    ------
    ValueError : from scikit-learn, for rows or parameters that it refuses.
    """
    values = np.ascontiguousarray(X, dtype=np.float64)
    if not _valid_for_lloyd(estimator, values):
        return _fit_by_scikit_learn(X, estimator)  # raises an error that says what is wrong
    mean = values.mean(axis=0)
    rows = values - mean
    squares = np.square(rows).sum(axis=1)
    tolerance = float(estimator.tol * rows.var(axis=0).mean())

    def fit_from(start: Floats) -> Fit:
        start = np.ascontiguousarray(start, dtype=np.float64)
        fit = lloyd(rows, squares, start, tolerance, estimator.max_iter)
        # scikit-learn has a method for clusters that lost all their rows.
        return _fit_by_scikit_learn(rows, estimator, init=start, n_init=1) if fit is None else fit

    random = check_random_state(estimator.random_state)
    n_init = 1 if estimator.n_init == "auto" else estimator.n_init
    fits = (fit_from(greedy_plusplus(rows, squares, estimator.n_clusters, random)) for _ in range(n_init))
    best = reduce(partial(_better, tolerance=ROUNDING), fits)
    if start is not None:
        best = _better(best, fit_from(start - mean), STOPPING)
    return replace(best, centroids=best.centroids + mean)


def _valid_for_lloyd(estimator: KMeans, values: Floats) -> bool:
    """Whether the rows are finite and the parameters in their ranges."""
    return bool(
        values.ndim == 2
        and np.isfinite(values).all()
        and 0 < estimator.n_clusters <= len(values)
        and (estimator.n_init == "auto" or estimator.n_init >= 1)
        and estimator.max_iter >= 1
        and estimator.tol >= 0
    )


def _better(best: Fit, fit: Fit, tolerance: float) -> Fit:
    return fit if fit.inertia < best.inertia * (1 - tolerance) else best


def _fit_by_scikit_learn(rows: Floats, estimator: KMeans, **parameters: Any) -> Fit:
    fitted = clone(estimator).set_params(**parameters).fit(rows)
    labels = fitted.labels_.astype(np.int64)
    return Fit(labels, fitted.cluster_centers_, float(fitted.inertia_), int(fitted.n_iter_))


def ward_starts(X: Floats) -> Callable[[int], Floats]:
    """Return a function of k that gives the centroids (k, d) of the k clusters of Ward's tree of the rows.

    Ward's method lowers the same sum of squares by merging, and often leads to a minimum that random starts
    miss. The tree of more than `TREE_ROWS` rows is built from that many, evenly spaced in their order.
    """
    rows = X if len(X) <= TREE_ROWS else X[np.linspace(0, len(X) - 1, TREE_ROWS).astype(np.int64)]
    tree = build_tree(rows, "ward")
    return lambda k: centroids(rows, cut(tree, [k])[0]).to_numpy(np.float64)


def greedy_plusplus(rows: Floats, squares: Floats, k: int, random: np.random.RandomState) -> Floats:
    """Return k rows far apart, (k, d), as first centroids (Arthur & Vassilvitskii 2007, the greedy variant).

    For each next row, 2 + ln k candidates are drawn with probability proportional to their squared distance
    to the nearest row so far. The one that gives the lowest sum of these distances is taken. Random numbers
    are used as in ``sklearn.cluster.kmeans_plusplus``, so that the same rows come unless rounding decides.

    Parameters
    ----------
    rows : (n, d), C-contiguous and centred; squares : (n,) their squared lengths.
    random : advanced as scikit-learn advances it.
    """
    trials = 2 + int(math.log(k))
    weights = np.ones(len(rows))
    chosen = np.empty(k, dtype=np.int64)
    chosen[0] = random.choice(len(rows), p=weights / weights.sum())
    _, total, closest = _best_candidate(rows, squares, np.full(len(rows), np.inf), chosen[:1])
    for i in range(1, k):
        drawn = random.uniform(size=trials) * total
        candidates = np.minimum(np.searchsorted(np.cumsum(closest), drawn), len(rows) - 1)
        best, total, closest = _best_candidate(rows, squares, closest, candidates)
        chosen[i] = candidates[best]
    return rows[chosen]


@compiled
def _best_candidate(
    rows: Floats, squares: Floats, closest: Floats, candidates: Ints
) -> tuple[int, float, Floats]:
    """Return which candidate gives the lowest sum of squared distances, this sum and the distances."""
    products = np.dot(rows[candidates], rows.T)
    best, lowest = 0, np.inf
    for c in range(len(candidates)):
        candidate, total = candidates[c], 0.0
        for i in range(len(rows)):
            squared = max(squares[candidate] + squares[i] - 2 * products[c, i], 0.0)
            if i == candidate:
                squared = 0.0
            nearest = min(squared, closest[i])
            products[c, i] = nearest
            total += nearest
        if total < lowest:
            best, lowest = c, total
    return best, lowest, products[best].copy()
