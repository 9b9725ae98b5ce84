"""Whatever is wrong with a store is told in one line: which store, what was found, what to do."""

from __future__ import annotations

import pickle
import sqlite3
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import mlflow
import pytest
from mlflow.store.db import utils

from gp_segmentation.errors import GpsegError
from gp_segmentation.tracking.errors import StoreError, explained
from gp_segmentation.tracking.store import Store, open_store

NEWEST = utils._get_latest_schema_revision()


@pytest.fixture(autouse=True)
def no_other_store(monkeypatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")


@pytest.fixture
def root(empty) -> Path:
    return empty


def told(action: Callable[[], object]) -> str:
    """The text of the StoreError that `action` ends with: one short line, with no other error behind it."""
    with pytest.raises(StoreError) as caught:
        action()
    assert len(traceback.format_exception(caught.value, chain=True)) == len(
        traceback.format_exception(caught.value, chain=False)
    )
    text = str(caught.value)
    assert "\n" not in text
    assert len(text) < 500
    return text


def change(root: Path, statement: str) -> None:
    with closing(sqlite3.connect(root / "mlruns" / "mlflow.db")) as database, database:
        database.execute(statement)


def log_file(store: Store) -> None:
    with store.run("one", {}) as run:
        run.log_text("x", "x.txt")


def test_a_file_that_is_no_database_or_a_damaged_one(root):
    path = root / "mlruns" / "mlflow.db"
    for content in (b"no database" * 1000, path.read_bytes()[:50_000]):
        path.write_bytes(content)
        text = told(lambda: open_store(root, "test"))
        assert text == (
            f"the tracking store sqlite:///{path} is no SQLite database, or a damaged one. Bring back a copy "
            "of the file, or move it away: the next run begins a new store"
        )
        assert path.read_bytes() == content


def test_an_empty_file_becomes_a_store_and_that_is_told(root, caplog):
    path = root / "mlruns" / "mlflow.db"
    path.write_bytes(b"")
    assert open_store(root, "test").find("abc") is None
    assert caplog.messages == [f"{path} was empty: a new tracking store was made in its place"]


def test_a_store_of_a_newer_mlflow(root):
    change(root, "update alembic_version set version_num = 'abcdef'")
    assert told(lambda: open_store(root, "test")) == (
        f"the tables of the tracking store sqlite:///{root}/mlruns/mlflow.db are of a newer MLflow than the "
        f"{mlflow.__version__} here (revision abcdef). Install the MLflow that wrote it, or name another "
        "store in MLFLOW_TRACKING_URI"
    )


@pytest.mark.parametrize("tables", ["as they are", "one missing"])
def test_a_store_of_an_older_mlflow_is_left_as_it_is(root, tables):
    scripts = utils.ScriptDirectory.from_config(utils._get_alembic_config(""))
    before = scripts.get_revision(NEWEST).down_revision
    change(root, f"update alembic_version set version_num = '{before}'")  # noqa: S608
    if tables == "one missing":  # MLflow would then change the database without a word
        change(root, "drop table webhook_events")
    path = root / "mlruns" / "mlflow.db"
    content = path.read_bytes()
    assert told(lambda: open_store(root, "test")) == (
        f"the tables of the tracking store sqlite:///{path} are of an older MLflow than the "
        f"{mlflow.__version__} here (revision {before}). Make a backup of it, then run: mlflow db upgrade "
        f"sqlite:///{path}"
    )
    assert path.read_bytes() == content


def test_a_store_that_another_program_has_locked(root, monkeypatch):
    path = root / "mlruns" / "mlflow.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("begin exclusive")
        text = told(lambda: open_store(root, "test", f"sqlite:///{path}?timeout=0.1"))
    assert text == (
        f"the tracking store sqlite:///{path}?timeout=0.1 is locked by another program. Close what has it "
        "open, and run the same command again"
    )


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "mlruns").write_text("", encoding="utf-8")
    assert told(lambda: open_store(tmp_path, "test")) == (
        f"the tracking store sqlite:///{tmp_path}/mlruns/mlflow.db cannot be written (File exists). Make it "
        "writable, or correct MLFLOW_TRACKING_URI or tracking.uri, or do without: tracking=none"
    )


