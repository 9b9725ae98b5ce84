"""A whole study in one call: null, trials, choice."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pandas as pd
from numpy.typing import ArrayLike

from gp_segmentation.clustering import build_tree
from gp_segmentation.schemas import of_preparation
from gp_segmentation.study import objectives
from gp_segmentation.study.agreement import check_comparable, compare_preparations
from gp_segmentation.study.criteria import MIXTURE_CRITERIA, best_trials
from gp_segmentation.study.database import SQLITE, closed_after, explained, open_study
from gp_segmentation.study.finest import CANDIDATE, check_enough_draws
from gp_segmentation.study.inputs import Build, Inputs, Limits, Matrices, as_matrices
from gp_segmentation.study.measures import Measures
from gp_segmentation.study.mixtures import with_mixtures
from gp_segmentation.study.null_cache import NullCache
from gp_segmentation.study.rule import choose, floor_of
from gp_segmentation.study.search import EXHAUSTIVE, Samplers, Setup, StudyResult, run_trials
from gp_segmentation.study.space import Space
from gp_segmentation.study.store import content_key
from gp_segmentation.study.tree_cache import TreeFolder
from gp_segmentation.utils.arrays import Floats
from gp_segmentation.utils.parallel import spread_over
from gp_segmentation.validity import adjusted_rand

#: Keys of ``conf/study`` that change no trial's labels or scores.
WITHOUT_EFFECT = ("name", "storage", "workers", "rule", "certainty_draws", "levels", "tree_cache")


@dataclass(frozen=True)
class Study:
    """A study and its choice.

    Attributes
    ----------
    trials : schema ``trials``.
    choice : from `choose`, with settings, node, numbers_tried and agreement: the contents of choice.json.
    preparations : from `compare_preparations`.
    null : the draws behind ``null_silhouette`` (preparation, draw, k, silhouette, log_within); may be empty.
    tree : scipy's linkage matrix (left, right, height, count) of the chosen matrix, by the chosen linkage or
        Ward's; empty where there are too many rows for one.
    result : labels, points and trees of the trials.
    objectives : columns of the trials that the sampler optimised.
    candidates : the finest rule's questions to every trial, and the answers (`finest.CANDIDATE`); else empty.
    resamples : trial, draw, segment (as the trial numbers it), jaccard of the bootstrap samples that the rule
        asked for.
    centroids : (draws, k, d) of the chosen trial in `stability_draws` samples of practices
        (`validity.Resamples`); no draws where none are asked for.
    """

    trials: pd.DataFrame
    choice: dict[str, Any]
    preparations: pd.DataFrame
    null: pd.DataFrame
    tree: pd.DataFrame
    result: StudyResult
    objectives: tuple[str, ...]
    candidates: pd.DataFrame
    resamples: pd.DataFrame
    centroids: Floats


def run_study(
    X: Matrices | pd.DataFrame | ArrayLike,
    space: Space,
    build: Build,
    options: Mapping[str, Any],
    *,
    seed: int = 0,
    jobs: int | None = 1,
    folder: Path | None = None,
    cache: TreeFolder | None = None,
) -> Study:
    """Draw the null, try every open point, and choose by the rule.

    Parameters
    ----------
    X : (n, d) fitted rows; where the space has several preparations, name -> such rows, in the same order.
    space : from `open_space`.
    build : ``build(node, **params)``, for clusterers and the sampler.
    options : the node ``conf/study``.
    seed, jobs : the result depends on `seed` alone, and not on who did the work (``workers``).
    folder : holds one file for each content when ``storage`` is ``sqlite``, so that an interrupted study
        resumes; None keeps studies in memory.
    cache : of trees, or None.
    """
    limits = {key: options[key] for key in ("exact_up_to", "sample_rows", "better_starts") if key in options}
    inputs = Inputs(as_matrices(X), space, build, Limits(**limits), cache, seed, jobs)
    check_comparable(space, options)
    check_enough_draws(options)
    names = objectives.read_objectives(options)
    rows = len(next(iter(inputs.matrices.values())))
    prune_below = floor_of(options["rule"], rows) if options.get("prune", False) else 0
    study = _open(inputs, options, {"prune": prune_below, "objectives": names}, folder)
    nulls = NullCache(study, inputs, options["null_model"])
    gradient = None
    if options["rule"].get("gradient", False):
        gradient = NullCache(study, inputs, {**options["null_model"], "kind": "gradient"}, "gradient")
    with closed_after(study), explained(), spread_over(options.get("workers")):
        result = run_trials(
            inputs.matrices,
            space,
            build,
            sampler=_samplers(inputs, options["sampler"]),
            n_trials=options["n_trials"],
            nulls=nulls.means,
            jobs=jobs,
            setup=Setup(study, names, prune_below, inputs.limits, cache, seed),
        )
        return _study(inputs, result, options, nulls, names, gradient)


def _study(
    inputs: Inputs,
    result: StudyResult,
    options: Mapping[str, Any],
    nulls: NullCache,
    names: tuple[str, ...],
    gradient: NullCache | None,
) -> Study:
    """Choose among the trials, and describe the choice."""
    space, trials = inputs.space, result.trials
    tried = {point.preparation for point in result.points.values()}
    null = nulls.drawn(name for name in space.preparations if name in tried)

    def agreement(one: int, other: int) -> float:
        return adjusted_rand(result.labels[one], result.labels[other])

    measures = _measures(inputs, result, options, null, gradient)
    asked = measures if measures.draws else None
    choice = choose(trials, options["rule"], asked, null=null, agreement=agreement)
    if asked is not None:
        # Each practice's certainty rests on the resamples of the choice: always on as many, also where
        # the configuration fixed it, or the rule needed a third of them to see that it is unstable.
        asked.complete(choice["trial"])
    chosen = choice["preparation"]
    if inputs.exact(chosen):
        trials = with_mixtures(trials, result.labels, chosen, inputs.matrices[chosen], inputs.jobs)
        choice["by_criterion"] |= best_trials(of_preparation(trials, chosen), MIXTURE_CRITERIA)
    means = {row["trial"]: row["agreement"] for row in choice["by_preparation"]}
    choice |= {
        "settings": dict(space.preparations[chosen]),
        "node": space.node(choice),
        "numbers_tried": space.ks,
        "agreement": means.get(choice["trial"]),  # mean with other preparations
    }
    return Study(
        trials,
        choice,
        compare_preparations(trials, choice, space, agreement),
        null,
        _tree(inputs, result, choice),
        result,
        names,
        pd.DataFrame(choice.pop("candidates"), columns=list(CANDIDATE)),
        measures.all_resamples(),
        measures.centroids.get(choice["trial"], np.empty((0, 0, 0))),
    )


def _measures(
    inputs: Inputs,
    result: StudyResult,
    options: Mapping[str, Any],
    null: pd.DataFrame,
    gradient: NullCache | None,
) -> Measures:
    rule = options["rule"]
    return Measures(
        inputs,
        result,
        draws=int(rule["stability_draws"]),
        splits=int(rule.get("splits", 0)),
        null=lambda name: null[null["preparation"].isna() if name is None else null["preparation"] == name],
        null_starts=int(options["null_model"]["n_init"]),
        min_jaccard=float(rule["min_jaccard"]),
        gradient=None if gradient is None else lambda name: gradient.drawn([name]),
        min_exceedance=float(rule.get("min_exceedance", 0.0)),
    )


def _tree(inputs: Inputs, result: StudyResult, choice: Mapping[str, Any]) -> pd.DataFrame:
    preparation, linkage = choice["preparation"], choice["linkage"] or "ward"
    tree = result.trees.get((preparation, linkage))
    if tree is None and inputs.exact(preparation):
        tree = build_tree(inputs.matrices[preparation], linkage)
    columns = ["left", "right", "height", "count"]
    return pd.DataFrame(np.empty((0, 4)) if tree is None else tree, columns=columns)


def _open(
    inputs: Inputs, options: Mapping[str, Any], goals: Mapping[str, Any], folder: Path | None
) -> optuna.Study:
    """The study that the storage keeps of the same inputs, options and goals, or a new one."""
    space, storage = inputs.space, options.get("storage")
    directions = objectives.directions(goals["objectives"])
    if storage is None or (storage == "sqlite" and folder is None):
        return open_study(None, None, directions)
    described = {
        "families": [[family.name, family.node] for family in space.families],
        "preparations": [[name, dict(settings)] for name, settings in space.preparations.items()],
        "options": {key: value for key, value in options.items() if key not in WITHOUT_EFFECT},
        "seed": inputs.seed,
        **goals,
    }
    key = content_key(inputs.matrices.values(), described)[:16]
    address = f"{SQLITE}{folder / key}.db" if storage == "sqlite" and folder else str(storage)
    return open_study(address, key, directions)


def _samplers(inputs: Inputs, node: Mapping[str, Any]) -> Samplers:
    """Make the sampler for the next trial, seeded by the study's seed and how many trials are finished."""

    def sampler(finished: int) -> optuna.samplers.BaseSampler:
        if "seed" not in node:
            return inputs.build(node)
        state = np.random.SeedSequence([inputs.seed, finished]).generate_state(1)
        return inputs.build(node, seed=int(state[0]))

    first = sampler(0)
    # One that visits every point draws nothing at random and need not be made again.
    return (lambda _: first) if isinstance(first, EXHAUSTIVE) else sampler
