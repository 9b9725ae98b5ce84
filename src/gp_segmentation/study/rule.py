"""The rule that chooses among trials.

1. Trials with a segment below the minimum size are left out. Where ``min_agreement`` is set, so are those
   that no other clusterer or linkage agrees with that far.
2. The highest ``criterion`` of the others wins. Of those within ``tolerance`` of it, the fewest segments win,
   then the highest criterion, then the first trial.
3. If the winner's least stable segment is below ``min_jaccard``, it is set aside for the next, up to
   ``stability_checks`` times. If all fail, the most stable is taken, and the reason says so.

A single trial is taken as it is: the configuration fixed it. Where the matrix was prepared in several ways,
the rule chooses with each. ``across_preparations`` says which of these choices is taken: ``agreement`` the
one with the highest mean agreement with the others, ``criterion`` the one with the highest criterion; of
those within `ACROSS_PREPARATIONS` of the best, the first (see `agreement`).
"""

from collections.abc import Callable, Mapping, Sequence
from math import ceil
from typing import Any

import numpy as np
import pandas as pd

from gp_segmentation.errors import ConfigError
from gp_segmentation.schemas import of_preparation
from gp_segmentation.study import wording
from gp_segmentation.study.agreement import ACROSS_PREPARATIONS, AgreementOf, across_preparations
from gp_segmentation.study.criteria import SelectedTrial, by_criterion, segmented, trial_setting

#: Trial -> mean bootstrap Jaccard of its least stable segment.
StabilityOf = Callable[[int], float]


def choose(
    trials: pd.DataFrame,
    rule: Mapping[str, Any],
    stability: StabilityOf | None = None,
    *,
    null: pd.DataFrame | None = None,
    agreement: AgreementOf = lambda one, other: float("nan"),
) -> dict[str, Any]:
    """Choose one trial by the rule (see the module).

    Parameters
    ----------
    trials : schema ``trials``.
    rule : the node ``rule`` of ``conf/study``.
    stability : see `SegmentStability`; None leaves stability out.
    agreement : of two trials; needed where there are several preparations.
    null : draws with ``preparation`` and ``log_within``, for the gap statistic; None leaves it out.

    Returns
    -------
    preparation, clusterer, linkage, n_clusters, trial; ``reason``, one paragraph; criterion; floor (minimum
    segment size in practices); eligible (trials that meet it); near_ties (trials); checked (trial and Jaccard
    of each trial whose stability was checked); by_preparation (the choice with each preparation, its
    criterion and its mean agreement with the others; empty for one); by_criterion (what each single criterion
    alone would choose on the same matrix, without the minimum size).

    Raises
    ------
    ConfigError : there is no trial, or none of several is eligible.
    """
    if trials.empty:
        raise ConfigError("the study has no finished trial. Raise study.n_trials")
    facts = _facts(trials, rule)
    eligible = _eligible(trials, facts)
    facts["eligible"] = len(eligible)
    selections = _select_each(trials, eligible, facts, stability)
    choices = _by_preparation([selection.row for selection in selections], facts, agreement)
    selection = selections[_best_place(choices, facts)]
    setting = trial_setting(selection.row)
    name = setting["preparation"]
    singles = by_criterion(of_preparation(trials, name), None if null is None else of_preparation(null, name))
    return {
        **setting,
        "reason": wording.reason(selection, facts, singles, choices),
        **{name: facts[name] for name in ("criterion", "floor", "eligible")},
        "near_ties": selection.ties["trial"].astype(int).tolist(),
        "checked": [{"trial": int(row["trial"]), "jaccard_min": value} for row, value in selection.checked],
        "by_preparation": choices,
        "by_criterion": singles,
    }


def floor_of(rule: Mapping[str, Any], practices: int) -> int:
    """The fewest practices a segment may have."""
    # Rounded first, so that rounding errors do not make 2% of 50 a little more than 1, and so 2.
    share = ceil(round(rule["min_share"] * practices, 6))
    return max(share, int(rule["min_practices"]))


def _facts(trials: pd.DataFrame, rule: Mapping[str, Any]) -> dict[str, Any]:
    """The rule's settings, and what they come to on these trials."""
    criterion, practices = str(rule["criterion"]), segmented(trials.iloc[0])
    if criterion not in ("excess_silhouette", "silhouette"):
        raise ConfigError(f"study.rule.criterion is {criterion!r}. Set excess_silhouette or silhouette")
    return {
        "practices": practices,
        "floor": floor_of(rule, practices),
        "criterion": "silhouette" if trials[criterion].isna().all() else criterion,
        "across_preparations": across_preparations(rule),
        "trials": len(trials),
        "preparations": trials["preparation"].nunique(),  # 0 for a single one without a name
        "tolerance": float(rule["tolerance"]),
        "min_jaccard": float(rule["min_jaccard"]),
        "stability_checks": int(rule["stability_checks"]),
        "min_agreement": float(rule.get("min_agreement", 0.0)),
    }


