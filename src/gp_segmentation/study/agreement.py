"""Agreement between trials: adjusted Rand indices of their labels, also across preparations of the matrix.

Silhouettes of different matrices cannot be compared. Fewer components, or outliers left in, raise the
silhouette and its excess over a Gaussian null whatever the segments are worth (on England's crude prevalences
of 2024-25 the excess is .033 on standardised features, .075 on five factors of the same). Labels can be
compared. The rule therefore chooses with each preparation, and takes the choice that agrees best with the
others: the one that depends least on how the matrix was prepared. Every preparation counts once, even where
two hardly differ (factors of standardised and of robustly scaled features are the same), since the analyst
decides what to try.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from typing import Any

import pandas as pd
from numpy.typing import NDArray

from gp_segmentation.errors import ConfigError
from gp_segmentation.schemas import by_chosen_method
from gp_segmentation.study.space import Space
from gp_segmentation.validity import adjusted_rand

#: Two trials -> adjusted Rand index of their labels.
AgreementOf = Callable[[int, int], float]

#: Ways to take one of several preparations' choices, and how near to the best counts as equal: the first of
#: the equal ones is taken.
ACROSS_PREPARATIONS = {"agreement": 0.01, "criterion": 0.0}

#: Columns of `compare_preparations` on the trial chosen with a preparation.
CHOSEN_COLUMNS = (
    *("clusterer", "linkage", "n_clusters", "smallest_segment"),
    *("silhouette", "null_silhouette", "excess_silhouette"),
)


def agreement_by_trial(
    rows: Sequence[Mapping[str, Any]], labels: Mapping[int, NDArray]
) -> list[float | None]:
    """Each trial's highest agreement with a trial of as many segments by another clusterer or linkage.

    Only trials on the same matrix are compared, by the rows that both put into a segment. None where there is
    no such trial.

    Parameters
    ----------
    rows : trial, preparation, clusterer, linkage and n_clusters of each trial.
    labels : trial -> (n,) segments 0..k-1; -1: in none.
    """
    groups: dict[tuple[Any, Any], list[Mapping[str, Any]]] = {}
    for row in rows:
        groups.setdefault((row["preparation"], row["n_clusters"]), []).append(row)
    best: dict[int, float] = {}
    for group in groups.values():
        for one, other in combinations(group, 2):
            if (one["clusterer"], one["linkage"]) != (other["clusterer"], other["linkage"]):
                pair = one["trial"], other["trial"]
                ari = adjusted_rand(labels[pair[0]], labels[pair[1]])
                best |= {trial: max(ari, best.get(trial, -1.0)) for trial in pair}
    return [best.get(row["trial"]) for row in rows]


def across_preparations(rule: Mapping[str, Any]) -> str:
    """How the rule takes one of several preparations' choices, one of `ACROSS_PREPARATIONS`."""
    way = str(rule.get("across_preparations", "agreement"))
    if way not in ACROSS_PREPARATIONS:
        raise ConfigError(
            f"study.rule.across_preparations is {way!r}. Set one of: {', '.join(ACROSS_PREPARATIONS)}"
        )
    return way


def check_comparable(space: Space, options: Mapping[str, Any]) -> None:
    """Raise ConfigError where the rule would compare plain silhouettes of several matrices."""
    rule, draws = options["rule"], options["null_model"]["draws"]
    excess = rule["criterion"] == "excess_silhouette" and draws > 0
    if across_preparations(rule) == "criterion" and len(space.preparations) > 1 and not excess:
        raise ConfigError(
            "study.rule.across_preparations is criterion, which compares differently prepared matrices "
            f"({', '.join(space.settings)}) by their silhouettes. Set study.rule.across_preparations to "
            "agreement, or study.rule.criterion=excess_silhouette with study.null_model.draws=5"
        )


def compare_preparations(
    trials: pd.DataFrame, choice: Mapping[str, Any], space: Space, agreement: AgreementOf
) -> pd.DataFrame:
    """Return what the rule chooses with each preparation, and how similar its segments are to the choice's.

    Parameters
    ----------
    trials : schema ``trials``. choice : from `choose`.

    Returns
    -------
    frame preparation, a column for each setting, trials (tried), `CHOSEN_COLUMNS` (missing where no trial was
    eligible), agreement (mean adjusted Rand index with the choices of the other preparations), ari (the same
    with the choice), ari_alike (of the trial with the choice's clusterer, linkage and number of segments,
    where it was tried), chosen. No rows where the space has one preparation only.
    """
    columns = [*("preparation", *space.settings, "trials"), *CHOSEN_COLUMNS]
    columns += ["agreement", "ari", "ari_alike", "chosen"]
    if len(space.preparations) == 1:
        return pd.DataFrame(columns=columns)
    choices = {row["preparation"]: row for row in choice["by_preparation"]}

    def ari(trial: pd.DataFrame) -> float | None:
        return None if trial.empty else agreement(int(trial["trial"].iloc[0]), int(choice["trial"]))

    rows = []
    for name, tried in trials.groupby("preparation", sort=False):
        own = choices.get(str(name), {})
        chosen = tried[tried["trial"] == own.get("trial", -1)]
        rows.append(
            {
                "preparation": str(name),
                **space.preparations[str(name)],
                "trials": len(tried),
                **{column: chosen[column].iloc[0] if len(chosen) else None for column in CHOSEN_COLUMNS},
                "agreement": own.get("agreement"),
                "ari": ari(chosen),
                "ari_alike": ari(_same_setting(tried, choice)),
                "chosen": name == choice["preparation"],
            }
        )
    return pd.DataFrame(rows, columns=columns)


def _same_setting(trials: pd.DataFrame, choice: Mapping[str, Any]) -> pd.DataFrame:
    """The trial with the clusterer, linkage and number of segments of the choice."""
    same = by_chosen_method(trials, choice) & (trials["n_clusters"] == choice["n_clusters"])
    return trials[same].head(1)
