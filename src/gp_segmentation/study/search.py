"""Trials of a space, driven by Optuna, with every score of every trial."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import optuna
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from gp_segmentation import tables
from gp_segmentation.errors import ConfigError
from gp_segmentation.scores import Scores, score_labellings
from gp_segmentation.study.labelling import Build, Labeller
from gp_segmentation.study.space import Family, Point, Space

#: Samplers that visit every point of a finite space once; the points are then fitted and scored together.
EXHAUSTIVE = (optuna.samplers.BruteForceSampler, optuna.samplers.GridSampler)


@dataclass(frozen=True)
class StudyResult:
    """What a study found.

    Attributes
    ----------
    trials : schema ``trials``, in the order of Optuna's trial numbers.
    labels : trial -> (n,) labels of the fitted rows, as the algorithm numbered them.
    points : trial -> the setting tried.
    trees : linkage -> scipy's linkage matrix of the fitted rows, for the linkages tried.
    optuna_study : for Optuna's own plots.
    """

    trials: pd.DataFrame
    labels: dict[int, NDArray[np.int64]]
    points: dict[int, Point]
    trees: dict[str, NDArray[np.float64]]
    optuna_study: optuna.Study


def run_study(
    X: pd.DataFrame | ArrayLike,
    space: Space,
    build: Build,
    *,
    sampler: optuna.samplers.BaseSampler | None = None,
    n_trials: int | None = None,
    null_silhouette: Mapping[int, float] | None = None,
    jobs: int | None = 1,
) -> StudyResult:
    """Try the points of `space` on the rows of `X`.

    Parameters
    ----------
    X : (n, d) fitted rows.
    build : ``build(node, **params)`` gives the unfitted estimator of a family's node; `params` are the open
        parameters only.
    sampler : Optuna's sampler; brute force when None. An exhaustive one tries every point, in the order of
        the space; another picks `n_trials` of them.
    null_silhouette : number of clusters -> silhouette expected of rows without clusters.
    jobs : fits at once; the result does not depend on it.

    Raises
    ------
    ConfigError : more clusters asked for than there are rows, or a sampler without `n_trials`.
    """
    values = np.asarray(X, dtype=np.float64)
    _check_rows(space, len(values))
    sampler = sampler if sampler is not None else brute_force(seed=0)
    evaluator = _Evaluator(values, space, build, null_silhouette or {}, jobs)
    points = space.points()
    exhaustive = isinstance(sampler, EXHAUSTIVE) and n_trials is None
    if exhaustive:
        evaluator.evaluate(points)
    elif n_trials is None:
        raise ConfigError("study.n_trials is not set, and this sampler has no end. Set study.n_trials")
    with _quiet():
        study = optuna.create_study(direction="maximize", sampler=sampler)
        for point in points if exhaustive else ():
            study.enqueue_trial({"clusterer": point.family, **point.values})
        study.optimize(evaluator.objective, n_trials=len(points) if exhaustive else n_trials)
    return evaluator.result(study)


def _check_rows(space: Space, rows: int) -> None:
    if space.ks and max(space.ks) >= rows:
        raise ConfigError(
            f"study.n_clusters reaches {max(space.ks)}, but only {rows} practices are fitted. "
            "Lower study.n_clusters.high, or take more practices in"
        )


def brute_force(seed: int | None = None) -> optuna.samplers.BruteForceSampler:
    """Optuna's sampler of every point of a finite space, without its warning that it is experimental."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        return optuna.samplers.BruteForceSampler(seed=seed)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Optuna's line per trial off the terminal, and leave its verbosity as it was."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(before)


class _Evaluator:
    """Fits and scores points once each, several at a time when they are known beforehand."""

    def __init__(
        self,
        X: NDArray[np.float64],
        space: Space,
        build: Build,
        null: Mapping[int, float],
        jobs: int | None,
    ) -> None:
        self._X, self._space, self._null, self._jobs = X, space, null, jobs
        self._labeller = Labeller(X, space, build, jobs)
        self._labels: dict[Point, NDArray[np.int64]] = {}
        self._rows: dict[Point, dict[str, Any]] = {}
        self._trial_points: dict[int, Point] = {}

    def evaluate(self, points: Sequence[Point]) -> None:
        new = [point for point in dict.fromkeys(points) if point not in self._rows]
        if not new:
            return
        labels = self._labeller.labels(new)
        # Distances already made for a tree serve the scores too.
        distances = self._labeller.known_distances()
        scores = score_labellings(self._X, np.stack(labels), distances=distances, jobs=self._jobs)
        for i, (point, found) in enumerate(zip(new, labels, strict=True)):
            self._labels[point] = found
            self._rows[point] = _row(point, self._labeller.estimator(point), scores, i, self._null)

    def objective(self, trial: optuna.Trial) -> float:
        point = _suggest(trial, self._space)
        self.evaluate([point])
        self._trial_points[trial.number] = point
        row = self._rows[point]
        for name, value in row.items():
            trial.set_user_attr(name, value)
        value = row["silhouette"] if row["excess_silhouette"] is None else row["excess_silhouette"]
        return -1.0 if value is None else float(value)  # Optuna takes no NaN; -1 is the lowest silhouette

    def result(self, study: optuna.Study) -> StudyResult:
        points = dict(sorted(self._trial_points.items()))
        rows = [{"trial": number, **self._rows[point]} for number, point in points.items()]
        return StudyResult(
            trials=_trials_frame(rows),
            labels={number: self._labels[point] for number, point in points.items()},
            points=points,
            trees=self._labeller.trees(),
            optuna_study=study,
        )


def _suggest(trial: optuna.Trial, space: Space) -> Point:
    names = [family.name for family in space.families]
    family = space.family(trial.suggest_categorical("clusterer", names))
    params = tuple((name, _suggest_value(trial, family, name)) for name in sorted(family.domains))
    return Point(family.name, params)


def _suggest_value(trial: optuna.Trial, family: Family, name: str) -> Any:
    domain = family.domains[name]
    if all(isinstance(value, int) for value in domain) and domain == tuple(range(domain[0], domain[-1] + 1)):
        return trial.suggest_int(name, domain[0], domain[-1])
    return trial.suggest_categorical(name, list(domain))


def _row(point: Point, estimator: Any, scores: Scores, i: int, null: Mapping[int, float]) -> dict[str, Any]:
    sizes = sorted(scores.sizes[i].tolist(), reverse=True)
    silhouette = _known(scores.silhouette[i])
    expected = _known(null.get(int(scores.n_clusters[i]), np.nan))
    excess = None if silhouette is None or expected is None else silhouette - expected
    return {
        "clusterer": point.family,
        "linkage": getattr(estimator, "linkage", None),
        "n_clusters": int(scores.n_clusters[i]),
        "silhouette": silhouette,
        "davies_bouldin": _known(scores.davies_bouldin[i]),
        "calinski_harabasz": _known(scores.calinski_harabasz[i]),
        "inertia": float(scores.within[i]),
        "smallest_segment": sizes[-1],
        "largest_segment": sizes[0],
        "sizes": " ".join(map(str, sizes)),
        "null_silhouette": expected,
        "excess_silhouette": excess,
    }


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _trials_frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    columns = list(tables.SCHEMAS["trials"].columns)
    types = {name: spec.dtype.type for name, spec in tables.SCHEMAS["trials"].columns.items()}
    return tables.check("trials", pd.DataFrame(rows, columns=columns).astype(types))
