"""`dvc repro` killed in every stage and at random times, then run again: what differs from an undisturbed run."""

from __future__ import annotations

import random
import runpy
import tempfile
import time
from collections import Counter
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
    """The i-th kill: every stage in turn; every fifth kills the stage and not DVC, every tenth begins anew."""
    chance = random.Random(i)  # noqa: S311
    stage, latest = stages[i % len(stages)], 1.1
    if everything := i % 10 == 9:
        stage = stages[i // 10 % len(stages) * 2 % len(stages)]
    whom = "the stage" if i % 5 == 2 else "all"
    while True:
        killed = disturbed.kill(stage, chance.uniform(0.02, latest), whom=whom, everything=everything)
        if killed is not None:
            print(i, killed, flush=True)
            return killed
        latest *= 0.8


def _told(found: list[Any], stages: list[str], practices: int, seconds: float) -> list[str]:
    """Say in a table what came of the kills."""
    kills = Counter(killed.stage for killed in found)
    rows = []
    for stage in stages:
        of = [killed for killed in found if killed.stage == stage]
        if of:
            first, last = min(k.seconds for k in of), max(k.seconds for k in of)
            half, differences, left = (sum(len(x) for x in xs) for xs in zip(*map(_lists, of), strict=True))
            lost, ended, running = (sum(x) for x in zip(*map(_runs, of), strict=True))
            rows.append(
                f"| {stage} | {kills[stage]} | {first:.1f} to {last:.1f} | {half} | {differences} | {left} | {lost} | {ended} | {running} |"
            )
    alone = sum(killed.whom != "all" for killed in found)
    return [
        f"`dvc repro` on a synthetic England of {practices} practices was killed (SIGKILL) **{len(found)} times**, "
        f"{len(found) - alone} times with all it had started, {alone} times only what it had started, as a system",
        "short of memory does; then `dvc repro` was run again to its end. Every result file, `params.yaml` and",
        "`dvc.lock` was compared byte by byte with a run that nobody disturbed: once right after the kill (a file",
        "under its final name must be the whole one or not be there) and once at the end.",
        f"Half files found: **{sum(len(k.half) for k in found)}**. Differences found: "
        f"**{sum(len(k.differences) for k in found)}**. All of it took {seconds / 60:.0f} minutes.",
        "",
        "| stage begun | kills | seconds into it | half files | differences | temporary files left | "
        "MLflow runs cut off | of them KILLED after the next start | still RUNNING |",
        "|---|---|---|---|---|---|---|---|---|",
        *rows,
        "",
        "DVC's own locks did not once stand in the way: the system lets go of `.dvc/tmp/lock` when a process ends,",
        "and DVC strikes processes that are gone from `.dvc/tmp/rwlock` by itself. Should it ever say that this file",
        "is damaged, or that something is blocked by a process that is none of its own (the number was given out",
        "again): make sure that no `dvc` runs, delete `.dvc/tmp/rwlock`, and `dvc repro` again. A `dvc.lock` that",
        "cannot be read comes back with `git checkout dvc.lock`.",
    ]


def _lists(killed: Any) -> tuple[list[str], list[str], list[str]]:
    return killed.half, killed.differences, killed.left


def _runs(killed: Any) -> tuple[int, int, int]:
    return killed.lost, killed.ended, killed.running
