"""Trials on differently prepared matrices beside one another: what can be compared, and what it comes to.

A silhouette is of its matrix. Fewer components raise it, and so do outliers left in, and the excess over the
null of a Gaussian cloud with them, whatever the segments are worth (on England's crude prevalences of
2024-25 the excess is .033 on standardised features, .075 on five factors of the same). No score of that kind
can say which preparation is better. Labels can be compared: the rule chooses with each preparation, and of
these choices the one is taken that agrees best with the others, the one that depends least on how the matrix
was prepared. Every preparation counts once, also where two hardly differ (factors of standardised and of
robustly scaled features are the same): what is tried is the analyst's to choose.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from gp_segmentation.errors import ConfigError
from gp_segmentation.study.space import Space

#: Two trials -> adjusted Rand index of their labels.
Agreement = Callable[[int, int], float]

#: How one of several preparations' choices is taken, and differences that count as none: then the first is.
BETWEEN = {"agreement": 0.01, "criterion": 0.0}

#: What is told of the trial chosen with a preparation.
BEST = (
    *("clusterer", "linkage", "n_clusters", "smallest_segment"),
    *("silhouette", "null_silhouette", "excess_silhouette"),
)


def between(rule: Mapping[str, Any]) -> str:
    """Return how the rule takes one of several preparations' choices, once it is one of `BETWEEN`."""
    way = str(rule.get("across_preparations", "agreement"))
    if way not in BETWEEN:
        raise ConfigError(f"study.rule.across_preparations is {way!r}. Set one of: {', '.join(BETWEEN)}")
    return way


def check_comparable(space: Space, options: Mapping[str, Any]) -> None:
    """Raise ConfigError where choices on several matrices are to be compared by silhouettes as they are."""
    rule, draws = options["rule"], options["null_model"]["draws"]
    excess = rule["criterion"] == "excess_silhouette" and draws > 0
    if between(rule) == "criterion" and len(space.preparations) > 1 and not excess:
        raise ConfigError(
            "study.rule.across_preparations is criterion, which compares differently prepared matrices "
            f"({', '.join(space.settings)}) by their silhouettes. Set study.rule.across_preparations to "
            "agreement, or study.rule.criterion=excess_silhouette with study.null_model.draws=5"
        )


def no_agreement(one: int, other: int) -> float:
    """Agreement where labels are not known."""
    return float("nan")


def mean_agreements(chosen: Sequence[int], agreement: Agreement) -> list[float | None]:
    """Of each preparation's chosen trial, the mean agreement with those of the others; None for one alone."""
    found = [[agreement(one, other) for other in chosen if other != one] for one in chosen]
    return [float(np.mean(row)) if row else None for row in found]


def compare_preparations(
    trials: pd.DataFrame, choice: Mapping[str, Any], space: Space, agreement: Agreement
) -> pd.DataFrame:
    """Return what the rule would choose with each preparation, and how far its segments are the chosen ones.

    Parameters
    ----------
    trials : schema ``trials``. choice : from `choose`.

    Returns
    -------
    frame preparation, a column for each setting, trials (tried), clusterer, linkage, n_clusters, silhouette,
    null_silhouette, excess_silhouette and smallest_segment of its choice (missing where no trial met the
    floor), agreement (mean adjusted Rand index with the choices of the other preparations), ari (the same
    with the chosen one), ari_alike (of the trial that has the chosen one's clusterer, linkage and number of
    segments, where it was tried), chosen. No rows where the space has one preparation only.
    """
    columns = ["preparation", *space.settings, "trials", *BEST, "agreement", "ari", "ari_alike", "chosen"]
    if len(space.preparations) == 1:
        return pd.DataFrame(columns=columns)
    found = {row["preparation"]: row for row in choice["by_preparation"]}
    rows = []
    for name, mine in trials.groupby("preparation", sort=False):
        own = found.get(str(name), {})
        best = mine[mine["trial"] == own.get("trial", -1)]
        rows.append(
            {
                "preparation": str(name),
                **space.preparations[str(name)],
                "trials": len(mine),
                **{key: best[key].iloc[0] if len(best) else None for key in BEST},
                "agreement": own.get("agreement"),
                "ari": _agreement(best, choice, agreement),
                "ari_alike": _agreement(_alike(mine, choice), choice, agreement),
                "chosen": name == choice["preparation"],
            }
        )
    return pd.DataFrame(rows, columns=columns)


def agreement_with_others(choice: Mapping[str, Any]) -> float | None:
    """Return how far the choice agrees on average with those of other preparations; None without any."""
    found = {row["trial"]: row["agreement"] for row in choice["by_preparation"]}
    return found.get(choice["trial"])


def _alike(trials: pd.DataFrame, choice: Mapping[str, Any]) -> pd.DataFrame:
    """The trial with the clusterer, linkage and number of segments of the choice."""
    linkage = (
        trials["linkage"].isna() if choice["linkage"] is None else trials["linkage"] == choice["linkage"]
    )
    same = (trials["clusterer"] == choice["clusterer"]) & (trials["n_clusters"] == choice["n_clusters"])
    return trials[same & linkage].head(1)


def _agreement(row: pd.DataFrame, choice: Mapping[str, Any], agreement: Agreement) -> float | None:
    return None if row.empty else agreement(int(row["trial"].iloc[0]), int(choice["trial"]))
