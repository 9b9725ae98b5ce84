"""Corrupt every reader's files, harm files at random, kill runs, fill a store; write docs/RELIABILITY.md.

    python benchmarks/reliability.py [EXAMPLES] [KILLS]

EXAMPLES (default 300) is how many files are harmed at random for each target, KILLS (default 50) how often
`dvc repro` is killed (about half a minute each).
"""

from __future__ import annotations

import os
import re
import runpy
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from gp_segmentation.errors import GpsegError

ROOT = Path(__file__).resolve().parents[1]
SUITES = {
    "corrupted texts": ["tests/unit/sources/test_corruptions.py"],
    "hostile archives, workbooks, parquet files, GeoJSON": ["tests/unit/sources/test_hostile_files.py"],
    "downloads from a server that fails in every way": ["tests/unit/sources/test_download.py"],
    "data at the edge of what statistics can do": ["tests/unit/test_edges.py"],
    "writers killed at random (50 kills), a full disk": ["tests/unit/test_killed_writers.py"],
    "killed runs and passwords in MLflow": ["tests/unit/test_tracking.py"],
    "targets a configuration may not name": ["tests/config/test_config.py"],
}
FUZZ = "tests/unit/sources/test_fuzz.py"


def outcome(reader: Any, content: bytes, intact: dict[str, Any]) -> str:
    """Return what a reader makes of a file, in a few words."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            found = reader.read(reader.pack(Path(folder), content))
        except GpsegError as error:
            return f"refused: {str(error).split(': ', 1)[-1]}"
    new = set(found["quality"]["check"]) - set(intact["quality"]["check"])
    return f"counted: {'; '.join(sorted(new))}" if new else "read"


def corruption_rows(tests: dict[str, Any]) -> list[str]:
    """Return the rows of the table: corruption, readers, and what came of it."""
    readers, rows = tests["READERS"], []
    with tempfile.TemporaryDirectory() as folder:
        intact = {n: r.read(r.pack(Path(folder), r.text.encode())) for n, r in readers.items()}
    for corruption in tests["TABLE"]:
        found: dict[str, list[str]] = {}
        for name, reader in readers.items():
            content = tests["corrupted"](corruption, name)
            if content is not None:
                said = outcome(reader, content, intact[name])
                kind = (
                    re.sub(r"\(found:.*?\)", "(found: ...)", said)[:150]
                    .replace("|", "\\|")
                    .replace("\n", " ")
                )
                found.setdefault(kind, []).append(name)
        rows += [f"| {corruption} | {', '.join(names)} | {kind} |" for kind, names in found.items()]
    return rows


def pytest_row(what: str, arguments: list[str], environment: dict[str, str] | None = None) -> str:
    """Run tests; return a row: what, tried, passed, seconds."""
    began = time.monotonic()
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    done = subprocess.run(
        command, cwd=ROOT, text=True, capture_output=True, check=False, env=os.environ | (environment or {})
    )
    counts = {word: int(n) for n, word in re.findall(r"(\d+) (passed|failed|error)", done.stdout)}
    passed, tried = counts.get("passed", 0), sum(counts.values())
    if done.returncode:
        print(done.stdout)
    return f"| {what} | {tried:,} | {passed:,} | {time.monotonic() - began:.0f} |"


def main() -> None:
    """Run all and write the page."""
    examples = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    kills = int(sys.argv[2]) if len(sys.argv) > 2 else 50
    killing, load = (runpy.run_path(str(ROOT / f"benchmarks/parts/{name}.py")) for name in ("kills", "load"))
    tests = runpy.run_path(str(ROOT / "tests/unit/sources/test_corruptions.py"))
    targets = len(runpy.run_path(str(ROOT / FUZZ))["TARGETS"])
    suites = [pytest_row(what, paths) for what, paths in SUITES.items()]
    fuzz = pytest_row(
        f"files harmed at random: {targets} targets, {examples:,} each", [FUZZ], {"GPSEG_FUZZ": str(examples)}
    )
    page = [
        "# Bad input, broken runs, hostile files",
        "",
        "Written by `python benchmarks/reliability.py`. Every figure below is of one run of that command.",
        "",
        "## What was tried",
        "",
        "| what | tried | passed | seconds |",
        "|---|---|---|---|",
        *suites,
        fuzz,
        "",
        f"In all {targets * examples:,} files were harmed at random. A test passes when each of its files",
        "was read, or refused with the project's own error, within 20 seconds.",
        "",
        f"## {killing['TITLE']}",
        "",
        *killing["section"](kills),
        "",
        f"## {load['TITLE']}",
        "",
        *load["section"](),
        "",
        "## What becomes of a corrupted file",
        "",
        "`read`: the same tables as from the intact file, or the value as given. `counted`: read, and the",
        "table of data quality says so. `refused`: the error says this, after the names of file and member.",
        "",
        "| corruption | reader | outcome |",
        "|---|---|---|",
        *corruption_rows(tests),
    ]
    (ROOT / "docs" / "RELIABILITY.md").write_text("\n".join(page) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
