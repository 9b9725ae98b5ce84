"""Names and numbers as the pages show them."""

import math
from collections.abc import Mapping
from typing import Any

from gp_segmentation.utils.wording import UNKNOWN

CLUSTERERS = {
    "kmeans": "K-means",
    "hierarchical": "Hierarchical clustering",
    "gaussian_mixture": "Gaussian mixture",
    "bisecting_kmeans": "Bisecting K-means",
}
CRITERIA = {
    "silhouette": "Silhouette",
    "davies_bouldin": "Davies-Bouldin",
    "calinski_harabasz": "Calinski-Harabasz",
    "elbow": "Elbow of the sum of squares within segments",
    "gap": "Gap statistic, one-standard-error rule",
    "bic": "BIC of a Gaussian mixture (low is good)",
    "icl": "ICL of a Gaussian mixture (low is good)",
    "excess_silhouette": "Silhouette above that of random data",
}
METRICS = {
    "n_clusters": "Segments",
    "n_supergroups": "Supergroups",
    "n_subgroups": "Subgroups",
    "smallest_segment": "Practices in the smallest segment",
    "largest_segment": "Practices in the largest segment",
    "noise": "Practices in no segment",
    "noise_share": "Share of practices in no segment",
    "silhouette": "Mean silhouette",
    "null_silhouette": "Silhouette of random data with the same correlations",
    "excess_silhouette": "Silhouette above that of random data",
    "davies_bouldin": "Davies-Bouldin index",
    "calinski_harabasz": "Calinski-Harabasz index",
    "inertia": "Sum of squares within segments",
    "jaccard_min": "Stability of the least stable segment (bootstrap Jaccard)",
    "jaccard_subsample_min": "Stability of the least stable segment (subsample Jaccard)",
    "prediction_strength": "Prediction strength",
    "ari_seeds": "Agreement between random seeds (adjusted Rand index)",
    "stay_mean": "Mean probability that a practice belongs to its segment",
    "certainty_mean": "Mean certainty of the practices' segments",
    "sure_share": "Share of fitted practices whose segment neither other draws nor another method dispute",
    "disputed_share": "Share of fitted practices that other draws or another method put in another segment",
    "ari_preparations": "Agreement with the segments of other preparations (mean adjusted Rand index)",
    "ari_kmeans_hierarchical": "Agreement of K-means and Ward's method (adjusted Rand index)",
    "ami_kmeans_hierarchical": "Agreement of K-means and Ward's method (adjusted mutual information)",
    "imputed_values": "Missing values filled in",
    "imputed_share": "Share of values filled in",
    "cophenetic": "Cophenetic correlation of the tree",
    "copula_null_silhouette": "Silhouette of random data with the same correlations and distributions",
    "eta2_unused_segments": "Mean variance of other measures explained by segments",
    "eta2_unused_deprivation": "Mean variance of other measures explained by fifths of deprivation",
    "eta2_unused_icb": "Mean variance of other measures explained by integrated care boards",
    "gap": "Gap statistic",
    "gap_se": "Standard error of the gap statistic",
    "gaussian_effect": "Silhouette above that of random data, in standard deviations of its draws",
    "gaussian_exceedance": "Share of random data sets with a lower silhouette",
    "copula_effect": "The same excess over random data that also have the same distributions",
    "copula_exceedance": "Share of random data sets with the same distributions that have a lower silhouette",
    "permutation_null_silhouette": "Silhouette of random data without correlations",
    "permutation_effect": "The same excess over random data without correlations",
    "permutation_exceedance": "Share of random data sets without correlations that have a lower silhouette",
    "valley_max": "Highest density at a border between segments, relative to their centres",
    "valley_smooth": "The same without features in which many practices share one value",
}


def clusterer_name(choice: Mapping[Any, Any]) -> str:
    """Return the name of a clusterer with its linkage: ``Hierarchical clustering (ward linkage)``."""
    name, linkage = display_name(str(choice["clusterer"]), CLUSTERERS), choice.get("linkage")
    return name if linkage is None or linkage != linkage else f"{name} ({linkage} linkage)"


def display_name(key: str, names: dict[str, str]) -> str:
    """Return the name of `key`, or the key itself with spaces and a capital letter."""
    return names.get(key, key.replace("_", " ").capitalize())


def scalar_text(value: Any) -> str:
    """Return any scalar as the page shows it."""
    if value is None:
        return UNKNOWN
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if not math.isfinite(value):
        return UNKNOWN
    if float(value).is_integer():
        return f"{value:,.0f}"
    return f"{value:,.3f}" if abs(value) < 1000 else f"{value:,.1f}"
