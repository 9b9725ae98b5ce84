"""The tracking store: experiments and runs in MLflow, opened, found again and ended."""

import hashlib
import logging
import os
import re
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from filelock import FileLock, Timeout

from gp_segmentation.errors import ConfigError, without_secrets
from gp_segmentation.tracking.client import StoreClient, is_database, prompt
from gp_segmentation.tracking.errors import OTHER_PLACE, StoreError, explained
from gp_segmentation.tracking.moved import ARTEFACTS, HOME, follow_project
from gp_segmentation.tracking.names import MAX_NAME, NAME, PARENT
from gp_segmentation.tracking.run import MAX_TAG, Run, checked_tags, shortened
from gp_segmentation.tracking.view import VIEW_TAG, link, runs_view
from gp_segmentation.utils.files import atomic

log = logging.getLogger("gpseg")

#: Tag of a run: the name of the lock its process holds.
LOCK = "process_lock"

#: What is said of a run that its process did not end.
LOST = "the process was killed, the machine stopped, or the store could not be reached at the end"


@dataclass(frozen=True)
class Store:
    """One experiment of one tracking store.

    Attributes
    ----------
    client : talks to the store.
    experiment_id : where runs go.
    running : folder of a lock for every run of this machine that is open in this store; the system lets go
        of the lock when the process ends, however it ends.
    """

    client: StoreClient
    experiment_id: str
    running: Path

    def find(self, content_hash: str) -> str | None:
        """Return the id of a finished run with this content hash, or None."""
        found = self.client.search_runs(
            [self.experiment_id],
            f"tags.content_hash = '{content_hash}' and attributes.status = 'FINISHED'",
            max_results=1,
        )
        return found[0].info.run_id if found else None

    @contextmanager
    def run(
        self, name: str, tags: Mapping[str, str], seconds: float | None = None, known: str | None = None
    ) -> Iterator[Run]:
        """Open a run; it ends FINISHED, KILLED when interrupted, or FAILED with the error in its tags.

        With `seconds`, what is recorded was done before, and took so long: the run lasts from then to now.
        With `known`, the run of this id is opened again, if the store has it.

        The run is locked as long as this process is busy with it. The lock comes first and the run's tag
        leads to it: a process killed in between leaves no run behind that nobody knows to be lost. Where the
        store is gone when the run should end, the lock's file stays, and the next start ends the run.
        """
        with explained(self.client.address):
            self.running.mkdir(parents=True, exist_ok=True)
        path = self.running / f"{uuid.uuid4().hex}.lock"
        with FileLock(path):
            made = checked_tags({**tags, NAME: name, LOCK: path.stem})
            end = None if seconds is None else int(time.time() * 1000)
            start = None if end is None or seconds is None else end - int(seconds * 1000)
            run = Run(self.client, self._again(known, made) or self._created(start, made))
            try:
                yield run
                self.client.set_terminated(run.id, "FINISHED", end)
            except BaseException as error:
                if self._ended_after(error, run.id):
                    path.unlink(missing_ok=True)
                raise
            path.unlink(missing_ok=True)

    def _created(self, start: int | None, tags: Mapping[str, str]) -> str:
        return str(self.client.create_run(self.experiment_id, start, tags).info.run_id)

    def _again(self, run_id: str | None, tags: Mapping[str, str]) -> str | None:
        """Open a run again; None where there is none of this id in the experiment."""
        try:
            found = None if run_id is None else self.client.get_run(run_id).info
        except StoreError as error:
            if "has no run" not in error.problem:
                raise
            return None
        if found is None or (found.experiment_id, found.lifecycle_stage) != (self.experiment_id, "active"):
            return None
        Run(self.client, found.run_id).set_tags(tags)
        self.client.update_run(found.run_id, status="RUNNING")
        return str(found.run_id)

    def _ended_after(self, error: BaseException, run_id: str) -> bool:
        """End a run because of `error`; False when the store cannot be reached for it."""
        status = "FAILED" if isinstance(error, Exception) else "KILLED"
        try:
            with prompt():
                self._end(run_id, status, f"{type(error).__name__}: {error}")
        except StoreError as unreached:
            if not isinstance(error, StoreError):
                log.warning("%s. The next start ends run %s", unreached.problem, run_id)
            return False
        return True

    def runs_link(self, server: str) -> str:
        """Return the address of the table of runs, which it gives the columns and charts of `runs_view`.

        `server` : where the UI runs; of a store that is a server, that server.
        """
        experiment = self.client.get_experiment(self.experiment_id)
        if experiment.tags.get(VIEW_TAG) != runs_view():
            self.client.set_experiment_tag(self.experiment_id, VIEW_TAG, runs_view())
        address = without_secrets(self.client.address)
        return link(address.rstrip("/") if address.startswith("http") else server, self.experiment_id)

    def end_lost(self) -> None:
        """End, as KILLED, the runs of this machine whose process is gone without having ended them."""
        for path in sorted(self.running.glob("*.lock")):
            with suppress(Timeout), FileLock(path, timeout=0):
                for run_id in self._open_runs(LOCK, path.stem):
                    self._end(run_id, "KILLED", LOST)
                path.unlink(missing_ok=True)

    def _end(self, run_id: str, status: str, error: str) -> None:
        """End a run, the trials below it first: an interruption then leaves it to be ended again."""
        for one in (*self._open_runs(PARENT, run_id), run_id):
            self.client.set_tag(one, "error", shortened(error, MAX_TAG))
            self.client.set_terminated(one, status)

    def _open_runs(self, tag: str, value: str) -> list[str]:
        """Ids of the runs with this tag, of any experiment, that have not ended."""
        everywhere = [found.experiment_id for found in self.client.search_experiments()]
        asked = f"tags.`{tag}` = '{value}' and attributes.status = 'RUNNING'"
        return [run.info.run_id for run in self.client.search_runs(everywhere, asked)]


