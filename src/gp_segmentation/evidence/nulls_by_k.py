"""K-means on the data compared with every null model, for every number of segments."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from gp_segmentation.evidence.json_values import json_number
from gp_segmentation.evidence.labellings import Labellings
from gp_segmentation.validity import (
    NULLS,
    compare_gap_with_null,
    compare_with_null,
    draw_null,
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
    """Compare K-means on the data with every null model of `options`: a row per kind and k, from k = 1.

    ``excess`` is the reported silhouette (K-means from ten starts) less the mean of the null. The tests,
    ``effect``, ``exceedance``, ``p`` and the gap, use K-means on the data from as many starts as on the
    draws. More starts find better partitions of any data, random ones too: with ten against one, data from
    one Gaussian passed a test at 1 in 20 up to twice as often as they should, and one at 1 in 10 as well.

    Parameters
    ----------
    silhouettes : of K-means, by k.
    options : the node ``conf/evidence``: ``nulls`` (kind -> draws) and ``n_init.nulls``.
    given : existing Gaussian draws, made from `given_starts` starts; used if there are at least as many as
        asked for. Draws for missing k are added.

    Returns
    -------
    frame with `COLUMNS`.
    """
    ks = pd.Index(sorted({1, *labellings.ks}), name="k")
    starts = dict.fromkeys(NULLS, int(options["n_init"]["nulls"]))
    known = _enough(given, int(options["nulls"].get("gaussian", 0)))
    if len(known) and given_starts is not None:
        starts["gaussian"] = given_starts
    observed: dict[int, pd.DataFrame] = {}
    parts = []
    for kind in NULLS:
        count = int(options["nulls"].get(kind, 0))
        existing = known if kind == "gaussian" else known[:0]
        draws = _complete(labellings, kind, ks, count, starts[kind], existing)
        if len(draws):
            if starts[kind] not in observed:
                observed[starts[kind]] = _observed(labellings, starts[kind], ks)
            parts.append(_compare(silhouettes, observed[starts[kind]], draws).assign(kind=kind))
    table = pd.concat(parts).reset_index() if parts else pd.DataFrame(columns=list(COLUMNS))
    return table.reindex(columns=list(COLUMNS))


def _enough(given: pd.DataFrame | None, count: int) -> pd.DataFrame:
    """The given draws if there are at least `count`; else an empty frame."""
    if given is None or not len(given) or given["draw"].nunique() < count:
        return pd.DataFrame(columns=["draw", "k", "silhouette", "log_within"])
    return given


def _complete(
    labellings: Labellings, kind: str, ks: pd.Index, draws: int, starts: int, known: pd.DataFrame
) -> pd.DataFrame:
    """The known draws, and `draws` new ones for each k they lack."""
    missing = [int(k) for k in ks if k not in set(known["k"])] if draws else []
    common: dict[str, Any] = {"n_init": starts, "seed": labellings.seed, "jobs": labellings.jobs}
    new = draw_null(labellings.values, missing, kind=kind, draws=draws if missing else 0, **common)
    return pd.concat([part for part in (known, new) if len(part)] or [new], ignore_index=True)


def _observed(labellings: Labellings, starts: int, ks: pd.Index) -> pd.DataFrame:
    """Silhouette of K-means on the data and log of the sum of squares within its clusters, by k."""
    values = labellings.values
    labels = labellings.kmeans_with(n_init=starts)
    scores = score_labellings(values, labels, distances=labellings.distances, jobs=labellings.jobs)
    with np.errstate(divide="ignore"):  # with as many clusters as distinct rows, the sum is zero
        total = np.log(np.square(values - values.mean(axis=0)).sum())
        columns = {"silhouette": scores.silhouette, "log_within": np.log(scores.within)}
    table = pd.DataFrame(columns, index=pd.Index(list(labellings.ks), name="k")).reindex(ks)
    table.loc[1, "log_within"] = total
    return table


def _compare(silhouettes: pd.Series, observed: pd.DataFrame, draws: pd.DataFrame) -> pd.DataFrame:
    table = compare_with_null(observed["silhouette"], draws)
    table["excess"] = silhouettes.reindex(observed.index) - table["mean"]
    if "log_within" not in draws:
        return table
    table = table.join(gap_statistic(observed["log_within"], draws))
    return table.join(compare_gap_with_null(observed["log_within"], draws))


def of_kind(nulls: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Return the rows of one kind, by k."""
    return nulls[nulls["kind"] == kind].set_index("k")


def gaussian_columns(nulls: pd.DataFrame) -> pd.DataFrame:
    """Return the columns of the Gaussian null for the table by k."""
    names = {"mean": "null_mean", "low": "null_low", "high": "null_high", "excess": "excess"}
    names |= {"effect": "effect", "exceedance": "exceedance", "gap": "gap", "se": "gap_se"}
    return of_kind(nulls, "gaussian")[list(names)].rename(columns=names).astype(float)


def null_figures(nulls: pd.DataFrame, k: int) -> dict[str, float | None]:
    """Return mean, effect size and exceedance of each kind at `k`; None if it was not drawn."""
    at_k = nulls[nulls["k"] == k].set_index("kind").to_dict("index")
    figures: dict[str, float | None] = {}
    for kind in ("gaussian", "copula", "permutation"):
        row = at_k.get(kind, {})
        mean = "null_silhouette" if kind == "gaussian" else f"{kind}_null_silhouette"
        figures[mean] = json_number(row.get("mean"))
        figures |= {f"{kind}_{name}": json_number(row.get(name)) for name in ("effect", "exceedance")}
    return figures
