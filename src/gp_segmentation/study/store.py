"""The finished trials of a study, so that it can be interrupted, resumed and shared."""

import base64
import hashlib
import json
import uuid
import zlib
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from typing import Any

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, IntDistribution
from optuna.trial import FrozenTrial, TrialState, create_trial

from gp_segmentation.study.database import alone
from gp_segmentation.study.evaluate import Evaluation
from gp_segmentation.study.space import Point, Space
from gp_segmentation.utils.arrays import Floats
from gp_segmentation.utils.imports import imported_files

#: Libraries whose versions decide, with this package's code, what a trial's labels and scores are.
LIBRARIES = ("numpy", "numba", "scipy", "scikit-learn", "optuna")

#: How often a sampler that proposes finished points is asked again.
TRIES = 20
#: Names of attributes of Optuna's trials and studies.
SCORES, LABELS, CLAIM = "scores", "labels", "claim "


def content_key(matrices: Iterable[Floats], described: Mapping[str, Any]) -> str:
    """SHA-256 of all that decides a study's trials: matrices, `described` settings, libraries, code."""
    digest = hashlib.sha256(json.dumps(described, sort_keys=True, default=str).encode())
    for X in matrices:
        digest.update(json.dumps(X.shape).encode())
        digest.update(np.ascontiguousarray(X, dtype=np.float64).tobytes())
    digest.update(json.dumps({name: version(name) for name in LIBRARIES}).encode())
    for path in sorted(imported_files("gp_segmentation.study")):
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


class Ledger:
    """Finished trials of one Optuna study, which several processes may share.

    While one claims or adds (`database.alone`), no other does, so that every trial is there once.

    A process claims a group of points before it fits them. Claims only order the work: a group that another
    process has claimed comes last, and is fitted if it is still missing then, since that process may be dead.
    """

    def __init__(self, study: optuna.Study, space: Space) -> None:
        self.study, self.space = study, space
        self._token = uuid.uuid4().hex

    def finished(self) -> list[tuple[Point, FrozenTrial]]:
        """Every finished trial in the order of Optuna's numbers, pruned ones too."""
        trials = self.study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))
        return [(point_of(trial.params, self.space), trial) for trial in trials if LABELS in trial.user_attrs]

    def known(self) -> dict[Point, Evaluation]:
        """The evaluation of each finished point."""
        return {point: unpack(trial) for point, trial in self.finished()}

    def claim(self, groups: Mapping[str, Sequence[Point]]) -> str:
        """Choose one of `groups` to fit next, and tell other processes."""
        with alone(self.study):
            claims = self.study.user_attrs
            free = [name for name in groups if claims.get(CLAIM + name, self._token) == self._token]
            name = (free or list(groups))[0]
            self.study.set_user_attr(CLAIM + name, self._token)
        return name

    def propose(self, sampler: optuna.samplers.BaseSampler) -> tuple[Point, dict[str, Any]]:
        """Let `sampler`, which knows the finished trials, propose the next point; also return its notes.

        It is asked in memory: the storage holds finished trials only, so an interrupted trial leaves no
        trace. A sampler that proposes a finished point is told its values and asked again, `TRIES` times.
        Then an unfinished point is drawn at random, seeded by the number of finished trials.
        """
        finished = self.finished()
        tried = dict(finished)
        study = optuna.create_study(directions=self.study.directions, sampler=sampler)
        study.add_trials([trial for _, trial in finished])
        for _ in range(TRIES):
            asked = study.ask()
            point = suggest(asked, self.space)
            if point not in tried:
                return point, study.get_trials(deepcopy=False)[-1].system_attrs
            if tried[point].values is None:
                study.tell(asked, state=TrialState.PRUNED)
            else:
                study.tell(asked, tried[point].values)
        left = [point for point in self.space.points() if point not in tried]
        return left[int(np.random.default_rng(len(finished)).integers(len(left)))], {}

    def add(
        self,
        point: Point,
        evaluation: Evaluation,
        values: Sequence[float] | None,
        notes: Mapping[str, Any] | None = None,
    ) -> None:
        """Add a finished trial in one transaction; without values it is pruned."""
        self.study.add_trial(
            create_trial(
                state=TrialState.PRUNED if values is None else TrialState.COMPLETE,
                params=optuna_parameters(point, self.space),
                distributions=distributions(point, self.space),
                values=values,
                user_attrs=pack(evaluation),
                system_attrs=dict(notes or {}),
            )
        )


def pack(evaluation: Evaluation) -> dict[str, Any]:
    """A trial's attributes: its scores, and its labels as compressed text."""
    small = evaluation.labels.min(initial=0) >= 0 and evaluation.labels.max(initial=0) < 2**8
    kind = "<u1" if small else "<i4"  # noise is negative
    labels = zlib.compress(evaluation.labels.astype(kind).tobytes(), 1)
    return {SCORES: evaluation.row, LABELS: kind + base64.b85encode(labels).decode("ascii")}


def unpack(trial: FrozenTrial) -> Evaluation:
    """Undo `pack`."""
    kind, text = trial.user_attrs[LABELS][:3], trial.user_attrs[LABELS][3:]
    data = zlib.decompress(base64.b85decode(text))
    return Evaluation(np.frombuffer(data, dtype=kind).astype(np.int64), dict(trial.user_attrs[SCORES]))


def optuna_parameters(point: Point, space: Space) -> dict[str, Any]:
    """A point as Optuna's parameters: settings of the matrix, the clusterer, the clusterer's parameters."""
    return {**space.preparations[point.preparation], "clusterer": point.family, **point.values}


def distributions(point: Point, space: Space) -> dict[str, BaseDistribution]:
    """Optuna's distribution of every parameter of a point."""
    domains = {**space.settings, "clusterer": tuple(family.name for family in space.families)}
    categories = {name: CategoricalDistribution(list(values)) for name, values in domains.items()}
    own = space.family(point.family).domains
    return categories | {name: _distribution(own[name]) for name in point.values}


def _distribution(domain: tuple[Any, ...]) -> BaseDistribution:
    if all(isinstance(value, int) for value in domain) and domain == tuple(range(domain[0], domain[-1] + 1)):
        return IntDistribution(domain[0], domain[-1])
    return CategoricalDistribution(list(domain))


def suggest(trial: optuna.Trial, space: Space) -> Point:
    """Let the sampler propose a point: first the matrix, then a family, then that family's parameters."""
    for name, values in space.settings.items():
        trial.suggest_categorical(name, list(values))
    family = space.family(trial.suggest_categorical("clusterer", [family.name for family in space.families]))
    for name in sorted(family.domains):
        distribution = _distribution(family.domains[name])
        if isinstance(distribution, IntDistribution):
            trial.suggest_int(name, distribution.low, distribution.high)
        else:
            trial.suggest_categorical(name, list(family.domains[name]))
    return point_of(trial.params, space)


def point_of(params: Mapping[str, Any], space: Space) -> Point:
    """The point with these of Optuna's parameters."""
    family = space.family(str(params["clusterer"]))
    values = tuple((name, params[name]) for name in sorted(family.domains))
    return Point(family.name, values, space.preparation(params))


def grouped(points: Iterable[Point]) -> dict[str, list[Point]]:
    """Group points that are cheapest together: one family on one matrix shares a pass over the distances."""
    groups: dict[str, list[Point]] = {}
    for point in points:
        name = point.family if point.preparation is None else f"{point.preparation} {point.family}"
        groups.setdefault(name, []).append(point)
    return groups
