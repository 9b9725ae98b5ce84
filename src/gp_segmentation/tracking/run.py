"""One run in MLflow: what is logged, made fit for the store (short enough, finite, without secrets)."""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mlflow
from mlflow.entities import Metric, Param, RunTag

from gp_segmentation.errors import GpsegError, without_secrets
from gp_segmentation.tracking.client import StoreClient
from gp_segmentation.utils.files import sha256_of

if TYPE_CHECKING:
    import pandas as pd

#: How many parameters or metrics the server accepts in one call.
MAX_PARAMS, MAX_METRICS = 100, 1000

#: Longest value of a parameter and of a tag that MLflow's server accepts, and longest name of whatever: an
#: experiment, a run, a parameter, a metric, a tag. SQLite takes longer ones, other databases do not.
MAX_PARAM, MAX_TAG, MAX_NAME = 6000, 8000, 250

#: Tags: a run's name, and the whole of it where it had to be shortened.
NAME, FULL_NAME = "mlflow.runName", "run_name_full"

#: Tag that holds the SHA-256 of a run's logged model.
MODEL_DIGEST = "model_sha256"

#: What reading a logged model takes.
MODEL_PACKAGES = ("gp-segmentation", "scikit-learn", "skops", "numpy", "pandas", "scipy")


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

    client: StoreClient
    id: str

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Log parameters as text; one longer than the store takes is cut and ends in an ellipsis."""
        rows = [
            Param(key[:MAX_NAME], shortened("null" if value is None else str(value), MAX_PARAM))
            for key, value in params.items()
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
            tags = checked_tags({**child.tags, NAME: child.name, "mlflow.parentRunId": self.id})
            started = self.client.create_run(experiment, tags=tags)
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
            # Kept apart from the files, so that who changes the one does not reach the other.
            (saved,) = Path(folder).rglob("model.skops")
            self.client.set_tag(self.id, MODEL_DIGEST, sha256_of(saved))
            self.client.log_model_artifacts(made.model_id, f"{folder}/model")
        self.client.finalize_logged_model(made.model_id, "READY")
        self.client.log_outputs(self.id, [LoggedModelOutput(made.model_id, 0)])
        return str(made.model_id)

    def log_text(self, text: str, name: str) -> None:
        """Store `text` as the artefact `name`."""
        self.client.log_text(self.id, without_secrets(text), name)


def fetch_model(client: StoreClient, run_id: str, folder: Path) -> tuple[dict[str, Path], str | None]:
    """Download the model a run logged and its tables into `folder`.

    Returns ``model`` (the skops file), ``config`` (the composed configuration), ``segments`` and ``source``;
    and the SHA-256 of the model that stands in the run's tags (None: the run is from before there was one).
    Raises GpsegError when the store has no such run, or the run no model.
    """
    run = client.get_run(run_id)
    outputs = run.outputs.model_outputs if run.outputs else []
    if not outputs:
        raise GpsegError(f"run {run_id} logged no model. Run gpseg again, and name that run")
    model = client.get_logged_model(outputs[0].model_id)
    with client.asking(artefacts=True):
        local = mlflow.artifacts.download_artifacts(
            model.artifact_location, dst_path=str(folder), tracking_uri=client.tracking_uri
        )
    files = {
        "config": "config.yaml",
        "segments": "tables/segments/segments.csv",
        "source": "tables/source.json",
    }
    found = {name: Path(client.download_artifacts(run_id, path, str(folder))) for name, path in files.items()}
    model_file = next(Path(local).rglob("model.skops"))
    return {"model": model_file, **found}, run.data.tags.get(MODEL_DIGEST)


def is_number(value: Any) -> bool:
    """Whether `value` can be a metric: a finite number, and no truth value."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def shortened(text: str, longest: int) -> str:
    """Return a text without secrets, cut to `longest` letters, the last then an ellipsis."""
    text = without_secrets(text)
    return text if len(text) <= longest else text[: longest - 1] + "…"


def checked_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """Return tags as text that the store takes: without secrets, and none too long.

    Where the run's name has to be shortened, the tag `FULL_NAME` holds the whole of it.
    """
    name = tags.get(NAME, "")
    if len(without_secrets(name)) > MAX_NAME:
        tags = {**tags, NAME: shortened(name, MAX_NAME), FULL_NAME: name}
    return {key[:MAX_NAME]: shortened(str(value), MAX_TAG) for key, value in tags.items()}
