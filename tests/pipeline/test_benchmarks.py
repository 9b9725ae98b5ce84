"""The benchmarks run as `make bench` starts them, and find what they compare equal; nothing here is timed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from gp_segmentation import config

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


def told(name: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, str(BENCHMARKS / name), *arguments],
        capture_output=True,
        encoding="utf-8",
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_study_is_compared_with_the_plain_loop():
    said = told("bench_study.py", "--rows", "400", "--columns", "5", "--most", "3", "--no-scaling")
    assert "x faster than the plain scikit-learn loop" in said
    assert "400 x 5, 10 trials" in said
    assert "largest difference of scores" in said


def test_readers_are_compared(tmp_path):
    england = config.compose_config(BENCHMARKS.parent, ["source.england.practices=1500"])["source"]["england"]
    config.build(england)(tmp_path / "raw")
    said = told("bench_readers.py", str(tmp_path), "1")
    assert "both ways the same" in said
    ours, pandas = (
        float(line.split()[-2]) for line in said.splitlines() if line.strip().startswith(("ours:", "pandas:"))
    )
    assert 0 < ours < pandas
