"""One run in MLflow: what is logged, made fit for the store (short enough, finite, without secrets)."""

from __future__ import annotations

import json
import math
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, RunTag

from gp_segmentation.errors import without_secrets
from gp_segmentation.tracking.client import StoreClient
from gp_segmentation.tracking.errors import StoreError
from gp_segmentation.tracking.names import KIND, MAX_NAME, NAME, PARENT, TRIAL, USER, fitting, user
from gp_segmentation.utils.files import sha256_of

if TYPE_CHECKING:
    import pandas as pd

#: What SQLite and PostgreSQL say of a row that somebody else has made meanwhile.
ALREADY_THERE = ("UNIQUE constraint failed", "duplicate key value")
#: How many parameters or metrics the server accepts in one call.
MAX_PARAMS, MAX_METRICS = 100, 1000

#: Longest value of a parameter and of a tag, and longest digest of a dataset, that MLflow's server accepts.
#: SQLite takes longer ones, other databases do not.
MAX_PARAM, MAX_TAG, MAX_DIGEST = 6000, 8000, 36

#: Tag with the whole of a run's name where that had to be shortened.
FULL_NAME = "run_name_full"

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
        names = fitting(params)
        rows = [
            Param(names[key], shortened("null" if value is None else str(value), MAX_PARAM))
            for key, value in params.items()
        ]
        for start in range(0, len(rows), MAX_PARAMS):
            self.client.log_batch(self.id, params=rows[start : start + MAX_PARAMS])

    def log_metrics(self, metrics: Mapping[str, Any]) -> None:
        """Log the numbers among `metrics`; what is missing or not finite is left out."""
        self.log_curves({name: {0: value} for name, value in metrics.items()})

    def log_curves(self, curves: Mapping[str, Mapping[int, Any]]) -> None:
        """Log curves: for each name its values at integer steps (the number of segments, say)."""
        now, names = int(time.time() * 1000), fitting(curves)
        rows = [
            Metric(names[name], float(value), now, int(step))
            for name, curve in curves.items()
            for step, value in curve.items()
            if is_number(value)
        ]
        for start in range(0, len(rows), MAX_METRICS):
            self.client.log_batch(self.id, metrics=rows[start : start + MAX_METRICS])

    def log_children(self, children: Sequence[Child]) -> None:
        """Log finished runs below this one, in as few calls as the store allows."""
        experiment = self.client.get_run(self.id).info.experiment_id
        for child in children:
            tags = {**child.tags, NAME: child.name, PARENT: self.id, KIND: TRIAL, USER: user()}
            started = self.client.create_run(experiment, tags=checked_tags(tags))
            below = Run(self.client, started.info.run_id)
            below.log_params(child.params)
            below.log_metrics(child.metrics)
            self.client.set_terminated(below.id, "FINISHED")

    def set_tags(self, tags: Mapping[str, str]) -> None:
        """Set tags; an existing one is replaced."""
        rows = [RunTag(key, value) for key, value in checked_tags(tags).items()]
        self.client.log_batch(self.id, tags=rows)

    def log_data(self, name: str, digest: str, context: str, source: str, profile: Mapping[str, Any]) -> None:
        """Log what the run was made from as a dataset.

        Parameters
        ----------
        digest : of its content; the first letters are kept. context : what it was to the run ("raw").
        source : where it stands. profile : what it holds, in numbers and words.
        """
        data = Dataset(
            name, digest[:MAX_DIGEST], "local", json.dumps({"uri": source}), profile=json.dumps(dict(profile))
        )
        asked = [DatasetInput(data, [InputTag("mlflow.data.context", context)])]
        # Runs share a dataset. Where another makes it at the same moment, the second try finds it.
        try:
            self.client.log_inputs(self.id, datasets=asked)
        except StoreError as error:
            if not any(words in str(error) for words in ALREADY_THERE):
                raise
            self.client.log_inputs(self.id, datasets=asked)

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
    names = fitting(tags)
    return {names[key]: shortened(str(value), MAX_TAG) for key, value in tags.items()}
