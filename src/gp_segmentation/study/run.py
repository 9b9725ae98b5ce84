"""The whole study as one call: null, trials, choice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from gp_segmentation.evidence import bootstrap_jaccard, gaussian_null, null_means
from gp_segmentation.study import objectives as goals
from gp_segmentation.study.choice import Stability, choose, floor_of
from gp_segmentation.study.evaluate import Limits
from gp_segmentation.study.labelling import Build, TreeCache
from gp_segmentation.study.search import EXHAUSTIVE, Samplers, Setup, StudyResult, check_rows, run_study
from gp_segmentation.study.space import Space
from gp_segmentation.study.store import SQLITE, content_key, open_study, quiet

Floats = NDArray[np.float64]

#: What of ``conf/study`` decides no trial's labels or scores.
WITHOUT_EFFECT = ("name", "storage", "rule", "tree_cache")


@dataclass(frozen=True)
class Study:
    """A study and its choice.

    Attributes
    ----------
    trials : schema ``trials``.
    choice : what `choose` returned, the contents of choice.json.
    null : the draws behind ``null_silhouette`` (draw, k, silhouette, log_within); empty where none were
        asked for.
    result : labels, points and trees of the trials.
    objectives : what the sampler was to optimise.
    """

    trials: pd.DataFrame
    choice: dict[str, Any]
    null: pd.DataFrame
    result: StudyResult
    objectives: tuple[str, ...]


def run(
    X: pd.DataFrame | ArrayLike,
    space: Space,
    build: Build,
    options: Mapping[str, Any],
    *,
    seed: int = 0,
    jobs: int | None = 1,
    folder: Path | None = None,
    cache: TreeCache | None = None,
) -> Study:
    """Draw the null, try every open point, and choose by the rule.

    Parameters
    ----------
    X : (n, d) fitted rows.
    space : from `space`.
    build : ``build(node, **params)``, for clusterers and the sampler.
    options : the node ``conf/study``.
    seed, jobs : the result depends on `seed` alone.
    folder : where studies are kept when ``storage`` is ``sqlite``: one file for each content, so that a
        study interrupted goes on where it stopped; None keeps them in memory.
    cache : of trees, or None.
    """
    values = np.asarray(X, dtype=np.float64)
    check_rows(space, values)
    limits = _limits(options)
    names = _objectives(options)
    study = _open(values, space, options, names, seed, folder)
    null = _null(values, space, options, limits, study, seed, jobs)
    result = run_study(
        values,
        space,
        build,
        sampler=_samplers(build, options["sampler"], seed),
        n_trials=options["n_trials"],
        null_silhouette=null_means(null),
        jobs=jobs,
        setup=Setup(study, names, _prune_below(options, len(values)), limits, cache, seed),
    )
    stability = _stability(values, space, build, options["rule"], result, limits, seed, jobs)
    choice = choose(result.trials, options["rule"], stability, null=null)
    return Study(result.trials, choice, null, result, names)


def _limits(options: Mapping[str, Any]) -> Limits:
    known = ("exact_up_to", "sample_rows", "better_starts")
    return Limits(**{name: options[name] for name in known if name in options})


def _objectives(options: Mapping[str, Any]) -> tuple[str, ...]:
    names = options.get("objectives")
    if names is None:
        names = ["excess_silhouette" if options["null_model"]["draws"] else "silhouette"]
    return goals.check_objectives(names)


def _open(
    values: Floats,
    space: Space,
    options: Mapping[str, Any],
    names: tuple[str, ...],
    seed: int,
    folder: Path | None,
) -> optuna.Study:
    storage = options.get("storage")
    if storage is None or (storage == "sqlite" and folder is None):
        return open_study(None, None, goals.directions(names))
    described = {
        "families": [[family.name, family.node] for family in space.families],
        "options": {key: value for key, value in options.items() if key not in WITHOUT_EFFECT},
        "prune": _prune_below(options, len(values)),
        "objectives": names,
        "seed": seed,
    }
    key = content_key(values, described)[:16]
    address = f"{SQLITE}{folder / key}.db" if storage == "sqlite" and folder else str(storage)
    with quiet():
        return open_study(address, key, goals.directions(names))


def _null(
    values: Floats,
    space: Space,
    options: Mapping[str, Any],
    limits: Limits,
    study: optuna.Study,
    seed: int,
    jobs: int | None,
) -> pd.DataFrame:
    """The null's draws: those the study keeps, or new ones. k = 1 is for the gap statistic."""
    kept = study.user_attrs.get("null")
    if kept is None:
        asked, rows = options["null_model"], values[_rows(len(values), limits)]
        ks = sorted({1, *space.ks})
        null = gaussian_null(rows, ks, draws=asked["draws"], n_init=asked["n_init"], seed=seed, jobs=jobs)
        # log W of fewer rows than the data have is not comparable with theirs.
        null["log_within"] += np.log(len(values) / len(rows))
        study.set_user_attr("null", {name: null[name].tolist() for name in null})
        return null
    return pd.DataFrame(kept).astype(
        {"draw": "int64", "k": "int64", "silhouette": float, "log_within": float}
    )


def _rows(rows: int, limits: Limits) -> NDArray[np.int64]:
    """Every row, or as many as silhouettes are sampled of where there are too many to compare all."""
    taken = rows if rows <= limits.exact_up_to else min(limits.sample_rows, rows)
    return np.linspace(0, rows - 1, taken).round().astype(np.int64)


def _samplers(build: Build, node: Mapping[str, Any], seed: int) -> Samplers:
    """Make the sampler for the next trial, seeded by the study's seed and how many trials are finished."""

    def sampler(finished: int) -> optuna.samplers.BaseSampler:
        if "seed" not in node:
            return build(node)
        state = np.random.SeedSequence([seed, finished]).generate_state(1)
        return build(node, seed=int(state[0]))

    first = sampler(0)
    # One that visits every point decides nothing by chance and need not be made again.
    return (lambda _: first) if isinstance(first, EXHAUSTIVE) else sampler


def _prune_below(options: Mapping[str, Any], rows: int) -> int:
    return floor_of(options["rule"], rows) if options.get("prune", False) else 0


def _stability(
    values: Floats,
    space: Space,
    build: Build,
    rule: Mapping[str, Any],
    result: StudyResult,
    limits: Limits,
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
        taken = _rows(len(values), limits)
        rows, labels = values[taken], result.labels[trial][taken]
        found = bootstrap_jaccard(rows, labels, clusterer, draws=draws, seed=seed, jobs=jobs)
        return float(found.groupby("segment")["jaccard"].mean().min())

    return lowest_jaccard
