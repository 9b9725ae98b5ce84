"""K-means from a better start beside the usual ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.cluster import KMeans

from gp_segmentation.clustering.hierarchical import build_tree, cut
from gp_segmentation.clustering.segments import centroids

Floats = NDArray[np.float64]

#: Rows of which the tree behind a start is built, at most: its cost grows with their square.
TREE_ROWS = 2000

#: Relative difference of inertia below which two fits count as one: scikit-learn's own stopping leaves it.
SAME = 1e-6


def takes_starts(estimator: Any) -> bool:
    """Whether `estimator` is scikit-learn's K-means with starts of its own choosing."""
    # A class derived from it may mean something else by its starts.
    return type(estimator) is KMeans and isinstance(estimator.init, str) and estimator.init == "k-means++"


def fit_from_better_starts(estimator: KMeans, X: Floats, start: Floats) -> KMeans:
    """Fit K-means as configured and once more from `start`; return the fit of lower inertia.

    scikit-learn's own starts (greedy k-means++, `n_init` of them) are run as they are, so the inertia is
    never higher than theirs. Where both end alike the configured fit is returned, so that labels are
    scikit-learn's own.

    Parameters
    ----------
    estimator : unfitted; see `takes_starts`.
    X : (n, d) rows.
    start : (k, d) centroids, as from `ward_starts`.

    Returns
    -------
    a fitted KMeans.
    """
    usual = clone(estimator).fit(X)
    other = clone(estimator).set_params(init=start, n_init=1).fit(X)
    return other if other.inertia_ < usual.inertia_ * (1 - SAME) else usual


def ward_starts(X: Floats) -> Callable[[int], Floats]:
    """Return a function of k that gives the centroids (k, d) of Ward's tree of the rows cut into k.

    Ward's method minimises the same sum of squares by merging, and its cut often lies in a basin that
    random starts miss. Above `TREE_ROWS` rows the tree is that of as many, evenly spaced in their order.
    """
    rows = X if len(X) <= TREE_ROWS else X[np.linspace(0, len(X) - 1, TREE_ROWS).astype(np.int64)]
    tree = build_tree(rows, "ward")
    return lambda k: centroids(rows, cut(tree, [k])[0]).to_numpy(np.float64)
