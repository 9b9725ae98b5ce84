"""A tracking store that goes away: no work is lost, one short error says what to do, no run gets a twin.

A job's stages are computed once; each test's job copies their results, and loses its line to the store.
"""

from __future__ import annotations

import hashlib
import io
import logging
import os
import runpy
import shutil
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest

from gp_segmentation import cli, config
from gp_segmentation.errors import ConfigError, GpsegError
from gp_segmentation.pipeline import marks, runs
from gp_segmentation.pipeline.project import Project
from gp_segmentation.tracking import client, describing, recording
from gp_segmentation.tracking.errors import StoreError
from gp_segmentation.tracking.run import Child, Run
from gp_segmentation.tracking.store import Store, open_store
from gp_segmentation.utils import databases

ROOT = Path(__file__).resolve().parents[2]
SERVERS = SimpleNamespace(**runpy.run_path(str(ROOT / "tests" / "fixtures" / "tracking_servers.py")))
#: A small job: K-means alone on the synthetic England, two numbers of segments.
SMALL = [
    *("source.england.practices=120", "study.n_clusters.high=3", "study.rule.min_practices=5", "jobs=1"),
    *(
        "study.rule.stability_draws=4",
        "study.rule.splits=2",
        "study.storage=null",
        "evidence=off",
        "report.figures=[sizes]",
    ),
    *("insight.peers.resamples=2", "clusterer=kmeans", "study.certainty_draws=5"),
    "insight.opportunities.draws=0",
]
#: MLflow compares columns with a range, which pandas 4 will understand otherwise, and warns of its own code.
pytestmark = [
    pytest.mark.filterwarnings("ignore:Operation with range is deprecated"),
    pytest.mark.filterwarnings("ignore:.*Any type hint is inferred as AnyType"),
]
STORES = ["PostgreSQL", "MLflow server"]
POINTS = [
    *("before the start", "while stages run", "while metrics are logged"),
    *("while artefacts are logged", "at the end"),
]


@dataclass(frozen=True)
class England:
    """A project with prepared tables, its configuration, and the results of one job."""

    root: Path
    cfg: dict[str, Any]
    results: Path

    def project(self, experiment: str, **tracking: object) -> Project:
        """The project, its runs going to `experiment`."""
        told = {**self.cfg["tracking"], "experiment": experiment, **tracking}
        return Project({**self.cfg, "tracking": told}, self.root)

    def job(self, project: Project, folder: Path) -> None:
        """Run a job in `folder`, as ``gpseg`` does when Hydra has written the configuration there."""
        (folder / ".hydra").mkdir(parents=True)
        (folder / ".hydra" / "config.yaml").write_text(config.to_yaml(project.cfg), encoding="utf-8")
        runs.run_job(project, folder, "a job")


@dataclass(frozen=True)
class Remote:
    """A store, the address at which it is reached, how that is shown, and the line to it."""

    address: str
    shown: str
    line: Any


@pytest.fixture(scope="module")
def mlflow_server(tmp_path_factory) -> Iterator[Callable[[], int]]:
    with SERVERS.mlflow_server(tmp_path_factory.mktemp("server")) as started:
        yield started


@pytest.fixture(scope="module")
def england(tmp_path_factory, mlflow_server) -> England:
    # While this is computed, the server starts.
    root = tmp_path_factory.mktemp("england")
    shutil.copytree(ROOT / "conf", root / "conf")
    cfg = config.compose_config(root, SMALL)
    config.build(cfg["source"]["england"])(root / "data" / "raw" / cfg["source"]["name"])
    made = England(root, cfg, root / "results")
    project = made.project("none", enabled=False)
    runs.run_stage("prepare", project)
    runs.run_job(project, made.results, "once")
    for table in made.results.glob("*/*.csv"):
        if table.parent.name in ("features", "insight"):  # half of all files, which nothing here reads
            table.unlink()
    return made


@pytest.fixture(scope="module")
def postgresql() -> Iterator[tuple[int, Path]]:
    with SERVERS.postgresql() as server:
        yield server


