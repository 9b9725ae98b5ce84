"""The coarse rule: the most separate segments, the fewest among near ties, if they return in resamples.

1. The highest ``criterion`` wins. Of those within ``tolerance`` of it, the fewest segments win, then the
   highest criterion, then the first trial.
2. If the winner's least stable segment is below ``min_jaccard``, it is set aside for the next, up to
   ``stability_checks`` times. If all fail, the most stable is taken, and the reason says so.
"""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from gp_segmentation.study.criteria import SelectedTrial
from gp_segmentation.study.measures import Measures


def select_coarse(
    eligible: pd.DataFrame, facts: Mapping[str, Any], measures: Measures | None
) -> SelectedTrial:
    """Select one of the `eligible` trials of one preparation; without `measures`, stability is left out."""
    ties = first_ties = _near_ties(eligible, facts)
    if measures is None or facts["stability_checks"] < 1:
        return SelectedTrial(ties.iloc[0], ties)
    checked: list[tuple[pd.Series, float]] = []
    while len(checked) < facts["stability_checks"] and not eligible.empty:
        ties = _near_ties(eligible, facts)
        row = ties.iloc[0]
        trial = int(row["trial"])
        checked.append((row, measures.jaccard_min([trial])[trial]))
        if checked[-1][1] >= facts["min_jaccard"]:
            return SelectedTrial(row, ties, checked)
        eligible = eligible[eligible["trial"] != row["trial"]]
    return SelectedTrial(max(checked, key=lambda pair: pair[1])[0], first_ties, checked)


def _near_ties(eligible: pd.DataFrame, facts: Mapping[str, Any]) -> pd.DataFrame:
    criterion = facts["criterion"]
    ties = eligible[eligible[criterion] >= eligible[criterion].max() - facts["tolerance"]]
    return ties.sort_values(["n_clusters", criterion, "trial"], ascending=[True, False, True], kind="stable")
