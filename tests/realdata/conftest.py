"""The folder of official files, named by the environment; these tests are skipped where there is none."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def nhs_data() -> Path:
    """The folder that GPSEG_NHS_DATA names, with the official files somewhere below it."""
    named = os.environ.get("GPSEG_NHS_DATA")
    if not named:
        pytest.skip("GPSEG_NHS_DATA does not name a folder of official files")
    return Path(named)
