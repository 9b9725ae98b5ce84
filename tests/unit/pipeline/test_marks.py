"""A job is done when its folder holds, unchanged, what the same configuration, data and code give."""

from __future__ import annotations

import time

import pytest

from gp_segmentation.pipeline import marks, seconds
from gp_segmentation.pipeline.project import PreparedTables, Project
from gp_segmentation.tracking import recording

CFG = {"seed": 1, "jobs": 2, "tracking": {"enabled": False}, "source": {"name": "synthetic"}}


@pytest.fixture
def folder(tmp_path):
    """The folder of a job with a file of every result."""
    for name in ("features", "matrix", *recording.RECORDED):
        (tmp_path / name).mkdir()
        (tmp_path / name / "result.csv").write_text(name, encoding="utf-8")
    (tmp_path / "metrics.json").write_text("{}", encoding="utf-8")
    return tmp_path


def project(**changes) -> Project:
    return Project(CFG | changes, None)


def prepared(content: str = "abc") -> PreparedTables:
    return PreparedTables(None, content)


def test_a_marked_job_is_done_whatever_its_processes_and_its_store(folder):
    assert not marks.is_marked(folder)
    marks.mark(project(), prepared(), folder)
    assert marks.is_marked(folder)
    assert marks.is_done(project(), prepared(), folder)
    assert marks.is_done(project(jobs=8, tracking={"enabled": True}), prepared(), folder)


@pytest.mark.parametrize(
    "other", ["configuration", "data", "code", "results", "a result gone", "begun again"]
)
def test_a_job_is_not_done_where_anything_is_otherwise(folder, monkeypatch, other):
    marks.mark(project(), prepared(), folder)
    now, content = project(seed=2 if other == "configuration" else 1), "xyz" if other == "data" else "abc"
    if other == "code":
        monkeypatch.setattr(marks, "_code", lambda: "edited")
    if other == "results":
        (folder / "segments" / "result.csv").write_text("edited", encoding="utf-8")
    if other == "a result gone":
        (folder / "metrics.json").unlink()
    if other == "begun again":
        marks.unmark(folder)
    assert not marks.is_done(now, prepared(content), folder)


def test_results_that_are_not_whole_are_never_done(tmp_path):
    marks.mark(project(), prepared(), tmp_path)
    assert not marks.is_done(project(), prepared(), tmp_path)


def test_seconds_are_noted_by_stage_and_added_up(tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    assert seconds.total(one, two) is None
    for folder, stage in ((one, "study"), (one, "report"), (two, "report")):
        with seconds.noted(folder, stage):
            time.sleep(0.01)
    (one / seconds.FILE).write_text('{"study": 30, "report": 5}', encoding="utf-8")
    (two / seconds.FILE).write_text('{"report": 7.5}', encoding="utf-8")
    assert seconds.total(one, two) == 37.5


def test_a_stage_that_fails_is_not_noted(tmp_path):
    with pytest.raises(ValueError, match="no"), seconds.noted(tmp_path, "study"):
        raise ValueError("no")
    assert seconds.total(tmp_path) is None