@pytest.fixture(scope="module")
def lines(postgresql, england, mlflow_server) -> dict[str, Remote]:
    """One store of each kind, for all tests; each has experiments of its own."""
    database, server = SERVERS.Line(postgresql[0]), SERVERS.Line(mlflow_server())
    at, to = f"{SERVERS.HOST}:{database.port}/postgres", f"{SERVERS.HOST}:{server.port}"
    login = f"{SERVERS.USER}:{SERVERS.PASSWORD}"
    return {
        "PostgreSQL": Remote(f"postgresql://{login}@{at}", f"postgresql://***@{at}", database),
        "MLflow server": Remote(f"http://{to}", f"http://{to}", server),
    }


@pytest.fixture(params=STORES)
def remote(request, lines, monkeypatch) -> Remote:
    remote = lines[request.param]
    monkeypatch.setenv("MLFLOW_TRACKING_URI", remote.address)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")  # or each outage takes half a minute
    return remote


@pytest.fixture(autouse=True)
def stages(england, monkeypatch) -> None:
    """Stages copy what was computed."""
    monkeypatch.setattr(runs, "_run_stages", lambda _, ws: copied(england.results, ws.root))


@pytest.fixture
def typed(england, new_loggers, tmp_path, monkeypatch) -> Callable[..., tuple[int, str]]:
    """Type a command in the project: its exit status and what it printed."""
    monkeypatch.setenv("GPSEG_ROOT", str(england.root))
    monkeypatch.setenv("GPSEG_RUNS", str(tmp_path / "runs"))

    def run(command: Callable[[], int], *arguments: str) -> tuple[int, str]:
        printed = io.StringIO()
        monkeypatch.setattr(sys, "argv", [command.__name__, *arguments])
        with (
            new_loggers(),
            warnings.catch_warnings(),
            redirect_stdout(printed),
            redirect_stderr(printed),
        ):
            warnings.simplefilter("ignore")
            status = command()
        return status, printed.getvalue()

    return run


def copied(results: Path, folder: Path) -> None:
    """Do as the stages do: write the results into a job's folder."""
    own = shutil.ignore_patterns(runs.ORIGIN, ".hydra")
    shutil.copytree(results, folder, dirs_exist_ok=True, ignore=own)


def digests(folder: Path) -> dict[str, str]:
    files = [path for path in folder.rglob("*") if path.is_file() and ".hydra" not in path.parts]
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
        if path.name not in (runs.ORIGIN, marks.FILE) and path.suffix != ".log"
    }


