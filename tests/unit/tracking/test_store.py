"""Runs in MLflow: what is logged can be read back, failures say so, several processes lose nothing."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import traceback
from pathlib import Path

import pytest

from gp_segmentation.tracking import run as logged
from gp_segmentation.tracking.errors import StoreError
from gp_segmentation.tracking.run import Child, Run
from gp_segmentation.tracking.store import LOST, open_store


@pytest.fixture
def store(bare, tmp_path, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    shutil.copytree(bare / "mlruns", tmp_path / "mlruns")
    return open_store(tmp_path, "test")


def test_a_run_keeps_what_is_logged(store, tmp_path):
    table = tmp_path / "table.csv"
    table.write_text("a\n1\n", encoding="utf-8")
    with store.run("first", {"source": "synthetic"}) as run:
        run.log_params({"scaler.name": "standard", "reducer.n": None, "long": "x" * 7000})
        run.log_metrics({"silhouette": 0.25, "missing": float("nan"), "text": "no", "flag": True})
        run.log_curves({"by_k/silhouette": {2: 0.3, 3: 0.2}})
        run.log_files([table], "tables")
        run.log_text("seed: 1", "config.yaml")
        run.set_tags({"content_hash": "abc"})

    back = store.client.get_run(run.id)
    assert back.info.status == "FINISHED"
    assert back.data.params["scaler.name"] == "standard"
    assert back.data.params["reducer.n"] == "null"
    assert len(back.data.params["long"]) == logged.MAX_PARAM
    assert back.data.params["long"].endswith("…")
    assert back.data.metrics == {"silhouette": 0.25, "by_k/silhouette": 0.2}
    history = store.client.get_metric_history(run.id, "by_k/silhouette")
    assert [(m.step, m.value) for m in history] == [(2, 0.3), (3, 0.2)]
    assert {f.path for f in store.client.list_artifacts(run.id)} == {"config.yaml", "tables"}
    assert back.info.artifact_uri.startswith((tmp_path / "mlruns" / "artifacts").as_uri())
    assert store.find("abc") == run.id
    assert store.find("def") is None


@pytest.mark.parametrize(
    ("error", "status"), [(ValueError("list_size is empty"), "FAILED"), (KeyboardInterrupt("stop"), "KILLED")]
)
def test_a_run_that_does_not_finish_says_why(store, error, status):
    def broken():
        with store.run("broken", {}) as run:
            run.set_tags({"content_hash": "abc"})
            raise error

    with pytest.raises(type(error)):
        broken()
    (back,) = store.client.search_runs([store.experiment_id])
    assert back.info.status == status
    assert back.data.tags["error"] == f"{type(error).__name__}: {error}"
    assert store.find("abc") is None, "a broken run must not stand for a result"


def test_the_environment_names_the_store(tmp_path, monkeypatch):
    elsewhere = tmp_path / "elsewhere.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{elsewhere}")
    open_store(tmp_path / "project", "test", uri="sqlite:///not-used.db")
    assert elsewhere.is_file()


KILLED = """
import os, signal, sys
from pathlib import Path
from gp_segmentation.tracking.run import Child, Run
from gp_segmentation.tracking.store import open_store

with open_store(Path(sys.argv[1]), "test").run("killed", {}):
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_run_whose_process_was_killed_is_ended_by_the_next_start_and_others_go_on(store, tmp_path):
    subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False, timeout=180)
    with store.run("still going", {}):
        (going,) = store.client.search_runs([store.experiment_id], "attributes.run_name = 'still going'")
        (killed,) = store.client.search_runs([store.experiment_id], "attributes.run_name = 'killed'")
        assert killed.info.status == going.info.status == "RUNNING"
        open_store(tmp_path, "test")
        states = {run.info.run_name: run for run in store.client.search_runs([store.experiment_id])}
        assert states["killed"].info.status == "KILLED"
        assert states["killed"].data.tags["error"] == LOST
        assert states["still going"].info.status == "RUNNING"
    assert list(store.running.iterdir()) == []


KILLED_IN_A_TRIAL = """
import os, signal, sys
from pathlib import Path
from gp_segmentation.tracking.run import Child, Run
from gp_segmentation.tracking.store import open_store

with open_store(Path(sys.argv[1]), "another experiment").run("killed", {}) as run:
    done, cut = (Child(name, {}, {"silhouette": 0.2}, {}) for name in ("done", "cut"))
    run.log_children([done])
    Run.log_metrics = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
    run.log_children([cut])
"""


