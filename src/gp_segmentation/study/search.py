"""Trials of a space, driven by Optuna, with every score of every trial."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import optuna
import pandas as pd
from numpy.typing import ArrayLike

from gp_segmentation import schemas
from gp_segmentation.errors import ConfigError
from gp_segmentation.study import objectives
from gp_segmentation.study.agreement import agreement_by_trial
from gp_segmentation.study.database import alone, explained, open_study, quiet
from gp_segmentation.study.evaluate import Evaluation, Evaluator, Evaluators
from gp_segmentation.study.inputs import Build, Inputs, Limits, Matrices, as_matrices
from gp_segmentation.study.space import Point, Space
from gp_segmentation.study.store import Ledger, grouped
from gp_segmentation.study.tree_cache import TreeFolder
from gp_segmentation.utils import progress
from gp_segmentation.utils.arrays import Floats, Ints

#: Samplers that visit every point of a finite space once; the points are then fitted and scored together.
EXHAUSTIVE = (optuna.samplers.BruteForceSampler, optuna.samplers.GridSampler)

#: What the bar says that counts trials.
TRIED = "segmentations tried"

#: Preparation -> (number of clusters -> silhouette expected of rows without clusters).
Nulls = Callable[[str | None], Mapping[int, float]]

#: Number of finished trials -> the sampler that proposes the next one.
Samplers = Callable[[int], optuna.samplers.BaseSampler]


@dataclass(frozen=True)
class Setup:
    """How a study is run.

    Attributes
    ----------
    study : an open Optuna study, with the trials finished before; None: a new one in memory.
    objectives : columns of the trials the sampler optimises.
    prune_below : trials whose smallest segment is smaller are pruned: the sampler learns nothing from them.
    cache : of trees, or None.
    seed : of random samples of rows.
    """

    study: optuna.Study | None = None
    objectives: tuple[str, ...] = ("excess_silhouette",)
    prune_below: int = 0
    limits: Limits = field(default_factory=Limits)
    cache: TreeFolder | None = None
    seed: int = 0


@dataclass(frozen=True)
class StudyResult:
    """The trials of a study.

    Attributes
    ----------
    trials : schema ``trials``, numbered in the order of the space where every point was tried, whichever
        process did which; else in the order of the sampler.
    labels : trial -> (n,) labels of the fitted rows, as the algorithm numbered them; -1: in no segment.
    points : trial -> the point tried.
    trees : preparation and linkage -> scipy's linkage matrix of all fitted rows, for the trees that were
        built.
    optuna_study : the study as Optuna keeps it.
    """

    trials: pd.DataFrame
    labels: dict[int, Ints]
    points: dict[int, Point]
    trees: dict[tuple[str | None, str], Floats]
    optuna_study: optuna.Study


def run_trials(
    X: Matrices | pd.DataFrame | ArrayLike,
    space: Space,
    build: Build,
    *,
    sampler: optuna.samplers.BaseSampler | Samplers | None = None,
    n_trials: int | None = None,
    nulls: Nulls | None = None,
    jobs: int | None = 1,
    setup: Setup | None = None,
) -> StudyResult:
    """Try the points of `open_space` on the rows of `X`, except those already finished in the storage.

    Parameters
    ----------
    X, space, build, jobs : as for `run_study`.
    sampler : Optuna's sampler, or a function that makes one; brute force when None. An exhaustive one tries
        every point; another picks `n_trials` of them (all, where there are no more).
    nulls : see `Nulls`; None: nothing is expected.

    Raises
    ------
    ConfigError : more clusters asked for than there are rows, or a sampler without `n_trials`.
    """
    setup = setup or Setup()
    inputs = Inputs(as_matrices(X), space, build, setup.limits, setup.cache, setup.seed, jobs)
    given = sampler if sampler is not None else brute_force(seed=0)
    samplers: Samplers = (lambda _: given) if isinstance(given, optuna.samplers.BaseSampler) else given
    exhaustive = isinstance(samplers(0), EXHAUSTIVE) and n_trials is None
    if not exhaustive and n_trials is None:
        raise ConfigError("study.n_trials is not set, and this sampler has no end. Set study.n_trials")
    expected = nulls or (lambda _: {})
    evaluators = Evaluators(lambda name: Evaluator(inputs, name, expected(name)))
    with quiet(), explained():
        study = setup.study or open_study(None, None, objectives.directions(setup.objectives))
        ledger = Ledger(study, space)
        if exhaustive:
            evaluated = _try_all(ledger, evaluators, setup)
        else:
            evaluated = _try_sampled(ledger, evaluators, setup, samplers, int(n_trials or 0))
    return _result(evaluated, evaluators, study)


def brute_force(seed: int | None = None) -> optuna.samplers.BruteForceSampler:
    """Optuna's sampler of every point of a finite space, without its warning that it is experimental."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        return optuna.samplers.BruteForceSampler(seed=seed)


