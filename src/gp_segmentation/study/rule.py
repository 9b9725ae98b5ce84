"""The rule that chooses among trials.

Trials with a segment below the minimum size are left out. Where ``min_agreement`` is set, so are those
that no other clusterer or linkage agrees with that far. Of the others one of two rules takes one (``kind``):
`finest`, the largest number of segments that is found again, or `coarse`, the most separate segments.

A single trial is taken as it is: the configuration fixed it. Where the matrix was prepared in several ways,
the rule chooses with each. ``across_preparations`` says which of these choices is taken: ``agreement`` the
one with the highest mean agreement with the others, ``criterion`` the one with the highest criterion; of
those within `ACROSS_PREPARATIONS` of the best, the first (see `agreement`). A choice that the data support
comes before any that they do not.
"""

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any

import numpy as np
import pandas as pd

from gp_segmentation.errors import ConfigError
from gp_segmentation.schemas import of_preparation
from gp_segmentation.study import wording
from gp_segmentation.study.agreement import ACROSS_PREPARATIONS, AgreementOf, across_preparations
from gp_segmentation.study.coarse import select_coarse
from gp_segmentation.study.criteria import SelectedTrial, by_criterion, fitted_rows, trial_setting
from gp_segmentation.study.finest import LIMITS, select_finest
from gp_segmentation.study.measures import Measures

#: Kind of rule -> what selects one of the eligible trials of one preparation.
RULES = {"finest": select_finest, "coarse": select_coarse}


def choose(
    trials: pd.DataFrame,
    rule: Mapping[str, Any],
    measures: Measures | None = None,
    *,
    null: pd.DataFrame | None = None,
    agreement: AgreementOf = lambda one, other: float("nan"),
) -> dict[str, Any]:
    """Choose one trial by the rule (see the module).

    Parameters
    ----------
    trials : schema ``trials``.
    rule : the node ``rule`` of ``conf/study``.
    measures : stability and more of single trials, measured when the rule asks; None where it must not.
    agreement : of two trials; needed where there are several preparations.
    null : draws with ``preparation`` and ``log_within``, for the gap statistic; None leaves it out.

    Returns
    -------
    preparation, clusterer, linkage, n_clusters, trial; ``reason``, one paragraph; supported (whether it
    passes every test of the finest rule; None where not asked); kind; criterion; floor (fewest practices of a
    segment); eligible (trials that meet it); near_ties (trials); checked (trial, Jaccard); candidates (rows
    of `finest.CANDIDATE`); by_preparation (the choice with each preparation, its criterion and mean agreement
    with the others); by_criterion (what each criterion alone would choose, without the minimum size).

    Raises
    ------
    ConfigError : there is no trial, or none of several is eligible.
    """
    facts = _facts(trials, rule)
    eligible = _eligible(trials, facts)
    facts["eligible"] = len(eligible)
    selections = _select_each(trials, eligible, facts, measures)
    choices = _by_preparation(selections, facts, agreement)
    selection = selections[_best_place(choices, facts)]
    setting = trial_setting(selection.row)
    name = setting["preparation"]
    singles = by_criterion(of_preparation(trials, name), None if null is None else of_preparation(null, name))
    return {
        **setting,
        "reason": wording.reason(selection, facts, singles, choices),
        "supported": selection.supported,
        **{name: facts[name] for name in ("kind", "criterion", "floor", "eligible")},
        "near_ties": selection.ties["trial"].astype(int).tolist(),
        "checked": [{"trial": int(row["trial"]), "jaccard_min": value} for row, value in selection.checked],
        "candidates": [row for one in selections for row in one.candidates],
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
    if trials.empty:
        raise ConfigError("the study has no finished trial. Raise study.n_trials")
    criterion, practices = str(rule["criterion"]), fitted_rows(trials.iloc[0])
    if criterion not in ("excess_silhouette", "silhouette"):
        raise ConfigError(f"study.rule.criterion is {criterion!r}. Set excess_silhouette or silhouette")
    kind = str(rule.get("kind", "coarse"))
    if kind not in RULES:
        raise ConfigError(f"study.rule.kind is {kind!r}. Set one of: {', '.join(RULES)}")
    return {
        "kind": kind,
        "practices": practices,
        "floor": floor_of(rule, practices),
        "criterion": "silhouette" if trials[criterion].isna().all() else criterion,
        "across_preparations": across_preparations(rule),
        "trials": len(trials),
        "preparations": trials["preparation"].nunique(),  # 0 for a single one without a name
        "tolerance": float(rule.get("tolerance", 0.0)),
        "stability_checks": int(rule.get("stability_checks", 0)),
        **{limit: float(rule[limit]) for limit in LIMITS.values() if limit in rule},
        "min_agreement": float(rule.get("min_agreement", 0.0)),
        "gradient": bool(rule.get("gradient", False)),
    }


def _eligible(trials: pd.DataFrame, facts: Mapping[str, Any]) -> pd.DataFrame:
    kept = trials[trials["smallest_segment"] >= facts["floor"]].dropna(subset=[facts["criterion"]])
    least = facts["min_agreement"]
    return kept[kept["agreement"] >= least] if least > 0 else kept


def _select_each(
    trials: pd.DataFrame, eligible: pd.DataFrame, facts: Mapping[str, Any], measures: Measures | None
) -> list[SelectedTrial]:
    """The selection with each preparation that has an eligible trial; a single trial as it is."""
    if len(trials) == 1:
        return [SelectedTrial(trials.iloc[0], eligible)]
    if eligible.empty:
        raise _none_eligible(trials, facts)
    each = eligible.groupby("preparation", sort=False, dropna=False)
    return [RULES[facts["kind"]](rows, facts, measures) for _, rows in each]


def _by_preparation(
    selections: Sequence[SelectedTrial], facts: Mapping[str, Any], agreement: AgreementOf
) -> list[dict[str, Any]]:
    """The choice with each named preparation, its criterion and its mean agreement with the others."""
    if facts["preparations"] == 0:
        return []
    criterion = facts["criterion"]
    settings = [trial_setting(selection.row) for selection in selections]
    for setting, selection in zip(settings, selections, strict=True):
        row = selection.row
        trial = setting["trial"]
        others = [agreement(trial, other["trial"]) for other in settings if other["trial"] != trial]
        setting[criterion] = None if pd.isna(row[criterion]) else float(row[criterion])
        setting["agreement"] = float(np.mean(others)) if others else None
        setting["supported"] = selection.supported
    return settings


def _best_place(choices: Sequence[Mapping[str, Any]], facts: Mapping[str, Any]) -> int:
    """The place of the preparation whose choice is taken."""
    if len(choices) < 2:
        return 0
    way = facts["across_preparations"]
    column = facts["criterion"] if way == "criterion" else way
    supported = [choice["supported"] is not False for choice in choices]
    open_to = supported if any(supported) else [True] * len(choices)
    values = np.array(
        [choice[column] if may else -np.inf for choice, may in zip(choices, open_to, strict=True)]
    )
    return int(np.flatnonzero(values >= values.max() - ACROSS_PREPARATIONS[way])[0])


class TooSmallError(ConfigError):
    """Every trial has a segment below the rule's minimum size."""


def _none_eligible(trials: pd.DataFrame, facts: Mapping[str, Any]) -> ConfigError:
    largest = int(trials["smallest_segment"].max())
    if largest < facts["floor"]:
        return TooSmallError(
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