def _eligible(trials: pd.DataFrame, facts: Mapping[str, Any]) -> pd.DataFrame:
    kept = trials[trials["smallest_segment"] >= facts["floor"]].dropna(subset=[facts["criterion"]])
    least = facts["min_agreement"]
    return kept[kept["agreement"] >= least] if least > 0 else kept


def _select_each(
    trials: pd.DataFrame, eligible: pd.DataFrame, facts: Mapping[str, Any], stability: StabilityOf | None
) -> list[SelectedTrial]:
    """The selection with each preparation that has an eligible trial; a single trial as it is."""
    if len(trials) == 1:
        return [SelectedTrial(trials.iloc[0], eligible)]
    if eligible.empty:
        raise _none_eligible(trials, facts)
    each = eligible.groupby("preparation", sort=False, dropna=False)
    return [_select(rows, facts, stability) for _, rows in each]


def _select(eligible: pd.DataFrame, facts: Mapping[str, Any], stability: StabilityOf | None) -> SelectedTrial:
    ties = first_ties = _near_ties(eligible, facts)
    if stability is None or facts["stability_checks"] < 1:
        return SelectedTrial(ties.iloc[0], ties)
    checked: list[tuple[pd.Series, float]] = []
    while len(checked) < facts["stability_checks"] and not eligible.empty:
        ties = _near_ties(eligible, facts)
        row = ties.iloc[0]
        checked.append((row, stability(int(row["trial"]))))
        if checked[-1][1] >= facts["min_jaccard"]:
            return SelectedTrial(row, ties, checked)
        eligible = eligible[eligible["trial"] != row["trial"]]
    return SelectedTrial(max(checked, key=lambda pair: pair[1])[0], first_ties, checked)


def _near_ties(eligible: pd.DataFrame, facts: Mapping[str, Any]) -> pd.DataFrame:
    criterion = facts["criterion"]
    ties = eligible[eligible[criterion] >= eligible[criterion].max() - facts["tolerance"]]
    return ties.sort_values(["n_clusters", criterion, "trial"], ascending=[True, False, True], kind="stable")


def _by_preparation(
    chosen: Sequence[pd.Series], facts: Mapping[str, Any], agreement: AgreementOf
) -> list[dict[str, Any]]:
    """The choice with each named preparation, its criterion and its mean agreement with the others."""
    if facts["preparations"] == 0:
        return []
    criterion = facts["criterion"]
    settings = [trial_setting(row) for row in chosen]
    for setting, row in zip(settings, chosen, strict=True):
        trial = setting["trial"]
        others = [agreement(trial, other["trial"]) for other in settings if other["trial"] != trial]
        setting[criterion] = None if pd.isna(row[criterion]) else float(row[criterion])
        setting["agreement"] = float(np.mean(others)) if others else None
    return settings


def _best_place(choices: Sequence[Mapping[str, Any]], facts: Mapping[str, Any]) -> int:
    """The place of the preparation whose choice is taken."""
    if len(choices) < 2:
        return 0
    way = facts["across_preparations"]
    column = facts["criterion"] if way == "criterion" else way
    values = np.array([choice[column] for choice in choices])
    return int(np.flatnonzero(values >= values.max() - ACROSS_PREPARATIONS[way])[0])


def _none_eligible(trials: pd.DataFrame, facts: Mapping[str, Any]) -> ConfigError:
    largest = int(trials["smallest_segment"].max())
    if largest < facts["floor"]:
        return ConfigError(
            f"none of the {len(trials)} trials has {facts['floor']} practices or more in every segment; the "
            f"best has {largest} in its smallest. Lower study.rule.min_share and study.rule.min_practices, "
            "lower study.n_clusters.high, treat outliers (outliers=clip), or open another clusterer or "
            "linkage (average and single linkage split off single practices)"
        )
    scored = trials.dropna(subset=[facts["criterion"]])
    if (scored["smallest_segment"] < facts["floor"]).all():
        return ConfigError(
            f"no trial with large enough segments has the criterion {facts['criterion']}. "
            "Name another one as study.rule.criterion, or try other numbers of segments"
        )
    return ConfigError(
        "no trial with large enough segments agrees with another clusterer or linkage as far as "
        f"study.rule.min_agreement asks ({facts['min_agreement']:g}). Lower it, or open another clusterer"
    )
