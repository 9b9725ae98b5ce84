"""Selections among the trials, and what each single criterion would choose on one matrix."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from gp_segmentation.validity import gap_statistic, one_standard_error

#: Columns of the trials that are criteria by themselves, and whether low values are good.
MIXTURE_CRITERIA = {"bic": True, "icl": True}
SINGLE_CRITERIA = {
    "silhouette": False,
    "davies_bouldin": True,
    "calinski_harabasz": False,
    "excess_silhouette": False,
}


@dataclass(frozen=True)
class SelectedTrial:
    """A selected trial.

    Attributes
    ----------
    row : of the table of trials.
    ties : the trials near enough to the best to count as equal; `row` was selected from them.
    checked : the trials whose stability was checked, in order, with their Jaccard coefficients.
    supported : whether it passes every test of the finest rule; None where that rule did not select it.
    candidates : what the finest rule measured of every trial it looked at.
    """

    row: pd.Series
    ties: pd.DataFrame
    checked: list[tuple[pd.Series, float]] = field(default_factory=list)
    supported: bool | None = None
    candidates: list[dict[str, Any]] = field(default_factory=list)


def by_criterion(trials: pd.DataFrame, null: pd.DataFrame | None = None) -> dict[str, dict[str, Any]]:
    """What each criterion alone would choose of all `trials`, and its value; undefined ones are left out."""
    choices = best_trials(trials, SINGLE_CRITERIA)
    curves = {"elbow": elbow(trials), "gap": None if null is None else gap_choice(trials, null)}
    return choices | {name: choice for name, choice in curves.items() if choice is not None}


def best_trials(trials: pd.DataFrame, criteria: Mapping[str, bool]) -> dict[str, dict[str, Any]]:
    """The best trial by each of the `criteria` (column -> whether low is good) that has a value."""
    choices = {}
    for column, low_is_good in criteria.items():
        values = trials[column].to_numpy(dtype=float)
        if not np.isnan(values).all():
            best = trials.iloc[int(np.nanargmin(values) if low_is_good else np.nanargmax(values))]
            choices[column] = {**trial_setting(best), "value": float(best[column])}
    return choices


def elbow(trials: pd.DataFrame) -> dict[str, Any] | None:
    """The elbow of K-means' inertia against the number of segments (Kneedle, Satopaa et al. 2011).

    None where K-means was tried with fewer than four numbers of segments, or its curve has no elbow.
    """
    curve = _kmeans_curve(trials)
    if len(curve) < 4:
        return None
    from kneed import KneeLocator  # it takes half a second: with pyplot

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that there is no elbow: None says so
        knee = KneeLocator(
            curve["n_clusters"].tolist(), curve["inertia"].tolist(), curve="convex", direction="decreasing"
        ).knee
    if knee is None:
        return None
    row = curve[curve["n_clusters"] == knee].iloc[0]
    return {**trial_setting(row), "value": float(row["inertia"])}


def gap_choice(trials: pd.DataFrame, null: pd.DataFrame) -> dict[str, Any] | None:
    """The choice of the gap statistic's one-standard-error rule among K-means' trials and k = 1.

    ``trial`` is None for k = 1, which no study tries. None where the null was not drawn, or no number of
    segments meets the rule.
    """
    curve = _kmeans_curve(trials)
    if curve.empty or null.empty or "log_within" not in null:
        return None
    ks = [1, *curve["n_clusters"].tolist()]
    inertia = pd.Series([_total_squares(curve.iloc[0]), *curve["inertia"].tolist()], index=ks)
    gaps = gap_statistic(inertia.map(np.log), null)
    k = one_standard_error(gaps)
    if k is None:
        return None
    value = float(gaps["gap"].loc[k])
    if k > 1:
        return {**trial_setting(curve[curve["n_clusters"] == k].iloc[0]), "value": value}
    return {**trial_setting(curve.iloc[0]), "n_clusters": 1, "trial": None, "value": value}


def _kmeans_curve(trials: pd.DataFrame) -> pd.DataFrame:
    rows = trials[(trials["clusterer"] == "kmeans") & (trials["inertia"] > 0)]
    return rows.drop_duplicates("n_clusters").sort_values("n_clusters")


def _total_squares(row: pd.Series) -> float:
    """Total sum of squares: within and between, the latter from the Calinski-Harabasz index."""
    k, within = int(row["n_clusters"]), float(row["inertia"])
    return within * (1 + float(row["calinski_harabasz"]) * (k - 1) / (segmented(row) - k))


def segmented(row: pd.Series) -> int:
    """How many practices a trial segmented; those that belong to no segment are not among them."""
    return sum(int(size) for size in str(row["sizes"]).split())


def fitted_rows(row: pd.Series) -> int:
    """How many practices a trial was fitted to."""
    return segmented(row) + int(row.get("noise", 0))


def trial_setting(row: pd.Series) -> dict[str, Any]:
    """A trial's preparation, clusterer, linkage and n_clusters, with its number."""
    linkage, preparation = row["linkage"], row["preparation"]
    return {
        "preparation": None if pd.isna(preparation) else str(preparation),
        "clusterer": str(row["clusterer"]),
        "linkage": None if pd.isna(linkage) else str(linkage),
        "n_clusters": int(row["n_clusters"]),
        "trial": int(row["trial"]),
    }


def scores_by_k(trials: pd.DataFrame) -> pd.DataFrame:
    """Scores by method and number of segments, of the trial with the lowest inertia, for curves in one chart.

    ``method`` is the clusterer, with its linkage where it has one. `trials` has schema ``trials``; the other
    columns are some of its columns.
    """
    method = trials["clusterer"].str.cat(trials["linkage"].fillna(""), sep=" ").str.strip()
    keys = ["method", "n_clusters"]
    best = trials.assign(method=method).sort_values([*keys, "inertia", "trial"]).drop_duplicates(keys)
    scores = ["silhouette", "davies_bouldin", "calinski_harabasz", "inertia"]
    return best[[*keys, *scores]].reset_index(drop=True)
