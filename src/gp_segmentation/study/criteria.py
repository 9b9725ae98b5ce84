"""What each single criterion would choose of the trials on one matrix."""

import warnings
from typing import Any

import numpy as np
import pandas as pd
from kneed import KneeLocator

from gp_segmentation.validity import gap_statistic, one_standard_error

#: What each single criterion prefers: the column of the trials, and whether low values are good.
SINGLE_CRITERIA = {
    "silhouette": False,
    "davies_bouldin": True,
    "calinski_harabasz": False,
    "excess_silhouette": False,
}


def by_criterion(trials: pd.DataFrame, null: pd.DataFrame | None = None) -> dict[str, dict[str, Any]]:
    """What each criterion alone would choose of all `trials`, and its value; unknown ones are left out."""
    found = {}
    for column, low_is_good in SINGLE_CRITERIA.items():
        values = trials[column].to_numpy(dtype=float)
        if not np.isnan(values).all():
            best = trials.iloc[int(np.nanargmin(values) if low_is_good else np.nanargmax(values))]
            found[column] = {**trial_setting(best), "value": float(best[column])}
    knee = elbow(trials)
    if knee is not None:
        found["elbow"] = knee
    gap = None if null is None else gap_choice(trials, null)
    if gap is not None:
        found["gap"] = gap
    return found


def elbow(trials: pd.DataFrame) -> dict[str, Any] | None:
    """The elbow of K-means' inertia against the number of segments (Kneedle, Satopaa et al. 2011).

    None where K-means was tried with fewer than four numbers of segments, or its curve has no elbow.
    """
    curve = _kmeans_curve(trials)
    if len(curve) < 4:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns where there is no elbow, which None says
        knee = KneeLocator(
            curve["n_clusters"].tolist(), curve["inertia"].tolist(), curve="convex", direction="decreasing"
        ).knee
    if knee is None:
        return None
    row = curve[curve["n_clusters"] == knee].iloc[0]
    return {**trial_setting(row), "value": float(row["inertia"])}


def gap_choice(trials: pd.DataFrame, null: pd.DataFrame) -> dict[str, Any] | None:
    """What the gap statistic's one-standard-error rule chooses of K-means' trials, k = 1 included.

    ``trial`` is None where that is one segment, which no study tries. None where the null was not drawn,
    or the rule is met by no number of segments.
    """
    curve = _kmeans_curve(trials)
    if curve.empty or null.empty or "log_within" not in null:
        return None
    ks = [1, *curve["n_clusters"].tolist()]
    inertia = pd.Series([_total(curve.iloc[0]), *curve["inertia"].tolist()], index=ks)
    gaps = gap_statistic(inertia.map(np.log), null)
    k = one_standard_error(gaps)
    if k is None:
        return None
    value = float(gaps["gap"].loc[k])
    if k == 1:
        one = {"clusterer": "kmeans", "linkage": None, "n_clusters": 1, "trial": None, "value": value}
        return {"preparation": trial_setting(curve.iloc[0])["preparation"], **one}
    return {**trial_setting(curve[curve["n_clusters"] == k].iloc[0]), "value": value}


def _kmeans_curve(trials: pd.DataFrame) -> pd.DataFrame:
    rows = trials[(trials["clusterer"] == "kmeans") & (trials["inertia"] > 0)]
    return rows.drop_duplicates("n_clusters").sort_values("n_clusters")


def _total(row: pd.Series) -> float:
    """Total sum of squares: within and between, the latter from the Calinski-Harabasz index."""
    k, within = int(row["n_clusters"]), float(row["inertia"])
    return within * (1 + float(row["calinski_harabasz"]) * (k - 1) / (segmented(row) - k))


def segmented(row: pd.Series) -> int:
    """How many practices a trial segmented."""
    return sum(int(size) for size in str(row["sizes"]).split())


def trial_setting(row: pd.Series) -> dict[str, Any]:
    """What a trial tried: preparation, clusterer, linkage and n_clusters, with its number."""
    linkage, preparation = row["linkage"], row["preparation"]
    return {
        "preparation": None if pd.isna(preparation) else str(preparation),
        "clusterer": str(row["clusterer"]),
        "linkage": None if pd.isna(linkage) else str(linkage),
        "n_clusters": int(row["n_clusters"]),
        "trial": int(row["trial"]),
    }
