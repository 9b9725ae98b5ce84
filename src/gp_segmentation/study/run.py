"""The whole study as one call: null, trials, choice."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pandas as pd
from numpy.typing import ArrayLike

from gp_segmentation.clustering import build_tree
from gp_segmentation.study import objectives as goals
from gp_segmentation.study.evaluate import Limits
from gp_segmentation.study.labelling import Build, TreeCache
from gp_segmentation.study.null_cache import KeptNulls, sampled_rows
from gp_segmentation.study.preparation_agreement import (
    agreement_with_others,
    check_comparable,
    compare_preparations,
)
from gp_segmentation.study.rule import Stability, choose, floor_of
from gp_segmentation.study.search import (
    EXHAUSTIVE,
    Matrices,
    Samplers,
    Setup,
    StudyResult,
    as_matrices,
    check_rows,
    run_trials,
)
from gp_segmentation.study.space import Space
from gp_segmentation.study.store import SQLITE, content_key, open_study, quiet
from gp_segmentation.utils.arrays import Floats, Ints
from gp_segmentation.validity import adjusted_rand, bootstrap_jaccard

#: What of ``conf/study`` decides no trial's labels or scores.
WITHOUT_EFFECT = ("name", "storage", "rule", "tree_cache")


@dataclass(frozen=True)
class Study:
    """A study and its choice.

    Attributes
    ----------
    trials : schema ``trials``.
    choice : what `choose` returned, the contents of choice.json.
    preparations : from `compare_preparations`.
    null : the draws behind ``null_silhouette`` (preparation, draw, k, silhouette, log_within); empty where
        none were asked for.
    tree : scipy's linkage matrix (left, right, height, count) of the chosen matrix, by the chosen linkage or
        Ward's; empty where there are too many rows for one.
    result : labels, points and trees of the trials.
    objectives : what the sampler was to optimise.
    """

    trials: pd.DataFrame
    choice: dict[str, Any]
    preparations: pd.DataFrame
    null: pd.DataFrame
    tree: pd.DataFrame
    result: StudyResult
    objectives: tuple[str, ...]


def run_study(
    X: Matrices | pd.DataFrame | ArrayLike,
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
    X : (n, d) fitted rows; where the space has several preparations, name -> such rows, in the same order.
    space : from `open_space`.
    build : ``build(node, **params)``, for clusterers and the sampler.
    options : the node ``conf/study``.
    seed, jobs : the result depends on `seed` alone.
    folder : where studies are kept when ``storage`` is ``sqlite``: one file for each content, so that a
        study interrupted goes on where it stopped; None keeps them in memory.
    cache : of trees, or None.
    """
    matrices = as_matrices(X)
    for values in matrices.values():
        check_rows(space, values)
    check_comparable(space, options)
    limits, names = _limits(options), _objectives(options)
    study = _open(matrices, space, options, names, seed, folder)
    nulls = KeptNulls(study, matrices, space.ks, options["null_model"], limits, seed, jobs)
    result = run_trials(
        matrices,
        space,
        build,
        sampler=_samplers(build, options["sampler"], seed),
        n_trials=options["n_trials"],
        nulls=nulls.means,
        jobs=jobs,
        setup=Setup(study, names, _prune_below(options, matrices), limits, cache, seed),
    )
    stability = _stability(matrices, space, build, options["rule"], result, limits, seed, jobs)
    return _chosen(result, matrices, space, options, nulls, stability, names)


def _chosen(
    result: StudyResult,
    matrices: Mapping[str | None, Floats],
    space: Space,
    options: Mapping[str, Any],
    nulls: KeptNulls,
    stability: Stability | None,
    names: tuple[str, ...],
) -> Study:
    """Choose, and put together what is told of it."""
    tried = {point.preparation for point in result.points.values()}
    null = nulls.drawn(name for name in space.preparations if name in tried)
    agreement = partial(_agreement, result.labels)
    choice = choose(result.trials, options["rule"], stability, null=null, agreement=agreement)
    choice |= {
        "settings": dict(space.preparations[choice["preparation"]]),
        "node": space.node(choice),
        "numbers_tried": space.ks,
        "agreement": agreement_with_others(choice),
    }
    return Study(
        trials=result.trials,
        choice=choice,
        preparations=compare_preparations(result.trials, choice, space, agreement),
        null=null,
        tree=_tree(choice, matrices, result, _limits(options)),
        result=result,
        objectives=names,
    )


def _agreement(labels: Mapping[int, Ints], one: int, other: int) -> float:
    return adjusted_rand(labels[one], labels[other])


def _tree(
    choice: Mapping[str, Any], matrices: Mapping[str | None, Floats], result: StudyResult, limits: Limits
) -> pd.DataFrame:
    linkage, values = choice["linkage"] or "ward", matrices[choice["preparation"]]
    tree = result.trees.get((choice["preparation"], linkage))
    if tree is None:  # of more rows than all pairs can be looked at of there is none to show
        tree = build_tree(values, linkage) if len(values) <= limits.exact_up_to else np.empty((0, 4))
    return pd.DataFrame(tree, columns=["left", "right", "height", "count"])


def _limits(options: Mapping[str, Any]) -> Limits:
    known = ("exact_up_to", "sample_rows", "better_starts")
    return Limits(**{name: options[name] for name in known if name in options})


def _objectives(options: Mapping[str, Any]) -> tuple[str, ...]:
    names = options.get("objectives")
    if names is None:
        names = ["excess_silhouette" if options["null_model"]["draws"] else "silhouette"]
    return goals.check_objectives(names)


def _open(
    matrices: Mapping[str | None, Floats],
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
        "preparations": [[name, dict(settings)] for name, settings in space.preparations.items()],
        "options": {key: value for key, value in options.items() if key not in WITHOUT_EFFECT},
        "prune": _prune_below(options, matrices),
        "objectives": names,
        "seed": seed,
    }
    key = content_key(matrices.values(), described)[:16]
    address = f"{SQLITE}{folder / key}.db" if storage == "sqlite" and folder else str(storage)
    with quiet():
        return open_study(address, key, goals.directions(names))


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


def _prune_below(options: Mapping[str, Any], matrices: Mapping[str | None, Floats]) -> int:
    rows = len(next(iter(matrices.values())))
    return floor_of(options["rule"], rows) if options.get("prune", False) else 0


def _stability(
    matrices: Mapping[str | None, Floats],
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
        values = matrices[point.preparation]
        clusterer = build(space.family(point.family).node, **point.values)
        taken = sampled_rows(len(values), limits)
        rows, labels = values[taken], result.labels[trial][taken]
        found = bootstrap_jaccard(rows, labels, clusterer, draws=draws, seed=seed, jobs=jobs)
        return float(found.groupby("segment")["jaccard"].mean().min())

    return lowest_jaccard
