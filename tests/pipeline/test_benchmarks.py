"""The benchmarks run as `make bench` starts them, and find what they compare equal; nothing here is timed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


def told(name: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, str(BENCHMARKS / name), *arguments],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_study_is_compared_with_the_plain_loop():
    said = told("bench_study.py", "--rows", "400", "--columns", "5", "--no-scaling")
    assert "x faster than the plain scikit-learn loop" in said
    assert "400 x 5, 95 trials" in said
    assert "largest difference of scores" in said


def test_readers_are_compared_on_an_england_drawn_for_it():
    said = told("bench_readers.py")
    assert "both ways the same" in said
    ours, pandas = (
        float(line.split()[-2]) for line in said.splitlines() if line.strip().startswith(("ours:", "pandas:"))
    )
    assert 0 < ours < pandas
