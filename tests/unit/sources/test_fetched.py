"""The raw files are those that the configuration means, or an error says so with a remedy that works."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest

from gp_segmentation import config
from gp_segmentation.errors import ConfigError, InputError
from gp_segmentation.pipeline import fetch
from gp_segmentation.pipeline.stages import prepare
from gp_segmentation.sources.download.manifest import BY_HAND, ManifestRow, describe, write_manifest
from gp_segmentation.sources.fetched import check_fetched, drawn_england
from gp_segmentation.sources.synthetic import address
from gp_segmentation.storage.workspace import Workspace

ROOT = Path(__file__).resolve().parents[3]
SMALL = "source.england.practices=60"


@pytest.fixture
def no_dvc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "_dvc_add", lambda root: None)


def prepared(root: Path, *overrides: str) -> Workspace:
    """The tables that `prepare` makes of the raw files in a project at `root`, with these overrides."""
    ws = Workspace(root / "data")
    prepare.run(config.compose_config(ROOT, overrides), ws)
    return ws


def fetched(root: Path, *overrides: str) -> None:
    fetch.fetch_raw(config.compose_config(ROOT, overrides, "data"), root, root)


@pytest.mark.usefixtures("no_dvc")
class TestRemedies:
    @pytest.mark.parametrize(
        ("overrides", "command"),
        [
            ((), "gpseg data source=synthetic"),
            ((SMALL,), "gpseg data source=synthetic source.england.practices=60"),
            (("source.name=small", SMALL),
             "gpseg data source=synthetic source.name=small source.england.practices=60"),
            (("source.england.seed=7", 'source.label="A, b"'),
             "gpseg data source=synthetic 'source.label=\"A, b\"' source.england.seed=7"),
        ],
    )  # fmt: skip
    def test_a_missing_england_is_remedied_with_the_overrides_that_were_given(
        self, tmp_path: Path, overrides: tuple[str, ...], command: str
    ) -> None:
        with pytest.raises(InputError) as caught:
            prepared(tmp_path, *overrides)
        folder = tmp_path / "data" / "raw" / ("small" if "source.name=small" in overrides else "synthetic")
        assert str(caught.value) == f"SYNTHETIC_QOF2425.zip: is missing from {folder}. Get it with: {command}"

    def test_a_missing_year_may_be_had_from_a_folder(self, tmp_path: Path) -> None:
        with pytest.raises(InputError) as caught:
            prepared(tmp_path, "source=nhs_2024_25", "source.files.qof.filename=mine.zip")
        assert str(caught.value) == (
            f"mine.zip: is missing from {tmp_path}/data/raw/nhs_2024_25. Get it with: gpseg data "
            "source=nhs_2024_25 source.files.qof.filename=mine.zip (with from=FOLDER if you have it)"
        )

    def test_the_remedy_works(self, tmp_path: Path) -> None:
        with pytest.raises(InputError) as caught:
            prepared(tmp_path, SMALL, "source.england.seed=7")
        words = shlex.split(str(caught.value).partition("gpseg data ")[2])
        fetched(tmp_path, *words)
        ws = prepared(tmp_path, SMALL, "source.england.seed=7")
        assert len(ws.prepared_table("practices")) == 60
        # Drawn as 60 with seed 7, it is no England of 6,200, nor one of another seed.
        there = "take the one there: source.england.seed=7 source.england.practices=60"
        with pytest.raises(InputError) as caught:
            prepared(tmp_path, "source.england.seed=7")
        assert str(caught.value) == (
            f"{tmp_path}/data/raw/synthetic: this England was drawn with seed 7 and 60 practices, and the "
            "configuration says seed 7 and 6,200 practices. Draw the configured one: gpseg data "
            f"source=synthetic source.england.seed=7; or {there}"
        )
        with pytest.raises(InputError, match=r"seed 7 and 60 practices, and .* seed 8 and 60 practices"):
            prepared(tmp_path, SMALL, "source.england.seed=8")
        prepared(tmp_path, *there.removeprefix("take the one there: ").split())

    def test_gpseg_data_says_which_england_it_replaces(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        for _ in range(2):
            fetched(tmp_path, SMALL)
        assert caplog.messages == []
        fetched(tmp_path, "source.england.practices=50")
        assert caplog.messages == [
            "synthetic England, seed 20250401, 60 practices is replaced by synthetic England, seed 20250401, "
            "50 practices"
        ]
        assert drawn_england(tmp_path / "data" / "raw" / "synthetic") == {"seed": 20250401, "practices": 50}

    def test_an_england_is_not_taken_from_a_folder(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match=r"from is given, and the synthetic England is drawn"):
            fetched(tmp_path, SMALL, "from=given")


def csv(folder: Path, *names: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_text("practice_code,x\nA81001,1\n", encoding="utf-8")
    return folder


def source(**more: Any) -> dict[str, Any]:
    return {"name": "year", "label": "a year", "files": {"a": {"filename": "a.csv", "url": None}}, **more}


def no_command() -> str:
    raise AssertionError("nothing is wrong")


def test_an_england_without_a_manifest_is_taken_as_it_is(tmp_path: Path) -> None:
    check_fetched(source(england={"seed": 1, "practices": 60}), csv(tmp_path, "a.csv"), no_command)
    assert drawn_england(tmp_path) is None


def test_what_an_england_was_drawn_from_is_in_its_manifest(tmp_path: Path) -> None:
    csv(tmp_path, "a.csv", "b.csv")
    rows = [
        describe(tmp_path / "a.csv", address=BY_HAND, licence=None),
        describe(tmp_path / "b.csv", address=address(7, 1000), licence=None),
    ]
    write_manifest(tmp_path, rows)
    assert drawn_england(tmp_path) == {"seed": 7, "practices": 1000}


class TestUnusedFiles:
    """Files that the source does not name are mentioned; in the quality table too (test_assemble.py)."""

    def test_in_prepare(self, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
        csv(tmp_path, "a.csv", "practice_ethnicity.csv", "notes.md", ".hidden.csv")
        generated = ManifestRow(
            "truth.csv", "synthetic England, seed 1, 60 practices", None, 1, "0" * 64, None
        )
        csv(tmp_path, "truth.csv")
        write_manifest(tmp_path, [generated])
        check_fetched(source(), tmp_path, no_command)
        assert caplog.messages == [
            f"practice_ethnicity.csv is in {tmp_path} and not used; name it in `files` of the source's YAML "
            "to use it"
        ]

    @pytest.mark.usefixtures("no_dvc")
    def test_in_gpseg_data(self, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
        csv(tmp_path / "given" / "deep", "A.CSV", "practice_ethnicity.csv", "other.csv")
        fetch.fetch_raw({"source": source(), "from": "given", "restart": False}, tmp_path, tmp_path)
        assert caplog.messages == [
            "other.csv, practice_ethnicity.csv: there and not used; name it in `files` of the source's YAML "
            "to use it"
        ]
