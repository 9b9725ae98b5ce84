"""A small run of which areas are shown."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from gp_segmentation.areas import RunTables

FIXTURE = Path(__file__).resolve().parents[2] / "fixtures" / "area_run.py"


@pytest.fixture(scope="session")
def run() -> RunTables:
    """Twelve practices of two boards in two segments."""
    return runpy.run_path(str(FIXTURE))["area_run"]()
