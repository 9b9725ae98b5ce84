"""Trials of a space, driven by Optuna, with every score of every trial."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import optuna
import pandas as pd
from numpy.typing import ArrayLike
from tqdm import tqdm

from gp_segmentation import schemas
from gp_segmentation.errors import ConfigError
from gp_segmentation.study import objectives as goals
from gp_segmentation.study.evaluate import Evaluator, Evaluators, Found, Limits
from gp_segmentation.study.labelling import Build, TreeCache
from gp_segmentation.study.space import Point, Space
from gp_segmentation.study.store import Ledger, grouped, open_study, quiet, raise_when_disk_full
from gp_segmentation.study.trial_agreement import agreements
from gp_segmentation.utils.arrays import Floats, Ints

#: Samplers that visit every point of a finite space once; the points are then fitted and scored together.
EXHAUSTIVE = (optuna.samplers.BruteForceSampler, optuna.samplers.GridSampler)

#: The fitted rows of every preparation, the same practices in each.
Matrices = Mapping[str | None, ArrayLike]

#: Number of clusters -> silhouette expected of rows without clusters, for a preparation of the matrix.
Nulls = Callable[[str | None], Mapping[int, float]]

#: Makes the sampler that proposes the next trial, given how many are finished.
Samplers = Callable[[int], optuna.samplers.BaseSampler]


@dataclass(frozen=True)
class Setup:
    """How a study is run, beside what it tries.

    Attributes
    ----------
    study : Optuna's study, open and holding what was finished before; None: a new one in memory.
    objectives : columns of the trials the sampler is to optimise.
    prune_below : a sampler learns nothing from a trial whose smallest segment is smaller (it is pruned).
    limits : see `Limits`.
    cache : of trees, or None.
    seed : of what is drawn at random (rows of a sampled silhouette).
    """

    study: optuna.Study | None = None
    objectives: tuple[str, ...] = ("excess_silhouette",)
    prune_below: int = 0
    limits: Limits = field(default_factory=Limits)
    cache: TreeCache | None = None
    seed: int = 0


@dataclass(frozen=True)
class StudyResult:
    """What a study found.

    Attributes
    ----------
    trials : schema ``trials``. Where every point was tried, numbered in the order of the space, whatever
        process did which; else in the order of the sampler.
    labels : trial -> (n,) labels of the fitted rows, as the algorithm numbered them.
    points : trial -> the setting tried.
    trees : preparation and linkage -> scipy's linkage matrix of the fitted rows, for the trees that had to
        be built and are of all rows.
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
    """Try the points of `open_space` on the rows of `X`, except those the storage has finished already.

    Parameters
    ----------
    X : (n, d) fitted rows; where the space has several preparations, name -> such rows, in the same order.
    build : ``build(node, **params)`` gives the unfitted estimator of a family's node; `params` are the open
        parameters only.
    sampler : Optuna's sampler, or what makes one; brute force when None. An exhaustive one tries every
        point; another picks `n_trials` of them (all, where there are no more).
    nulls : see `Nulls`; None expects nothing.
    jobs : fits at once; the result does not depend on it.

    Raises
    ------
    ConfigError : more clusters asked for than there are rows, or a sampler without `n_trials`.
    """
    matrices, setup = as_matrices(X), setup or Setup()
    for values in matrices.values():
        check_rows(space, values)
    given = sampler if sampler is not None else brute_force(seed=0)
    samplers: Samplers = (lambda _: given) if isinstance(given, optuna.samplers.BaseSampler) else given
    exhaustive = isinstance(samplers(0), EXHAUSTIVE) and n_trials is None
    if not exhaustive and n_trials is None:
        raise ConfigError("study.n_trials is not set, and this sampler has no end. Set study.n_trials")
    expected, limits = nulls or (lambda _: {}), setup.limits
    evaluators = Evaluators(
        lambda name: Evaluator(
            matrices[name], space, build, expected(name), jobs, limits, setup.cache, setup.seed
        )
    )
    with quiet(), raise_when_disk_full():
        study = setup.study or open_study(None, None, goals.directions(setup.objectives))
        ledger, points = Ledger(study, space), space.points()
        if exhaustive:
            found = _try_all(ledger, evaluators, points, setup)
        else:
            asked = min(int(n_trials or 0), len(points))
            found = _try_some(ledger, evaluators, samplers, points, asked, setup)
    return _result(found, evaluators, ledger.study)


