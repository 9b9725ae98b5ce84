"""Where a study keeps its finished trials, so that it can be interrupted, resumed and shared."""

import base64
import hashlib
import json
import uuid
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import optuna
from filelock import FileLock
from optuna.distributions import BaseDistribution, CategoricalDistribution, IntDistribution
from optuna.trial import FrozenTrial, TrialState, create_trial

from gp_segmentation.errors import ConfigError, GpsegError
from gp_segmentation.study.evaluate import Found
from gp_segmentation.study.objectives import Direction
from gp_segmentation.study.space import Point, Space
from gp_segmentation.utils.arrays import Floats
from gp_segmentation.utils.imports import imported_files

#: Libraries whose versions decide, with this package's code, what a trial's labels and scores are.
LIBRARIES = ("numpy", "numba", "scipy", "scikit-learn", "optuna")

SQLITE = "sqlite:///"
#: How often a sampler that names finished points is asked again.
TRIES = 20
SCORES, LABELS, CLAIM = "scores", "labels", "claim "


def content_key(matrices: Iterable[Floats], described: Mapping[str, Any]) -> str:
    """SHA-256 of all that a study's trials follow from: matrices, `described` settings, libraries, code."""
    digest = hashlib.sha256(json.dumps(described, sort_keys=True, default=str).encode())
    for X in matrices:
        digest.update(json.dumps(X.shape).encode())
        digest.update(np.ascontiguousarray(X, dtype=np.float64).tobytes())
    digest.update(json.dumps({name: version(name) for name in LIBRARIES}).encode())
    for path in sorted(imported_files("gp_segmentation.study")):
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


@contextmanager
def quiet() -> Iterator[None]:
    """Keep Optuna's line per trial off the terminal, and leave its verbosity as it was."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(before)


#: What SQLite says when it cannot write on.
FULL = ("database or disk is full", "disk I/O error")


@contextmanager
def raise_when_disk_full() -> Iterator[None]:
    """Say plainly that the disk is full where a storage says so among much else."""
    try:
        yield
    except Exception as error:
        chain: list[BaseException] = [error]
        while (before := chain[-1].__cause__ or chain[-1].__context__) is not None:
            chain.append(before)
        if isinstance(error, GpsegError) or not any(words in str(e) for e in chain for words in FULL):
            raise
        raise GpsegError(
            "study.storage cannot be written: the disk is full, or fails. Finished trials are kept; "
            "make room, and run the same command again"
        ) from error


def open_study(storage: str | None, name: str | None, directions: Sequence[Direction]) -> optuna.Study:
    """Open, or create, the Optuna study `name` in `storage`; None keeps it in memory.

    Raises
    ------
    ConfigError : the storage cannot be opened; GpsegError : the disk is full.
    """
    if storage is None:
        with quiet():
            return optuna.create_study(directions=list(directions))
    if not storage.startswith(SQLITE):
        return _open(storage, name, directions, {})
    path = Path(storage.removeprefix(SQLITE))
    path.parent.mkdir(parents=True, exist_ok=True)
    # Two processes that come first would both create the tables: one at a time.
    with FileLock(path.with_suffix(".lock")):
        return _open(storage, name, directions, {"connect_args": {"timeout": 60}})


def _open(
    storage: str, name: str | None, directions: Sequence[Direction], engine: dict[str, Any]
) -> optuna.Study:
    try:
        with quiet(), raise_when_disk_full():
            opened = optuna.storages.RDBStorage(storage, engine_kwargs=engine)
            return optuna.create_study(
                study_name=name, storage=opened, directions=list(directions), load_if_exists=True
            )
    except GpsegError:
        raise
    except Exception as error:
        raise ConfigError(f"study.storage {storage} cannot be opened: {error}") from error


class Ledger:
    """Finished trials of one Optuna study: read, added, and claimed so that processes share the work.

    A process claims a group of points before it fits them. Claims only order the work: what another has
    claimed comes last, and is done all the same if it is still missing then, since its process may be dead.
    """

    def __init__(self, study: optuna.Study, space: Space) -> None:
        self.study, self._space = study, space
        self._token = uuid.uuid4().hex

    def finished(self) -> list[tuple[Point, FrozenTrial]]:
        """Every finished trial in the order of Optuna's numbers, pruned ones too."""
        trials = self.study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))
        found = [(trial, point_of(trial, self._space)) for trial in trials if LABELS in trial.user_attrs]
        return [(point, trial) for trial, point in found]

    def known(self) -> dict[Point, Found]:
        """What was found of each finished point."""
        return {point: unpack(trial) for point, trial in self.finished()}

    def claim(self, groups: Mapping[str, Sequence[Point]]) -> str:
        """Choose one of `groups` to do next, and say so to other processes."""
        claims = self.study.user_attrs
        free = [name for name in groups if claims.get(CLAIM + name, self._token) == self._token]
        name = (free or list(groups))[0]
        self.study.set_user_attr(CLAIM + name, self._token)
        return name

    def propose(
        self, sampler: optuna.samplers.BaseSampler, points: Sequence[Point]
    ) -> tuple[Point, dict[str, Any]]:
        """Let `sampler` name the next of `points`, knowing the finished trials; returns its notes on it too.

        It is asked in memory. In the storage a trial appears when it is finished, so that one that was
        interrupted is as if it had never begun. A sampler that names a finished point is told what came of
        it and asked again, `TRIES` times; then the next unfinished point in an order drawn by the number of
        finished trials is taken: no trial is repeated.
        """
        finished = self.finished()
        tried = dict(finished)
        study = optuna.create_study(directions=self.study.directions, sampler=sampler)
        study.add_trials([trial for _, trial in finished])
        for _ in range(TRIES):
            asked = study.ask()
            point = suggest(asked, self._space)
            if point not in tried:
                return point, study.get_trials(deepcopy=False)[-1].system_attrs
            if tried[point].values is None:
                study.tell(asked, state=TrialState.PRUNED)
            else:
                study.tell(asked, tried[point].values)
        left = [point for point in points if point not in tried]
        return left[int(np.random.default_rng(len(finished)).integers(len(left)))], {}

    def add(
        self,
        point: Point,
        found: Found,
        values: Sequence[float] | None,
        notes: Mapping[str, Any] | None = None,
    ) -> None:
        """Add a finished trial in one transaction; without values it is pruned."""
        self.study.add_trial(
            create_trial(
                state=TrialState.PRUNED if values is None else TrialState.COMPLETE,
                params=optuna_parameters(point, self._space),
                distributions=distributions(point, self._space),
                values=values,
                user_attrs=packed(found),
                system_attrs=dict(notes or {}),
            )
        )


