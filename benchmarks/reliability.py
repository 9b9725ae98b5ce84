"""Corrupt files, kill runs, fill a store, draw a large England; write docs/RELIABILITY.md.

    python benchmarks/reliability.py [EXAMPLES] [KILLS]
    python benchmarks/reliability.py --only large

EXAMPLES (default 300) is how many files are harmed at random for each target, KILLS (default 50) how often
`dvc repro` is killed (about half a minute each). `--only` runs one module of benchmarks/parts, or takes
promises.md anew, and puts its section in the place of the page's old one.
"""

from __future__ import annotations

import argparse
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
    "data at the edge of what statistics can do": ["tests/unit/matrix/test_edges.py"],
    "writers killed at random (50 kills), a full disk": ["tests/unit/utils/test_killed_writers.py"],
    "killed runs and passwords in MLflow": ["tests/unit/tracking/test_store.py"],
    "configurations that mean nothing or do harm": ["tests/config"],
    "files of a source absent, singly and in pairs": ["tests/pipeline/test_absent_files.py"],
    "model files": ["tests/unit/storage/test_model_files.py"],
    "secrets": ["tests/unit/test_secrets.py", "tests/pipeline/test_secrets.py"],
    "hostile names": ["tests/pipeline/test_hostile_names.py"],
    "stores that go away": ["tests/unit/tracking/test_store_errors.py", "tests/pipeline/test_outages.py"],
    "what a team shares": ["tests/pipeline/test_team.py", "tests/pipeline/test_ray.py"],
    "all that `make test` tries a part of": [
        *("tests/laws/test_blocks.py", "tests/unit/evidence/test_planted_truth.py"),
        *("tests/unit/figures/test_figures.py", "tests/unit/validity/test_separation.py"),
        *("tests/realdata/test_method_figures.py", "tests/pipeline/test_dvc.py"),
        "tests/browser/test_page.py",
    ],
}
#: By these variables the tests do at length what they do a few times in `make test`.
AT_LENGTH = {"GPSEG_KILLS": "50", "GPSEG_EXHAUSTIVE": "1"}
FUZZ = "tests/unit/sources/test_fuzz.py"
PARTS = ("kills", "load", "large", "crowd")
#: What the tests of a hostile world found, in words.
PROMISES = ROOT / "benchmarks" / "parts" / "promises.md"
PAGE = ROOT / "docs" / "RELIABILITY.md"


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
        command,
        cwd=ROOT,
        encoding="utf-8",
        capture_output=True,
        check=False,
        env=os.environ | (environment or {}),
    )
    counts = {word: int(n) for n, word in re.findall(r"(\d+) (passed|failed|error)", done.stdout)}
    passed, tried = counts.get("passed", 0), sum(counts.values())
    if done.returncode:
        print(done.stdout)
    return f"| {what} | {tried:,} | {passed:,} | {time.monotonic() - began:.0f} |"


def with_section(page: str, title: str, section: list[str]) -> str:
    """Return the page with another section of this title, at the old one's place or before the last."""
    parts = re.split(r"^(?=## )", page, flags=re.MULTILINE)
    written = f"## {title}\n\n" + "\n".join(section) + "\n\n"
    at = next((i for i, part in enumerate(parts) if part.startswith(f"## {title}\n")), None)
    if at is None:
        return "".join([*parts[:-1], written, parts[-1]])
    return "".join([*parts[:at], written, *parts[at + 1 :]]).rstrip("\n") + "\n"


def main() -> None:
    """Run all, or one part, and write the page."""
    parser = argparse.ArgumentParser(description="Write docs/RELIABILITY.md.")
    parser.add_argument("examples", nargs="?", type=int, default=300, help="files harmed for each target")
    parser.add_argument("kills", nargs="?", type=int, default=50, help="how often dvc repro is killed")
    parser.add_argument("--only", choices=(*PARTS, "promises"), help="run this part alone")
    asked = parser.parse_args()
    if asked.only is None:
        PAGE.write_text("\n".join(whole_page(asked.examples, asked.kills)) + "\n", encoding="utf-8")
        return
    if asked.only == "promises":
        page = PAGE.read_text(encoding="utf-8")
        for promise in re.split(r"^## ", PROMISES.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
            title, _, text = promise.partition("\n")
            page = with_section(page, title, text.strip("\n").split("\n"))
        PAGE.write_text(page, encoding="utf-8")
        return
    part = runpy.run_path(str(ROOT / f"benchmarks/parts/{asked.only}.py"))
    section = part["section"](asked.kills) if asked.only == "kills" else part["section"]()
    PAGE.write_text(with_section(PAGE.read_text(encoding="utf-8"), part["TITLE"], section), encoding="utf-8")


def whole_page(examples: int, kills: int) -> list[str]:
    """Run all; return the page's lines."""
    parts = [runpy.run_path(str(ROOT / f"benchmarks/parts/{name}.py")) for name in PARTS]
    asked = {"kills": [kills]}
    sections = {p["TITLE"]: p["section"](*asked.get(name, [])) for name, p in zip(PARTS, parts, strict=True)}
    tests = runpy.run_path(str(ROOT / "tests/unit/sources/test_corruptions.py"))
    targets = len(runpy.run_path(str(ROOT / FUZZ))["TARGETS"])
    suites = [pytest_row(what, paths, AT_LENGTH) for what, paths in SUITES.items()]
    fuzz = pytest_row(
        f"files harmed at random: {targets} targets, {examples:,} each", [FUZZ], {"GPSEG_FUZZ": str(examples)}
    )
    return [
        "# Bad input, broken runs, hostile files",
        "",
        "Written by `python benchmarks/reliability.py`: every section is of one run of that command, or of a",
        "later one of that part alone (`--only`).",
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
        *(line for part in parts for line in (f"## {part['TITLE']}", "", *sections[part["TITLE"]], "")),
        *PROMISES.read_text(encoding="utf-8").splitlines(),
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


if __name__ == "__main__":
    main()
