"""The whole study as one call: null, trials, choice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from gp_segmentation.evidence import bootstrap_jaccard, gaussian_null, null_means
from gp_segmentation.study.choice import Stability, choose
from gp_segmentation.study.labelling import Build
from gp_segmentation.study.search import StudyResult, run_study
from gp_segmentation.study.space import Space


@dataclass(frozen=True)
class Study:
    """A study and its choice.

    Attributes
    ----------
    trials : schema ``trials``.
    choice : what `choose` returned, the contents of choice.json.
    null : the draws behind ``null_silhouette`` (draw, k, silhouette); empty where none were asked for.
    result : labels, points and trees of the trials.
    """

    trials: pd.DataFrame
    choice: dict[str, Any]
    null: pd.DataFrame
    result: StudyResult


def run(
    X: pd.DataFrame | ArrayLike,
    space: Space,
    build: Build,
    options: Mapping[str, Any],
    *,
    seed: int = 0,
    jobs: int | None = 1,
) -> Study:
    """Draw the null, try every open point, and choose by the rule.

    Parameters
    ----------
    X : (n, d) fitted rows.
    space : from `space`.
    build : ``build(node, **params)``, for clusterers and the sampler.
    options : the node ``conf/study``: ``sampler``, ``n_trials``, ``null_model`` (``draws``, ``n_init``),
        ``rule``.
    seed, jobs : the result depends on `seed` alone.
    """
    asked = options["null_model"]
    null = gaussian_null(X, space.ks, draws=asked["draws"], n_init=asked["n_init"], seed=seed, jobs=jobs)
    values = np.asarray(X, dtype=np.float64)
    result = run_study(
        values,
        space,
        build,
        sampler=build(options["sampler"]),
        n_trials=options["n_trials"],
        null_silhouette=null_means(null),
        jobs=jobs,
    )
    stability = _stability(values, space, build, options["rule"], result, seed, jobs)
    return Study(result.trials, choose(result.trials, options["rule"], stability), null, result)


def _stability(
    values: NDArray[np.float64],
    space: Space,
    build: Build,
    rule: Mapping[str, Any],
    result: StudyResult,
    seed: int,
    jobs: int | None,
) -> Stability | None:
    """How `choose` learns, trial by trial, how stable its least stable segment is; None: it need not."""
    draws = int(rule["stability_draws"])
    if draws == 0:
        return None

    def lowest_jaccard(trial: int) -> float:
        point = result.points[trial]
        clusterer = build(space.family(point.family).node, **point.values)
        labels = result.labels[trial]
        found = bootstrap_jaccard(values, labels, clusterer, draws=draws, seed=seed, jobs=jobs)
        return float(found.groupby("segment")["jaccard"].mean().min())

    return lowest_jaccard