def test_a_trial_cut_off_by_a_kill_is_ended_with_its_run_whatever_the_experiment(store, tmp_path):
    subprocess.run([sys.executable, "-c", KILLED_IN_A_TRIAL, str(tmp_path)], check=False, timeout=180)
    (where,) = (e for e in store.client.search_experiments() if e.name == "another experiment")

    def states() -> dict[str, str]:
        runs = store.client.search_runs([where.experiment_id])
        return {run.info.run_name: run.info.status for run in runs}

    assert states() == {"killed": "RUNNING", "done": "FINISHED", "cut": "RUNNING"}
    open_store(tmp_path, "test")
    assert states() == {"killed": "KILLED", "done": "FINISHED", "cut": "KILLED"}
    assert list(store.running.iterdir()) == []


def test_a_trial_open_when_its_run_fails_is_ended_too(store, monkeypatch):
    def broken(*_):
        raise OSError("no space left")

    monkeypatch.setattr(Run, "log_metrics", broken)
    with pytest.raises(OSError, match="no space"), store.run("failed", {}) as run:
        run.log_children([Child("cut", {}, {}, {})])
    assert {run.info.status for run in store.client.search_runs([store.experiment_id])} == {"FAILED"}


ADDRESS = "https://ann:s3cret@example.org/mlflow"


def test_passwords_of_addresses_are_recorded_nowhere(store):
    def broken():
        with store.run(f"tracking.uri={ADDRESS}", {"where": ADDRESS}) as run:
            run.log_params({"study.storage": ADDRESS, "plain": "a:b@c"})
            run.log_text(f"uri: {ADDRESS}", "config.yaml")
            raise ValueError(f"cannot reach {ADDRESS}")

    with pytest.raises(ValueError, match="cannot reach"):
        broken()
    (back,) = store.client.search_runs([store.experiment_id])
    text = Path(store.client.download_artifacts(back.info.run_id, "config.yaml")).read_text(encoding="utf-8")
    everything = " ".join([text, back.info.run_name, *back.data.params.values(), *back.data.tags.values()])
    assert "s3cret" not in everything
    assert everything.count("https://***@example.org/mlflow") >= 5
    assert back.data.params["plain"] == "a:b@c"


def test_a_store_that_cannot_be_reached_is_named_without_its_password(tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://ann:s3cret@127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(
        StoreError, match=r"the tracking store http://\*\*\*@127\.0\.0\.1:9 cannot"
    ) as refused:
        open_store(tmp_path, "test")
    frames = "".join(traceback.format_exception(refused.value))
    assert "s3cret" not in frames


WRITERS = """
import os
import sys
from pathlib import Path
import mlflow.store.tracking.sqlalchemy_store
from gp_segmentation.tracking.store import open_store

def write(name):
    store = open_store(Path(sys.argv[1]), "test")
    for i in range(5):
        with store.run(f"{name}-{i}", {}) as run:
            run.log_metrics({"i": i})
            run.log_text("x", "x.txt")

begun = []
for n in range(3):
    if not (pid := os.fork()):
        write(n)
        sys.exit()
    begun.append(pid)
print([os.waitpid(pid, 0)[1] for pid in begun])
"""


