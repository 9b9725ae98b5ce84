"""Usefulness by number of segments: what each number tells of measures that the segments were not made of.

Every row is cross-validated over the same folds, so rows can be compared, and more segments are no advantage
in themselves. An interval says how far other practices could change a figure. It does not cover other
measures, nor the other segments that other practices would give.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gp_segmentation.evidence.external import UnusedMeasures
from gp_segmentation.evidence.json_values import json_number
from gp_segmentation.evidence.linear_ceiling import predict_by_ridge
from gp_segmentation.evidence.variance_explained import (
    SOURCES,
    CrossValidated,
    predict_by_group,
    random_folds,
    t_interval,
)
from gp_segmentation.utils.arrays import Floats
from gp_segmentation.utils.parallel import parallel_map
from gp_segmentation.utils.progress import progress_bar

#: Columns of `usefulness_table` before those of the measures.
COLUMNS = ("grouping", "groups", "cv", "cv_low", "cv_high", "added", "added_low", "added_high")


def usefulness(
    labels: Mapping[int, pd.Series],
    chosen: int,
    unused: UnusedMeasures,
    X: pd.DataFrame,
    options: Mapping[str, Any],
    *,
    levels: Mapping[str, pd.Series] | None = None,
    seed: int = 0,
    jobs: int | None = 1,
) -> dict[str, Any]:
    """Measure how much of the unused measures every number of segments explains, beside other things.

    Parameters
    ----------
    labels : number of segments -> practice code -> segment. chosen : the number chosen, one of `labels`.
    unused : of the fitted practices. X : the clustered matrix, same index.
    options : the node ``external`` of ``conf/evidence``.
    levels : name -> practice code -> group; one of as many groups as segments is left out: it is these.
    seed, jobs : the result depends on `seed` alone.

    Returns
    -------
    dict: ``beyond_by_k`` (a row per number of segments ``k``), ``beyond_levels`` (``level``, ``k`` groups),
    ``beyond_others`` (``grouping``, ``k`` groups: those that need no clustering) and ``ceiling``, one row:
    a linear model of the ``features`` columns of `X`. A row has ``cv``, the mean share of variance explained
    over the measures that every grouping is tested on, with its 95% interval; ``added``, its difference from
    the chosen number, likewise; ``blocks``, the mean by block; ``measures``, each. Empty without a measure.
    """
    groups = _groups(labels, chosen, unused, levels or {})
    if unused.values.empty:
        return _nothing()
    values, folds = unused.values.to_numpy(dtype=np.float64), int(options["folds"])
    values = values - np.nanmean(values, axis=0)
    fold = random_folds(np.random.default_rng(seed), len(values), folds)
    columns = [column.reindex(unused.values.index) for named in groups.values() for column in named.values()]
    tasks = [(values, column, fold, folds) for column in columns]
    results = progress_bar(parallel_map(predict_by_group, tasks, jobs), len(tasks), "groupings compared")
    found = {kind: {name: next(results) for name in named} for kind, named in groups.items()}
    reference = found["beyond_by_k"][chosen]
    tested = _tested_by_all(unused, reference, found["beyond_others"])
    if not tested.any():
        return _nothing()
    means = _Means(unused.words[tested], reference, tested)
    linear = predict_by_ridge(X, values, fold, folds, jobs=jobs)
    rows = {"beyond_by_k": [{"k": int(k), **means.row(result)} for k, result in found["beyond_by_k"].items()]}
    for kind, name in (("beyond_levels", "level"), ("beyond_others", "grouping")):
        rows[kind] = _named_rows(name, groups[kind], found[kind], means)
    return {**rows, "ceiling": {"features": X.shape[1], **means.row(linear)}}


def _groups(
    labels: Mapping[int, pd.Series], chosen: int, unused: UnusedMeasures, levels: Mapping[str, pd.Series]
) -> dict[str, dict[Any, pd.Series]]:
    """All that is compared, by the key it stands under."""
    return {
        "beyond_by_k": dict(sorted(labels.items())),
        "beyond_levels": {name: of for name, of in levels.items() if of.nunique() != chosen},
        "beyond_others": {str(name): column for name, column in unused.groupings.items()},
    }


def _nothing() -> dict[str, Any]:
    return {"beyond_by_k": [], "beyond_levels": [], "beyond_others": [], "ceiling": {}}


def _tested_by_all(
    unused: UnusedMeasures, segments: CrossValidated, others: Mapping[str, CrossValidated]
) -> NDArray[np.bool_]:
    """Which measures the segments and every other grouping are tested on, as in `mean_explained`: (m,)."""
    tested = np.isfinite(segments.explained)
    for name, result in others.items():
        tested &= np.isfinite(result.explained) & (unused.values.columns != SOURCES.get(name))
    return tested


@dataclass(frozen=True)
class _Means:
    """Makes rows of means over measures.

    Parameters
    ----------
    words : the measures meant, with columns label and block. reference : the chosen segments.
    tested : which of all measures they are.
    """

    words: pd.DataFrame
    reference: CrossValidated
    tested: NDArray[np.bool_]

    def row(self, found: CrossValidated) -> dict[str, Any]:
        share, by_fold = found.explained[self.tested], found.by_fold[:, self.tested]
        more = share - self.reference.explained[self.tested]
        more_by_fold = by_fold - self.reference.by_fold[:, self.tested]
        within = {name: (self.words["block"] == name).to_numpy() for name in self.words["block"].unique()}
        blocks = [
            {"block": name, "measures": int(those.sum()), **_mean("cv", share[those], by_fold[:, those])}
            for name, those in within.items()
        ]
        return {
            **_mean("cv", share, by_fold),
            **_mean("added", more, more_by_fold),
            "blocks": blocks,
            "measures": dict(zip(map(str, self.words.index), map(json_number, share), strict=True)),
        }


def _mean(name: str, share: Floats, by_fold: Floats) -> dict[str, float | None]:
    """The mean over measures and its interval: folds are shared, so a fold's mean is one observation."""
    centre = float(share.mean())
    low, high = t_interval(centre, by_fold.mean(axis=1))
    return {name: json_number(centre), f"{name}_low": json_number(low), f"{name}_high": json_number(high)}


def usefulness_table(found: Mapping[str, Any]) -> pd.DataFrame:
    """Return what `usefulness` found as a table: a row per grouping; `COLUMNS`, then the measures."""
    named = [
        *(("segments", row) for row in found.get("beyond_by_k") or []),
        *((row["level"], row) for row in found.get("beyond_levels") or []),
        *((row["grouping"], row) for row in found.get("beyond_others") or []),
        *(("linear model of the features", row) for row in [found.get("ceiling")] if row),
    ]
    rows = [{"grouping": name, "groups": row.get("k"), **row, **row["measures"]} for name, row in named]
    measures = named[0][1]["measures"] if named else ()
    return pd.DataFrame(rows, columns=[*COLUMNS, *measures]).astype({"groups": "Int64"})


def _named_rows(
    name: str, groups: Mapping[str, pd.Series], found: Mapping[str, Any], means: _Means
) -> list[dict[str, Any]]:
    return [{name: key, "k": int(groups[key].nunique()), **means.row(found[key])} for key in found]