def test_a_database_that_may_only_be_read(root, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # where MLflow makes a folder `file:`
    path = root / "mlruns" / "mlflow.db"
    address = f"sqlite:///file:{path}?mode=ro&uri=true"
    text = told(lambda: open_store(root, "another experiment", address))
    assert f"the tracking store {address} cannot be written (readonly database). " in text


def test_an_experiment_that_was_deleted(root):
    store = open_store(root, "test")
    store.client.delete_experiment(store.experiment_id)
    address = f"sqlite:///{root}/mlruns/mlflow.db"
    assert told(lambda: open_store(root, "test")) == (
        f"the experiment test of the tracking store {address} was deleted. Bring it back with "
        f"MLFLOW_TRACKING_URI={address} mlflow experiments restore --experiment-id {store.experiment_id}, or "
        "name another: tracking.experiment=NAME"
    )
    # While a job of another command has it open:
    with (
        pytest.raises(StoreError, match="has no such experiment any more: it was deleted"),
        store.run("a", {}),
    ):
        pass


def test_artefacts_in_a_relative_folder(root):
    change(root, "update experiments set artifact_location = './mlruns/1' where name = 'test'")
    assert told(lambda: open_store(root, "test")) == (
        f"the experiment test of the tracking store sqlite:///{root}/mlruns/mlflow.db keeps its artefacts in "
        "./mlruns/1, which is another folder wherever a command is typed. Name a new experiment: "
        "tracking.experiment=NAME"
    )


@pytest.mark.parametrize(
    ("place", "problem"),
    [
        ("mlruns/mlflow.db/files", "cannot be written (Not a directory)"),
        ("http://127.0.0.1:9/files", "cannot be reached (Connection refused)"),
        ("gone://bucket/files", "cannot be used: nothing that MLflow knows stands there"),
    ],
)
def test_a_place_of_artefacts_that_takes_none(root, place, problem):
    store = open_store(root, "elsewhere", artifacts=place)
    shown = place if "://" in place else (root / place).as_uri()
    text = told(lambda: log_file(store))
    assert text.startswith(
        f"the place of artefacts {shown} of the tracking store sqlite:///{root}/mlruns/mlflow.db {problem}"
    )
    assert text.endswith("for a new experiment: tracking.experiment=NAME tracking.artifacts=ADDRESS")
    (run,) = store.client.search_runs([store.experiment_id])
    assert run.info.status == "FAILED"


class Answer(BaseHTTPRequestHandler):
    """A server that answers everything in one way."""

    status, text = 200, b""

    def do_GET(self) -> None:
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(self.text)))
        self.end_headers()
        self.wfile.write(self.text)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server(monkeypatch) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as made:
        threading.Thread(target=made.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://ann:s3cret@127.0.0.1:{made.server_port}"
        made.shutdown()


@pytest.mark.parametrize(
    ("status", "problem"),
    [
        (200, "cannot be used: nothing that MLflow knows stands there (not in a valid JSON format)"),
        (401, "refuses the user name or password (error code 401)"),
        (403, "does not allow this (error code 403)"),
        (404, "cannot be used: nothing that MLflow knows stands there (error code 404)"),
        (503, "cannot be reached (too many 503 error responses)"),
    ],
)
def test_a_server_that_answers_otherwise_than_mlflow(tmp_path, monkeypatch, server, status, problem):
    monkeypatch.setattr(Answer, "status", status)
    monkeypatch.setattr(Answer, "text", b"<html>")
    text = told(lambda: open_store(tmp_path, "test", server))
    assert text.startswith(f"the tracking store http://***@127.0.0.1:{server.rpartition(':')[2]} {problem}. ")


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        (
            "mysql://ann:s3cret@db/x",
            "needs a Python package that is not installed (No module named 'MySQLdb')",
        ),
        ("postgresql://ann:s3cret@127.0.0.1:9/x", "cannot be reached (Connection refused)"),
        ("http://ann:s3cret@127.0.0.1:9", "cannot be reached (Connection refused)"),
        ("ftp://ann:s3cret@db", "cannot be used: nothing that MLflow knows stands there (unsupported URI)"),
        ("mlruns", "cannot be used: nothing that MLflow knows stands there (filesystem tracking backend)"),
    ],
)
def test_an_address_that_leads_nowhere(tmp_path, address, problem):
    with pytest.raises(StoreError) as caught:
        open_store(tmp_path, "test", address)
    assert f"{address.replace('ann:s3cret', '***')} {problem}. " in str(caught.value)
    assert "s3cret" not in "".join(traceback.format_exception(caught.value))


#: What PostgreSQL and others say (taken down from them), and what is made of it.
SAID = {
    'FATAL:  password authentication failed for user "ann"': "refuses the user name or password (",
    'FATAL:  database "none" does not exist': 'is not there (database "none" does not exist)',
    "server closed the connection unexpectedly\n\tThis probably": "cannot be reached (server closed the",
    "terminating connection due to administrator command": "cannot be reached (terminating connection)",
    "FATAL:  the database system is starting up": "cannot be reached (the database system is starting up)",
    "failed to resolve host 'db': [Errno -2] Name or": "cannot be reached (failed to resolve host)",
    "(sqlite3.OperationalError) database or disk is full\n[SQL: x]": "has no room left (database or disk is",
    "permission denied for table runs": "does not allow this (permission denied for table runs)",
    "Run with id=abc not found": "has no run abc. Name a run's id",
    "something new\n[SQL: select 1](Background on this error at: x": "failed (RuntimeError: something new). ",
}


@pytest.mark.parametrize("said", SAID)
def test_what_a_store_says_is_told_in_words(said):
    def fail() -> None:
        with explained("postgresql://ann:s3cret@db/x"):
            raise RuntimeError(said)

    assert told(fail).startswith(f"the tracking store postgresql://***@db/x {SAID[said]}")


def test_mistakes_in_the_code_and_errors_of_the_project_pass():
    for error in (TypeError("no argument"), GpsegError("the table is empty")):
        with pytest.raises(type(error), match=str(error)), explained("x"):
            raise error


def test_the_error_comes_whole_out_of_another_process():
    error = StoreError("the tracking store postgresql://ann:s3cret@db/x is gone", "Wait")
    back = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert str(back) == "the tracking store postgresql://***@db/x is gone. Wait"
