"""What `dvc repro` ends with: its results are recorded once, in the project, as long as its stages took."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

import pytest

from gp_segmentation import config
from gp_segmentation.errors import GpsegError
from gp_segmentation.pipeline import runs
from gp_segmentation.pipeline.project import Project
from gp_segmentation.tracking import recording
from gp_segmentation.tracking.names import user
from gp_segmentation.tracking.store import open_store
from gp_segmentation.utils.files import write_json

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def project(bare, tmp_path, monkeypatch) -> Project:
    """A project with a store and a file of every result; of a run only its content's hash is recorded."""
    for name in ("MLFLOW_TRACKING_URI", "DVC_ROOT", "DVC_EXP_NAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(
        recording,
        "record",
        lambda run, cfg, ws, _: run.set_tags({"content_hash": recording.content_hash(ws)}),
    )
    shutil.copytree(bare / "mlruns", tmp_path / "mlruns")
    for name in ("features", "matrix", *recording.RECORDED):
        (tmp_path / "data" / name).mkdir(parents=True)
    (tmp_path / "data" / "metrics.json").write_text("{}", encoding="utf-8")
    cfg = config.compose_config(ROOT)
    return Project({**cfg, "tracking": {**cfg["tracking"], "experiment": "test"}}, tmp_path)


def note_seconds(root: Path, **stages: float) -> None:
    (root / "data" / "cache").mkdir(parents=True, exist_ok=True)
    write_json(root / "data" / "cache" / "seconds.json", stages)


def recorded(root: Path) -> list:
    store = open_store(root, "test")
    return list(store.client.search_runs([store.experiment_id]))


def test_results_are_recorded_once_with_who_ran_them_and_how_long_it_took(project, caplog):
    caplog.set_level(logging.INFO)
    note_seconds(project.root, study=600.0, report=30.5)
    runs.track(project)
    runs.track(project)
    (run,) = recorded(project.root)
    assert run.info.end_time - run.info.start_time == 630_500
    assert (run.info.run_name, run.data.tags["mlflow.user"]) == ("dvc repro", user())
    told = [line for line in caplog.messages if run.info.run_id in line]
    assert told == [
        f"recorded as MLflow run {run.info.run_id}",
        f"these results are recorded already, as run {run.info.run_id}",
    ]


def test_an_experiment_in_a_folder_of_its_own_is_recorded_in_the_project(project, monkeypatch, tmp_path):
    home = tmp_path / "home"
    shutil.copytree(project.root / "mlruns", home / "mlruns")
    monkeypatch.setenv("DVC_ROOT", str(home))
    monkeypatch.setenv("DVC_EXP_NAME", "robust-scaler")
    note_seconds(home, study=600, report=30)
    note_seconds(project.root, report=20)  # all that had to run in it
    runs.track(project)
    (run,) = recorded(home)
    assert (run.info.run_name, run.info.end_time - run.info.start_time) == ("robust-scaler", 620_000)
    assert recorded(project.root) == []


def test_a_deleted_experiment_is_told_with_how_to_record_later(project):
    store = open_store(project.root, "test")
    store.client.delete_experiment(store.experiment_id)
    with pytest.raises(GpsegError) as refused:
        runs.track(project)
    text = str(refused.value)
    assert text.startswith("the experiment test of the tracking store sqlite:///")
    assert "was deleted. The results are whole in" in text
    assert text.endswith(f"record them: gpseg-record {project.data.root}")


def test_a_stage_of_dvc_notes_how_long_it_took_outside_of_its_results(project, monkeypatch):
    monkeypatch.setattr(runs, "stage", lambda name: lambda cfg, ws: None)
    runs.run_stage("study", project)
    assert (project.root / "data" / "cache" / "seconds.json").is_file()
    assert runs.seconds.total(project.data.cache) < 5
