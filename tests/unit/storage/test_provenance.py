"""What is said of the data a run is made from: in source.json, its fingerprint and the run's description."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from gp_segmentation.errors import GpsegError
from gp_segmentation.sources.download.manifest import describe, write_manifest
from gp_segmentation.storage.provenance import (
    content,
    describe_raw_files,
    describe_source,
    fail_if_changed,
    fingerprint,
)
from gp_segmentation.tracking import describing
from gp_segmentation.utils.files import sha256_of

ABOUT = {"label": "A year", "period": "2024-25", "synthetic": False, "licence": "OGL", "attribution": "NHS"}
PRACTICES = pd.DataFrame({"practice_code": ["A1", "A2"], "list_size": [1000, 2500]})


def config(simulated: list[str] | None = None) -> dict[str, Any]:
    files = {"q": {"filename": "q.csv"}}
    return {
        "source": {"name": "year", **ABOUT, "simulated": simulated or [], "files": files},
        "special": {"min_list": 1000},
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "q.csv").write_text("x\n", encoding="utf-8")
    return tmp_path


def test_nothing_simulated_is_said_as_such(folder: Path) -> None:
    said = describe_source(config(), folder, PRACTICES)
    assert (said["simulated"], said["warning"]) == ({}, "")
    assert (said["practices"], said["patients"]) == (2, 3500)
    assert [row["filename"] for row in said["files"]] == ["q.csv"]


def test_files_that_were_not_fetched_and_have_no_known_checksum_are_unchecked(folder: Path) -> None:
    assert describe_source(config(), folder, PRACTICES)["unchecked"] == ["q.csv"]
    known = config()
    known["source"]["files"]["q"]["sha256"] = sha256_of(folder / "q.csv")
    assert describe_source(known, folder, PRACTICES)["unchecked"] == []
    fetched = describe(folder / "q.csv", address="https://example.org/q.csv", licence=None)
    write_manifest(folder, [fetched])
    assert describe_source(config(), folder, PRACTICES)["unchecked"] == []
    made_up = config()
    made_up["source"]["synthetic"] = True
    assert describe_source(made_up, folder, PRACTICES)["unchecked"] == []


@pytest.mark.parametrize(
    ("named", "text", "expected"),
    [
        (["achievement"], None, {"achievement": ""}),
        (None, "achievement: drawn\n", {"achievement": "drawn"}),
        (["age_sex"], "achievement: drawn\n", {"achievement": "drawn", "age_sex": ""}),
    ],
)
def test_what_is_simulated_is_in_source_json(
    folder: Path, named: list[str] | None, text: str | None, expected: dict[str, str]
) -> None:
    if text:
        (folder / "SIMULATED.txt").write_text(text, encoding="utf-8")
    said = describe_source(config(named), folder, PRACTICES)
    assert said["simulated"] == expected
    assert said["warning"].startswith("SIMULATED FIGURES: achievement of QOF indicators")


def test_tables_prepared_before_a_marker_was_laid_or_changed_are_not_used(folder: Path) -> None:
    def of(named: list[str] | None = None) -> str:
        cfg = config(named)
        return fingerprint(cfg, describe_raw_files(cfg["source"], folder))

    found = [of(), of(["achievement"])]
    for text in ("achievement\n", "achievement: drawn\n", "context\n"):
        (folder / "SIMULATED.txt").write_text(text, encoding="utf-8")
        found.append(of())
    assert len(set(found)) == 5
    assert describe_source(config(), folder, PRACTICES)["fingerprint"] == found[-1]


def test_the_same_marker_is_described_the_same_whenever(folder: Path) -> None:
    (folder / "SIMULATED.txt").write_text("achievement\n", encoding="utf-8")
    row = describe_raw_files(config()["source"], folder)[0]
    assert (row["filename"], row["retrieved"]) == ("SIMULATED.txt", None)


@pytest.mark.parametrize("named", [[], ["achievement"]])
def test_a_recorded_run_is_described_with_the_warning(folder: Path, named: list[str]) -> None:
    source = describe_source(config(named), folder, PRACTICES)
    cfg = {"features": {"label": "Prevalence"}}
    said = describing.note(source, cfg, "continuum", [])
    warned = f"**{source['warning']}** "
    assert said.startswith(f"{warned if named else ''}A year: 2 practices")


def test_tables_of_networks_say_so_and_have_a_fingerprint_of_their_own(folder: Path) -> None:
    plain, practices, networks = (
        describe_source(config() | scope, folder, PRACTICES)
        for scope in ({}, {"scope": {"unit": "practice"}}, {"scope": {"unit": "pcn"}})
    )
    assert plain == practices
    assert (plain["unit"], plain["note"], plain["label"]) == ("practice", "", "A year")
    assert (networks["unit"], networks["label"]) == ("pcn", "A year, primary care networks")
    note = "Each row is a primary care network; where a text says practice, read network."
    assert networks["note"] == note
    assert networks["fingerprint"] != plain["fingerprint"]
    said = describing.note(networks, {"features": {"label": "Prevalence"}}, "continuum", [])
    assert said.startswith(f"**{note}** A year, primary care networks: 2 practices")


def while_reading(folder: Path, seen: str, *actions: Callable[[Path], object]) -> None:
    with fail_if_changed(folder, seen):
        for action in actions:
            action(folder / "q.csv")


def test_tables_that_stay_or_are_written_again_alike_are_unchanged(folder: Path) -> None:
    seen = content(folder)
    while_reading(folder, seen, lambda path: path.write_text("x\n", encoding="utf-8"))
    assert content(folder) == seen
    with pytest.raises(FileNotFoundError):  # an error of its own stays what it is
        while_reading(folder, seen, lambda path: path.with_name("other.csv").read_text(encoding="utf-8"))


def test_tables_replaced_meanwhile_are_an_error(folder: Path) -> None:
    with pytest.raises(GpsegError, match="was replaced while"):
        while_reading(folder, content(folder), lambda path: path.write_text("y\n", encoding="utf-8"))


def test_an_error_over_tables_taken_away_says_that_they_were_replaced(folder: Path) -> None:
    with pytest.raises(GpsegError, match="was replaced while") as caught:
        while_reading(folder, content(folder), Path.unlink, Path.read_text)
    assert isinstance(caught.value.__cause__, FileNotFoundError)


def test_tables_prepared_by_another_reader_or_of_another_england_are_not_used(folder: Path) -> None:
    def of(**changed: Any) -> str:
        source = config()["source"] | changed
        return fingerprint({**config(), "source": source}, describe_raw_files(source, folder))

    def read(column: str) -> dict[str, Any]:
        return {"q": {"filename": "q.csv", "reader": {"columns": {"x": {"column": column}}}}}

    englands = [{"seed": 1, "practices": 60}, {"seed": 2, "practices": 60}, {"seed": 1, "practices": 61}]
    found = [of(), of(files=read("x")), of(files=read("y")), *(of(england=england) for england in englands)]
    assert len(set(found)) == 6
    assert of(files=read("x")) == found[1]


def test_a_file_in_its_other_format_is_described_under_the_name_it_has(folder: Path) -> None:
    (folder / "q.csv").rename(folder / "q.zip")
    files = {"q": {"filename": "q.csv", "aliases": ["q.zip"]}}
    assert [row["filename"] for row in describe_raw_files({"files": files}, folder)] == ["q.zip"]
