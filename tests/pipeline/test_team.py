"""What a team shares, each part the real one: PostgreSQL, and MLflow's server with passwords."""

from __future__ import annotations

import gc
import io
import os
import re
import runpy
import subprocess
import sys
import time
import tomllib
import warnings
from collections.abc import Callable, Iterator
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import psycopg
import pytest
import yaml
from mlflow import environment_variables
from pandas.testing import assert_frame_equal

from gp_segmentation import cli, config
from gp_segmentation.errors import ConfigError, GpsegError
from gp_segmentation.storage.table_files import read_table
from gp_segmentation.study.evaluate import Evaluator
from gp_segmentation.tracking.errors import StoreError
from gp_segmentation.tracking.store import open_store
from gp_segmentation.utils import databases

ROOT = Path(__file__).resolve().parents[2]
SERVERS = SimpleNamespace(**runpy.run_path(str(ROOT / "tests" / "fixtures" / "tracking_servers.py")))
JOB = SimpleNamespace(**runpy.run_path(str(ROOT / "tests" / "fixtures" / "small_job.py")))
STUDIES = SimpleNamespace(**runpy.run_path(str(ROOT / "tests" / "fixtures" / "planted_study.py")))
LOGIN = "w0rd-of-the-server"  # MLflow wants twelve letters
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
SECRETS = {
    "POSTGRES_PASSWORD": SERVERS.PASSWORD,
    "MLFLOW_TRACKING_USERNAME": "admin",
    "MLFLOW_TRACKING_PASSWORD": LOGIN,
    "SECRET_KEY": "k" * 32,
}
#: MLflow compares columns with a range, which pandas 4 will understand otherwise, and warns of its own code.
pytestmark = [
    pytest.mark.filterwarnings("ignore:Operation with range is deprecated"),
    pytest.mark.filterwarnings("ignore:.*Any type hint is inferred as AnyType"),
]


@pytest.fixture(scope="module")
def postgresql() -> Iterator[int]:
    """The port of a PostgreSQL with the databases that compose.yaml makes."""
    with SERVERS.postgresql() as (port, _):
        script = COMPOSE["configs"]["databases"]["content"].replace("$$", "$")
        here = {"PGHOST": SERVERS.HOST, "PGPORT": str(port), "PGPASSWORD": SERVERS.PASSWORD}
        here["PATH"] = f"{SERVERS.programs()}{os.pathsep}{os.environ['PATH']}"
        script = script.replace("--username=gpseg", f"--username={SERVERS.USER}")
        subprocess.run(["bash", "-ec", script], env=os.environ | here, check=True)
        yield port


@pytest.fixture(scope="module")
def server(postgresql, tmp_path_factory) -> Iterator[Callable[[], int]]:
    """MLflow's server as compose.yaml starts it: runs in PostgreSQL, artefacts by HTTP, passwords."""
    folder, port = tmp_path_factory.mktemp("server"), SERVERS.free_port()
    places = {
        "gpseg@database:5432": f"{SERVERS.USER}@{SERVERS.HOST}:{postgresql}",
        ":5000": f":{port}",
        "=5000": f"={port}",
        "/artefacts": str(folder / "artefacts"),
        "/etc/users.ini": str(folder / "users.ini"),
    }

    def here(text: str) -> str:
        for there, place in places.items():
            text = text.replace(there, place)
        return text

    (folder / "users.ini").write_text(here(COMPOSE["configs"]["users"]["content"]), encoding="utf-8")
    service = COMPOSE["services"]["mlflow"]
    assert service["command"][:2] == ["mlflow", "server"]
    options = [here(word) for word in service["command"][2:]]
    settings = {name: here(filled_in(value)) for name, value in service["environment"].items()}
    with SERVERS.mlflow_server(folder, options, port, **settings) as started:
        yield started


def filled_in(value: str) -> str:
    """What Docker makes of a value in compose.yaml, with the secrets of these tests."""
    return re.sub(r"\$\{(\w+):\?[^}]*\}", lambda found: SECRETS[found[1]], value)


@pytest.fixture(scope="module")
def england(tmp_path_factory, server) -> Path:
    """A project with prepared tables; while they are prepared, the server starts."""
    root = tmp_path_factory.mktemp("england")
    JOB.prepare_small_job(root)
    return root


