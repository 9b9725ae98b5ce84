"""Fitting a clusterer to rows of which there may be fewer than clusters."""

from typing import Any

import numpy as np

from gp_segmentation.clustering.kmeans import cluster_labels
from gp_segmentation.utils.arrays import Floats, Ints


def asked_clusters(clusterer: Any) -> int:
    """How many clusters `clusterer` is set to find; 1 where it does not say."""
    parameters = clusterer.get_params()
    return int(parameters.get("n_clusters") or parameters.get("n_components") or 1)


def fit_labels(clusterer: Any, values: Floats) -> Ints:
    """Labels (n,) of a fresh fit of `clusterer`, 0..k-1.

    Resamples, halves and shuffled columns of a small table may have no more distinct rows than clusters are
    asked for. No clusterer can do better there than to put every distinct row by itself, and most refuse.
    """
    alone = singletons(values, asked_clusters(clusterer))
    if alone is not None:
        return alone
    return cluster_labels(clusterer, values)


def singletons(values: Floats, k: int) -> Ints | None:
    """Every distinct row a cluster: (n,) labels; None if there are more than `k` distinct rows."""
    # The first rows settle it nearly always, and sorting them all is as dear as a fit.
    if len(np.unique(values[: 4 * k], axis=0)) > k:
        return None
    distinct, codes = np.unique(values, axis=0, return_inverse=True)
    return codes.reshape(-1).astype(np.int64) if len(distinct) <= k else None