def told_by_gpseg(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What was warned of, whether or not stages are announced too (another test may have set that)."""
    warned = [record for record in caplog.records if record.levelno >= logging.WARNING]
    return [record.getMessage() for record in warned if record.name == "gpseg"]


def lose(remote: Remote, point: str, patch: pytest.MonkeyPatch) -> None:
    """Cut the line to the store at one point of the next job."""
    if point == "before the start":
        remote.line.cut()
        return
    owner, name = {
        "while stages run": (runs, "_run_stages"),
        "while metrics are logged": (Run, "log_children"),
        "while artefacts are logged": (Run, "log_model"),
        "at the end": (recording, "record"),
    }[point]
    original = getattr(owner, name)

    def cut_off(*arguments: object) -> object:
        if point != "at the end":
            remote.line.cut()
        done = original(*arguments)
        if point == "at the end":
            remote.line.cut()
        return done

    patch.setattr(owner, name, cut_off)


def statuses(store: Store) -> Counter[str]:
    """How many runs of the experiment ended how, without the trials below them; trials may not be RUNNING."""
    found = store.client.search_runs([store.experiment_id])
    assert "RUNNING" not in {run.info.status for run in found}
    return Counter(run.info.status for run in found if "mlflow.parentRunId" not in run.data.tags)


@pytest.mark.parametrize("point", POINTS)
def test_an_outage_loses_no_work_and_says_what_to_do(england, remote, point, tmp_path, monkeypatch, caplog):
    project, folder = england.project(f"outage {point}"), tmp_path / "job"
    with monkeypatch.context() as patch:
        lose(remote, point, patch)
        with pytest.raises(GpsegError) as caught:
            england.job(project, folder)
    remote.line.mend()

    said = [*told_by_gpseg(caplog), str(caught.value)]
    assert f"the tracking store {remote.shown} cannot be reached" in said[-1]
    assert SERVERS.PASSWORD not in " ".join(said)
    if point == "before the start":
        assert (len(said), digests(folder)) == (1, {}), "work began without a store"
        return
    assert said[:-1] == [f"Not recorded: {folder}"]
    assert said[-1].endswith(
        f". The results are whole in {folder}. When this is put right, record them: gpseg-record {folder}"
    )
    assert digests(folder) == digests(england.results)

    recorded = runs.record_results(folder, england.root)  # the next start, too
    run_id = recorded.removeprefix("recorded as MLflow run ")
    again = runs.record_results(folder, england.root)
    assert again == f"these results are recorded already, as run {run_id}"

    store = project.open_store()
    assert statuses(store) in (Counter(FINISHED=1, KILLED=1), Counter(FINISHED=1, FAILED=1))
    run = store.client.get_run(run_id)
    assert (run.info.status, run.data.metrics["n_clusters"]) == ("FINISHED", 2)
    assert {"report.html", "config.yaml"} <= {file.path for file in store.client.list_artifacts(run_id)}
    below = f"tags.`mlflow.parentRunId` = '{run_id}'"
    assert len(store.client.search_runs([store.experiment_id], below)) == 2


@pytest.mark.parametrize("remote", ["PostgreSQL"], indirect=True)
def test_the_commands_say_it_in_a_few_lines_and_end_with_a_status(remote, typed, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        lose(remote, "at the end", patch)
        status, said = typed(cli.main, *SMALL, "tracking.experiment=commands")
    remote.line.mend()
    folder = next((tmp_path / "runs").rglob(".hydra")).parent
    assert status == 1
    assert f"The results are whole in {folder}. " in said
    assert "Traceback" not in said
    told = said[said.index("Not recorded") :]
    assert len([line for line in told.splitlines() if line.strip()]) <= 3, said
    monkeypatch.setattr(sys, "argv", ["gpseg-record"])
    assert typed(lambda: cli.record_main([str(folder)]))[0] == 0
    status, said = typed(lambda: cli.record_main([str(folder)]))
    assert (status, said[:40]) == (0, "these results are recorded already, as r")


def test_a_store_that_was_away_while_stages_ran_is_not_missed(england, remote, tmp_path, monkeypatch):
    def away(_, ws):
        remote.line.cut()
        copied(england.results, ws.root)
        remote.line.mend()

    monkeypatch.setattr(runs, "_run_stages", away)
    project = england.project("away for a while")
    england.job(project, tmp_path / "job")
    assert statuses(project.open_store()) == Counter(FINISHED=1)


def test_a_job_that_fails_while_the_store_is_away_tells_its_own_error(
    england, remote, tmp_path, monkeypatch, caplog
):
    def fail(*_):
        remote.line.cut()
        raise ConfigError("clusterer.n_clusters is 7; there are 5 practices")

    monkeypatch.setattr(runs, "_run_stages", fail)
    project = england.project("both")
    with pytest.raises(ConfigError, match="there are 5 practices"):
        england.job(project, tmp_path / "job")
    remote.line.mend()
    (told,) = told_by_gpseg(caplog)
    assert f"the tracking store {remote.shown} cannot be reached" in told
    assert "The next start ends run " in told
    assert statuses(project.open_store()) == Counter(KILLED=1)


def test_the_results_of_dvc_are_recorded_later_too(england, remote, tmp_path):
    root = tmp_path / "project"
    shutil.copytree(england.root / "data" / "prepared", root / "data" / "prepared")
    copied(england.results, root / "data")
    project = Project(england.project("dvc").cfg, root)
    (root / "params.yaml").write_text(config.to_yaml(project.cfg), encoding="utf-8")
    remote.line.cut()
    with pytest.raises(GpsegError, match=f"whole in {root}/data. .*: gpseg-record {root}/data$"):
        runs.track(project)
    remote.line.mend()
    run_id = runs.record_results(root / "data", root).removeprefix("recorded as MLflow run ")
    already = f"these results are recorded already, as run {run_id}"
    assert runs.record_results(root / "data", root) == already
    # What DVC says the results were made with is what is recorded with them, or nothing is.
    made_with = {**project.cfg, "seed": 1}
    lock = {"stages": {"report": {"params": {"params.yaml": made_with}}}}
    (root / "dvc.lock").write_text(config.to_yaml(lock), encoding="utf-8")
    with pytest.raises(GpsegError, match=r"params\.yaml is not what the results in data/ were made with"):
        runs.record_results(root / "data", root)


@pytest.fixture
def finished(england, tmp_path, monkeypatch) -> Path:
    """The folder of a job that was not to be recorded, of one commit of the code."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    with monkeypatch.context() as patch:
        patch.setattr(describing, "git_tags", lambda _: {"git_commit": "c" * 40})
        england.job(england.project("later", enabled=False), tmp_path / "job")
    return tmp_path / "job"


def test_a_job_is_recorded_later_with_the_tags_it_began_with(england, finished):
    run_id = runs.record_results(finished, england.root).removeprefix("recorded as MLflow run ")
    run = england.project("later").open_store().client.get_run(run_id)
    assert run.info.status == "FINISHED"
    assert run.data.tags["git_commit"] == "c" * 40


def test_what_is_no_finished_run_is_not_recorded(england, finished):
    shutil.rmtree(finished / "report")
    (finished / "metrics.json").unlink()
    with pytest.raises(GpsegError, match=r"folder of a finished run: it has no report, metrics\.json$"):
        runs.record_results(finished, england.root)


def test_a_job_that_was_begun_again_and_did_not_finish_is_not_recorded(england, finished):
    marks.unmark(finished)
    with pytest.raises(GpsegError, match=r"was begun again and did not finish\. Run it again$"):
        runs.record_results(finished, england.root)


def test_a_run_whose_data_are_others_by_now_is_not_recorded(england, finished):
    origin = (finished / runs.ORIGIN).read_text(encoding="utf-8")
    (finished / runs.ORIGIN).write_text(origin.replace('"prepared": "', '"prepared": "0'), encoding="utf-8")
    with pytest.raises(GpsegError, match=r"no longer those that the run in .* was made from"):
        runs.record_results(finished, england.root)


def test_an_address_that_was_kept_without_its_password_is_asked_for(england, finished):
    cfg = england.project("later", uri="postgresql://***@db/x").cfg
    (finished / ".hydra" / "config.yaml").write_text(config.to_yaml(cfg), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"without its password\. Set MLFLOW_TRACKING_URI to the whole"):
        runs.record_results(finished, england.root)


def test_a_wrong_password_is_tried_once(postgresql, tmp_path):
    port, log = postgresql
    before = log.read_text(encoding="utf-8").count("password authentication failed")
    began = time.monotonic()
    with pytest.raises(StoreError, match=r"\*\*\*@\S+ refuses the user name or password") as told:
        open_store(tmp_path, "test", f"postgresql://{SERVERS.USER}:wr0ng@{SERVERS.HOST}:{port}/postgres")
    assert time.monotonic() - began < 10
    assert "wr0ng" not in str(told.value)
    assert log.read_text(encoding="utf-8").count("password authentication failed") == before + 1


@pytest.mark.parametrize("scheme", ["postgresql", "http"])
def test_a_host_that_does_not_answer_is_waited_for_in_bounds(scheme, tmp_path, monkeypatch):
    monkeypatch.setitem(client.PROMPT, "MLFLOW_HTTP_REQUEST_TIMEOUT", "2")
    monkeypatch.setitem(databases.WAITING, "connect_timeout", "2")
    with SERVERS.socket.create_server((SERVERS.HOST, 0)) as silent:
        address = f"{scheme}://{SERVERS.HOST}:{silent.getsockname()[1]}/x"
        began = time.monotonic()
        with pytest.raises(StoreError, match=r"cannot be reached \((timed out|timeout expired)\)"):
            open_store(tmp_path, "test", address)
        assert time.monotonic() - began < 10  # 4 to 5 seconds, with the bounds as they are 4 to 9
    assert "MLFLOW_HTTP_REQUEST_TIMEOUT" not in os.environ


def test_bounds_that_the_user_has_set_are_kept(tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.setenv("PGCONNECT_TIMEOUT", "7")
    with client.prompt():
        assert os.environ["MLFLOW_HTTP_REQUEST_TIMEOUT"] == "1"
        assert os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] == "0"
    assert databases.bounded("postgresql://h/d?tcp_user_timeout=5") == "postgresql://h/d?tcp_user_timeout=5"
    assert os.environ["MLFLOW_HTTP_REQUEST_TIMEOUT"] == "1"


def test_postgresql_takes_what_is_longer_than_its_columns(lines, tmp_path):
    store = open_store(tmp_path, "e" * 250, lines["PostgreSQL"].address)
    name = ",".join(f"features.blocks.block_{i}.weight=1" for i in range(12))
    assert len(name) > 250
    with store.run(name, {"t" * 300: "ŷ" * 9000}) as run:
        run.log_params({"p" * 300: "ŷ" * 9000})
        run.log_children([Child("c" * 300, {}, {}, {})])
    back = store.client.get_run(run.id)
    assert back.info.run_name == name[:249] + "…"
    assert back.data.tags["run_name_full"] == name
    assert back.data.tags["t" * 250] == "ŷ" * 7999 + "…"
    assert back.data.params == {"p" * 250: "ŷ" * 5999 + "…"}
    with pytest.raises(ConfigError, match=r"tracking\.experiment has 251 letters; a store takes 250"):
        open_store(tmp_path, "e" * 251, lines["PostgreSQL"].address)


def test_artefacts_of_a_database_go_below_the_project_or_where_it_says(lines, tmp_path, monkeypatch):
    project, elsewhere = tmp_path / "project", tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    address = lines["PostgreSQL"].address
    for place, expected in {
        None: project / "mlruns" / "artifacts",
        "shared/files": project / "shared" / "files",
        (tmp_path / "abroad").as_uri(): tmp_path / "abroad",
    }.items():
        store = open_store(project, f"artefacts {place}", address, place)
        with store.run("one", {}) as run:
            run.log_text("x", "x.txt")
        assert [path.name for path in expected.rglob("*.txt")] == ["x.txt"]
        # Another place, named later, changes nothing and is no error.
        assert open_store(project, f"artefacts {place}", address, "other").client.place == expected.as_uri()
    assert list(elsewhere.iterdir()) == []


def test_a_lost_run_is_found_when_the_password_has_changed(postgresql, tmp_path, monkeypatch):
    port, _ = postgresql
    at = f"{SERVERS.HOST}:{port}/postgres"
    admin = f"postgresql://{SERVERS.USER}:{SERVERS.PASSWORD}@{at}"
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute("create role bob login superuser password 'before'")
        store = open_store(tmp_path, "password", f"postgresql://bob:before@{at}")
        with monkeypatch.context() as patch:
            patch.setattr(store.client._client, "set_terminated", broken)
            with pytest.raises(StoreError, match="cannot be reached"), store.run("lost", {}):
                pass
        connection.execute("alter role bob password 'after'")
    again = open_store(tmp_path, "password", f"postgresql://bob:after@{at}")
    assert statuses(again) == Counter(KILLED=1)


def broken(*_: object, **__: object) -> None:
    raise ConnectionError("server closed the connection unexpectedly")
