"""Eight processes on one study and one store, killed at random, their database cut off meanwhile."""

from __future__ import annotations

import os
import random
import runpy
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import gp_segmentation  # noqa: F401 - before numpy, as in every command

# isort: split
import optuna
import pandas as pd
import psycopg

from gp_segmentation.tracking.store import open_store

TITLE = "Many processes, one study, one store"
ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "tests" / "fixtures"
PROCESSES, KILLS, OUTAGES, AWAY = 8, 12, 4, 3.0
#: Ways to prepare the matrix: two groups of trials each, 25 trials together.
WAYS = 40

# One of the processes. It waits before each group of trials, so that kills and outages find it at work.
ONE = """
import os, runpy, sys, time
from pathlib import Path
import gp_segmentation
from gp_segmentation.errors import GpsegError
from gp_segmentation.study.evaluate import Evaluator
from gp_segmentation.tracking.store import open_store

fixture, studies, runs, ways, table = sys.argv[1:]
plain = Evaluator.evaluate

def slowly(self, points):
    time.sleep(3)
    return plain(self, points)

Evaluator.evaluate = slowly
STUDIES = runpy.run_path(fixture)
try:
    store = open_store(Path(table).parent, "crowd", runs)
    Path(table).with_suffix(".begun").touch()
    with store.run(Path(table).stem, {}) as run:
        trials = STUDIES["run"](ways=int(ways), storage=studies).trials
        run.log_metrics({"trials": float(len(trials))})
    trials.to_parquet(table)
except GpsegError as error:
    sys.exit(str(error))
"""


def section() -> list[str]:
    """Run, kill, cut, compare; return the section of the page."""
    servers = SimpleNamespace(**runpy.run_path(str(FIXTURES / "tracking_servers.py")))
    alone = runpy.run_path(str(FIXTURES / "planted_study.py"))["run"](ways=WAYS).trials
    with servers.postgresql() as (port, _), tempfile.TemporaryDirectory() as folder:
        line = servers.Line(port)
        login = f"postgresql://{servers.USER}:{servers.PASSWORD}@{servers.HOST}"
        with psycopg.connect(f"{login}:{port}/postgres", autocommit=True) as connection:
            for name in ("studies", "runs"):
                connection.execute(f"create database {name}")
        places = [f"{login}:{line.port}/{name}" for name in ("studies", "runs")]
        crowd = Crowd(Path(folder), places)
        began = time.monotonic()
        crowd.run(line)
        seconds = time.monotonic() - began
        same = sum(pd.read_parquet(table).equals(alone) for table in crowd.tables)
        (kept,) = optuna.study.get_all_study_summaries(f"{login}:{port}/studies")
        store = open_store(Path(folder), "crowd", f"{login}:{port}/runs")
        ended = Counter(run.info.status for run in store.client.search_runs([store.experiment_id]))
    unclear = [said for said in crowd.said if servers.PASSWORD in said or len(said.splitlines()) > 2]
    if same < PROCESSES or kept.n_trials != len(alone) or unclear or ended["RUNNING"]:
        sys.exit(f"{same} tables, {kept.n_trials} trials, runs {dict(ended)}, said {unclear}")
    return [
        f"{PROCESSES} processes shared a study of {len(alone)} trials and one MLflow store, both in",
        f"PostgreSQL, for {seconds:.0f} s. Of them {crowd.killed} were killed at random, and {OUTAGES} times",
        f"the database was away for {AWAY:g} s. Whoever ended without a result was started again",
        f"({crowd.started} starts).",
        "",
        "| asked | found |",
        "|---|---|",
        f"| trials in the database | {kept.n_trials} of {len(alone)}, each once |",
        f"| tables equal to that of one process alone | {same} of {PROCESSES} |",
        f"| outages that ended a process | {len(crowd.said)}, each told in a line (of study, of run), "
        "without the password |",
        f"| runs | {ended['FINISHED']} FINISHED, {ended['KILLED']} KILLED, {ended['FAILED']} FAILED, "
        f"{ended['RUNNING']} RUNNING |",
    ]


class Crowd:
    """The processes: started again until each has written its table."""

    def __init__(self, folder: Path, places: list[str]) -> None:
        self.tables = [folder / f"{i}.parquet" for i in range(PROCESSES)]
        self._places, self._random = places, random.Random(0)  # noqa: S311
        self._processes: dict[Path, subprocess.Popen] = {}
        self.killed = self.started = 0
        self.said: list[str] = []

    def run(self, line) -> None:
        """Start all; kill and cut as long as there are any left."""
        planned = ["kill"] * KILLS + ["cut"] * OUTAGES
        self._random.shuffle(planned)
        last = time.monotonic()
        while not all(table.is_file() for table in self.tables):
            for table in self.tables:
                self._see_to(table)
            if planned and time.monotonic() - last > 4 and self._begun():
                self._disturb(planned.pop(), line)
                last = time.monotonic()
            time.sleep(0.2)
        for process in self._processes.values():
            process.wait(timeout=120)

    def _begun(self) -> bool:
        """Whether all have begun: importing takes longer than the work."""
        return all(table.with_suffix(".begun").is_file() for table in self.tables)

    def _see_to(self, table: Path) -> None:
        process = self._processes.get(table)
        if table.is_file() or (process is not None and process.poll() is None):
            return
        if process is not None and process.returncode > 0:
            self.said.append(process.stderr.read().strip())
        command = [sys.executable, "-W", "ignore", "-c", ONE, str(FIXTURES / "planted_study.py")]
        command += [*self._places, str(WAYS), str(table)]
        self._processes[table] = subprocess.Popen(
            command, stderr=subprocess.PIPE, encoding="utf-8", env=os.environ | {"OMP_NUM_THREADS": "1"}
        )
        self.started += 1

    def _disturb(self, how: str, line) -> None:
        if how == "cut":
            line.cut()
            time.sleep(AWAY)
            line.mend()
            return
        running = [process for process in self._processes.values() if process.poll() is None]
        if running:
            self._random.choice(running).send_signal(signal.SIGKILL)
            self.killed += 1
