"""Every source's raw files are described so that they can be fetched, or collected, as they stand."""

from __future__ import annotations

from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from gp_segmentation import config
from gp_segmentation.errors import ConfigError
from gp_segmentation.sources.download.addresses import check_address, public_address
from gp_segmentation.sources.download.config import read_raw_files

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted(path.stem for path in (ROOT / "conf/source").glob("*.yaml") if not path.stem.startswith("_"))


@cache
def composed(source: str) -> dict[str, Any]:
    return config.compose_config(ROOT, [f"source={source}"], "data")


@pytest.mark.parametrize("name", SOURCES)
def test_the_files_of_a_source_are_described_well(name: str) -> None:
    files = read_raw_files(composed(name)["source"]["files"])
    assert any(file.required for file in files)
    for file in files:
        assert file.licence is not None
        for url in file.urls:
            assert check_address(url, filename=file.filename) == url
            assert public_address(url) == url, "an official address holds no secret"


@pytest.mark.parametrize("url", [7, [], ["https://example.org/a.csv", 7], [""], {"a": "b"}], ids=str)
def test_what_is_no_address_is_refused(url: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        config.check(_with_url(url), "data", objects=False)
    problem = f"source.files.organisations.url is {url}. Give an address, a list of addresses, or null"
    assert str(caught.value) == problem


@pytest.mark.parametrize("url", [None, "https://example.org/a.csv", ["https://a.org/a", "https://b.org/b"]])
def test_an_address_several_and_none_are_accepted(url: Any) -> None:
    assert config.problems(_with_url(url), "data", objects=False) == []


def _with_url(url: Any) -> dict[str, Any]:
    made = deepcopy(composed("nhs_2024_25"))
    made["source"]["files"]["organisations"]["url"] = url
    return made


@pytest.mark.parametrize("name", [name for name in SOURCES if name.startswith("nhs_")])
def test_every_year_has_ethnicity_and_its_own_years_workforce(name: str) -> None:
    files = composed(name)["source"]["files"]
    assert list(files["ethnicity"]["reader"]["columns"]) == ["non_white_percent"]
    assert list(files["workforce"]["reader"]["columns"]) == ["gp_fte_per_10000", "admin_fte_per_10000"]
    assert files["workforce"]["reader"]["where"] == {"Year": int(name[4:8])}
    assert not any(files[own]["required"] for own in ("ethnicity", "workforce"))
