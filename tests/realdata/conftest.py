"""Official figures of 2024-25, read once for all tests."""

from __future__ import annotations

import pickle
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from gp_segmentation import config
from gp_segmentation.features import special_reasons
from gp_segmentation.sources import Prepared, read_source

ROOT = Path(__file__).resolve().parents[2]


def read_official(nhs_data: Path, folder: Path, source_name: str = "nhs_2024_25") -> Prepared:
    """Read a source as its YAML describes it, from copies in `folder` of the official files."""
    source = config.compose_config(ROOT, [f"source={source_name}"], name="data")["source"]
    for file in source["files"].values():
        names = (file["filename"], *(file.get("aliases") or ()))
        found = [path for name in names for path in sorted(nhs_data.rglob(name))]
        if found or file["required"]:
            shutil.copy(found[0], (folder / file["filename"]).with_suffix(found[0].suffix))
    built = {name: {**file, "reader": config.build(file["reader"])} for name, file in source["files"].items()}
    return read_source(built, folder)


@pytest.fixture(scope="session")
def read(
    nhs_data: Path, made_once: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Prepared, pd.Series]:
    """What the readers made of the official files, and why each practice is special (missing: it is not)."""

    def fill(folder: Path) -> None:
        raw = tmp_path_factory.mktemp("raw") / "nhs_2024_25"
        raw.mkdir()
        tables = read_official(nhs_data, raw)
        bounds = config.build(config.compose_config(ROOT)["special"])
        reasons = special_reasons(tables.practices, tables.registers, tables.age_sex, bounds)
        special = tables.practices["practice_code"].map(reasons).astype("str")
        (folder / "read.pickle").write_bytes(pickle.dumps((tables, special)))

    return pickle.loads((made_once("official", fill) / "read.pickle").read_bytes())  # noqa: S301 - our own


@pytest.fixture(scope="session")
def official(read: tuple[Prepared, pd.Series]) -> Prepared:
    """The tables of the source nhs_2024_25; not to be changed."""
    return read[0]


@pytest.fixture(scope="session")
def official_2022_23(nhs_data_2022_23: Path, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """The tables of the source nhs_2022_23, which has no registrations; not to be changed."""
    folder = tmp_path_factory.mktemp("raw") / "nhs_2022_23"
    folder.mkdir()
    return read_official(nhs_data_2022_23, folder, "nhs_2022_23")


@pytest.fixture(scope="session")
def with_special(read: tuple[Prepared, pd.Series]) -> Prepared:
    """The same with special practices found, as the stage `prepare` leaves them; not to be changed."""
    tables, special = read
    return replace(tables, practices=tables.practices.assign(special=special))
