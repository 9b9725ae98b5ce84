"""A synthetic England of 50,000 practices through every stage: seconds and memory."""

from __future__ import annotations

import os
import runpy
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
TITLE = "Eight times as many practices"
PRACTICES = 50_000
STAGES = ["prepare", "features", "matrix", "study", "segment", "evidence", "insight", "report"]
#: What a stage may take, seconds and megabytes (all its processes together).
LIMITS = 300, 6000


@dataclass(frozen=True)
class Taken:
    """What a command took.

    Attributes
    ----------
    seconds : from start to end.
    largest : resident memory of its largest process at its peak, MB, as the system counts it (ru_maxrss).
    together : memory of all its processes at one time, MB, what they share counted once: the highest of
        looks (PSS) a fifth of a second apart.
    """

    name: str
    seconds: float
    largest: float
    together: float

    @property
    def within(self) -> bool:
        return self.seconds <= LIMITS[0] and max(self.largest, self.together) <= LIMITS[1]


def section(practices: int = PRACTICES) -> list[str]:
    """Run every stage once, each in a process of its own; return the section of the page."""
    copy = runpy.run_path(str(ROOT / "tests/pipeline/conftest.py"))
    descendants = runpy.run_path(str(ROOT / "tests/fixtures/killed_runs.py"))["descendants"]
    with tempfile.TemporaryDirectory() as folder:
        changes = {"source/synthetic.yaml": {"england.practices": practices}}
        project = copy["copy_project"](Path(folder) / "project", changes)
        taken = [_measured(project, "gpseg-data", ["gpseg-data"], descendants)]
        project.run(sys.executable, "-m", "gp_segmentation", "configure")
        for stage in STAGES:
            command = [sys.executable, "-m", "gp_segmentation", stage]
            taken.append(_measured(project, stage, command, descendants))
    return _told(taken, practices)


def _measured(project: Any, name: str, command: list[str], descendants: Callable[[int], list[int]]) -> Taken:
    """Run a command to its end; a failure ends the benchmark with what the command printed."""
    began, highest, over = time.monotonic(), [0.0], threading.Event()
    process = project.start(*command)

    def look() -> None:
        while not over.wait(0.2):
            highest[0] = max(highest[0], sum(map(_shared_out, [process.pid, *descendants(process.pid)])))

    looking = threading.Thread(target=look)
    looking.start()
    said = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    over.set()
    looking.join()
    if process.returncode:
        sys.exit(f"{name} ended with {process.returncode}:\n{said}")
    taken = Taken(name, time.monotonic() - began, usage.ru_maxrss / 1024, highest[0])
    print(taken, flush=True)
    return taken


def _shared_out(pid: int) -> float:
    """A process's memory in MB, its share of what it has in common with others; 0 when it is gone."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    return 0.0


def _told(taken: list[Taken], practices: int) -> list[str]:
    """Say in a table what each stage took."""
    beyond = [found.name for found in taken if not found.within]
    largest = max(max(found.largest, found.together) for found in taken)
    minutes = sum(found.seconds for found in taken) / 60
    return [
        f"A synthetic England of **{practices:,} practices** passed every stage with the default",
        f"configuration, each stage in a process of its own, on {os.cpu_count()} cores. No stage took more",
        f"than **{largest / 1000:.1f} GB**; all took {minutes:.0f} minutes.",
        f"Beyond {LIMITS[0]} seconds or {LIMITS[1] / 1000:g} GB: **{', '.join(beyond) or 'none'}**.",
        "`together` is the memory of a stage's processes at one time, looked at five times a second.",
        "",
        "| stage | seconds | largest process, MB | together, MB |",
        "|---|---|---|---|",
        *(f"| {t.name} | {t.seconds:.0f} | {t.largest:,.0f} | {t.together:,.0f} |" for t in taken),
    ]
