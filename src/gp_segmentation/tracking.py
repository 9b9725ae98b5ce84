"""Record runs in MLflow; the only module that imports it."""

from __future__ import annotations

import logging
import math
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("DO_NOT_TRACK", "true")

import mlflow
from mlflow.entities import Metric, Param, RunTag
from mlflow.exceptions import MlflowException

#: What the server accepts: longest parameter value, tag value, and parameters or metrics in one call.
MAX_PARAM, MAX_TAG, MAX_PARAMS, MAX_METRICS = 6000, 8000, 100, 1000

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Store:
    """One experiment of one tracking store.

    Attributes
    ----------
    client : talks to the store.
    experiment_id : where runs go.
    """

    client: mlflow.MlflowClient
    experiment_id: str

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
        started = self.client.create_run(self.experiment_id, run_name=name, tags=_tags(tags))
        run = Run(self.client, started.info.run_id)
        try:
            yield run
        except BaseException as error:
            status = "FAILED" if isinstance(error, Exception) else "KILLED"
            self.client.set_tag(run.id, "error", f"{type(error).__name__}: {error}"[:MAX_TAG])
            self.client.set_terminated(run.id, status)
            raise
        self.client.set_terminated(run.id, "FINISHED")


@dataclass(frozen=True)
class Run:
    """An open run: what it is made of, what came out, and the files that show it."""

    client: mlflow.MlflowClient
    id: str

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Log parameters as text; one longer than the store takes is cut and ends in an ellipsis."""
        rows = [Param(key, _cut("null" if value is None else str(value))) for key, value in params.items()]
        for start in range(0, len(rows), MAX_PARAMS):
            self.client.log_batch(self.id, params=rows[start : start + MAX_PARAMS])

    def log_metrics(self, metrics: Mapping[str, Any]) -> None:
        """Log the numbers among `metrics`; what is missing or not finite is left out."""
        now = _now()
        rows = [Metric(key, float(value), now, 0) for key, value in metrics.items() if _is_number(value)]
        self._log_metrics(rows)

    def log_series(self, name: str, steps: Sequence[int], values: Sequence[float]) -> None:
        """Log a curve: `values` at integer `steps` (the number of segments, say)."""
        now = _now()
        pairs = zip(steps, values, strict=True)
        self._log_metrics([Metric(name, float(v), now, int(s)) for s, v in pairs if _is_number(v)])

    def _log_metrics(self, rows: list[Metric]) -> None:
        for start in range(0, len(rows), MAX_METRICS):
            self.client.log_batch(self.id, metrics=rows[start : start + MAX_METRICS])

    def set_tags(self, tags: Mapping[str, str]) -> None:
        """Set tags; an existing one is replaced."""
        rows = [RunTag(key, value) for key, value in _tags(tags).items()]
        self.client.log_batch(self.id, tags=rows)

    def log_files(self, paths: Sequence[Path], folder: str) -> None:
        """Copy files into the run's artefacts below `folder` ("" = at the top)."""
        for path in paths:
            self.client.log_artifact(self.id, str(path), folder or None)

    def log_text(self, text: str, name: str) -> None:
        """Store `text` as the artefact `name`."""
        self.client.log_text(self.id, text, name)


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
    logging.getLogger("mlflow.store.db.utils").setLevel(logging.WARNING)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    folder.mkdir(parents=True, exist_ok=True)
    # Two first runs at the same time would both create the tables: one at a time.
    with FileLock(folder / ".lock"):
        client = mlflow.MlflowClient(tracking_uri=address)
        return Store(client, _experiment(client, experiment, artifacts))


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


def _now() -> int:
    return int(time.time() * 1000)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _cut(value: str) -> str:
    return value if len(value) <= MAX_PARAM else value[: MAX_PARAM - 1] + "…"


def _tags(tags: Mapping[str, str]) -> dict[str, str]:
    return {key: str(value)[:MAX_TAG] for key, value in tags.items()}