def open_store(root: Path, experiment: str, uri: str | None = None, artifacts: str | None = None) -> Store:
    """Open (and on first use create) the store below `root`, and end the runs that were lost in it.

    Parameters
    ----------
    root : the project; the store is ``<root>/mlruns/mlflow.db``.
    experiment : the experiment's name.
    uri : another tracking address; the environment's ``MLFLOW_TRACKING_URI`` comes before both.
    artifacts : where the experiment keeps artefacts, if it has yet to be created: an address, or a folder
        below `root`. None: ``<root>/mlruns/artifacts`` for a database; a server decides for itself.

    Raises
    ------
    StoreError : the store cannot be used, or the experiment was deleted or keeps its artefacts in a folder
        that is another one for everybody.
    ConfigError : the experiment's name is too long.
    """
    if len(experiment) > MAX_NAME:
        raise ConfigError(
            f"tracking.experiment has {len(experiment)} letters; a store takes {MAX_NAME}. Name it shorter"
        )
    folder = root / "mlruns"
    own = f"sqlite:///{folder / 'mlflow.db'}"
    address = os.environ.get("MLFLOW_TRACKING_URI") or uri or own
    with explained(address), prompt():
        folder.mkdir(parents=True, exist_ok=True)
        # Two first runs at the same time would both create the tables.
        with FileLock(folder / ".lock"):
            if address == own:
                _make_database(folder / "mlflow.db")
            client = StoreClient(address)
            if address == own:
                follow_project(root)
            experiment_id = _experiment(client, experiment, _place(root, address, artifacts))
            # Not of the password: runs are found again when it was changed, as when the project was moved.
            mine = "own" if address == own else hashlib.sha256(without_secrets(address).encode()).hexdigest()
            store = Store(client, experiment_id, folder / ".running" / mine[:12])
            _check_place(store, root)
            store.end_lost()
    return store


def _make_database(path: Path) -> None:
    """Make MLflow's tables, whole or not at all: a half-made database is never opened again."""
    if path.exists() and path.stat().st_size:
        return
    if path.exists():
        log.warning("%s was empty: a new tracking store was made in its place", path)
    (path.parent / HOME).unlink(missing_ok=True)
    with atomic(path) as temporary:
        StoreClient(f"sqlite:///{temporary}").search_experiments(max_results=1)


def _place(root: Path, address: str, artifacts: str | None) -> str | None:
    """Where an experiment to be created keeps its artefacts; None leaves it to the server."""
    if artifacts is None:
        return (root / ARTEFACTS).as_uri() if is_database(address) else None
    if re.match(r"[A-Za-z][\w+.-]+:", artifacts):
        return artifacts
    return (root / Path(artifacts).expanduser()).resolve().as_uri()


def _experiment(client: StoreClient, name: str, place: str | None) -> str:
    """Return the id of the experiment, created if need be; tell the client where its artefacts go."""
    found = client.get_experiment_by_name(name) or _created(client, name, place)
    client.place = str(found.artifact_location)
    if found.lifecycle_stage != "active":
        raise StoreError(
            f"the experiment {name} of the tracking store {client.address} was deleted",
            f"Bring it back with MLFLOW_TRACKING_URI={client.address} mlflow experiments restore "
            f"--experiment-id {found.experiment_id}, or name another: tracking.experiment=NAME",
        )
    if not re.match(r"[A-Za-z][\w+.-]*:|[/\\]", client.place):
        raise StoreError(
            f"the experiment {name} of the tracking store {client.address} keeps its artefacts in "
            f"{client.place}, which is another folder wherever a command is typed",
            "Name a new experiment: tracking.experiment=NAME",
        )
    return str(found.experiment_id)


def _check_place(store: Store, root: Path) -> None:
    """Refuse a folder of artefacts outside the project that is gone: MLflow would begin a new one there."""
    parts = urlsplit(store.client.place or "")
    folder = Path(unquote(parts.path))
    if parts.scheme not in ("", "file") or folder.is_dir() or folder.is_relative_to(root):
        return
    if store.client.search_runs([store.experiment_id], max_results=1):
        raise StoreError(
            f"the tracking store {store.client.address} keeps artefacts in {folder}, which is not there: it "
            "was moved, or is on another machine",
            f"Bring it back, or {OTHER_PLACE}",
        )


def _created(client: StoreClient, name: str, place: str | None) -> Any:
    # The kind decides which view of runs the UI opens: that of training, with metrics and comparison.
    tags = {"mlflow.experimentKind": "custom_model_development", VIEW_TAG: runs_view()}
    try:
        return client.get_experiment(client.create_experiment(name, artifact_location=place, tags=tags))
    except StoreError:
        # Another machine created it in between on a shared server.
        if found := client.get_experiment_by_name(name):
            return found
        raise
