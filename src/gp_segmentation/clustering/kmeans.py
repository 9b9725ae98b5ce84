"""K-means as scikit-learn's, in a third of its time, and from a better start beside the usual ones."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.utils import check_random_state

from gp_segmentation.clustering.hierarchical import build_tree, cut
from gp_segmentation.clustering.lloyd import Fit, lloyd
from gp_segmentation.clustering.partition import centroids
from gp_segmentation.clustering.seeding import greedy_plusplus
from gp_segmentation.utils.arrays import Floats, Ints

#: Rows of which the tree behind a start is built, at most: its cost grows with their square.
TREE_ROWS = 2000

#: Relative difference of inertia that rounding leaves between two fits that are one: the earlier is kept.
ROUNDING = 1e-12

#: The same where the fits stopped at different moments.
SAME = 1e-6


def is_plain_kmeans(estimator: Any) -> bool:
    """Whether `estimator` is scikit-learn's K-means by Lloyd's iterations that chooses its own starts."""
    # A class derived from it may mean something else by its parameters.
    return (
        type(estimator) is KMeans
        and isinstance(estimator.init, str)
        and estimator.init == "k-means++"
        and estimator.algorithm == "lloyd"
    )


def cluster_labels(estimator: Any, X: Floats, start: Floats | None = None) -> Ints:
    """Labels (n,) of a fresh fit of any clusterer to `X` (n, d); plain K-means by `fit_kmeans`."""
    if is_plain_kmeans(estimator):
        return fit_kmeans(estimator, X, start).labels
    return np.asarray(clone(estimator).fit_predict(X), dtype=np.int64)


def fit_kmeans(estimator: KMeans, X: Floats, start: Floats | None = None) -> Fit:
    """Fit plain K-means to `X` as ``clone(estimator).fit(X)`` does, and once more from `start`.

    The starts are those scikit-learn draws (greedy k-means++, `n_init` of them from the same random
    numbers) and each is iterated to the end that scikit-learn's iterations have, but for rounding; they take
    a third of the time (see `lloyd`). So the inertia is never higher than scikit-learn's. The fit from
    `start` is returned only where its inertia is lower by more than rounding.

    Parameters
    ----------
    estimator : see `is_plain_kmeans`; it is left as it is.
    X : (n, d) finite rows.
    start : (k, d) centroids, as from `ward_starts`, or None.

    Raises
    ------
    ValueError : from scikit-learn, for rows or parameters that it refuses.
    """
    values = np.ascontiguousarray(X, dtype=np.float64)
    if not _fit_for_lloyd(estimator, values):
        return _by_scikit_learn(X, estimator)  # which says what is wrong
    mean = values.mean(axis=0)
    rows = values - mean
    squares = np.square(rows).sum(axis=1)
    tolerance = float(estimator.tol * rows.var(axis=0).mean())
    iterated = partial(_iterated, estimator, rows, squares, tolerance)
    random = check_random_state(estimator.random_state)
    starts = range(1 if estimator.n_init == "auto" else estimator.n_init)
    best = _lowest(iterated(greedy_plusplus(rows, squares, estimator.n_clusters, random)) for _ in starts)
    if start is not None:
        other = iterated(start - mean)
        best = other if other.inertia < best.inertia * (1 - SAME) else best
    return replace(best, centroids=best.centroids + mean)


def _fit_for_lloyd(estimator: KMeans, values: Floats) -> bool:
    """Whether these are finite rows and parameters in their ranges."""
    return bool(
        values.ndim == 2
        and np.isfinite(values).all()
        and 0 < estimator.n_clusters <= len(values)
        and (estimator.n_init == "auto" or estimator.n_init >= 1)
        and estimator.max_iter >= 1
        and estimator.tol >= 0
    )


def _lowest(fits: Iterator[Fit]) -> Fit:
    """Return the fit of lowest inertia; of those that differ by rounding alone, the first."""
    best = next(fits)
    for fit in fits:
        if fit.inertia < best.inertia * (1 - ROUNDING):
            best = fit
    return best


def _iterated(estimator: KMeans, rows: Floats, squares: Floats, tolerance: float, start: Floats) -> Fit:
    begin = np.ascontiguousarray(start, dtype=np.float64)
    fit = lloyd(rows, squares, begin, tolerance, estimator.max_iter)
    # scikit-learn has a way with clusters that lost all their rows.
    return _by_scikit_learn(rows, estimator, init=begin, n_init=1) if fit is None else fit


def _by_scikit_learn(rows: Floats, estimator: KMeans, **parameters: Any) -> Fit:
    found = clone(estimator).set_params(**parameters).fit(rows)
    labels = found.labels_.astype(np.int64)
    return Fit(labels, found.cluster_centers_, float(found.inertia_), int(found.n_iter_))


def ward_starts(X: Floats) -> Callable[[int], Floats]:
    """Return a function of k that gives the centroids (k, d) of Ward's tree of the rows cut into k.

    Ward's method minimises the same sum of squares by merging, and its cut often lies in a basin that
    random starts miss. Above `TREE_ROWS` rows the tree is that of as many, evenly spaced in their order.
    """
    rows = X if len(X) <= TREE_ROWS else X[np.linspace(0, len(X) - 1, TREE_ROWS).astype(np.int64)]
    tree = build_tree(rows, "ward")
    return lambda k: centroids(rows, cut(tree, [k])[0]).to_numpy(np.float64)
