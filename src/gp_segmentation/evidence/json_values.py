"""Numbers and tables as JSON can hold them: no NaN, whole numbers whole."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

#: Columns that count or number something.
WHOLE = frozenset(("k", "segment", "other", "practices", "neighbour", "draws", "groups", "features"))
#: Figures of the evidence that stand in metrics.json.
FIGURES = (
    *("gaussian_effect", "gaussian_exceedance", "gap", "gap_se"),
    *("copula_null_silhouette", "copula_effect", "copula_exceedance"),
    *("permutation_null_silhouette", "permutation_effect", "permutation_exceedance"),
    *("jaccard_min", "jaccard_subsample_min", "prediction_strength", "ari_seeds"),
    *("stay_mean", "disputed_share", "ari_kmeans_hierarchical", "ami_kmeans_hierarchical", "cophenetic"),
    *("valley_max", "valley_smooth"),
)


def json_number(value: Any) -> float | None:
    """Return `value` as a float; None for what is missing or infinite."""
    return float(value) if value is not None and pd.notna(value) and np.isfinite(value) else None


def json_records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of `frame` as dictionaries for JSON."""
    return [
        {str(name): _plain(str(name), value) for name, value in row.items()}
        for row in frame.to_dict("records")
    ]


def _plain(name: str, value: Any) -> Any:
    if isinstance(value, str):
        return value
    found = json_number(value)
    return int(found) if found is not None and name in WHOLE else found


def metrics(
    trial: Mapping[str, Any] | pd.Series,
    evidence: Mapping[str, Any],
    imputed: pd.DataFrame,
    agreement: float | None = None,
) -> dict[str, float | None]:
    """Flat figures of a run for metrics.json; None where not known.

    Parameters
    ----------
    trial : the chosen one. evidence : the contents of evidence.json.
    imputed : count and share of the values imputed, by feature.
    agreement : of the choice with those of other preparations (mean adjusted Rand index); None leaves it out.
    """
    from_trial = (
        *("n_clusters", "silhouette", "davies_bouldin", "calinski_harabasz", "inertia"),
        *("smallest_segment", "largest_segment", "null_silhouette", "excess_silhouette"),
    )
    found = {name: json_number(trial[name]) for name in from_trial}
    figures = evidence.get("figures", {})
    for name in ("null_silhouette", "excess_silhouette"):
        if found[name] is None:
            found[name] = figures.get(name)
    means = evidence.get("beyond", {}).get("means", {})
    eta2 = {f"eta2_unused_{name}": means.get(name) for name in ("segments", "deprivation", "icb")}
    found |= {name: figures.get(name) for name in FIGURES} | eta2
    found |= {
        "imputed_values": int(imputed["count"].sum()),
        "imputed_share": float(imputed["share"].mean()) if len(imputed) else 0.0,
    }
    return found if agreement is None else found | {"ari_preparations": agreement}
