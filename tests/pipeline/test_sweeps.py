"""A multirun is one whole: a run above its jobs, a comparison of them, and no job is run twice.

What the stages give is copied from the project's own run, and of a job only its tags are recorded.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from gp_segmentation.pipeline import compare, runs
from gp_segmentation.tracking import recording
from gp_segmentation.tracking.store import open_store

#: The seed whose job fails.
BROKEN = 13
RESULTS = ("features", "matrix", *recording.RECORDED, "metrics.json")


class Sweeps:
    """The project, a folder for each sweep, and the seeds of the jobs whose stages were run."""

    def __init__(self, project) -> None:
        self.project, self.ran, self.broken = project, [], True

    def run(self, folder: str, seeds: str, *more: str, check: bool = True, **environment: str) -> str:
        """Run a sweep over `seeds` in `folder`; return what it printed."""
        self.ran.clear()
        place = f"hydra.sweep.dir={self.folder(folder)}"
        words = ("-m", f"seed={seeds}", "report.figures=[sizes]", place, *more)
        return self.project.call("gpseg", *words, check=check, **environment)

    def folder(self, name: str) -> Path:
        return self.project.root / "data" / "runs" / name

    def stages(self, project, workspace) -> None:
        """Stand in for the stages of a job: the results of the project's run, but for one score."""
        seed = project.cfg["seed"]
        self.ran.append(seed)
        if self.broken and seed == BROKEN:
            raise ValueError("this seed brings no luck")
        for name in RESULTS:
            source, target = project.data.root / name, workspace.root / name
            if source.is_dir():
                shutil.copytree(source, target, dirs_exist_ok=True)
        scores = json.loads((project.data.root / "metrics.json").read_text(encoding="utf-8"))
        for path in (workspace.root / "metrics.json", workspace.evidence / "metrics.json"):
            path.write_text(json.dumps(scores | {"silhouette": seed / 100}), encoding="utf-8")

    def recorded(self, folder: str) -> tuple:
        """The run of a sweep, and those of its jobs in order."""
        found = json.loads((self.folder(folder) / "sweep.json").read_text(encoding="utf-8"))
        store = open_store(self.project.root, "gp-practice-segmentation")
        below = f"tags.`mlflow.parentRunId` = '{found['run']}'"
        jobs = store.client.search_runs([store.experiment_id], below, order_by=["attributes.start_time"])
        return store.client.get_run(found["run"]), jobs, store.client


@pytest.fixture(scope="module")
def sweeps(project) -> Iterator[Sweeps]:
    made = Sweeps(project)

    def record(run, cfg, ws, setting=None) -> None:
        run.set_tags({"content_hash": recording.content_hash(ws), "named": setting})

    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        patch.setattr(runs, "_run_stages", made.stages)
        patch.setattr(recording, "record", record)
        yield made


@pytest.fixture(scope="module")
def first(sweeps) -> str:
    """What a sweep of two jobs printed."""
    return sweeps.run("first", "1,2")


def test_the_jobs_of_a_sweep_are_below_its_run_and_compared_with_it(sweeps, first):
    parent, jobs, client = sweeps.recorded("first")
    assert (parent.info.status, parent.data.tags["kind"]) == ("FINISHED", "sweep")
    assert parent.info.run_name == "sweep: seed=1,2"
    assert parent.data.metrics == {"jobs/finished": 2.0, "jobs/all": 2.0}
    assert {item.path for item in client.list_artifacts(parent.info.run_id)} == set(compare.FILES)
    assert [(job.info.status, job.data.tags["kind"]) for job in jobs] == [("FINISHED", "run")] * 2
    assert [job.data.tags["setting"] for job in jobs] == ["seed=1", "seed=2"]
    assert [job.data.tags["named"] for job in jobs] == ["seed=1", "seed=2"]
    assert {job.data.tags["sweep"] for job in jobs} == {parent.data.tags["sweep"]}

    summary = pd.read_csv(sweeps.folder("first") / compare.RUNS)
    assert summary[["run", "seed", "silhouette"]].to_numpy().tolist() == [
        ["job 0", 1, 0.01],
        ["job 1", 2, 0.02],
    ]
    assert "sweep: 2 of 2 jobs finished" in first
    assert "Agreement of job 0 and job 1: adjusted Rand index 1.00 (1: the same)." in first
    assert (sweeps.folder("first") / compare.PAGE).stat().st_size > 5000


def test_the_same_command_runs_no_finished_job_again(sweeps, first):
    before, jobs, _ = sweeps.recorded("first")
    told = sweeps.run("first", "1,2", "jobs=1")
    assert sweeps.ran == []
    assert told.count("Finished before with the same configuration, data and code: not run again") == 2
    after, now, _ = sweeps.recorded("first")
    assert (after.info.run_id, after.info.status) == (before.info.run_id, "FINISHED")
    assert [job.info.run_id for job in now] == [job.info.run_id for job in jobs]


def test_a_job_with_other_settings_or_other_results_runs_again(sweeps, first):
    (sweeps.folder("first") / "0" / "segments" / "segments.csv").write_text("x", encoding="utf-8")
    told = sweeps.run("first", "1,3")
    assert sweeps.ran == [1, 3]
    assert "not run again" not in told


def test_a_sweep_that_is_not_recorded_is_compared_in_its_folder_and_can_be_recorded_later(sweeps):
    sweeps.run("later", "4,5", "tracking=none")
    assert json.loads((sweeps.folder("later") / "sweep.json").read_text(encoding="utf-8"))["run"] is None
    assert {path.name for path in sweeps.folder("later").iterdir()} >= {"0", "1", *compare.FILES}
    told = sweeps.run("later", "4,5")
    assert sweeps.ran == []
    assert told.count("recorded as MLflow run") == 2
    _, jobs, _ = sweeps.recorded("later")
    assert {job.data.tags["setting"] for job in jobs} == {"seed=4", "seed=5"}


def test_a_sweep_with_a_job_that_fails_is_compared_all_the_same_and_can_go_on(sweeps):
    told = sweeps.run("broken", f"6,{BROKEN}", check=False)
    assert sweeps.ran == [6, BROKEN]
    assert "this seed brings no luck" in told
    assert "sweep: 1 of 2 jobs finished" in told
    parent, jobs, _ = sweeps.recorded("broken")
    assert parent.info.status == "FAILED"
    assert parent.data.metrics == {"jobs/finished": 1.0, "jobs/all": 2.0}
    assert [job.info.status for job in jobs] == ["FINISHED", "FAILED"]
    page = (sweeps.folder("broken") / compare.PAGE).read_text(encoding="utf-8")
    assert "Not finished: 1. Their logs say why." in page
    sweeps.broken = False
    sweeps.run("broken", f"6,{BROKEN}")
    assert sweeps.ran == [BROKEN]
    assert sweeps.recorded("broken")[0].info.status == "FINISHED"
    assert len(pd.read_csv(sweeps.folder("broken") / compare.RUNS)) == 2


def test_a_store_that_cannot_be_reached_is_told_before_a_job_begins(sweeps):
    nowhere = {"MLFLOW_TRACKING_URI": "http://127.0.0.1:9", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"}
    told = sweeps.run("unreached", "1,2", check=False, **nowhere)
    assert sweeps.ran == []
    assert "gpseg: the tracking store http://127.0.0.1:9 cannot be reached (Connection refused). " in told
    assert "Traceback" not in told
