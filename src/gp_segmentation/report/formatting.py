"""Names and numbers as the pages show them."""

import math
from collections.abc import Callable
from typing import Any

from gp_segmentation.utils.rounding import (
    UNKNOWN,
    density,
    percent,
    percent_reached,
    score,
    score_reached,
    signed,
    whole_percent,
)

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
    "jaccard_min": "Overlap of the least stable segment when practices are redrawn (Jaccard)",
    "jaccard_subsample_min": "The same when a part of the practices is drawn",
    "prediction_strength": "Prediction strength",
    "ari_seeds": "Agreement between random seeds (adjusted Rand index)",
    "stay_mean": "Mean certainty of the practices that the evidence uses",
    "certainty_mean": "Mean certainty of a practice's segment (its probability)",
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
    "gaussian_exceedance": "Share of random data sets with a lower silhouette at this number alone",
    "copula_effect": "The same excess over random data that also have the same distributions",
    "copula_exceedance": "Share of random data sets with the same distributions that have a lower silhouette",
    "permutation_null_silhouette": "Silhouette of random data without correlations",
    "permutation_effect": "The same excess over random data without correlations",
    "permutation_exceedance": "Share of random data sets without correlations that have a lower silhouette",
    "valley_max": "Highest density at a border between segments, relative to their centres",
    "valley_smooth": "The same without features in which many practices share one value",
}


#: How the scores of `METRICS`, and those by number of segments, are written; the others as `score`.
FORMS: dict[str, Callable[[float], str]] = {
    **dict.fromkeys(("noise_share", "sure_share", "disputed_share"), whole_percent),
    **dict.fromkeys(("jaccard", "jaccard_min", "jaccard_subsample_min", "jaccard_mean"), percent_reached),
    **dict.fromkeys(("prediction_strength", "stay_mean", "certainty_mean"), percent_reached),
    **dict.fromkeys(
        (f"{null}_exceedance" for null in ("gaussian", "copula", "permutation")), percent_reached
    ),
    **dict.fromkeys((f"{null}_effect" for null in ("gaussian", "copula", "permutation")), signed),
    **dict.fromkeys((f"eta2_unused_{of}" for of in ("segments", "deprivation", "icb")), percent),
    **dict.fromkeys(("ari_seeds", "ari_preparations", "ari_kmeans_hierarchical"), score_reached),
    **dict.fromkeys(("ami_kmeans_hierarchical", "ari_kmeans_ward", "excess_silhouette"), score_reached),
    **dict.fromkeys(("valley", "valley_max", "valley_smooth"), density),
    **dict.fromkeys(("inertia", "elbow", "calinski_harabasz", "bic", "icl"), "{:,.0f}".format),
    "imputed_share": percent,
    "gap_se": lambda error: score(error) if error >= 0.005 else "under 0.01",
}


def score_name(key: str) -> str:
    """Return the name of a score; of one that is not in `METRICS` its parts with blanks."""
    return METRICS.get(key, key.replace("_", " ").capitalize())


def score_text(key: str, value: Any) -> str:
    """Return the value of a score as every page shows it: counts whole, the others as in `FORMS`."""
    if value is None or not math.isfinite(value):
        return UNKNOWN
    if key in FORMS:
        return FORMS[key](float(value))
    return f"{value:,.0f}" if float(value).is_integer() else score(value)


def setting_text(value: Any) -> str:
    """Return a value of the configuration: numbers as they were given."""
    if value is None:
        return "none"
    return f"{value:,g}" if isinstance(value, float) else str(value)
