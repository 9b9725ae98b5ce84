"""The models that runs logged: registered under one name, found by an address, fetched with their tables."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import mlflow

from gp_segmentation.errors import GpsegError
from gp_segmentation.tracking.client import StoreClient
from gp_segmentation.tracking.run import MODEL_DIGEST

#: What models are registered under, and the alias of the one that is in use.
REGISTERED, CHAMPION = "gp-practice-segmentation", "champion"

#: ``models:/NAME@ALIAS``, ``models:/NAME/VERSION`` or ``models:/m-ID``.
_ADDRESS = re.compile(r"models:/(?P<name>[^@/]+)(?:@(?P<alias>[^@/]+)|/(?P<version>[^@/]+))?/?")


def is_model(address: str) -> bool:
    """Whether an address is that of a model, and not of a run."""
    return address.startswith("models:/")


def run_of_model(client: StoreClient, address: str) -> str:
    """Return the id of the run that logged the model with this address.

    Raises
    ------
    GpsegError : the address is none of a model, or the model is of no run.
    StoreError : there is no such model, version or alias.
    """
    found = _ADDRESS.fullmatch(address)
    if not found:
        raise GpsegError(
            f"{address} is no model. Write models:/NAME@ALIAS, models:/NAME/VERSION or models:/ID"
        )
    name, alias, version = found.groups()
    if alias:
        run_id = client.get_model_version_by_alias(name, alias).run_id
    elif version:
        run_id = client.get_model_version(name, version).run_id
    else:
        run_id = client.get_logged_model(name).source_run_id
    if not run_id:
        raise GpsegError(f"{address} was logged by no run. Name a model that gpseg logged")
    return str(run_id)


def crown(client: StoreClient, run_id: str) -> str:
    """Register the model of a run, once, and give it the alias `CHAMPION`; return its version."""
    model_id = _model_of(client, client.get_run(run_id))
    if not client.search_registered_models(f"name = '{REGISTERED}'"):
        client.create_registered_model(REGISTERED, description="Segments of general practices, run by run.")
    versions = client.search_model_versions(f"name = '{REGISTERED}' and run_id = '{run_id}'")
    version = versions[0] if versions else _registered(client, model_id, run_id)
    client.set_registered_model_alias(REGISTERED, CHAMPION, version.version)
    return str(version.version)


def _registered(client: StoreClient, model_id: str, run_id: str) -> Any:
    tags = client.get_run(run_id).data.tags
    return client.create_model_version(
        REGISTERED,
        client.get_logged_model(model_id).artifact_location,
        run_id,
        model_id=model_id,
        await_creation_for=0,  # nothing is copied
        tags={name: tags[name] for name in ("source", "chosen", "verdict", "content_hash") if name in tags},
        description=tags.get("mlflow.note.content"),
    )


def _model_of(client: StoreClient, run: Any) -> str:
    outputs = run.outputs.model_outputs if run.outputs else []
    if not outputs:
        raise GpsegError(f"run {run.info.run_id} logged no model. Run gpseg again, and name that run")
    return str(outputs[0].model_id)


def fetch_model(client: StoreClient, run_id: str, folder: Path) -> tuple[dict[str, Path], str | None]:
    """Download the model a run logged and its tables into `folder`.

    Returns ``model`` (the skops file), ``config`` (the composed configuration), ``segments`` and ``source``;
    and the SHA-256 of the model that stands in the run's tags (None: the run is from before there was one).
    Raises GpsegError when the store has no such run, or the run no model.
    """
    run = client.get_run(run_id)
    model = client.get_logged_model(_model_of(client, run))
    with client.asking(artefacts=True):
        local = mlflow.artifacts.download_artifacts(
            model.artifact_location, dst_path=str(folder), tracking_uri=client.tracking_uri
        )
    files = ("config.yaml", "tables/segments/segments.csv", "tables/source.json")
    config, segments, source = fetch_files(client, run_id, files, folder)
    model_file = next(Path(local).rglob("model.skops"))
    found = {"model": model_file, "config": config, "segments": segments, "source": source}
    return found, run.data.tags.get(MODEL_DIGEST)


def fetch_files(client: StoreClient, run_id: str, paths: Sequence[str], folder: Path) -> list[Path]:
    """Download artefacts of a run into `folder`; return where each is then."""
    return [Path(client.download_artifacts(run_id, path, str(folder))) for path in paths]
