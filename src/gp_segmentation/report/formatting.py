"""Names and numbers as the page writes them."""

import math
from collections.abc import Mapping
from typing import Any

VERDICTS = {
    "discrete": "The segments are groups set apart from one another.",
    "continuum": (
        "Practices lie along a continuum: the segments are bands of it, useful for comparing like with like, "
        "but without sharp borders."
    ),
    "unstable": (
        "The segments change when practices are drawn again: names and profiles describe this one division "
        "of many that would do as well. Build nothing on them."
    ),
}
NO_VERDICT = "How far the segments can be trusted was not judged in this run."

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
    "elbow": "Elbow of the variation within segments",
    "gap": "Gap statistic, one-standard-error rule",
    "excess_silhouette": "Silhouette beyond that of data without segments",
}
METRICS = {
    "n_clusters": "Segments",
    "smallest_segment": "Practices in the smallest segment",
    "largest_segment": "Practices in the largest segment",
    "silhouette": "Mean silhouette",
    "null_silhouette": "Silhouette of data without segments",
    "excess_silhouette": "Silhouette beyond that of data without segments",
    "davies_bouldin": "Davies-Bouldin index",
    "calinski_harabasz": "Calinski-Harabasz index",
    "inertia": "Sum of squares within segments",
    "jaccard_min": "Stability of the least stable segment (bootstrap Jaccard)",
    "jaccard_subsample_min": "The same in subsamples of four fifths",
    "prediction_strength": "Prediction strength",
    "ari_seeds": "Agreement of fits that differ in their seed (adjusted Rand index)",
    "stay_mean": "Share of resamples in which a practice stays in its segment (mean)",
    "disputed_share": "Share of fitted practices that resamples or another method dispute",
    "ari_preparations": "Agreement with the choices of other preparations (adjusted Rand index, mean)",
    "ari_kmeans_hierarchical": "Agreement of K-means and hierarchical (adjusted Rand index)",
    "ami_kmeans_hierarchical": "Agreement of K-means and hierarchical (adjusted mutual information)",
    "imputed_values": "Values that were missing and filled in",
    "imputed_share": "Share of values filled in",
    "cophenetic": "Cophenetic correlation of the tree",
    "copula_null_silhouette": "Silhouette of data without segments, marginals as they are",
    "eta2_unused_segments": "Variance of unused measures explained by segments (mean)",
    "eta2_unused_deprivation": "The same by fifths of deprivation",
    "eta2_unused_icb": "The same by integrated care board",
    "valley_max": "Density half-way between neighbouring segments, of that at their centres (highest)",
}


def clusterer(setting: Mapping[Any, Any]) -> str:
    """Return the name of a clusterer with its linkage: ``Hierarchical clustering (ward linkage)``."""
    name, linkage = readable(str(setting["clusterer"]), CLUSTERERS), setting.get("linkage")
    return name if linkage is None or linkage != linkage else f"{name} ({linkage} linkage)"


def readable(key: str, names: dict[str, str]) -> str:
    """Return the readable name of `key`, or the key itself made readable."""
    return names.get(key, key.replace("_", " ").capitalize())


def whole(value: float | None) -> str:
    """Return `value` rounded to a whole number; "not known" for None and NaN."""
    return "not known" if value is None or not math.isfinite(value) else f"{value:,.0f}"


def number(value: Any) -> str:
    """Return any scalar as the page shows it."""
    if value is None:
        return "not known"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if not math.isfinite(value):
        return "not known"
    if float(value).is_integer():
        return f"{value:,.0f}"
    return f"{value:,.3f}" if abs(value) < 1000 else f"{value:,.1f}"
