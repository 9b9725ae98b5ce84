"""Gaussian mixtures under the parameter name that every clusterer here shares."""

from typing import Any

from sklearn.mixture import GaussianMixture


def gaussian_mixture(n_clusters: int | None = None, **kwargs: Any) -> GaussianMixture:
    """Make scikit-learn's GaussianMixture with ``n_components=n_clusters``; `kwargs` go to it unchanged."""
    return GaussianMixture(n_components=n_clusters, **kwargs)
