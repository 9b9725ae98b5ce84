"""Fitting any clusterer, also to fewer distinct rows than clusters, and Gaussian mixtures."""

from typing import Any

import numpy as np
from sklearn.mixture import GaussianMixture

from gp_segmentation.clustering.kmeans import cluster_labels
from gp_segmentation.utils.arrays import Floats, Ints


def gaussian_mixture(n_clusters: int | None = None, **kwargs: Any) -> GaussianMixture:
    """Return scikit-learn's GaussianMixture, its ``n_components`` named like that of all other clusterers."""
    return GaussianMixture(n_components=n_clusters, **kwargs)


def fit_labels(clusterer: Any, values: Floats) -> Ints:
    """Return the labels (n,) of a fresh fit of `clusterer`: 0..k-1, and `NOISE` for rows of no cluster.

    Resamples, halves and shuffled columns of a small table may have no more distinct rows than clusters are
    asked for. Every distinct row is then a cluster, since most clusterers refuse such data.
    """
    parameters = clusterer.get_params()
    k = int(parameters.get("n_clusters") or parameters.get("n_components") or 1)
    labels = singletons(values, k)
    return cluster_labels(clusterer, values) if labels is None else labels


def finds_number(clusterer: Any) -> bool:
    """Whether `clusterer` finds the number of clusters by itself (DBSCAN, OPTICS, mean shift, ...)."""
    return not {"n_clusters", "n_components"} & set(clusterer.get_params())


def singletons(values: Floats, k: int) -> Ints | None:
    """Return labels (n,) with every distinct row a cluster; None if there are more than `k` distinct rows."""
    # The first rows nearly always show it, and sorting all rows would take as long as a fit.
    if len(np.unique(values[: 4 * k], axis=0)) > k:
        return None
    distinct, labels = np.unique(values, axis=0, return_inverse=True)
    return labels.reshape(-1).astype(np.int64) if len(distinct) <= k else None
