"""Official figures of 2024-25, read once for all tests of a worker."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from gp_segmentation import config
from gp_segmentation.sources import Prepared, read_source

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def official(nhs_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """The source nhs_2024_25 as its YAML describes it, read from the official files; not to be changed."""
    source = config.compose_config(ROOT, ["source=nhs_2024_25"], name="data")["source"]
    folder = tmp_path_factory.mktemp("raw") / source["name"]
    folder.mkdir()
    for file in source["files"].values():
        found = sorted(nhs_data.rglob(file["filename"]))
        if found or file["required"]:
            shutil.copy(found[0], folder / file["filename"])
    built = {name: {**file, "reader": config.build(file["reader"])} for name, file in source["files"].items()}
    return read_source(built, folder)
