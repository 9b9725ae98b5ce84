"""Every null model beside the data, for every number of segments."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from gp_segmentation.evidence.json_values import json_number
from gp_segmentation.evidence.labellings import Labellings
from gp_segmentation.validity import (
    NULLS,
    beside_null,
    draw_null,
    gap_beside_null,
    gap_statistic,
    score_labellings,
)

#: Columns of `nulls_by_k`.
COLUMNS = (
    *("kind", "k", "draws", "mean", "low", "high", "sd", "excess", "effect", "exceedance", "p"),
    *("gap", "se", "gap_effect", "gap_exceedance"),
)


def nulls_by_k(
    labellings: Labellings,
    silhouettes: pd.Series,
    options: Mapping[str, Any],
    given: pd.DataFrame | None = None,
    given_starts: int | None = None,
) -> pd.DataFrame:
    """Every null of `options` beside K-means on the data: a row per kind and k, from k = 1 for the gap.

    ``excess`` is the silhouette reported (K-means from ten starts) less the null's mean. What is tested,
    ``effect``, ``exceedance``, ``p`` and the gap, is K-means on the data from as many starts as on the draws.
    More starts find better cuts of anything, a Gaussian too: with ten against one, data that are one
    Gaussian passed a test at 1 in 20 up to twice as often, and one at 1 in 10 as well.

    Parameters
    ----------
    silhouettes : K-means' by k.
    options : the node ``conf/evidence``: ``nulls`` (kind -> draws) and ``n_init.nulls``.
    given : Gaussian draws already made from `given_starts` starts; used if they are as many as asked for, and
        those for missing k are made beside them.

    Returns
    -------
    frame with `COLUMNS`.
    """
    ks = pd.Index(sorted({1, *labellings.ks}), name="k")
    starts = {kind: int(options["n_init"]["nulls"]) for kind in NULLS}
    known = _enough(given, int(options["nulls"].get("gaussian", 0)))
    if len(known) and given_starts is not None:
        starts["gaussian"] = given_starts
    like: dict[int, pd.DataFrame] = {}
    parts = []
    for kind in NULLS:
        draws = int(options["nulls"].get(kind, 0))
        drawn = _drawn(labellings, kind, ks, draws, starts[kind], known if kind == "gaussian" else known[:0])
        if len(drawn):
            if starts[kind] not in like:
                like[starts[kind]] = _scores_from(labellings, starts[kind], ks)
            parts.append(_beside(silhouettes, like[starts[kind]], drawn).assign(kind=kind))
    table = pd.concat(parts).reset_index() if parts else pd.DataFrame(columns=list(COLUMNS))
    return table.reindex(columns=list(COLUMNS))


def _enough(given: pd.DataFrame | None, asked: int) -> pd.DataFrame:
    """The draws given if they are at least as many as asked; none otherwise."""
    if given is None or not len(given) or given["draw"].nunique() < asked:
        return pd.DataFrame(columns=["draw", "k", "silhouette", "log_within"])
    return given


def _drawn(
    labellings: Labellings, kind: str, ks: pd.Index, draws: int, starts: int, known: pd.DataFrame
) -> pd.DataFrame:
    missing = [int(k) for k in ks if k not in set(known["k"])] if draws else []
    made = draw_null(
        labellings.values,
        missing,
        kind=kind,
        draws=draws if missing else 0,
        n_init=starts,
        seed=labellings.seed,
        jobs=labellings.jobs,
    )
    return pd.concat([part for part in (known, made) if len(part)] or [made], ignore_index=True)


def _scores_from(labellings: Labellings, starts: int, ks: pd.Index) -> pd.DataFrame:
    """Silhouette and log within sum of squares of K-means on the data from that many starts, by k."""
    values = labellings.values
    labels = labellings.kmeans_from(starts)
    scores = score_labellings(values, labels, distances=labellings.distances, jobs=labellings.jobs)
    with np.errstate(divide="ignore"):  # as many clusters as distinct rows leave nothing within
        total = np.log(np.square(values - values.mean(axis=0)).sum())
        found = {"silhouette": scores.silhouette, "log_within": np.log(scores.within)}
    table = pd.DataFrame(found, index=pd.Index(list(labellings.ks), name="k")).reindex(ks)
    table.loc[1, "log_within"] = total
    return table


def _beside(silhouettes: pd.Series, like: pd.DataFrame, drawn: pd.DataFrame) -> pd.DataFrame:
    table = beside_null(like["silhouette"], drawn)
    table["excess"] = silhouettes.reindex(like.index) - table["mean"]
    if "log_within" not in drawn:
        return table
    table = table.join(gap_statistic(like["log_within"], drawn))
    return table.join(gap_beside_null(like["log_within"], drawn))


def of_kind(nulls: pd.DataFrame, kind: str) -> pd.DataFrame:
    """The rows of one kind, by k."""
    return nulls[nulls["kind"] == kind].set_index("k")


def gaussian_columns(nulls: pd.DataFrame) -> pd.DataFrame:
    """The columns of the covariance null that stand in the table by k."""
    names = {"mean": "null_mean", "low": "null_low", "high": "null_high", "excess": "excess"}
    names |= {"effect": "effect", "exceedance": "exceedance", "gap": "gap", "se": "gap_se"}
    return of_kind(nulls, "gaussian")[list(names)].rename(columns=names).astype(float)


def figures_of_nulls(nulls: pd.DataFrame, k: int) -> dict[str, float | None]:
    """Mean, effect size and exceedance of each kind at `k`, flat; None where it was not drawn."""
    at_k = nulls[nulls["k"] == k].set_index("kind").to_dict("index")
    figures: dict[str, float | None] = {}
    for kind in ("gaussian", "copula", "permutation"):
        row = at_k.get(kind, {})
        mean = "null_silhouette" if kind == "gaussian" else f"{kind}_null_silhouette"
        figures[mean] = json_number(row.get("mean"))
        figures |= {f"{kind}_{name}": json_number(row.get(name)) for name in ("effect", "exceedance")}
    return figures
