"""The database that keeps a study: opened, locked and failing in the project's words."""

import random
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

import optuna
from filelock import FileLock
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError, ProgrammingError

from gp_segmentation.errors import ConfigError, GpsegError
from gp_segmentation.study.objectives import Direction
from gp_segmentation.utils.databases import bounded, is_postgresql

SQLITE = "sqlite:///"
#: What SQLite says when it cannot write.
DISK_FULL = ("database or disk is full", "disk I/O error")
FULL = "cannot be written: the disk is full, or fails. Make room"
#: How often processes that start together try to make a database's tables.
STARTS = 5
#: Seconds to wait for another process that claims or adds trials.
LOCKED = 30


@contextmanager
def quiet() -> Iterator[None]:
    """Keep Optuna's line per trial off the terminal, and statements that a lost database did not answer."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(before)


@contextmanager
def explained() -> Iterator[None]:
    """Raise a short GpsegError in place of a storage's own error: the disk is full, the database is away."""
    try:
        yield
    except Exception as error:
        reason = _reason(error)
        if isinstance(error, GpsegError) or reason is None:
            raise
        problem = f"failed ({reason}). Bring the database back, or correct the address"
        if any(words in reason for words in DISK_FULL):
            problem = FULL
        # Not chained: the frames of its libraries name the address, password and all.
        raise GpsegError(
            f"study.storage {problem}, and run the same command again. Finished trials are kept"
        ) from None


def _reason(error: BaseException | None) -> str | None:
    """The first line of the database's error behind `error`; None where a database is not its cause."""
    while error is not None:
        if isinstance(error, DBAPIError | sqlite3.Error):
            return str(getattr(error, "orig", error)).strip().partition("\n")[0]
        error = error.__cause__ or error.__context__
    return None


def open_study(
    storage: str | None, name: str | None, directions: Sequence[Direction], tries: int = STARTS
) -> optuna.Study:
    """Open, or create, the Optuna study `name` in `storage`; None keeps it in memory.

    Raises
    ------
    ConfigError : the storage cannot be opened; GpsegError : the disk is full.
    """
    if storage is None:
        with quiet():
            return optuna.create_study(directions=list(directions))
    lock: AbstractContextManager[Any] = nullcontext()
    engine: dict[str, Any] = {"pool_pre_ping": True}  # a database restarted during a long fit is not missed
    if storage.startswith(SQLITE):
        path = Path(storage.removeprefix(SQLITE))
        path.parent.mkdir(parents=True, exist_ok=True)
        # Processes that start together would all create the tables: one at a time.
        lock, engine = _file_lock(path), {"connect_args": {"timeout": 60}}
    try:
        with lock, quiet():
            opened = optuna.storages.RDBStorage(bounded(storage), engine_kwargs=engine)
            return optuna.create_study(
                study_name=name, storage=opened, directions=list(directions), load_if_exists=True
            )
    except Exception as error:
        if tries == 1 or not isinstance(error, IntegrityError | ProgrammingError):
            raise _cannot_be_opened(storage, error) from None
    time.sleep(random.uniform(0.2, 1.0))  # noqa: S311 - another process is making the tables
    return open_study(storage, name, directions, tries - 1)


def alone(study: optuna.Study) -> AbstractContextManager[Any]:
    """Let no other process that shares the study claim or add trials meanwhile.

    Databases that are neither SQLite nor PostgreSQL have no such lock: there a trial may be stored twice.
    """
    engine = _engine(study)
    if engine is None or engine.dialect.name not in ("sqlite", "postgresql"):
        return nullcontext()
    if engine.dialect.name == "sqlite":
        return _file_lock(Path(str(engine.url.database)))
    return _database_lock(engine, study.study_name)


@contextmanager
def closed_after(study: optuna.Study) -> Iterator[None]:
    """Leave no connection open; what asks the study later opens another."""
    try:
        yield
    finally:
        study._storage.remove_session()
        if engine := _engine(study):
            engine.dispose()


def _engine(study: optuna.Study) -> Engine | None:
    """What Optuna reaches the database by; None where the study is in memory."""
    return getattr(getattr(study._storage, "_backend", None), "engine", None)


def _cannot_be_opened(storage: str, error: Exception) -> GpsegError:
    reason, remedy = _reason(error) or str(error).rstrip("."), "Correct it, or take study.storage=sqlite"
    if any(words in reason for words in DISK_FULL):
        return GpsegError(f"study.storage {FULL}, and run the same command again")
    if "table schema" in reason and "optuna" in reason:
        reason = "its tables are MLflow's, or of another Optuna"
        remedy = "Give the studies a database of their own"
    if isinstance(error, ImportError) and is_postgresql(storage):
        remedy = "Install it (pip install 'gp-segmentation[postgres]'), or take study.storage=sqlite"
    return ConfigError(f"study.storage {storage} cannot be opened: {reason}. {remedy}")


def _file_lock(path: Path) -> FileLock:
    return FileLock(path.with_suffix(".lock"))


@contextmanager
def _database_lock(engine: Engine, name: str) -> Iterator[None]:
    """Hold a lock of PostgreSQL, which ends with the connection; after `LOCKED` seconds go on without it."""
    with engine.connect() as connection:
        with suppress(DBAPIError):  # a machine that was lost may hold it: a trial may then be there twice
            connection.execute(text(f"set local lock_timeout = '{LOCKED}s'"))
            connection.execute(text("select pg_advisory_xact_lock(hashtext(:name))"), {"name": name})
        yield
