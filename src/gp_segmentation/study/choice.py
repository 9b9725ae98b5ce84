"""The rule that chooses among trials."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from math import ceil
from typing import Any

import numpy as np
import pandas as pd
from kneed import KneeLocator

from gp_segmentation.errors import ConfigError
from gp_segmentation.evidence import gap_statistic, one_standard_error
from gp_segmentation.study import wording

#: trial -> mean bootstrap Jaccard of its least stable segment.
Stability = Callable[[int], float]

#: Rows whose stability was looked at, with what was found.
Checked = list[tuple[pd.Series, float]]

#: What each single criterion prefers: the column of the trials, and whether low values are good.
SINGLE_CRITERIA = {
    "silhouette": False,
    "davies_bouldin": True,
    "calinski_harabasz": False,
    "excess_silhouette": False,
}


def choose(
    trials: pd.DataFrame,
    rule: Mapping[str, Any],
    stability: Stability | None = None,
    *,
    null: pd.DataFrame | None = None,
) -> dict[str, Any]:
    """Choose one trial.

    Trials whose smallest segment is below the floor are left out, and, where ``min_agreement`` is set,
    those that no other clusterer or linkage agrees with that far. The highest ``criterion`` of the others
    wins; of those within ``tolerance`` of it, the fewest segments, then the highest criterion, then the
    first trial. If `stability` finds it below ``min_jaccard`` it is set aside for the next, up to
    ``stability_checks`` times; if all fail, the most stable is taken, and the reason says so. A single
    trial is taken as it is: the configuration fixed it.

    Parameters
    ----------
    trials : schema ``trials``.
    rule : ``min_share``, ``min_practices``, ``criterion``, ``tolerance``, ``min_jaccard``,
        ``stability_checks``; optional ``min_agreement`` (adjusted Rand index).
    stability : see `Stability`; None leaves stability out.
    null : draws with ``log_within``, for the gap statistic; None leaves it out.

    Returns clusterer, linkage, n_clusters, trial, reason (one paragraph), criterion, floor (practices),
    eligible (trials that meet the floor), near_ties (trials), checked (trial and jaccard of each trial whose
    stability was looked at), by_criterion (what each single criterion alone would have chosen, without the
    floor). Raises ConfigError when there is no trial, or none of several meets the floor.
    """
    if trials.empty:
        raise ConfigError("the study has no finished trial. Raise study.n_trials")
    facts = _facts(trials, rule)
    criterion, singles = facts["criterion"], by_criterion(trials, null)
    eligible = _eligible(trials, facts, rule)
    facts["eligible"] = len(eligible)
    chosen, ties, checked = trials.iloc[0], eligible, Checked()
    if len(trials) > 1:
        if eligible.empty:
            raise _none_is_eligible(trials, facts["floor"], rule)
        chosen, ties, checked = _steady_choice(eligible, rule, criterion, stability)
    return {
        **_setting(chosen),
        "reason": wording.reason(chosen, ties, checked, facts, singles),
        **{name: facts[name] for name in ("criterion", "floor", "eligible")},
        "near_ties": ties["trial"].astype(int).tolist(),
        "checked": [{"trial": int(row["trial"]), "jaccard_min": value} for row, value in checked],
        "by_criterion": singles,
    }


def by_criterion(trials: pd.DataFrame, null: pd.DataFrame | None = None) -> dict[str, dict[str, Any]]:
    """What each criterion alone would choose of all `trials`, and its value; unknown ones are left out."""
    found = {}
    for column, low_is_good in SINGLE_CRITERIA.items():
        values = trials[column].to_numpy(dtype=float)
        if not np.isnan(values).all():
            best = trials.iloc[int(np.nanargmin(values) if low_is_good else np.nanargmax(values))]
            found[column] = {**_setting(best), "value": float(best[column])}
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
    return {**_setting(row), "value": float(row["inertia"])}


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
        return {"clusterer": "kmeans", "linkage": None, "n_clusters": 1, "trial": None, "value": value}
    return {**_setting(curve[curve["n_clusters"] == k].iloc[0]), "value": value}


def _kmeans_curve(trials: pd.DataFrame) -> pd.DataFrame:
    rows = trials[(trials["clusterer"] == "kmeans") & (trials["inertia"] > 0)]
    return rows.drop_duplicates("n_clusters").sort_values("n_clusters")


def _total(row: pd.Series) -> float:
    """Total sum of squares: within and between, the latter from the Calinski-Harabasz index."""
    k, within = int(row["n_clusters"]), float(row["inertia"])
    return within * (1 + float(row["calinski_harabasz"]) * (k - 1) / (_practices(row) - k))


def _practices(row: pd.Series) -> int:
    return sum(int(size) for size in str(row["sizes"]).split())


def floor_of(rule: Mapping[str, Any], practices: int) -> int:
    """The fewest practices a segment may have."""
    # The product is rounded first, so that 2% of 50 is 1 and not, by a hair, 2.
    share = ceil(round(rule["min_share"] * practices, 6))
    return max(share, int(rule["min_practices"]))


def _eligible(trials: pd.DataFrame, facts: Mapping[str, Any], rule: Mapping[str, Any]) -> pd.DataFrame:
    kept = trials[trials["smallest_segment"] >= facts["floor"]].dropna(subset=[facts["criterion"]])
    least = float(rule.get("min_agreement", 0.0))
    return kept[kept["agreement"] >= least] if least > 0 else kept


def _facts(trials: pd.DataFrame, rule: Mapping[str, Any]) -> dict[str, Any]:
    """What the rule came to on these trials; `floor` in practices."""
    practices = _practices(trials.iloc[0])
    return {
        "practices": practices,
        "floor": floor_of(rule, practices),
        "criterion": _criterion(trials, rule),
        "trials": len(trials),
        "tolerance": float(rule["tolerance"]),
        "min_jaccard": float(rule["min_jaccard"]),
        "min_agreement": float(rule.get("min_agreement", 0.0)),
    }


def _criterion(trials: pd.DataFrame, rule: Mapping[str, Any]) -> str:
    criterion = str(rule["criterion"])
    if criterion not in ("excess_silhouette", "silhouette"):
        raise ConfigError(f"study.rule.criterion is {criterion!r}. Set excess_silhouette or silhouette")
    return "silhouette" if trials[criterion].isna().all() else criterion


def _steady_choice(
    eligible: pd.DataFrame, rule: Mapping[str, Any], criterion: str, stability: Stability | None
) -> tuple[pd.Series, pd.DataFrame, Checked]:
    """The chosen row, the near ties it was chosen from, and the rows whose stability was looked at."""
    tolerance = float(rule["tolerance"])
    left = eligible
    checked: Checked = []
    ties = first = _near_ties(left, criterion, tolerance)
    while stability is not None and len(checked) < int(rule["stability_checks"]) and not left.empty:
        ties = _near_ties(left, criterion, tolerance)
        row = ties.iloc[0]
        value = stability(int(row["trial"]))
        checked.append((row, value))
        if value >= float(rule["min_jaccard"]):
            return row, ties, checked
        left = left[left["trial"] != row["trial"]]
    if checked:
        return max(checked, key=lambda pair: pair[1])[0], first, checked
    return ties.iloc[0], ties, checked


def _near_ties(eligible: pd.DataFrame, criterion: str, tolerance: float) -> pd.DataFrame:
    ties = eligible[eligible[criterion] >= eligible[criterion].max() - tolerance]
    return ties.sort_values(["n_clusters", criterion, "trial"], ascending=[True, False, True], kind="stable")


def _none_is_eligible(trials: pd.DataFrame, floor: int, rule: Mapping[str, Any]) -> ConfigError:
    largest = int(trials["smallest_segment"].max())
    if largest >= floor:
        return ConfigError(
            "no trial with large enough segments agrees with another clusterer or linkage as far as "
            f"study.rule.min_agreement asks ({rule.get('min_agreement')}). Lower it, or open another "
            "clusterer"
        )
    return ConfigError(
        f"none of the {len(trials)} trials has {floor} practices or more in every segment; the best has "
        f"{largest} in its smallest. Lower study.rule.min_share and study.rule.min_practices, lower "
        "study.n_clusters.high, treat outliers (outliers=clip), or open another clusterer or linkage "
        "(average and single linkage split off single practices)"
    )


def _setting(row: pd.Series) -> dict[str, Any]:
    linkage = row["linkage"]
    return {
        "clusterer": str(row["clusterer"]),
        "linkage": None if pd.isna(linkage) else str(linkage),
        "n_clusters": int(row["n_clusters"]),
        "trial": int(row["trial"]),
    }
