"""`dvc repro` killed in every stage at random times, run again, and compared with an undisturbed run."""

from __future__ import annotations

import random
import runpy
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
TITLE = "Runs killed at any moment"


def section(rounds: int = 50) -> list[str]:
    """Kill `rounds` times; return the section of the page."""
    copy = runpy.run_path(str(ROOT / "tests/pipeline/conftest.py"))
    room = runpy.run_path(str(ROOT / "tests/fixtures/killed_runs.py"))
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        project = copy["copy_project"](Path(folder) / "project")
        project.run("gpseg-data")
        project.git_commit("Raw data")
        disturbed = room["Rounds"](project)
        found = [_one(disturbed, i, room["STAGES"]) for i in range(rounds)]
    return _told(found, room["STAGES"], copy["PRACTICES"], time.monotonic() - began)


def _one(disturbed: Any, i: int, stages: list[str]) -> Any:
    """The i-th kill: every stage in turn; each seventh strikes it and not DVC, each eleventh begins anew.

    Seven and eleven have no divisor in common with the ten stages: in time each stage has its share of both.
    """
    chance = random.Random(i)  # noqa: S311
    stage, latest = stages[i % len(stages)], 1.1
    everything, whom = i % 11 == 10, "the stage" if i % 7 == 3 else "all"
    while True:
        killed = disturbed.kill(stage, chance.uniform(0.02, latest), whom=whom, everything=everything)
        if killed is not None:
            print(i, killed, flush=True)
            return killed
        latest *= 0.8


def _told(found: list[Any], stages: list[str], practices: int, seconds: float) -> list[str]:
    """Say in a table what came of the kills."""
    alone = sum(killed.whom != "all" for killed in found)
    rows = [_row(stage, [k for k in found if k.stage == stage]) for stage in stages]
    return [
        f"`dvc repro` on a synthetic England of {practices} practices was killed (SIGKILL)",
        f"**{len(found)} times**: {len(found) - alone} times with all it had started, {alone} times only",
        "what it had started, as a system short of memory does. Then `dvc repro` was run again to its",
        "end. Results, `params.yaml` and what `dvc.lock` says were compared, byte by byte, with an",
        "undisturbed run: right after the kill (what stands under its final name must be whole) and at",
        "the end.",
        f"Half files found: **{sum(len(k.half) for k in found)}**. Differences found: "
        f"**{sum(len(k.differences) for k in found)}**. {_locks(found)}",
        f"All of it took {seconds / 60:.0f} minutes.",
        "",
        "| stage begun | kills | seconds into it | half files | differences | temporary files left | "
        "MLflow runs cut off | of them KILLED after the next start | still RUNNING |",
        "|---|---|---|---|---|---|---|---|---|",
        *filter(None, rows),
        "",
        "Should DVC ever say that `.dvc/tmp/rwlock` is damaged, or that a process which is not DVC",
        "blocks it: make sure that no `dvc` runs, delete that file, and `dvc repro` again. A `dvc.lock`",
        "that cannot be read comes back with `git checkout dvc.lock`.",
    ]


def _locks(found: list[Any]) -> str:
    broken = sum(killed.lock for killed in found)
    where = "Kills that fell into DVC's own writing of `dvc.lock`, which then had to come back from git"
    return f"{where}: **{broken}**."


def _row(stage: str, kills: list[Any]) -> str:
    """Return a stage's row; nothing when it was never killed."""
    if not kills:
        return ""
    first, last = min(k.seconds for k in kills), max(k.seconds for k in kills)
    files = [sum(len(found) for found in of) for of in zip(*map(_lists, kills), strict=True)]
    runs = [sum(of) for of in zip(*map(_runs, kills), strict=True)]
    return f"| {stage} | {len(kills)} | {first:.1f} to {last:.1f} | {' | '.join(map(str, files + runs))} |"


def _lists(killed: Any) -> tuple[list[str], list[str], list[str]]:
    return killed.half, killed.differences, killed.left


def _runs(killed: Any) -> tuple[int, int, int]:
    return killed.lost, killed.ended, killed.running