def as_matrices(X: Matrices | pd.DataFrame | ArrayLike) -> dict[str | None, Floats]:
    """Preparation -> its rows as an array; rows alone are those of the one preparation there is, None."""
    every = X if isinstance(X, Mapping) else {None: X}
    return {name: np.asarray(rows, dtype=np.float64) for name, rows in every.items()}


def check_rows(space: Space, X: Floats) -> None:
    """Raise ConfigError when some point of the space has more clusters than the rows can be cut into."""
    most = max(space.ks, default=0)
    remedy = "Lower study.n_clusters.high (clusterer.n_clusters if it is set), or take more practices in"
    if most >= len(X):
        raise ConfigError(f"n_clusters reaches {most}, but only {len(X)} practices are fitted. {remedy}")
    different = len(np.unique(X, axis=0))
    if most > different:
        problem = f"n_clusters reaches {most}, but the {len(X)} fitted practices have only {different}"
        raise ConfigError(f"{problem} different rows in the matrix. {remedy}")


def brute_force(seed: int | None = None) -> optuna.samplers.BruteForceSampler:
    """Optuna's sampler of every point of a finite space, without its warning that it is experimental."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        return optuna.samplers.BruteForceSampler(seed=seed)


def _try_all(
    ledger: Ledger, evaluators: Evaluators, points: Sequence[Point], setup: Setup
) -> list[tuple[Point, Found]]:
    """Every point, in order; groups of points are done together and stored as soon as they are done.

    A group of which some points are missing is done whole: the last digits of a matrix product depend on
    how many columns it has, and the table must not depend on where a study was interrupted.
    """
    known = ledger.known()
    missing = [point for point in points if point not in known]
    with _bar(len(points), len(points) - len(missing)) as bar:
        while missing:
            groups = {name: group for name, group in grouped(points).items() if set(group) & set(missing)}
            mine = groups[ledger.claim(groups)]
            evaluator = evaluators.of(mine[0].preparation, coming=missing)
            done = dict(zip(mine, evaluator.evaluate(mine), strict=True))
            known = ledger.known()  # another process may have come first
            for point in mine:
                if point not in known:
                    ledger.add(point, done[point], goals.values(done[point].row, setup.objectives))
            known = done | known
            missing = [point for point in points if point not in known]
            bar.update(len(points) - len(missing) - bar.n)
    return [(point, known[point]) for point in points]


def _try_some(
    ledger: Ledger,
    evaluators: Evaluators,
    samplers: Samplers,
    points: Sequence[Point],
    n_trials: int,
    setup: Setup,
) -> list[tuple[Point, Found]]:
    """`n_trials` of `points`, by the sampler's choosing, one after another; each is tried once only.

    The sampler is made anew for every trial, seeded by how many are finished, and knows what the storage
    knows. So the next trial does not depend on where the study was interrupted.
    """
    known = ledger.known()
    with _bar(n_trials, len(ledger.finished())) as bar:
        while (number := len(ledger.finished())) < n_trials:
            point, notes = ledger.propose(samplers(number), points)
            found = known.get(point) or evaluators.of(point.preparation).evaluate([point])[0]
            known[point] = found
            pruned = found.row["smallest_segment"] < setup.prune_below and len(setup.objectives) == 1
            ledger.add(point, found, None if pruned else goals.values(found.row, setup.objectives), notes)
            bar.update()
    return [(point, known[point]) for point, _ in ledger.finished()[:n_trials] if point in known]


def _bar(total: int, done: int) -> tqdm:
    # disable=None: tqdm looks for itself whether it writes to a terminal.
    return tqdm(total=total, initial=done, desc="study", unit="trial", disable=None, leave=False)


def _result(found: Sequence[tuple[Point, Found]], evaluators: Evaluators, study: optuna.Study) -> StudyResult:
    labels = {number: one.labels for number, (_, one) in enumerate(found)}
    rows = [{"trial": number, **one.row} for number, (_, one) in enumerate(found)]
    for row, agreement in zip(rows, agreements(rows, labels), strict=True):
        row["agreement"] = agreement
    return StudyResult(
        trials=_trials_frame(rows),
        labels=labels,
        points={number: point for number, (point, _) in enumerate(found)},
        trees=evaluators.trees(),
        optuna_study=study,
    )


def _trials_frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    columns = list(schemas.SCHEMAS["trials"].columns)
    types = {name: spec.dtype.type for name, spec in schemas.SCHEMAS["trials"].columns.items()}
    return schemas.check("trials", pd.DataFrame(rows, columns=columns).astype(types))
