"""Numbers and tables as JSON values: no NaN, counts as integers."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

#: Columns that hold integers.
INTEGERS = frozenset(("k", "segment", "other", "practices", "neighbour", "draws", "groups", "features"))
#: Figures of the trial, and of the evidence, that are written to evidence/metrics.json.
TRIAL_FIGURES = (
    *("n_clusters", "silhouette", "davies_bouldin", "calinski_harabasz", "inertia"),
    *("smallest_segment", "largest_segment", "null_silhouette", "excess_silhouette"),
)
FIGURES = (
    *("gaussian_effect", "gaussian_exceedance", "gap", "gap_se"),
    *("copula_null_silhouette", "copula_effect", "copula_exceedance"),
    *("permutation_null_silhouette", "permutation_effect", "permutation_exceedance"),
    *("jaccard_min", "jaccard_subsample_min", "prediction_strength", "ari_seeds"),
    *("stay_mean", "disputed_share", "ari_kmeans_hierarchical", "ami_kmeans_hierarchical", "cophenetic"),
    *("valley_max", "valley_smooth"),
)


def json_number(value: Any) -> float | None:
    """Return `value` as a float; None if it is missing or infinite."""
    return float(value) if value is not None and pd.notna(value) and np.isfinite(value) else None


def json_records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of `frame` as dictionaries for JSON."""
    return [
        {str(name): _json_value(str(name), value) for name, value in row.items()}
        for row in frame.to_dict("records")
    ]


def _json_value(name: str, value: Any) -> Any:
    if isinstance(value, str):
        return value
    number = json_number(value)
    return int(number) if number is not None and name in INTEGERS else number


def run_metrics(
    trial: Mapping[str, Any] | pd.Series,
    evidence: Mapping[str, Any],
    imputed: pd.DataFrame,
    segments: pd.DataFrame,
    agreement: float | None = None,
) -> dict[str, float | None]:
    """Return every figure of a run, for evidence/metrics.json; None where a figure is not known.

    Parameters
    ----------
    trial : the chosen trial. evidence : the contents of evidence.json.
    imputed : count and share of the imputed values, by feature.
    segments : schema ``segments``; certainty_mean is the mean of its certainties.
    agreement : mean adjusted Rand index of the chosen segments and those of other preparations; no entry
        if None.
    """
    figures = evidence.get("figures", {})
    metrics = {name: json_number(trial[name]) for name in TRIAL_FIGURES}
    metrics |= {f"n_{level}s": float(segments[level].nunique()) for level in ("supergroup", "subgroup")}
    for name in ("null_silhouette", "excess_silhouette"):
        if metrics[name] is None:
            metrics[name] = figures.get(name)
    means = evidence.get("beyond", {}).get("means", {})
    metrics |= {name: figures.get(name) for name in FIGURES}
    counts = evidence.get("practices") or {}
    metrics["certainty_mean"] = json_number(segments["certainty"].mean())
    metrics["sure_share"] = counts["sure"] / sum(counts.values()) if counts else None
    metrics |= {f"eta2_unused_{name}": means.get(name) for name in ("segments", "deprivation", "icb")}
    noise, rows = int(trial.get("noise", 0)), sum(map(int, str(trial.get("sizes", "")).split()))
    metrics |= {"noise": noise, "noise_share": noise / (rows + noise) if rows + noise else 0.0}
    metrics["imputed_values"] = int(imputed["count"].sum())
    metrics["imputed_share"] = float(imputed["share"].mean()) if len(imputed) else 0.0
    return metrics if agreement is None else metrics | {"ari_preparations": agreement}