def packed(found: Found) -> dict[str, Any]:
    """What a trial carries: its scores, and its labels as compressed text."""
    kind = "<u1" if found.labels.max(initial=0) < 2**8 else "<u4"
    labels = zlib.compress(found.labels.astype(kind).tobytes(), 1)
    return {SCORES: found.row, LABELS: kind + base64.b85encode(labels).decode("ascii")}


def unpack(trial: FrozenTrial) -> Found:
    """Undo `packed`."""
    kind, text = trial.user_attrs[LABELS][:3], trial.user_attrs[LABELS][3:]
    data = zlib.decompress(base64.b85decode(text))
    return Found(np.frombuffer(data, dtype=kind).astype(np.int64), dict(trial.user_attrs[SCORES]))


def optuna_parameters(point: Point, space: Space) -> dict[str, Any]:
    """A point as Optuna's parameters: how the matrix is prepared, the clusterer, what that leaves open."""
    return {**space.preparations[point.preparation], "clusterer": point.family, **point.values}


def distributions(point: Point, space: Space) -> dict[str, BaseDistribution]:
    """Optuna's distribution of every parameter of a point."""
    family = space.family(point.family)
    names = tuple(other.name for other in space.families)
    domains = {**space.settings, "clusterer": names}
    chosen = {name: CategoricalDistribution(list(values)) for name, values in domains.items()}
    return chosen | {name: _distribution(family.domains[name]) for name in point.values}


def _distribution(domain: tuple[Any, ...]) -> BaseDistribution:
    if all(isinstance(value, int) for value in domain) and domain == tuple(range(domain[0], domain[-1] + 1)):
        return IntDistribution(domain[0], domain[-1])
    return CategoricalDistribution(list(domain))


def suggest(trial: optuna.Trial, space: Space) -> Point:
    """Let the sampler name a point: the matrix, a family, then what that family leaves open."""
    settings = {name: trial.suggest_categorical(name, list(tried)) for name, tried in space.settings.items()}
    family = space.family(trial.suggest_categorical("clusterer", [family.name for family in space.families]))
    values = [(name, _suggest(trial, name, family.domains[name])) for name in sorted(family.domains)]
    return Point(family.name, tuple(values), space.preparation(settings))


def _suggest(trial: optuna.Trial, name: str, domain: tuple[Any, ...]) -> Any:
    distribution = _distribution(domain)
    if isinstance(distribution, IntDistribution):
        return trial.suggest_int(name, distribution.low, distribution.high)
    return trial.suggest_categorical(name, list(domain))


def point_of(trial: FrozenTrial, space: Space) -> Point:
    """The point a trial tried."""
    family = space.family(str(trial.params["clusterer"]))
    values = tuple((name, trial.params[name]) for name in sorted(family.domains))
    return Point(family.name, values, space.preparation(trial.params))


def grouped(points: Iterable[Point]) -> dict[str, list[Point]]:
    """Group points that are cheapest done together: one family on one matrix shares a pass over distances."""
    groups: dict[str, list[Point]] = {}
    for point in points:
        name = point.family if point.preparation is None else f"{point.preparation} {point.family}"
        groups.setdefault(name, []).append(point)
    return groups
