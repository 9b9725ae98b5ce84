"""Several commands at once on one project, and raw files that nothing may touch."""

from __future__ import annotations

import hashlib
import os
import signal
from pathlib import Path

QUICK = ("evidence=off", "report.figures=[sizes]", "clusterer=kmeans")


def digests(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file below a folder."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_two_jobs_and_a_multirun_at_once_lose_no_run(project):
    prepared = digests(project.root / "data" / "prepared")
    commands = [
        ("gpseg", *QUICK, "clusterer.n_clusters=2"),
        ("gpseg", *QUICK, "clusterer.n_clusters=3"),
        ("gpseg", "-m", *QUICK, "clusterer.n_clusters=4,5"),
    ]
    started = [project.start(*command) for command in commands]
    outputs = [process.communicate(timeout=600)[0] for process in started]
    assert [process.returncode for process in started] == [0, 0, 0], outputs
    runs = project.runs()
    assert sorted(run.data.metrics["n_clusters"] for run in runs) == [2, 3, 4, 5]
    assert {run.info.status for run in runs} == {"FINISHED"}
    assert digests(project.root / "data" / "prepared") == prepared


def test_the_second_dvc_repro_is_refused_clearly_and_the_first_ends_well(project):
    first = project.start("dvc", "repro", "--force", "matrix", PYTHONUNBUFFERED="1")
    begun = next(line for line in first.stdout if "Running stage" in line)
    assert begun
    refused = project.run("dvc", "repro", check=False)
    rest = first.communicate(timeout=600)[0]
    assert first.returncode == 0, rest
    assert "busy" in refused or "lock" in refused, refused
    assert project.run("dvc", "status").strip().endswith(("up to date.", "always changed"))
    assert {run.info.status for run in project.runs()} == {"FINISHED"}


def test_a_job_whose_tables_are_replaced_meanwhile_fails_and_says_so(project):
    project.run("dvc", "repro", "prepare")
    before = project.runs()
    job = project.start("gpseg", *QUICK, "clusterer.n_clusters=3", PYTHONUNBUFFERED="1")
    assert any("features" in line for line in job.stdout), "no stage ended"
    os.killpg(job.pid, signal.SIGSTOP)  # so that it cannot end before its tables are replaced
    project.edit("conf/special/default.yaml", "min_list: 1000", "min_list: 2500")
    try:
        try:
            project.run("dvc", "repro", "prepare")
        finally:
            os.killpg(job.pid, signal.SIGCONT)
        said = job.communicate(timeout=600)[0]
    finally:
        project.edit("conf/special/default.yaml", "min_list: 2500", "min_list: 1000")
    assert job.returncode != 0
    assert "data/prepared was replaced while this job read it" in said
    assert "Traceback" not in said
    known = {run.info.run_id for run in before}
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
if len(sys.argv) > 1:
    Path("data/raw/probe").write_text("x")
    Path("data/raw/probe").unlink()
from gp_segmentation import config
from gp_segmentation.pipeline.project import Project
from gp_segmentation.pipeline.runs import run_stage
from gp_segmentation.utils.root import project_root
root = project_root()
run_stage("prepare", Project(config.load_params(root / "params.yaml"), root))
"""


def test_preparing_touches_no_raw_file(project):
    before = digests(project.root / "data" / "raw")
    assert "TOUCHED" not in project.run("python", "-c", WATCHED)
    assert digests(project.root / "data" / "raw") == before
    assert project.run("python", "-c", WATCHED, "probe").count("TOUCHED") == 2, "the watch sees nothing"