@dataclass(frozen=True)
class Typed:
    """What became of a command."""

    status: int
    said: str


@pytest.fixture
def typed(england, new_loggers, tmp_path, monkeypatch) -> Callable[..., Typed]:
    """Type a command in the project, as a member of the team."""
    monkeypatch.setenv("GPSEG_ROOT", str(england))
    monkeypatch.setenv("GPSEG_RUNS", str(tmp_path / "runs"))

    def run(command: Callable[[], int], *words: str) -> Typed:
        printed = io.StringIO()
        monkeypatch.setattr(sys, "argv", ["gpseg", *words])
        with (
            chdir(england),
            new_loggers(),
            warnings.catch_warnings(),
            redirect_stdout(printed),
            redirect_stderr(printed),
        ):
            warnings.simplefilter("ignore")
            status = command()
        return Typed(status or 0, printed.getvalue())

    return run


@pytest.fixture
def logged_in(server, monkeypatch) -> str:
    """The address of the server; user and password stand in the environment."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://{SERVERS.HOST}:{server()}")
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "admin")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", LOGIN)
    return os.environ["MLFLOW_TRACKING_URI"]


def address(port: int, database: str, login: str = f"{SERVERS.USER}:{SERVERS.PASSWORD}") -> str:
    return f"postgresql://{login}@{SERVERS.HOST}:{port}/{database}"


def config_of_the_project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def trials_in(database: str) -> int:
    """How many trials a database holds."""
    with psycopg.connect(database) as connection:
        return connection.execute("select count(*) from trials").fetchone()[0]


def secrets_in(folder: Path) -> list[Path]:
    """The files below a folder that hold one of the passwords."""
    words = [SERVERS.PASSWORD.encode(), LOGIN.encode()]
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [path for path in files if any(word in path.read_bytes() for word in words)]


def test_a_job_has_its_trials_in_postgresql_and_its_run_on_the_server(
    typed, logged_in, postgresql, england, tmp_path, monkeypatch
):
    monkeypatch.setenv("PGPASSWORD", SERVERS.PASSWORD)
    shared = f"study.storage={address(postgresql, 'studies', SERVERS.USER)}"
    done = typed(cli.main, *JOB.SMALL, shared, "tracking.experiment=team")
    assert done.status == 0, done.said
    assert trials_in(address(postgresql, "studies")) == 2

    store = open_store(england, "team", logged_in)
    found = store.client.search_runs([store.experiment_id])
    (run,) = (run for run in found if "mlflow.parentRunId" not in run.data.tags)
    assert (run.info.status, len(found)) == ("FINISHED", 3)
    assert run.info.artifact_uri.startswith("mlflow-artifacts:/")
    artefacts = {file.path for file in store.client.list_artifacts(run.info.run_id)}
    assert {"report.html", "config.yaml"} <= artefacts

    out = tmp_path / "assigned.csv"
    words = ["--run", run.info.run_id, "--source", "synthetic", "--out", str(out)]
    assigned = typed(lambda: cli.assign_main(words))
    assert assigned.status == 0, assigned.said
    (segments,) = (tmp_path / "runs").rglob("segments.csv")
    before = read_table(segments, "segments").set_index("practice_code")["segment"]
    again = read_table(out, "assigned").set_index("practice_code")["segment"]
    assert (again == before.reindex(again.index)).all()

    assert SERVERS.PASSWORD not in done.said + assigned.said
    assert secrets_in(tmp_path) == secrets_in(england) == []
    with psycopg.connect(address(postgresql, "mlflow")) as connection:
        recorded = connection.execute("select value from params union all select value from tags").fetchall()
    assert recorded
    assert not [value for (value,) in recorded if SERVERS.PASSWORD in value or LOGIN in value]


def test_what_compose_starts_is_what_is_tested_here():
    """Docker is not at hand: the commands are run by the fixtures above; here is what is left of the file."""
    services = COMPOSE["services"]
    assert set(services) == {"database", "mlflow", "worker"}
    version = config_of_the_project()["version"]
    images = {name: service["image"] for name, service in services.items()}
    assert images == {"database": "postgres:17", "mlflow": f"gpseg:{version}", "worker": f"gpseg:{version}"}
    # Passwords by the environment alone, and none missing without a word.
    settings = {
        name: value for service in services.values() for name, value in service["environment"].items()
    }
    secret = {name for name, value in settings.items() if re.fullmatch(r"\$\{\w+:\?is not set\}", value)}
    assert {name for name in settings if re.search("PASSWORD|SECRET|USERNAME", name)} == secret
    # Names that somebody reads: MLflow, PostgreSQL's library (PGPASSWORD), the image of PostgreSQL.
    known = {value.name for value in vars(environment_variables).values() if hasattr(value, "name")}
    assert set(settings) - known == {"POSTGRES_USER", "POSTGRES_PASSWORD", "PGPASSWORD"}
    # Volumes and configs are declared; the worker waits for a server that answers.
    named = {volume.partition(":")[0] for service in services.values() for volume in service["volumes"]}
    assert named - {"."} == set(COMPOSE["volumes"])
    used = {config["source"] for service in services.values() for config in service.get("configs", ())}
    assert used == set(COMPOSE["configs"])
    assert services["worker"]["depends_on"] == {"mlflow": {"condition": "service_healthy"}}
    # Every file that the image is built from is there.
    lines = services["worker"]["build"]["dockerfile_inline"].splitlines()
    copied = [word for line in lines if line.startswith("COPY ") for word in line.split()[1:-1]]
    assert [name for name in copied if not (ROOT / name).exists()] == []


def test_the_worker_of_compose_types_a_command_that_composes(postgresql):
    program, *words = COMPOSE["services"]["worker"]["command"]
    assert program == "gpseg"
    composed = config.compose_config(ROOT, words)
    config.check(composed)
    assert composed["study"]["storage"] == "postgresql://gpseg@database:5432/studies"


def test_the_health_that_compose_asks_for_is_answered(server, postgresql):
    tests = {name: COMPOSE["services"][name]["healthcheck"]["test"] for name in ("database", "mlflow")}
    ready = [word.replace("gpseg", SERVERS.USER) for word in tests["database"][1:]]
    ready = [str(SERVERS.programs() / ready[0]), *ready[1:], f"--host={SERVERS.HOST}", f"--port={postgresql}"]
    asked = [sys.executable, *(word.replace("5000", str(server())) for word in tests["mlflow"][2:])]
    for command in (ready, asked):
        assert subprocess.run(command, capture_output=True, check=False).returncode == 0, command


def test_a_wrong_password_is_told_before_work_begins(typed, logged_in, tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "wr0ng-password")
    done = typed(cli.main, *JOB.SMALL, "study.storage=null")
    assert done.status == 1
    assert f"{logged_in} refuses the user name or password" in done.said
    assert "Correct MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD" in done.said
    assert "Traceback" not in done.said
    assert "wr0ng" not in done.said
    assert list((tmp_path / "runs").rglob("*.parquet")) == []


# Two processes that share a study; they part when all is imported, and nothing is run.
SHARING = """
import os, runpy, sys
import gp_segmentation
STUDIES = runpy.run_path(sys.argv[1])
begun = []
for table in sys.argv[3:]:
    if not (pid := os.fork()):
        STUDIES["run"](storage=sys.argv[2]).trials.to_parquet(table)
        sys.exit()
    begun.append(pid)
