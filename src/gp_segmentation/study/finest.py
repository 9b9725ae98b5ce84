"""The finest rule: the largest number of segments that is found again and that random data do not have.

Every trial whose segments are large enough is asked three questions:

1. Is it more separate than random data with the same covariance, and with ``gradient`` than those spread
   evenly along their first component? The share of draws it exceeds, over all numbers of segments at once
   (`validity.joint_exceedance`), must reach ``min_exceedance``.
2. Do its segments return when practices are redrawn? The mean Jaccard coefficient of the least stable segment
   over bootstrap samples must reach ``min_jaccard`` (Hennig 2007).
3. Does one half of the practices predict the segments of the other? The prediction strength must reach
   ``min_prediction_strength`` (Tibshirani & Walther 2005, who take the largest number above their limit).

Of the trials that pass all three, the one with most segments is taken, then the one with the highest
criterion. Where none passes, the data support no number of segments: the most stable trial is taken, and the
reason says so. A figure that was not measured passes nothing.

What costs most is asked last, and only where the answer can matter: halves are compared only where segments
return, and trees are grown anew only for trials that beat random data and would be preferred to the best
of the others that pass.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from gp_segmentation.errors import ConfigError
from gp_segmentation.schemas.configuration import draws_needed
from gp_segmentation.study.criteria import SelectedTrial, trial_setting
from gp_segmentation.study.measures import Measures

#: Figure -> the limit in ``study.rule`` that it must reach.
LIMITS = {
    "exceedance": "min_exceedance",
    "jaccard_min": "min_jaccard",
    "prediction_strength": "min_prediction_strength",
}
#: Figures, and the verdict on each: True, False, None where it was not asked.
VERDICTS = {"exceedance": "beats_random", "jaccard_min": "returns", "prediction_strength": "predicts"}
#: Keys of a row of ``candidates``.
CANDIDATE = (
    *("preparation", "clusterer", "linkage", "n_clusters", "trial", "smallest_segment", "excess_silhouette"),
    *(name for pair in VERDICTS.items() for name in pair),
    *("passes", "chosen"),
)


def check_enough_draws(options: Mapping[str, Any]) -> None:
    """Raise ConfigError where so few draws of the null could never show what the rule asks for.

    `options` is the node ``conf/study``.
    """
    rule, draws = options["rule"], int(options["null_model"]["draws"])
    least = float(rule.get("min_exceedance", 0.0))
    needed = draws_needed(least)
    if rule.get("kind") == "finest" and draws < needed:
        raise ConfigError(
            f"study.rule.min_exceedance is {least:g}, which {draws} draws of the null cannot show. Set "
            f"study.null_model.draws to {needed:g} or more, or take the other rule: study=coarse"
        )


def select_finest(
    eligible: pd.DataFrame, facts: Mapping[str, Any], measures: Measures | None
) -> SelectedTrial:
    """Select one of the `eligible` trials of one preparation."""
    rows = _measured(eligible, facts, measures)
    limits = {figure: facts[limit] for figure, limit in LIMITS.items()}
    best = [("n_clusters", False), (facts["criterion"], False), ("trial", True)]
    order = best if rows["passes"].any() else [("jaccard_min", False), (facts["criterion"], False), best[2]]
    among = rows[rows["passes"]] if rows["passes"].any() else rows
    names, ascending = zip(*order, strict=True)
    ordered = among.sort_values(list(names), ascending=list(ascending), kind="stable")
    row = ordered.iloc[0]
    return SelectedTrial(
        row,
        ordered[ordered["n_clusters"] == row["n_clusters"]],
        supported=bool(row["passes"]),
        candidates=[_candidate(one, limits, row) for _, one in rows.iterrows()],
    )


def _measured(eligible: pd.DataFrame, facts: Mapping[str, Any], measures: Measures | None) -> pd.DataFrame:
    """The trials with the three figures and ``passes``; NaN where a question was not asked."""
    rows = eligible.copy()
    rows[list(VERDICTS)] = np.nan

    def ask(figure: str, of: pd.Series) -> None:
        asked = [int(trial) for trial in rows.loc[of, "trial"]]
        if measures is not None and asked:
            answers = getattr(measures, figure)(asked)
            rows.loc[of, figure] = rows.loc[of, "trial"].map(answers).astype(float)

    def reaches(figure: str) -> pd.Series:
        return rows[figure] >= facts[LIMITS[figure]]

    ask("exceedance", rows["trial"].notna())
    from_trees = rows["linkage"].notna()
    # Where no trial beats random data the most stable is taken, so that all of one kind are resampled.
    quick = ~from_trees if not from_trees.all() else from_trees
    slow = from_trees & ~quick & reaches("exceedance")
    rows["passes"] = False
    for group in (quick, slow):
        best = rows[rows["passes"]].nlargest(1, ["n_clusters", facts["criterion"]])
        if len(best):
            more = rows["n_clusters"] > best["n_clusters"].iloc[0]
            same = rows["n_clusters"] == best["n_clusters"].iloc[0]
            group = group & (more | same & (rows[facts["criterion"]] > best[facts["criterion"]].iloc[0]))
        ask("jaccard_min", group)
        ask("prediction_strength", group & reaches("jaccard_min"))
        rows["passes"] = np.logical_and.reduce([reaches(figure) for figure in VERDICTS])
    return rows


def _candidate(row: pd.Series, limits: Mapping[str, float], chosen: pd.Series) -> dict[str, Any]:
    values: dict[str, Any] = trial_setting(row) | {"smallest_segment": int(row["smallest_segment"])}
    values["excess_silhouette"] = _number(row["excess_silhouette"])
    for figure, verdict in VERDICTS.items():
        values[figure] = _number(row[figure])
        values[verdict] = None if values[figure] is None else bool(row[figure] >= limits[figure])
    return values | {"passes": bool(row["passes"]), "chosen": bool(row["trial"] == chosen["trial"])}


def _number(value: Any) -> float | None:
    return None if pd.isna(value) else float(value)
