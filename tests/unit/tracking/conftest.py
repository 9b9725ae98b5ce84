"""A new store, made once: MLflow takes seconds for its tables."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from gp_segmentation.tracking.store import open_store


@pytest.fixture(scope="session")
def bare(tmp_path_factory) -> Path:
    """A project with a new store and the experiment `test`, to be copied: no test writes into it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        root = tmp_path_factory.mktemp("bare")
        open_store(root, "test")
    return root


@pytest.fixture
def empty(bare, tmp_path) -> Path:
    """A copy of the bare project, for one test."""
    return shutil.copytree(bare, tmp_path / "project")