def test_first_runs_of_several_processes_lose_nothing(tmp_path, monkeypatch):
    """The processes part when all is imported, which takes each of them seconds otherwise."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    command = [sys.executable, "-W", "error::ResourceWarning", "-c", WRITERS, str(tmp_path)]
    done = subprocess.run(command, check=True, timeout=180, stdout=subprocess.PIPE, encoding="utf-8")
    assert done.stdout == "[0, 0, 0]\n"
    store = open_store(Path(tmp_path), "test")
    runs = store.client.search_runs([store.experiment_id], max_results=100)
    assert sorted(run.info.run_name for run in runs) == [f"{n}-{i}" for n in range(3) for i in range(5)]
    assert {run.info.status for run in runs} == {"FINISHED"}


@pytest.mark.parametrize("fails", [True, False], ids=["a run that fails", "a run that ends"])
def test_a_run_that_cannot_be_ended_is_ended_by_the_next_start(store, tmp_path, monkeypatch, caplog, fails):
    def gone(*_: object, **__: object) -> None:
        raise ConnectionError("server closed the connection unexpectedly")

    def cut_off() -> None:
        with store.run("cut off", {}) as run:
            ids.append(run.id)
            monkeypatch.setattr(store.client._client, "set_terminated", gone)
            if fails:
                raise ValueError("the job failed as well")

    ids: list[str] = []
    with pytest.raises(ValueError if fails else StoreError) as caught:
        cut_off()
    (run_id,) = ids
    unreached = (
        f"the tracking store sqlite:///{tmp_path}/mlruns/mlflow.db cannot be reached (server closed the "
    )
    if fails:  # its own error is raised, and the other one told
        assert str(caught.value) == "the job failed as well"
        assert caplog.messages == [f"{unreached}connection). The next start ends run {run_id}"]
    else:
        assert str(caught.value).startswith(unreached)
        assert caplog.messages == []
    assert store.client.get_run(run_id).info.status == "RUNNING"
    again = open_store(tmp_path, "test")
    assert again.client.get_run(run_id).info.status == "KILLED"
    assert not list(again.running.glob("*.lock"))


def test_what_mlflow_would_say_by_itself_is_not_printed(store, monkeypatch, caplog, capfd):
    """Its server's two lines for every run, and the frames of an error that is told in words."""
    monkeypatch.setattr("mlflow.store.tracking.sqlalchemy_store.SqlAlchemyStore._get_run", broken_query)
    with pytest.raises(StoreError, match="cannot be reached"):
        store.client.get_run("a")
    assert caplog.messages == []
    assert capfd.readouterr() == ("", "")
    with store.client.asking():
        assert os.environ["MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT"] == "true"
    assert "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT" not in os.environ


def broken_query(*_: object, **__: object) -> None:
    from sqlalchemy.exc import OperationalError

    raise OperationalError("select 1", {}, Exception("server closed the connection unexpectedly"))


def test_a_run_lasts_as_long_as_its_work_took(store):
    with store.run("done before", {}, seconds=90.5) as run:
        run.log_metrics({"a": 1})
    info = store.client.get_run(run.id).info
    assert info.end_time - info.start_time == 90_500
    assert abs(info.end_time / 1000 - time.time()) < 60


def test_a_run_is_opened_again_with_what_it_has(store):
    with store.run("sweep", {"sweep": "one"}) as first:
        first.log_metrics({"jobs": 1})
    with store.run("sweep", {"sweep": "two"}, known=first.id) as again:
        assert store.client.get_run(again.id).info.status == "RUNNING"
    back = store.client.get_run(first.id)
    assert again.id == first.id
    assert (back.info.status, back.data.tags["sweep"], back.data.metrics) == (
        "FINISHED",
        "two",
        {"jobs": 1.0},
    )


@pytest.mark.parametrize("gone", ["in another store", "deleted"])
def test_a_run_that_is_not_there_any_more_is_a_new_one(store, gone):
    known = "0" * 32
    if gone == "deleted":
        with store.run("first", {}) as run:
            known = run.id
        store.client.delete_run(known)
    with store.run("second", {}, known=known) as run:
        assert run.id != known


def test_what_a_run_was_made_from_is_found_by_name_and_digest(store):
    with store.run("run", {}) as run:
        run.log_data("synthetic", "a" * 64, "raw", "data/raw/synthetic", {"files": 12})
    (found,) = store.client.get_run(run.id).inputs.dataset_inputs
    assert (found.dataset.name, found.dataset.digest) == ("synthetic", "a" * 36)
    assert json.loads(found.dataset.source) == {"uri": "data/raw/synthetic"}
    assert json.loads(found.dataset.profile) == {"files": 12}
    assert [(tag.key, tag.value) for tag in found.tags] == [("mlflow.data.context", "raw")]
    (again,) = store.client.search_runs([store.experiment_id], f"dataset.digest = '{'a' * 36}'")
    assert again.info.run_id == run.id


@pytest.mark.parametrize(
    ("told", "asked"),
    [("(sqlite3.IntegrityError) UNIQUE constraint failed: datasets.name", 2), ("disk I/O error", 1)],
)
def test_a_dataset_that_another_run_makes_at_the_same_moment_is_found(told: str, asked: int) -> None:
    class Client:
        calls = 0

        def log_inputs(self, run_id: str, datasets: list[object]) -> None:
            self.calls += 1
            if self.calls == 1:
                raise StoreError(told)

    client = Client()
    run = Run(client, "an id")
    if asked == 1:
        with pytest.raises(StoreError, match="disk"):
            run.log_data("synthetic", "a" * 64, "raw", "data/raw/synthetic", {})
    else:
        run.log_data("synthetic", "a" * 64, "raw", "data/raw/synthetic", {})
    assert client.calls == asked
