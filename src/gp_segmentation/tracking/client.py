"""MLflow's client as this project uses it: it waits within bounds, and fails in the project's words."""

from __future__ import annotations

import functools
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import mlflow
from mlflow.store.db.db_types import DATABASE_ENGINES

from gp_segmentation.tracking.errors import StoreError, explained
from gp_segmentation.utils.databases import bounded

#: How long a server's answer is waited for and how often it is asked again, while work is recorded: one that
#: is restarted within half a minute is not missed. MLflow's own four minutes are for what asks all day.
PATIENT = {"MLFLOW_HTTP_REQUEST_TIMEOUT": "20", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "4"}
#: The same before work begins, and after the store has failed.
PROMPT = {"MLFLOW_HTTP_REQUEST_TIMEOUT": "4", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1"}
#: MLflow prints two lines for every run that ends on a server, and so for every trial; and a bar for every
#: file that it brings.
_SILENT = {
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
}
#: Loggers that tell of an error before it is raised, with its frames, or of each try.
_TALKATIVE = ("mlflow.store.db.utils", "alembic", "urllib3.connectionpool", "botocore", "azure")

#: Calls that reach the place of artefacts.
ARTEFACTS = ("log_artifact", "log_text", "log_model_artifacts", "list_artifacts", "download_artifacts")


class StoreClient:
    """MLflow's client for one store, every call of it within `asking`.

    Attributes
    ----------
    address : the store's, as it was given. place : where its experiment keeps artefacts, once that is known.
    """

    def __init__(self, address: str) -> None:
        """Connect with the store; MLflow makes its tables where there are none.

        Raises
        ------
        StoreError : the store cannot be reached or used, or its tables are of another version of MLflow.
        """
        self.address = address
        self.place: str | None = None
        with self.asking():
            if is_database(address):
                _check_tables(bounded(address), address)
            self._client = mlflow.MlflowClient(tracking_uri=bounded(address))

    def __getattr__(self, name: str) -> Any:
        if name == "_client":  # not connected yet
            raise AttributeError(name)
        found = getattr(self._client, name)
        if not callable(found):
            return found

        @functools.wraps(found)
        def call(*arguments: Any, **named: Any) -> Any:
            with self.asking(artefacts=name in ARTEFACTS):
                return found(*arguments, **named)

        return call

    @contextmanager
    def asking(self, *, artefacts: bool = False) -> Iterator[None]:
        """Ask the store, or the place of its artefacts, for something; any error is a StoreError."""
        with (
            _defaults(PATIENT | _SILENT),
            _quiet(),
            explained(self.address, self.place if artefacts else None),
        ):
            yield


def is_database(address: str) -> bool:
    """Whether a tracking address is a database's, and not that of a server."""
    return address.partition(":")[0].partition("+")[0] in DATABASE_ENGINES


@contextmanager
def prompt() -> Iterator[None]:
    """Wait at most ten seconds for a server within, unless the environment says otherwise."""
    with _defaults(PROMPT):
        yield


@contextmanager
def _defaults(values: Mapping[str, str]) -> Iterator[None]:
    """Set the variables of the environment that are not set, and remove them afterwards."""
    added = {name: value for name, value in values.items() if name not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)


@contextmanager
def _quiet() -> Iterator[None]:
    loggers = [logging.getLogger(name) for name in _TALKATIVE]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def _check_tables(address: str, shown: str) -> None:
    """Connect with a database, once, and refuse one whose tables another version of MLflow made.

    MLflow itself tries ten times, which locks accounts; changes older tables without a word where some are
    missing; and advises to upgrade newer ones.
    """
    from mlflow.store.db import utils
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    tries, utils.MAX_RETRY_COUNT = utils.MAX_RETRY_COUNT, 1
    try:
        engine = SqlAlchemyStore._get_or_create_engine(address)
    finally:
        utils.MAX_RETRY_COUNT = tries
    found, known = utils._get_schema_version(engine), _revisions()
    if found is None or found == known[0]:
        return
    if found.startswith("v"):
        raise StoreError(
            f"the tracking store {shown} holds the tables of Optuna's studies",
            "Give MLflow a database of its own: both keep their version in a table of the same name",
        )
    age, remedy = (
        ("an older", f"Make a backup of it, then run: mlflow db upgrade {shown}")
        if found in known
        else ("a newer", "Install the MLflow that wrote it, or name another store in MLFLOW_TRACKING_URI")
    )
    raise StoreError(
        f"the tables of the tracking store {shown} are of {age} MLflow than the {mlflow.__version__} here "
        f"(revision {found})",
        remedy,
    )


@functools.cache
def _revisions() -> tuple[str, ...]:
    """The versions of MLflow's tables, newest first: each is a file of its own, run to be read."""
    from mlflow.store.db import utils

    scripts = utils.ScriptDirectory.from_config(utils._get_alembic_config(""))
    return tuple(script.revision for script in scripts.walk_revisions())
