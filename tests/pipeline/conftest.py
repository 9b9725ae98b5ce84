"""A copy of the project in a temporary folder, on a small synthetic England, to be run as a user would."""

from __future__ import annotations

import io
import json
import logging
import os
import re
import runpy
import shutil
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pytest
import yaml
from dvc.stage import run as dvc_stages
from dvc.stage.exceptions import StageCmdFailedError
from filelock import FileLock

from gp_segmentation import cli

ROOT = Path(__file__).resolve().parents[2]
FORKED_DVC = str(ROOT / "tests" / "fixtures" / "forked_dvc.py")  # `dvc`; see there what is different
PRACTICES = 300  # K-means takes 256 rows at a time: so many give work to two threads
ELSEWHERE = SimpleNamespace(**runpy.run_path(str(ROOT / "tests" / "fixtures" / "elsewhere.py")))

#: What makes the copy's runs short; everything else is the project's default.
SMALL = {
    "config.yaml": {"jobs": 1},
    "source/synthetic.yaml": {"england.practices": PRACTICES},
    "study/default.yaml": {
        **{"n_clusters.high": 4, "rule.stability_draws": 5, "rule.splits": 2, "certainty_draws": 20},
    },
    "evidence/default.yaml": {
        **{"nulls.copula": 1, "nulls.permutation": 1, "bootstraps": 5, "bootstraps_by_k": 2, "subsamples": 2},
        **{"splits": 2, "seeds": 2, "transport": ["region"], "external.folds": 3, "external.draws": 5},
    },
    "insight/default.yaml": {"peers.resamples": 2, "opportunities.draws": 5, "spatial.permutations": 99},
    # Every figure is drawn in the unit tests; here some of each kind.
    "report/default.yaml": {
        "figures": ["elbow", "silhouette_by_k", "scatter", "heatmap", "dendrogram", "map"],
    },
}


def dvc_main() -> int:
    """Run `dvc` as its script does."""
    from dvc.cli import main

    return main(sys.argv[1:])


#: The project's own commands, as pyproject.toml and `__main__` name them, and `dvc`.
COMMANDS: dict[str, Callable[[], object]] = {
    "gpseg": cli.main,
    "gpseg-data": cli.data_main,
    "gpseg-explore": cli.explore_main,
    "gpseg-peers": cli.peers_main,
    "gpseg-assign": cli.assign_main,
    "gpseg-record": cli.record_main,
    "stage": cli.stage_main,
    "dvc": dvc_main,  # for what runs no stage: what a stage prints would not be seen
}


@dataclass(frozen=True)
class Project:
    """A project folder and the commands a user types in it."""

    root: Path

    def run(self, *command: str, check: bool = True, **environment: str) -> str:
        """Run a command in the project; return what it printed (standard output and error)."""
        done = subprocess.run(
            [*command],
            cwd=self.root,
            env=self.environment(environment),
            encoding="utf-8",
            capture_output=True,
            timeout=900,
            check=False,
        )
        output = done.stdout + done.stderr
        if check:
            assert done.returncode == 0, f"{' '.join(command)} ended with {done.returncode}:\n{output}"
        return output

    def call(self, name: str, *arguments: str, check: bool = True, **environment: str) -> str:
        """Run a command of `COMMANDS` as its script does, but in this process, where all is imported already.

        Return what it printed.
        """
        printed = io.StringIO()
        with (
            _typed(self.root, [name, *arguments], self.environment(environment)),
            redirect_stdout(printed),
            redirect_stderr(printed),
        ):
            try:
                ended = COMMANDS[name]()
            except SystemExit as error:
                ended = error.code
            if isinstance(ended, str):
                sys.stderr.write(ended)
        if check:
            assert not ended, f"{name} {' '.join(arguments)} ended with {ended}:\n{printed.getvalue()}"
        return printed.getvalue()

    def reproduce(self, *command: str, **environment: str) -> list[str]:
        """Run a command of DVC, and the stages it finds to be run, in this process; return their names.

        What it prints goes where it would; `run` is for what a user sees, or for stages that must not meet.
        """
        ran: list[str] = []

        def in_this_process(_: str, command: str, **named: Any) -> None:
            ran.append(command.removeprefix("python -m gp_segmentation "))
            with _typed(Path(named["cwd"]), ["stage", ran[-1]], named["env"]):
                if status := cli.stage_main():
                    raise StageCmdFailedError(command, status)

        with mock.patch.object(dvc_stages, "_run", in_this_process):
            self.call(*command, **environment)
        return ran

    def start(self, *command: str, **environment: str) -> subprocess.Popen:
        """Start a command in the project, in a session of its own; what it prints comes by `stdout`."""
        return subprocess.Popen(
            [*command],
            cwd=self.root,
            env=self.environment(environment),
            encoding="utf-8",
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    @staticmethod
    def environment(added: dict[str, str]) -> dict[str, str]:
        """Return this process's environment without what would lead out of the project, and with `added`."""
        leading_out = ("MLFLOW_TRACKING", "GPSEG_ROOT", "GPSEG_RUNS", "GPSEG_SECRET_")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(leading_out)}
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        return kept | {"PATH": path, "DVC_NO_ANALYTICS": "true"} | added

    def git_commit(self, message: str) -> None:
        self.run("git", "add", "-A")
        self.run("git", "commit", "--quiet", "--message", message)

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace `old`, which must be there, by `new` in a file."""
        path = self.root / name
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{name} does not hold {old!r}"
        path.write_text(text.replace(old, new), encoding="utf-8")

    def runs(self) -> list:
        """Return the MLflow runs of this project's store, newest first, without trials and sweeps."""
        return self.runs_of_kind("run")

    def runs_of_kind(self, kind: str) -> list:
        """Return the MLflow runs that are tagged so (run, trial, sweep), newest first."""
        from gp_segmentation.tracking import store

        store = store.open_store(self.root, "gp-practice-segmentation")
        return list(
            store.client.search_runs([store.experiment_id], f"tags.kind = '{kind}'", max_results=1000)
        )


