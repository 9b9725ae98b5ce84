"""`dvc repro` killed at any moment: run again, it ends as if nobody had disturbed it.

`python benchmarks/reliability.py` does the same fifty times, in every stage, all as a user does; here it is
done twice.
"""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

KILLED_RUNS = runpy.run_path(str(Path(__file__).resolve().parents[1] / "fixtures" / "killed_runs.py"))


@pytest.fixture(scope="module")
def rounds(project, first_run):
    # What is killed is processes of a user's `dvc repro`; what comes after runs in this one.
    return KILLED_RUNS["Rounds"](project, {**first_run, "track": 5.0}, again=project.reproduce)


@pytest.mark.parametrize(
    ("stage", "share", "whom"),
    [
        ("study", 0.8, "the stage"),
        ("track", 0.5, "all"),
    ],
)
def test_a_killed_repro_ends_as_if_undisturbed(rounds, stage, share, whom):
    # What a stage takes varies on a busy machine: a kill that came too late is tried again, sooner.
    tries = (rounds.kill(stage, share * sooner, whom=whom) for sooner in (1, 0.6, 0.3, 0.1))
    killed = next((found for found in tries if found is not None), None)
    assert killed is not None, "the kill came too late"
    assert (killed.half, killed.differences, killed.left) == ([], [], [])
    assert killed.running == 0
    assert killed.ended == killed.lost
