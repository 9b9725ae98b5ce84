"""The whole study as one call: null, trials, choice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
from numpy.typing import ArrayLike

from gp_segmentation.evidence import gaussian_null, null_means
from gp_segmentation.study.choice import choose
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
    result = run_study(
        X,
        space,
        build,
        sampler=build(options["sampler"]),
        n_trials=options["n_trials"],
        null_silhouette=null_means(null),
        jobs=jobs,
    )
    return Study(result.trials, choose(result.trials, options["rule"]), null, result)
