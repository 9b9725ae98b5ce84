"""Several commands at once on one project, and raw files that nothing may touch."""

from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from joblib.externals.loky import get_reusable_executor

from gp_segmentation.cli import apps
from gp_segmentation.cli.verbs import VERBS, WHOLE_JOB
from gp_segmentation.pipeline import runs as pipeline_runs
from gp_segmentation.pipeline.order import stage
from gp_segmentation.tracking import store

# DVC's own debts; some of its commands are typed in this process.
pytestmark = pytest.mark.filterwarnings("ignore:_NoneStep:DeprecationWarning")

QUICK = ("evidence=off", "report.figures=[sizes]", "clusterer=kmeans")


def digests(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file below a folder."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def light_job(cfg) -> None:
    """A job of `gpseg` that takes the last stages' results, of which nothing is asked, from the project."""

    def copied(cfg, ws):
        for name in ("insight", "figures", "report"):
            shutil.copytree(Path(os.environ["GPSEG_ROOT"], "data", name), ws.root / name, dirs_exist_ok=True)

    of_name = pipeline_runs.stage
    pipeline_runs.stage = lambda name: copied if name in ("insight", "report") else of_name(name)
    try:
        apps.run_job(cfg)
    finally:
        pipeline_runs.stage = of_name


def test_two_jobs_of_a_multirun_at_once_lose_no_run(project, monkeypatch):
    """Each in a process of its own; `unit/tracking/test_store.py` has several that make a new store."""
    prepared = digests(project.root / "data" / "prepared")
    monkeypatch.setattr(light_job, "__module__", "__main__")  # sent as it is: a process knows no tests
    monkeypatch.setitem(VERBS, WHOLE_JOB, replace(VERBS[WHOLE_JOB], job=light_job))
    least = ("study=silhouette", "study.certainty_draws=0", "clusterer.n_clusters=3,4")
    project.call("gpseg", "-m", "hydra/launcher=joblib", *QUICK, *least)
    get_reusable_executor().shutdown()
    runs = project.runs()
    assert {run.info.status for run in runs} == {"FINISHED"}
    assert digests(project.root / "data" / "prepared") == prepared
    (sweep,) = project.runs_of_kind("sweep")
    below = {run.data.metrics["n_clusters"]: run.data.tags["mlflow.parentRunId"] for run in runs}
    assert below == {3: sweep.info.run_id, 4: sweep.info.run_id}
    assert len(runs) == 2
    client = store.open_store(project.root, "gp-practice-segmentation").client
    artifacts = {item.path for item in client.list_artifacts(sweep.info.run_id)}
    assert {"summary.csv", "summary.html"} <= artifacts


def test_the_second_dvc_repro_is_refused_clearly_and_the_first_ends_well(project):
    first = project.start("dvc", "repro", "--force", "--single-item", "matrix", PYTHONUNBUFFERED="1")
    begun = next(line for line in first.stdout if "Running stage" in line)
    assert begun
    refused = project.run("dvc", "repro", check=False)
    rest = first.communicate(timeout=600)[0]
    assert first.returncode == 0, rest
    assert "busy" in refused or "lock" in refused, refused
    assert project.call("dvc", "status").strip().endswith(("up to date.", "always changed"))
    assert {run.info.status for run in project.runs()} == {"FINISHED"}


def test_a_job_whose_tables_are_replaced_meanwhile_fails_and_says_so(project, monkeypatch):
    """After its first stage DVC prepares the tables anew; it goes on with the next, others are left out."""
    known = {run.info.run_id for run in project.runs()}

    def one_stage(name):
        def run(cfg, ws):
            if name in ("features", "matrix"):
                stage(name)(cfg, ws)
            if name == "features":
                project.edit("conf/special/default.yaml", "min_list: 1000", "min_list: 2500")
                assert project.reproduce("dvc", "repro", "prepare") == ["configure", "prepare"]

        return run

    with monkeypatch.context() as patch:
        patch.setattr(pipeline_runs, "stage", one_stage)
        said = project.call("gpseg", *QUICK, "clusterer.n_clusters=3", check=False)
    project.edit("conf/special/default.yaml", "min_list: 2500", "min_list: 1000")
    assert "data/prepared was replaced while this job read it" in said
    assert "Traceback" not in said
    (failed,) = (run for run in project.runs() if run.info.run_id not in known)
    assert failed.info.status == "FAILED"
    assert "run the job again" in failed.data.tags["error"]
    assert "content_hash" not in failed.data.tags


# Tells of every file below the raw folder that is opened to be written, made, renamed or removed.
WATCHED = """
import os, sys
from pathlib import Path

raw = str(Path("data/raw").resolve())
CHANGES = {"os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.truncate"}
CHANGES |= {"os.chmod", "os.link", "os.symlink"}

def watch(event, arguments):
    named = [str(Path(a).absolute()) for a in arguments[:2] if isinstance(a, (str, os.PathLike))]
    if not any(name.startswith(raw) for name in named):
        return
    mode, flags = (arguments + (None,) * 3)[1:3] if event == "open" else (None, None)
    writes = isinstance(mode, str) and set(mode) & set("wax+") or isinstance(flags, int) and flags & 3
    if event in CHANGES or event == "open" and writes:
        print("TOUCHED", event, *named, flush=True)

sys.addaudithook(watch)
Path("data/raw/probe").write_text("x")
Path("data/raw/probe").unlink()
print("PREPARING", flush=True)
from gp_segmentation import config
from gp_segmentation.pipeline.project import Project
from gp_segmentation.pipeline.runs import run_stage
from gp_segmentation.utils.root import project_root
root = project_root()
run_stage("prepare", Project(config.load_params(root / "params.yaml"), root))
"""


def test_preparing_touches_no_raw_file(project):
    before = digests(project.root / "data" / "raw")
    probed, _, prepared = project.run("python", "-c", WATCHED).partition("PREPARING")
    assert probed.count("TOUCHED") == 2, "the watch sees nothing"
    assert "TOUCHED" not in prepared
    assert digests(project.root / "data" / "raw") == before
