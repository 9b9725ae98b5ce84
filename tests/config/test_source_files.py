"""Every source's raw files are described so that they can be fetched, or collected, as they stand."""

from __future__ import annotations

from pathlib import Path

import pytest

from gp_segmentation import config
from gp_segmentation.sources.download.addresses import check_address, public_address
from gp_segmentation.sources.download.config import read_raw_files

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted(path.stem for path in (ROOT / "conf/source").glob("*.yaml") if not path.stem.startswith("_"))


@pytest.mark.parametrize("name", SOURCES)
def test_the_files_of_a_source_are_described_well(name: str) -> None:
    files = read_raw_files(config.compose_config(ROOT, [f"source={name}"])["source"]["files"])
    assert any(file.required for file in files)
    for file in files:
        assert file.licence is not None
        if file.url is not None:
            assert check_address(file.url, filename=file.filename) == file.url
            assert public_address(file.url) == file.url, "an official address holds no secret"