def _try_all(ledger: Ledger, evaluators: Evaluators, setup: Setup) -> list[tuple[Point, Evaluation]]:
    """Every point, in order; groups of points are fitted together and stored as soon as they are scored.

    A group with some points missing is fitted whole: the last digits of a matrix product depend on how many
    columns it has, and the table must not depend on where a study was interrupted.
    """
    points, known = ledger.space.points(), ledger.known()
    missing = [point for point in points if point not in known]
    with progress.bar(len(points), TRIED, len(points) - len(missing)) as bar:
        while missing:
            groups = {name: group for name, group in grouped(points).items() if set(group) & set(missing)}
            group = groups[ledger.claim(groups)]
            evaluator = evaluators.of(group[0].preparation, coming=missing)
            done = dict(zip(group, evaluator.evaluate(group), strict=True))
            with alone(ledger.study):
                known = ledger.known()  # another process may have come first
                for point in group:
                    if point not in known:
                        values = objectives.values(done[point].row, setup.objectives)
                        ledger.add(point, done[point], values)
            known = done | known
            missing = [point for point in points if point not in known]
            bar.update(len(points) - len(missing) - bar.n)
    return [(point, known[point]) for point in points]


def _try_sampled(
    ledger: Ledger, evaluators: Evaluators, setup: Setup, samplers: Samplers, n_trials: int
) -> list[tuple[Point, Evaluation]]:
    """`n_trials` points that the sampler proposes, one after another and none twice (at most all points).

    The sampler is made anew for every trial, seeded by how many are finished, and knows what the storage
    knows. So the next trial does not depend on where the study was interrupted, or on who shares it.
    """
    known, n_trials = ledger.known(), min(n_trials, len(ledger.space.points()))
    with progress.bar(n_trials, TRIED, len(ledger.finished())) as bar:
        while (number := len(ledger.finished())) < n_trials:
            point, notes = ledger.propose(samplers(number))
            evaluation = known.get(point) or evaluators.of(point.preparation).evaluate([point])[0]
            known[point] = evaluation
            pruned = evaluation.row["smallest_segment"] < setup.prune_below and len(setup.objectives) == 1
            values = None if pruned else objectives.values(evaluation.row, setup.objectives)
            with alone(ledger.study):
                # Where another process was quicker, the sampler knew too little: it is asked again.
                if len(ledger.finished()) == number:
                    ledger.add(point, evaluation, values, notes)
            bar.update(len(ledger.finished()) - bar.n)
    known |= ledger.known()  # other processes' trials, too
    return [(point, known[point]) for point, _ in ledger.finished()[:n_trials]]


def _result(
    evaluated: Sequence[tuple[Point, Evaluation]], evaluators: Evaluators, study: optuna.Study
) -> StudyResult:
    labels = {number: evaluation.labels for number, (_, evaluation) in enumerate(evaluated)}
    rows = [{"trial": number, **evaluation.row} for number, (_, evaluation) in enumerate(evaluated)]
    for row, agreement in zip(rows, agreement_by_trial(rows, labels), strict=True):
        row["agreement"] = agreement
    columns = schemas.SCHEMAS["trials"].columns
    types = {name: column.dtype.type for name, column in columns.items()}
    return StudyResult(
        trials=schemas.check("trials", pd.DataFrame(rows, columns=list(columns)).astype(types)),
        labels=labels,
        points={number: point for number, (point, _) in enumerate(evaluated)},
        trees=evaluators.trees(),
        optuna_study=study,
    )