def _loggers() -> dict[str, logging.Logger]:
    every = logging.Logger.manager.loggerDict.items()
    return {name: logger for name, logger in every if isinstance(logger, logging.Logger)}


@contextmanager
def new_loggers() -> Iterator[None]:
    """Have the loggers of a new process; the files that a command logs to are closed behind it."""
    root = logging.getLogger()
    kept = root.handlers[:], root.level
    levels = {name: logger.level for name, logger in _loggers().items()}
    root.handlers[:] = []
    try:
        yield
    finally:
        for handler in root.handlers:
            handler.close()
        root.handlers[:] = kept[0]
        root.setLevel(kept[1])
        # What a command announces is not announced in tests that come after it.
        for name, logger in _loggers().items():
            if logger.level != (level := levels.get(name, logging.NOTSET)):  # each is told to all the others
                logger.setLevel(level)


@pytest.fixture(scope="session", name="new_loggers")
def _new_loggers() -> Callable[[], Any]:
    return new_loggers


@contextmanager
def _typed(folder: Path, command: list[str], environment: dict[str, str]) -> Iterator[None]:
    """Have the working folder, arguments, environment, loggers and warnings of a new process."""
    with (
        chdir(folder),
        mock.patch.object(sys, "argv", command),
        mock.patch.dict(os.environ, environment, clear=True),
        warnings.catch_warnings(),
        new_loggers(),
    ):
        warnings.simplefilter("default")
        yield


def copy_project(target: Path, changes: dict[str, dict] = SMALL) -> Project:
    """Copy the files git knows or would take (a developer's uncommitted work too) and commit them.

    `changes` says what is different in the copy's conf/: file -> key -> value.
    """
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file() and not name.startswith("docs/images/"):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)
    (target / "dvc.lock").unlink(missing_ok=True)  # it speaks of the full England
    for name, values in changes.items():
        _change(target / "conf" / name, values)
    project = Project(target)
    project.run("git", "init", "--quiet", "--initial-branch", "main")
    project.run("git", "config", "user.name", "Test")
    project.run("git", "config", "user.email", "test@example.org")
    project.git_commit("Copy")
    return project


def _change(path: Path, changes: dict) -> None:
    config = yaml.safe_load(path.read_text(encoding="utf-8"))
    for key, value in changes.items():
        *parents, last = key.split(".")
        node = config
        for parent in parents:
            node = node[parent]
        assert last in node, f"{path}: no key {key}"
        node[last] = value
    path.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")


@pytest.fixture(scope="session")
def template(tmp_path_factory) -> Path:
    """The folder of a project in which every stage but `track` was run, once for all workers; to be copied.

    DVC hashes what stands in a folder and not where the folder is, so a copy is as good as a new project;
    only MLflow's store knows its place. Beside it stand the lines that `dvc repro` printed, and when.
    """
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    root, printed = shared / "template", shared / "template.printed"
    with FileLock(shared / "template.lock"):
        if not printed.exists():
            shutil.rmtree(root, ignore_errors=True)
            root.mkdir()
            project = copy_project(root)
            project.call("gpseg-data")
            surrounding = ELSEWHERE.variables(ELSEWHERE.BASE)
            command = ("python", FORKED_DVC, "repro", "area", "report")
            with project.start(*command, PYTHONUNBUFFERED="1", **surrounding) as process:
                lines = [(time.monotonic(), line) for line in process.stdout]
            assert process.returncode == 0, "".join(line for _, line in lines)
            project.git_commit("First run")
            printed.write_text(json.dumps(lines), encoding="utf-8")
    return root


@pytest.fixture(scope="session")
def elsewhere(template, made_once) -> SimpleNamespace:
    """What a job of `run_elsewhere` left: its project's `root`, `results`, `prepared`, what it `printed`."""
    environment = Project.environment({})
    folder = made_once("elsewhere", lambda folder: ELSEWHERE.run_elsewhere(template, folder, environment))
    results, prepared = ELSEWHERE.job_of(folder)
    printed = (folder / "printed").read_text(encoding="utf-8")
    root = folder / ELSEWHERE.OTHER.folder
    return SimpleNamespace(root=root, results=results, prepared=prepared, printed=printed)


@pytest.fixture(scope="session")
def first_run(template) -> dict[str, float]:
    """Stage -> seconds of the template's `dvc repro`, in its order, with those for importing."""
    lines = json.loads(template.with_name("template.printed").read_text(encoding="utf-8"))
    begun = [(at, found[1]) for at, line in lines if (found := re.search(r"Running stage '(\w+)'", line))]
    ends = [at for at, _ in begun[1:]] + [lines[-1][0]]
    imports = float(re.search(r"imported after ([\d.]+)", "".join(line for _, line in lines))[1])
    return {stage: imports + end - at for (at, stage), end in zip(begun, ends, strict=True)}


@pytest.fixture(scope="module")
def project(template, tmp_path_factory) -> Project:
    """A project of one's own on the small England, every stage but `track` run by DVC."""
    root = tmp_path_factory.mktemp("project") / "project"
    shutil.copytree(template, root, symlinks=True)
    return Project(root)


@pytest.fixture(scope="session")
def project_in() -> Callable[[Path], Project]:
    """The project in a folder that some test made."""
    return Project
