"""The names of a run's figures: which are its headlines, and under which heading the others stand."""

from collections.abc import Mapping
from typing import Any

#: What runs are compared by: how many segments, how separate, against random data, how stable, how sure,
#: and what they tell of measures they were not made of. They make up metrics.json.
HEADLINES = (
    *("n_clusters", "silhouette", "davies_bouldin", "excess_silhouette"),
    *("jaccard_min", "prediction_strength", "sure_share", "eta2_unused_segments"),
)
#: Heading -> the other figures below it.
HEADINGS = {
    "scores": ("calinski_harabasz", "inertia", "gap", "gap_se", "cophenetic", "valley_max", "valley_smooth"),
    "sizes": (
        *("smallest_segment", "largest_segment", "n_supergroups", "n_subgroups"),
        *("noise", "noise_share"),
    ),
    "null": (
        *("null_silhouette", "gaussian_effect", "gaussian_exceedance"),
        *("copula_null_silhouette", "copula_effect", "copula_exceedance"),
        *("permutation_null_silhouette", "permutation_effect", "permutation_exceedance"),
    ),
    "stability": (
        *("jaccard_subsample_min", "ari_seeds", "stay_mean", "certainty_mean", "disputed_share"),
        *("agreement", "ari_preparations", "ari_kmeans_hierarchical", "ami_kmeans_hierarchical"),
    ),
    "unused": ("eta2_unused_deprivation", "eta2_unused_icb"),
    "data": (
        *("practices", "patients", "imputed_values", "imputed_share"),
        *("tolerated_kinds", "tolerated_values", "silhouette_rows", "silhouette_se"),
    ),
}
#: Heading of a figure that has none.
OTHER = "other"

_HEADING_OF = {name: heading for heading, names in HEADINGS.items() for name in names}


def headlines(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Return the headlines among the figures of a run, counts whole; None where one is not known."""
    found = {name: metrics.get(name) for name in HEADLINES}
    return found if found["n_clusters"] is None else found | {"n_clusters": int(found["n_clusters"])}


def with_headings(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Return the figures with the headlines first and as they are called, the others as HEADING/NAME.

    >>> with_headings({"inertia": 9.5, "silhouette": 0.2})
    {'silhouette': 0.2, 'scores/inertia': 9.5}
    """
    known = [name for name in (*HEADLINES, *_HEADING_OF) if name in metrics]
    others = [name for name in metrics if name not in known]
    return {_with_heading(name): metrics[name] for name in (*known, *others)}


def _with_heading(name: str) -> str:
    return name if name in HEADLINES else f"{_HEADING_OF.get(name, OTHER)}/{name}"