print([os.waitpid(pid, 0)[1] for pid in begun])
"""


@pytest.fixture(scope="module")
def alone() -> Any:
    """The planted study, done by one process in its memory."""
    return STUDIES.run()


def test_processes_that_share_a_study_do_every_trial_once(alone, postgresql, tmp_path):
    with psycopg.connect(address(postgresql, "postgres"), autocommit=True) as connection:
        connection.execute("create database shared")  # without tables: all make them at once
    where = address(postgresql, "shared", SERVERS.USER)
    fixture = str(ROOT / "tests" / "fixtures" / "planted_study.py")
    tables = [tmp_path / f"{i}.parquet" for i in range(2)]
    command = [sys.executable, "-c", SHARING, fixture, where, *map(str, tables)]
    environment = os.environ | {"PGPASSWORD": SERVERS.PASSWORD}
    done = subprocess.run(
        command, env=environment, stdout=subprocess.PIPE, encoding="utf-8", timeout=240, check=True
    )
    assert done.stdout == "[0, 0]\n"
    for table in tables:
        assert_frame_equal(pd.read_parquet(table), alone.trials, check_exact=True)
    assert trials_in(address(postgresql, "shared")) == 25  # 5 of K-means, 5 of each of 4 linkages


def test_a_sampler_that_is_shared_proposes_every_trial_once(postgresql, monkeypatch):
    """Another process takes the same trial while this one fits it: that is stored once, and is no loss."""
    sampled = {"sampler": {"_target_": "TPESampler", "seed": 0}, "n_trials": 8}
    straight = STUDIES.run(**sampled)
    where, plain, others = address(postgresql, "studies"), Evaluator.evaluate, []

    def meanwhile(self, points):
        if len(others) < 2:
            others.append(1)
            STUDIES.run(storage=where, **sampled)
        return plain(self, points)

    monkeypatch.setattr(Evaluator, "evaluate", meanwhile)
    shared = STUDIES.run(storage=where, **sampled)
    assert len(others) == 2
    assert_frame_equal(shared.trials, straight.trials, check_exact=True)


@pytest.fixture
def line(postgresql, monkeypatch) -> Iterator[Any]:
    """A line to PostgreSQL; what does not answer is waited for 2 seconds."""
    monkeypatch.setattr(databases, "ANSWER", 2.0)
    monkeypatch.setitem(databases.WAITING, "connect_timeout", "2")
    line = SERVERS.Line(postgresql)
    yield line
    line.mend() if line.entrance.fileno() < 0 else line.flows.set()


@pytest.mark.parametrize(
    ("outage", "told"),
    [("cut", "connection"), ("freeze", r"timed out: no answer within 2 seconds|connection timeout expired")],
)
def test_a_study_whose_database_goes_away_loses_no_trial(outage, told, alone, line, postgresql, monkeypatch):
    with psycopg.connect(address(postgresql, "postgres"), autocommit=True) as connection:
        connection.execute(f"create database gone_{outage}")
    where, plain, groups = address(line.port, f"gone_{outage}"), Evaluator.evaluate, []

    def until_the_second(self, points):
        groups.append(points)
        if len(groups) == 2:
            getattr(line, outage)()
        return plain(self, points)

    with monkeypatch.context() as patch:
        patch.setattr(Evaluator, "evaluate", until_the_second)
        began = time.monotonic()
        with pytest.raises(GpsegError, match=rf"^study\.storage failed \(.*({told})") as caught:
            STUDIES.run(storage=where)
        assert time.monotonic() - began < 60
    assert str(caught.value).endswith("run the same command again. Finished trials are kept")
    assert "\n" not in str(caught.value)
    assert SERVERS.PASSWORD not in str(caught.value)
    assert caught.value.__cause__ is None
    line.mend() if outage == "cut" else line.flows.set()

    def only_what_is_missing(self, points):
        groups.append(points)
        return plain(self, points)

    monkeypatch.setattr(Evaluator, "evaluate", only_what_is_missing)
    assert_frame_equal(STUDIES.run(storage=where).trials, alone.trials, check_exact=True)
    assert [points[0].family for points in groups] == ["kmeans", "hierarchical", "hierarchical"]


def test_a_tracking_store_that_hangs_is_given_up(line, england, monkeypatch):
    with psycopg.connect(address(line.server, "postgres"), autocommit=True) as connection:
        connection.execute("create database hangs")
    store = open_store(england, "hangs", address(line.port, "hangs"))
    line.freeze()
    began = time.monotonic()
    with pytest.raises(StoreError, match=r"cannot be reached \((timed out|timeout expired)\)"):
        store.client.search_runs([store.experiment_id])
    assert time.monotonic() - began < 30


@pytest.mark.filterwarnings("ignore:.*was deleted while still open")  # by Optuna, when it refuses the tables
def test_mlflow_and_studies_need_databases_of_their_own(server, postgresql, england):
    server()  # it has made its tables
    with pytest.raises(ConfigError, match=r"are MLflow's.* Give the studies a database of their own"):
        STUDIES.run(storage=address(postgresql, "mlflow"))
    gc.collect()
    STUDIES.run(storage=address(postgresql, "studies"))
    with pytest.raises(StoreError, match=r"tables of Optuna's studies\. Give MLflow a database of its own"):
        open_store(england, "both", address(postgresql, "studies"))
