"""The rule that chooses among trials.

Trials whose smallest segment is below the floor are left out, and, where ``min_agreement`` is set, those that
no other clusterer or linkage agrees with that far. The highest ``criterion`` of the others wins; of those
within ``tolerance`` of it, the fewest segments, then the highest criterion, then the first trial. If its
least stable segment is found below ``min_jaccard`` it is set aside for the next, up to ``stability_checks``
times; if all fail, the most stable is taken, and the reason says so. A single trial is taken as it is: the
configuration fixed it.

Where the matrix was prepared in several ways, the rule chooses with each, and ``across_preparations`` says
which of these choices is taken: by ``agreement`` the one with the highest mean agreement with the others (see
`preparation_agreement`), by ``criterion`` the one with the highest criterion; of those within `BETWEEN` of
the best the first.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from math import ceil
from typing import Any

import numpy as np
import pandas as pd

from gp_segmentation.errors import ConfigError
from gp_segmentation.schemas import of_preparation
from gp_segmentation.study import wording
from gp_segmentation.study.criteria import by_criterion, segmented, trial_setting
from gp_segmentation.study.preparation_agreement import (
    BETWEEN,
    Agreement,
    between,
    mean_agreements,
    no_agreement,
)

#: trial -> mean bootstrap Jaccard of its least stable segment.
Stability = Callable[[int], float]

#: Rows whose stability was looked at, with what was found.
Checked = list[tuple[pd.Series, float]]

#: A chosen row, the near ties it was chosen from, and the rows whose stability was looked at.
Steady = tuple[pd.Series, pd.DataFrame, Checked]


def choose(
    trials: pd.DataFrame,
    rule: Mapping[str, Any],
    stability: Stability | None = None,
    *,
    null: pd.DataFrame | None = None,
    agreement: Agreement = no_agreement,
) -> dict[str, Any]:
    """Choose one trial by the rule (see the module).

    Parameters
    ----------
    trials : schema ``trials``.
    rule : the node ``rule`` of ``conf/study``.
    stability : see `Stability`; None leaves stability out.
    agreement : of two trials; needed where there are several preparations.
    null : draws with ``preparation`` and ``log_within``, for the gap statistic; None leaves it out.

    Returns preparation, clusterer, linkage, n_clusters, trial; ``reason``, one paragraph; criterion; floor
    (practices); eligible (trials that meet the floor); near_ties (trials); checked (trial and jaccard of each
    trial whose stability was looked at); by_preparation (what was chosen with each preparation, its criterion
    and its mean agreement with the others; empty for one); by_criterion (what each single criterion alone
    would have chosen on the same matrix, without the floor).
    Raises ConfigError when there is no trial, or none of several meets the floor.
    """
    if trials.empty:
        raise ConfigError("the study has no finished trial. Raise study.n_trials")
    facts = _facts(trials, rule)
    eligible = _eligible(trials, facts, rule)
    facts["eligible"] = len(eligible)
    found = _with_each(trials, eligible, rule, facts, stability)
    choices = _beside_one_another([row for row, _, _ in found], facts, agreement)
    chosen, ties, checked = found[_taken(choices, facts)]
    mine = partial(of_preparation, name=trial_setting(chosen)["preparation"])
    singles = by_criterion(mine(trials), None if null is None else mine(null))
    return {
        **trial_setting(chosen),
        "reason": wording.reason(chosen, ties, checked, facts, singles, choices),
        **{name: facts[name] for name in ("criterion", "floor", "eligible")},
        "near_ties": ties["trial"].astype(int).tolist(),
        "checked": [{"trial": int(row["trial"]), "jaccard_min": value} for row, value in checked],
        "by_preparation": choices,
        "by_criterion": singles,
    }


def _with_each(
    trials: pd.DataFrame,
    eligible: pd.DataFrame,
    rule: Mapping[str, Any],
    facts: Mapping[str, Any],
    stability: Stability | None,
) -> list[Steady]:
    """What the rule chooses with each preparation that has an eligible trial; a single trial as it is."""
    if len(trials) == 1:
        return [(trials.iloc[0], eligible, [])]
    if eligible.empty:
        raise _none_is_eligible(trials, facts["floor"], rule)
    each = eligible.groupby("preparation", sort=False, dropna=False)
    return [_steady_choice(rows, rule, facts, stability) for _, rows in each]


def _beside_one_another(
    chosen: Sequence[pd.Series], facts: Mapping[str, Any], agreement: Agreement
) -> list[dict[str, Any]]:
    """What was chosen with each preparation that has a name, its criterion and agreement with the rest."""
    if facts["preparations"] == 0:
        return []
    criterion = facts["criterion"]
    settings = [trial_setting(row) for row in chosen]
    means = mean_agreements([one["trial"] for one in settings], agreement)
    return [
        {**one, criterion: None if pd.isna(row[criterion]) else float(row[criterion]), "agreement": mean}
        for one, row, mean in zip(settings, chosen, means, strict=True)
    ]


def _taken(choices: Sequence[Mapping[str, Any]], facts: Mapping[str, Any]) -> int:
    """The place of the choice that is taken."""
    if len(choices) < 2:
        return 0
    column = "agreement" if facts["between"] == "agreement" else facts["criterion"]
    values = np.array([one[column] for one in choices])
    return int(np.flatnonzero(values >= values.max() - BETWEEN[facts["between"]])[0])


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
    practices = segmented(trials.iloc[0])
    return {
        "practices": practices,
        "floor": floor_of(rule, practices),
        "criterion": _criterion(trials, rule),
        "between": between(rule),
        "trials": len(trials),
        "preparations": trials["preparation"].nunique(),  # tried; 0 where there is one without a name
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
    eligible: pd.DataFrame, rule: Mapping[str, Any], facts: Mapping[str, Any], stability: Stability | None
) -> Steady:
    """The chosen row, the near ties it was chosen from, and the rows whose stability was looked at."""
    criterion, tolerance = facts["criterion"], facts["tolerance"]
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
