"""The tracking store: experiments and runs in MLflow, opened, found again and ended."""

import hashlib
import logging
import os
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("DO_NOT_TRACK", "true")

import mlflow
from mlflow.exceptions import MlflowException

from gp_segmentation.errors import GpsegError, without_secrets
from gp_segmentation.tracking.run import MAX_TAG, Run, checked_tags
from gp_segmentation.utils.files import atomic

#: Tag of a run: the name of the lock its process holds.
LOCK = "process_lock"


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

    client: mlflow.MlflowClient
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
    def run(self, name: str, tags: Mapping[str, str]) -> Iterator[Run]:
        """Open a run; it ends FINISHED, KILLED when interrupted, or FAILED with the error in its tags.

        The run is locked as long as this process is busy with it. The lock comes first and the run's tag
        leads to it: a process killed in between leaves no run behind that nobody knows to be lost. Where the
        store is gone when the run should end, the lock's file stays, and the next start ends the run.
        """
        self.running.mkdir(parents=True, exist_ok=True)
        path = self.running / f"{uuid.uuid4().hex}.lock"
        with FileLock(path):
            made = checked_tags(tags) | {LOCK: path.stem}
            created = self.client.create_run(self.experiment_id, run_name=without_secrets(name), tags=made)
            run = Run(self.client, created.info.run_id)
            try:
                yield run
            except BaseException as error:
                status = "FAILED" if isinstance(error, Exception) else "KILLED"
                self._end(run.id, status, f"{type(error).__name__}: {error}")
                path.unlink(missing_ok=True)
                raise
            self.client.set_terminated(run.id, "FINISHED")
            path.unlink(missing_ok=True)

    def end_lost(self) -> None:
        """End, as KILLED, the runs of this machine whose process is gone without having ended them."""
        for path in sorted(self.running.glob("*.lock")):
            with suppress(Timeout), FileLock(path, timeout=0):
                for run_id in self._open_runs(LOCK, path.stem):
                    self._end(run_id, "KILLED", "the process was killed, or the machine stopped")
                path.unlink(missing_ok=True)

    def _end(self, run_id: str, status: str, error: str) -> None:
        """End a run, the trials below it first: an interruption then leaves it to be ended again."""
        for one in (*self._open_runs("mlflow.parentRunId", run_id), run_id):
            self.client.set_tag(one, "error", without_secrets(error)[:MAX_TAG])
            self.client.set_terminated(one, status)

    def _open_runs(self, tag: str, value: str) -> list[str]:
        """Ids of the runs with this tag, of any experiment, that have not ended."""
        everywhere = [found.experiment_id for found in self.client.search_experiments()]
        asked = f"tags.`{tag}` = '{value}' and attributes.status = 'RUNNING'"
        return [run.info.run_id for run in self.client.search_runs(everywhere, asked)]


def open_store(root: Path, experiment: str, uri: str | None = None) -> Store:
    """Open (and on first use create) the store below `root`.

    Parameters
    ----------
    root : the project; the store is ``<root>/mlruns/mlflow.db`` with artefacts in ``mlruns/artifacts``.
    experiment : the experiment's name.
    uri : another tracking address; the environment's ``MLFLOW_TRACKING_URI`` comes before both.
    """
    address = os.environ.get("MLFLOW_TRACKING_URI") or uri
    folder = root / "mlruns"
    artifacts = None if address else (folder / "artifacts").as_uri()
    address = address or f"sqlite:///{folder / 'mlflow.db'}"
    mine = hashlib.sha256(address.encode()).hexdigest()[:12]
    logging.getLogger("mlflow.store.db.utils").setLevel(logging.WARNING)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    folder.mkdir(parents=True, exist_ok=True)
    # Two first runs at the same time would both create the tables.
    with FileLock(folder / ".lock"):
        try:
            if artifacts and not (folder / "mlflow.db").exists():
                _make_database(folder / "mlflow.db")
            client = mlflow.MlflowClient(tracking_uri=address)
            store = Store(client, _experiment(client, experiment, artifacts), folder / ".running" / mine)
        except MlflowException as error:
            raise GpsegError(
                f"the tracking store {address} cannot be opened: {error}. Correct MLFLOW_TRACKING_URI or "
                "tracking.uri, or do without: tracking=none"
            ) from None  # its text and frames name the address, password and all
        store.end_lost()
    return store


def _make_database(path: Path) -> None:
    """Make MLflow's tables, whole or not at all: a half-made database is never opened again."""
    with atomic(path) as temporary:
        mlflow.MlflowClient(tracking_uri=f"sqlite:///{temporary}").search_experiments(max_results=1)


def _experiment(client: mlflow.MlflowClient, name: str, artifacts: str | None) -> str:
    found = client.get_experiment_by_name(name)
    if found is not None:
        return str(found.experiment_id)
    try:
        # The kind decides which view of runs the UI opens: that of training, with metrics and comparison.
        tags = {"mlflow.experimentKind": "custom_model_development"}
        return str(client.create_experiment(name, artifact_location=artifacts, tags=tags))
    except MlflowException:
        # Another machine created it in between on a shared server.
        found = client.get_experiment_by_name(name)
        if found is None:
            raise
        return str(found.experiment_id)
