"""Which run is asked where none is named: the newest that is whole."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gp_segmentation.errors import GpsegError
from gp_segmentation.pipeline.finished import latest_run, run_or_latest
from gp_segmentation.storage.workspace import Workspace
from gp_segmentation.tracking.recording import unfinished


def make(folder: Path, written: int, *, without: str = "") -> Path:
    """A folder with everything a run leaves but `without`; its page is from the time `written`."""
    (folder / "report").mkdir(parents=True)
    (folder / "report" / "report.html").touch()
    for name in unfinished(Workspace(folder)):
        if name != without:
            (folder / name).mkdir()
    os.utime(folder / "report" / "report.html", (written, written))
    return folder


@pytest.mark.parametrize(
    ("newest", "written"),
    [
        ("data", {"data": 4, "data/runs/2026-01-01/10-00": 3}),
        ("data/runs/2026-01-01/10-00", {"data": 2, "data/runs/2026-01-01/10-00": 3}),
        (
            "data/runs/2026-01-01/10/1",
            {"data/runs/2026-01-01/10/0": 2, "data/runs/2026-01-01/10/1": 3},
        ),
        ("data/runs/first", {"data/runs/first": 5, "data/runs/2026-01-01/10-00": 3}),
    ],
)
def test_the_newest_run_is_taken_wherever_it_is(tmp_path, newest, written):
    for name, time in written.items():
        make(tmp_path / name, time)
    assert latest_run(tmp_path) == tmp_path / newest


def test_runs_may_stand_elsewhere(tmp_path, monkeypatch):
    make(tmp_path / "data", 1)
    make(tmp_path / "elsewhere" / "2026-01-01" / "10", 2)
    monkeypatch.setenv("GPSEG_RUNS", str(tmp_path / "elsewhere"))
    assert latest_run(tmp_path) == tmp_path / "elsewhere" / "2026-01-01" / "10"


@pytest.fixture(autouse=True)
def _runs_in_their_place(monkeypatch):
    monkeypatch.delenv("GPSEG_RUNS", raising=False)


def test_a_run_that_broke_off_is_passed_over(tmp_path):
    make(tmp_path / "data" / "runs" / "whole", 1)
    make(tmp_path / "data" / "runs" / "broken", 2, without="insight")
    (tmp_path / "data" / "runs" / "begun" / "features").mkdir(parents=True)
    assert latest_run(tmp_path) == tmp_path / "data" / "runs" / "whole"


def test_which_run_was_taken_is_told_and_one_that_is_named_is_not(tmp_path, caplog):
    make(tmp_path / "data", 1)
    assert run_or_latest(tmp_path / "other", tmp_path) == tmp_path / "other"
    assert caplog.text == ""
    assert run_or_latest(None, tmp_path) == tmp_path / "data"
    assert f"Run: {tmp_path / 'data'} (the latest)" in caplog.text


def test_without_a_finished_run_it_is_told_how_to_make_one(tmp_path):
    with pytest.raises(GpsegError, match=r"no finished run in .*data/runs\. Make one: gpseg, or make run"):
        latest_run(tmp_path)
