"""Simulated tables: named in a source's configuration or beside its files, and never forgotten."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gp_segmentation.config import compose_config
from gp_segmentation.errors import ConfigError, InputError
from gp_segmentation.pipeline import fetch
from gp_segmentation.sources.download import collect, read_manifest, verify
from gp_segmentation.sources.fetched import check_fetched
from gp_segmentation.sources.simulated import (
    MARKER,
    MAX_BYTES,
    TABLES,
    simulated_tables,
    simulated_warning,
    write_marker,
)

ROOT = Path(__file__).resolve().parents[3]


def marker(folder: Path, text: str, name: str = MARKER) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize("named", [None, []])
def test_nothing_is_simulated_by_default(named: list[str] | None, tmp_path: Path) -> None:
    assert simulated_tables(named, tmp_path) == {}
    assert simulated_warning({}) == ""


def test_configuration_and_marker_count_together(tmp_path: Path) -> None:
    marker(tmp_path, "\ufeff# from the makers of the files\n\nachievement : drawn \t from 2023-24\nage_sex\n")
    assert simulated_tables(["context", "achievement"], tmp_path) == {
        "achievement": "drawn from 2023-24",
        "age_sex": "",
        "context": "",
    }


@pytest.mark.parametrize("named", ["achievement", ["achivement"], [3]])
def test_a_configuration_that_names_no_table_is_refused(named: Any, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="simulated"):
        simulated_tables(named, tmp_path)


def test_a_marker_that_names_no_table_is_refused_with_its_row(tmp_path: Path) -> None:
    marker(tmp_path, "achievement\nachivement: all of it\n")
    with pytest.raises(InputError, match=r"row 2.*'achivement' is not a table"):
        simulated_tables(None, tmp_path)


def test_a_file_too_large_to_be_a_marker_is_refused(tmp_path: Path) -> None:
    marker(tmp_path, "#" * (MAX_BYTES + 1))
    with pytest.raises(InputError, match="larger than"):
        simulated_tables(None, tmp_path)


@pytest.mark.parametrize("table", sorted(TABLES))
def test_the_warning_names_the_simulated_figures_and_their_results(table: str) -> None:
    warning = simulated_warning([table])
    assert warning.startswith("SIMULATED FIGURES: ")
    assert all(words in warning for words in TABLES[table])
    others = [figures for name, (figures, _) in TABLES.items() if name != table]
    assert not any(words in warning for words in others)


def test_a_marker_is_copied_from_anywhere_below_a_folder(tmp_path: Path) -> None:
    marker(tmp_path / "given" / "deep", "achievement: drawn\n", name="simulated.TXT")
    raw = marker(tmp_path / "raw", "context\n")
    write_marker(tmp_path / "given", raw, ["age_sex"])
    assert simulated_tables(None, raw) == {"achievement": "drawn", "age_sex": "", "context": ""}
    before = (raw / MARKER).read_bytes()
    write_marker(tmp_path / "given", raw, ["age_sex"])
    assert (raw / MARKER).read_bytes() == before


def test_the_marker_is_a_raw_file_like_the_others(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "a.csv").write_text("x\n", encoding="utf-8")
    given = marker(tmp_path / "given", "achievement: drawn\n")
    (given / "a.csv").write_text("x\n", encoding="utf-8")
    collect([{"filename": "a.csv", "url": None}], given, tmp_path / "raw")
    write_marker(given, tmp_path / "raw", [])
    rows = {row.filename: row for row in read_manifest(tmp_path / "raw")}
    assert sorted(rows) == [MARKER, "a.csv"]
    assert (rows[MARKER].address, rows[MARKER].retrieved) == ("folder: given", None)
    assert verify(tmp_path / "raw") == []
    (tmp_path / "raw" / MARKER).unlink()
    collect([{"filename": "a.csv", "url": None}], given, tmp_path / "raw")
    assert [row.filename for row in read_manifest(tmp_path / "raw")] == ["a.csv"]


def test_official_files_get_no_marker(tmp_path: Path) -> None:
    (tmp_path / "given").mkdir()
    (tmp_path / "raw").mkdir()
    write_marker(tmp_path / "given", tmp_path / "raw", [])
    assert not (tmp_path / "raw" / MARKER).exists()


def test_gpseg_data_copies_the_marker_with_the_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "_dvc_add", lambda root: None)
    given = marker(tmp_path / "given", "achievement: drawn\n")
    (given / "q.csv").write_text("x\n", encoding="utf-8")
    files = {"q": {"filename": "q.csv", "url": None}}
    source = {"name": "year", "label": "a year", "simulated": [], "files": files}
    fetch.fetch_raw({"source": source, "from": "given", "restart": False}, tmp_path, tmp_path)
    assert simulated_tables([], tmp_path / "data" / "raw" / "year") == {"achievement": "drawn"}


class TestUndeclared:
    """A README that says "simulated" is asked about: the files are never silently official."""

    README = "These files have the official layout.\nPractice-level ACHIEVEMENT is SIMULATED.\n"
    TABLES_LISTED = "registers, achievement, age_sex, context, practices"

    @pytest.fixture
    def given(self, tmp_path: Path) -> Path:
        folder = marker(tmp_path / "given" / "deep", self.README, name="ReadMe.md")
        (folder / "q.csv").write_text("x\n", encoding="utf-8")
        return tmp_path / "given"

    def fetched(self, root: Path, simulated: list[str] | None) -> Path:
        files = {"q": {"filename": "q.csv", "url": None}}
        source = {"name": "year", "label": "a year", "simulated": simulated, "files": files}
        fetch.fetch_raw({"source": source, "from": "given", "restart": False}, root, root)
        return root / "data" / "raw" / "year"

    @pytest.fixture(autouse=True)
    def no_dvc(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(fetch, "_dvc_add", lambda root: None)

    def test_the_choice_is_given_before_anything_is_copied(self, given: Path, tmp_path: Path) -> None:
        with pytest.raises(InputError) as caught:
            self.fetched(tmp_path, None)
        assert str(caught.value) == (
            f"{given}/deep/ReadMe.md: says 'SIMULATED', and nothing says which tables are. Say it with "
            f"source.simulated=[TABLE,...] ({self.TABLES_LISTED}), or with source.simulated=[] if none is; "
            "or as `simulated` in the source's YAML"
        )
        assert not (tmp_path / "data" / "raw" / "year" / "q.csv").exists()

    @pytest.mark.parametrize(
        ("answer", "simulated"), [([], {}), (["achievement"], {"achievement": ""})], ids=str
    )
    def test_either_answer_is_taken_and_remembered(
        self, given: Path, tmp_path: Path, answer: list[str], simulated: dict[str, str]
    ) -> None:
        raw = self.fetched(tmp_path, answer)
        assert (raw / "q.csv").is_file()
        assert simulated_tables(None, raw) == simulated

    def test_a_marker_answers(self, given: Path, tmp_path: Path) -> None:
        marker(given, "achievement: drawn\n")
        assert simulated_tables(None, self.fetched(tmp_path, None)) == {"achievement": "drawn"}

    @pytest.mark.parametrize("text", ["Official figures, as published.", "A simulacrum is not asked about."])
    def test_a_readme_that_says_nothing_of_it_is_not_asked_about(
        self, given: Path, tmp_path: Path, text: str
    ) -> None:
        (given / "deep" / "ReadMe.md").write_text(text, encoding="utf-8")
        assert not (self.fetched(tmp_path, None) / MARKER).exists()

    def test_one_that_was_placed_beside_the_raw_files_is_asked_about_by_prepare(self, tmp_path: Path) -> None:
        raw = marker(tmp_path, self.README, name="README.txt")
        (raw / "q.csv").write_text("x\n", encoding="utf-8")
        source = {"files": {"q": {"filename": "q.csv"}}}
        with pytest.raises(InputError, match=r"README\.txt: says 'SIMULATED'"):
            check_fetched(source, raw, str)
        check_fetched({**source, "simulated": []}, raw, str)
        marker(raw, "achievement\n")
        check_fetched(source, raw, str)


def test_a_year_says_nothing_of_simulated_tables_until_somebody_does() -> None:
    assert compose_config(ROOT, ["source=nhs_2024_25"], "data")["source"]["simulated"] is None
