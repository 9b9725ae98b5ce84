"""The rule that chooses among trials, and what it says of its choice."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from math import ceil
from typing import Any

import numpy as np
import pandas as pd
from kneed import KneeLocator

from gp_segmentation.errors import ConfigError

#: What each single criterion prefers, and how it is called in text.
SINGLE_CRITERIA = {
    "silhouette": ("silhouette", False),
    "davies_bouldin": ("Davies-Bouldin", True),
    "calinski_harabasz": ("Calinski-Harabasz", False),
    "excess_silhouette": ("silhouette in excess of the null", False),
}
FAMILY_NAMES = {
    "kmeans": "K-means",
    "hierarchical": "hierarchical clustering",
    "gaussian_mixture": "a Gaussian mixture",
    "bisecting_kmeans": "bisecting K-means",
}


def choose(trials: pd.DataFrame, rule: Mapping[str, Any]) -> dict[str, Any]:
    """Choose one trial.

    The rule: keep the trials whose smallest segment holds at least ``min_share`` of the practices and at
    least ``min_practices``; among them take the highest ``criterion`` (``excess_silhouette``; plain
    silhouette where no null was drawn); of those within ``tolerance`` of it take the fewest segments, then
    the highest criterion, then the first trial. A single trial is taken as it is: the configuration
    fixed it.

    Parameters
    ----------
    trials : schema ``trials``.
    rule : ``min_share``, ``min_practices``, ``criterion``, ``tolerance``.

    Returns
    -------
    dict with clusterer, linkage, n_clusters, trial, reason (one paragraph), criterion, floor (practices),
    eligible (trials that meet the floor), near_ties (their trials), by_criterion (what each single
    criterion alone would have chosen, without the floor).

    Raises
    ------
    ConfigError : there is no trial, or none of several meets the floor.
    """
    if trials.empty:
        raise ConfigError("the study has no finished trial. Raise study.n_trials")
    practices = sum(int(size) for size in str(trials["sizes"].iloc[0]).split())
    floor = max(ceil(rule["min_share"] * practices - 1e-9), int(rule["min_practices"]))
    eligible = trials[trials["smallest_segment"] >= floor]
    criterion = str(rule["criterion"])
    if trials[criterion].isna().all():
        criterion = "silhouette"
    singles = by_criterion(trials)
    if len(trials) == 1:
        chosen, ties = trials.iloc[0], eligible
        reason = _reason_fixed(chosen, floor, practices)
    else:
        ties = _near_ties(eligible, criterion, float(rule["tolerance"]), floor, trials)
        chosen = ties.iloc[0]
        parts = [_reason_chosen(chosen, trials, eligible, ties, criterion, floor, practices, rule)]
        reason = " ".join([*parts, _reason_singles(singles)])
    return {
        **_setting(chosen),
        "reason": reason,
        "criterion": criterion,
        "floor": floor,
        "eligible": len(eligible),
        "near_ties": ties["trial"].astype(int).tolist(),
        "by_criterion": singles,
    }


def by_criterion(trials: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """What each criterion alone would choose of all `trials`, and its value; unknown ones are left out."""
    found = {}
    for column, (_, low_is_good) in SINGLE_CRITERIA.items():
        values = trials[column].dropna()
        if not values.empty:
            best = trials.iloc[_position_of_best(trials[column], low_is_good)]
            found[column] = {**_setting(best), "value": float(best[column])}
    knee = elbow(trials)
    if knee is not None:
        found["elbow"] = knee
    return found


def elbow(trials: pd.DataFrame) -> dict[str, Any] | None:
    """The elbow of K-means' inertia against the number of segments (Kneedle, Satopaa et al. 2011).

    None where K-means was tried with fewer than four numbers of segments, or its curve has no elbow.
    """
    curve = trials[trials["clusterer"] == "kmeans"].drop_duplicates("n_clusters").sort_values("n_clusters")
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
    return {**_setting(row), "value": float(row["inertia"])}


def _near_ties(
    eligible: pd.DataFrame, criterion: str, tolerance: float, floor: int, trials: pd.DataFrame
) -> pd.DataFrame:
    scored = eligible.dropna(subset=[criterion])
    if scored.empty:
        largest = int(trials["smallest_segment"].max())
        raise ConfigError(
            f"none of the {len(trials)} trials has {floor} practices or more in every segment; the best has "
            f"{largest} in its smallest. Lower study.rule.min_share and study.rule.min_practices, lower "
            "study.n_clusters.high, or open another clusterer or linkage (average and single linkage split "
            "off single practices)"
        )
    ties = scored[scored[criterion] >= scored[criterion].max() - tolerance]
    return ties.sort_values(["n_clusters", criterion, "trial"], ascending=[True, False, True], kind="stable")


def _position_of_best(values: pd.Series, low_is_good: bool = False) -> int:
    known = values.to_numpy(dtype=float)
    return int(np.nanargmin(known) if low_is_good else np.nanargmax(known))


def _setting(row: pd.Series) -> dict[str, Any]:
    linkage = row["linkage"]
    return {
        "clusterer": str(row["clusterer"]),
        "linkage": None if pd.isna(linkage) else str(linkage),
        "n_clusters": int(row["n_clusters"]),
        "trial": int(row["trial"]),
    }


def _described(row: Mapping[str, Any] | pd.Series) -> str:
    name = FAMILY_NAMES.get(str(row["clusterer"]), str(row["clusterer"]))
    linkage = row["linkage"]
    if not pd.isna(linkage):
        name += f" with {linkage} linkage"
    return f"{name}, {int(row['n_clusters'])} segments"


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def _reason_fixed(row: pd.Series, floor: int, practices: int) -> str:
    text = f"The configuration fixes {_described(row)}, so nothing was left to choose."
    if row["smallest_segment"] < floor:
        text += (
            f" The smallest segment has {row['smallest_segment']:,} of {practices:,} practices, fewer than "
            f"the {floor:,} that the rule would ask for."
        )
    return text


def _reason_chosen(
    row: pd.Series,
    trials: pd.DataFrame,
    eligible: pd.DataFrame,
    ties: pd.DataFrame,
    criterion: str,
    floor: int,
    practices: int,
    rule: Mapping[str, Any],
) -> str:
    best = ties.iloc[_position_of_best(ties[criterion])]
    text = (
        f"{_capital(_described(row))}, was chosen. Of {len(trials)} trials, {len(eligible)} keep every "
        f"segment at {floor:,} of the {practices:,} practices or more. "
    )
    text += f"The highest {SINGLE_CRITERIA[criterion][0]} among these is {_figures(best, criterion)}"
    if best["trial"] == row["trial"]:
        text += ", that of the chosen trial"
    else:
        text += f" ({_described(best)})"
    others = len(ties) - 1
    if others:
        text += (
            f"; {others} more within {rule['tolerance']:g} of it {'counts' if others == 1 else 'count'} as "
            f"{'a tie' if others == 1 else 'ties'}, of which the one with the fewest segments is taken"
        )
        if best["trial"] != row["trial"]:
            text += f", here {_figures(row, criterion)}"
    return text + "."


def _figures(row: pd.Series, criterion: str) -> str:
    if criterion == "excess_silhouette":
        return (
            f"{row[criterion]:.3f} (silhouette {row['silhouette']:.3f} against {row['null_silhouette']:.3f} "
            "expected of one Gaussian cloud with the same covariance)"
        )
    return f"{row[criterion]:.3f}"


def _reason_singles(singles: Mapping[str, Mapping[str, Any]]) -> str:
    said = [
        f"{SINGLE_CRITERIA[name][0] if name in SINGLE_CRITERIA else 'the elbow of inertia'}: "
        f"{_described(setting)}"
        for name, setting in singles.items()
    ]
    return "Without the floor, each criterion alone would have chosen: " + "; ".join(said) + "."
