"""Record runs in MLflow; the only module that imports it."""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("DO_NOT_TRACK", "true")

import mlflow
from mlflow.entities import Metric, Param, RunTag
from mlflow.exceptions import MlflowException

from gp_segmentation.atomic import atomic
from gp_segmentation.errors import GpsegError, without_secrets
from gp_segmentation.logged import MAX_TAG, checked_tags, is_number, shortened

if TYPE_CHECKING:
    import pandas as pd

#: How many parameters or metrics the server accepts in one call.
MAX_PARAMS, MAX_METRICS = 100, 1000

#: Tag of a run: the name of the lock its process holds.
LOCK = "process_lock"

#: What reading a logged model takes.
MODEL_PACKAGES = ("gp-segmentation", "scikit-learn", "skops", "numpy", "pandas", "scipy")

log = logging.getLogger(__name__)


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
        """Open a run; it ends FINISHED, KILLED when interrupted, or FAILED with the error in its tags."""
        with self._open(name, tags) as run:
            try:
                yield run
            except BaseException as error:
                status = "FAILED" if isinstance(error, Exception) else "KILLED"
                self._end(run.id, status, f"{type(error).__name__}: {error}")
                raise
            self.client.set_terminated(run.id, "FINISHED")

    @contextmanager
    def _open(self, name: str, tags: Mapping[str, str]) -> Iterator[Run]:
        """Create a run, locked as long as this process is busy with it.

        The lock comes first and the run's tag leads to it: a process killed in between leaves no run behind
        that nobody knows to be lost.
        """
        self.running.mkdir(parents=True, exist_ok=True)
        path = self.running / f"{uuid.uuid4().hex}.lock"
        try:
            with FileLock(path):
                made = checked_tags(tags) | {LOCK: path.stem}
                run = self.client.create_run(self.experiment_id, run_name=without_secrets(name), tags=made)
                yield Run(self.client, run.info.run_id)
        finally:
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


@dataclass(frozen=True)
class Child:
    """One trial of a run, to be shown below it."""

    name: str
    params: Mapping[str, Any]
    metrics: Mapping[str, Any]
    tags: Mapping[str, str]


@dataclass(frozen=True)
class Run:
    """An open run: what it is made of, what came out, and the files that show it."""

    client: mlflow.MlflowClient
    id: str

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Log parameters as text; one longer than the store takes is cut and ends in an ellipsis."""
        rows = [
            Param(key, shortened("null" if value is None else str(value))) for key, value in params.items()
        ]
        for start in range(0, len(rows), MAX_PARAMS):
            self.client.log_batch(self.id, params=rows[start : start + MAX_PARAMS])

    def log_metrics(self, metrics: Mapping[str, Any]) -> None:
        """Log the numbers among `metrics`; what is missing or not finite is left out."""
        now = int(time.time() * 1000)
        rows = [Metric(key, float(value), now, 0) for key, value in metrics.items() if is_number(value)]
        self._log_metrics(rows)

    def log_series(self, name: str, steps: Sequence[int], values: Sequence[float]) -> None:
        """Log a curve: `values` at integer `steps` (the number of segments, say)."""
        now = int(time.time() * 1000)
        pairs = zip(steps, values, strict=True)
        self._log_metrics([Metric(name, float(v), now, int(s)) for s, v in pairs if is_number(v)])

    def _log_metrics(self, rows: list[Metric]) -> None:
        for start in range(0, len(rows), MAX_METRICS):
            self.client.log_batch(self.id, metrics=rows[start : start + MAX_METRICS])

    def log_children(self, children: Sequence[Child]) -> None:
        """Log finished runs below this one, in as few calls as the store allows."""
        experiment = self.client.get_run(self.id).info.experiment_id
        for child in children:
            tags = checked_tags({**child.tags, "mlflow.parentRunId": self.id})
            started = self.client.create_run(experiment, run_name=child.name, tags=tags)
            below = Run(self.client, started.info.run_id)
            below.log_params(child.params)
            below.log_metrics(child.metrics)
            self.client.set_terminated(below.id, "FINISHED")

    def set_tags(self, tags: Mapping[str, str]) -> None:
        """Set tags; an existing one is replaced."""
        rows = [RunTag(key, value) for key, value in checked_tags(tags).items()]
        self.client.log_batch(self.id, tags=rows)

    def log_files(self, paths: Sequence[Path], folder: str) -> None:
        """Copy files into the run's artefacts below `folder` ("" = at the top)."""
        for path in paths:
            self.client.log_artifact(self.id, str(path), folder or None)

    def log_model(self, model: Any, example: pd.DataFrame, predicted: Any, trusted: list[str]) -> str:
        """Log a scikit-learn model in skops' format (no pickle), with signature and input example.

        Parameters
        ----------
        example, predicted : rows of features and what the model makes of them.
        trusted : the types in the model that skops does not vouch for by itself.

        Returns
        -------
        The model's id: it is read with ``mlflow.sklearn.load_model("models:/ID")``.
        """
        import mlflow.sklearn
        from mlflow.entities import LoggedModelOutput
        from mlflow.models import Model, infer_signature

        experiment = self.client.get_run(self.id).info.experiment_id
        made = self.client.create_logged_model(experiment, name="segments", source_run_id=self.id)
        with tempfile.TemporaryDirectory() as folder:
            mlflow.sklearn.save_model(
                model,
                f"{folder}/model",
                mlflow_model=Model(run_id=self.id, model_id=made.model_id),
                serialization_format="skops",
                skops_trusted_types=trusted,
                signature=infer_signature(example, predicted),
                input_example=example,
                pip_requirements=[f"{name}=={version(name)}" for name in MODEL_PACKAGES],
            )
            self.client.log_model_artifacts(made.model_id, f"{folder}/model")
        self.client.finalize_logged_model(made.model_id, "READY")
        self.client.log_outputs(self.id, [LoggedModelOutput(made.model_id, 0)])
        return str(made.model_id)

    def log_text(self, text: str, name: str) -> None:
        """Store `text` as the artefact `name`."""
        self.client.log_text(self.id, without_secrets(text), name)


def fetch_model(client: mlflow.MlflowClient, run_id: str, folder: Path) -> dict[str, Path]:
    """Download the model a run logged and its tables into `folder`.

    Returns ``model`` (the skops file), ``config`` (the composed configuration), ``segments`` and ``source``.
    Raises GpsegError when the store has no such run, or the run no model.
    """
    try:
        run = client.get_run(run_id)
    except MlflowException as error:
        raise GpsegError(f"the store has no run {run_id}. Name a run's id, or the folder of a run") from error
    outputs = run.outputs.model_outputs if run.outputs else []
    if not outputs:
        raise GpsegError(f"run {run_id} logged no model. Run gpseg again, and name that run")
    model = client.get_logged_model(outputs[0].model_id)
    local = mlflow.artifacts.download_artifacts(
        model.artifact_location, dst_path=str(folder), tracking_uri=client.tracking_uri
    )
    files = {
        "config": "config.yaml",
        "segments": "tables/segments/segments.csv",
        "source": "tables/source.json",
    }
    found = {name: Path(client.download_artifacts(run_id, path, str(folder))) for name, path in files.items()}
    return {"model": next(Path(local).rglob("model.skops")), **found}


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
