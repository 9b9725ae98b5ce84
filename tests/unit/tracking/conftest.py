"""A new store, made once for all workers: MLflow takes seconds for its tables."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from gp_segmentation.tracking.store import open_store


@pytest.fixture(scope="session")
def bare(made_once: Callable[[str, Callable[[Path], object]], Path]) -> Path:
    """A project with a new store and the experiment `test`, to be copied: no test writes into it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        return made_once("bare", lambda root: open_store(root, "test"))


@pytest.fixture
def empty(bare, tmp_path) -> Path:
    """A copy of the bare project, for one test."""
    return shutil.copytree(bare, tmp_path / "project")
