"""Synthetic files beside official ones: the same members, columns, measures and ways of writing."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from gp_segmentation.sources.synthetic import write_england

ARCHIVES = {
    "SYNTHETIC_QOF2425.zip": "QOF2425.zip",
    "SYNTHETIC_gp-reg-pat-prac-quin-age.zip": "gp-reg-pat-prac-quin-age.zip",
    "SYNTHETIC_gp-reg-pat-prac-map.zip": "gp-reg-pat-prac-map.zip",
    "SYNTHETIC_epraccur.zip": "epraccur.zip",
}
CSVS = {
    "SYNTHETIC_94240_imd2025.csv": "94240_imd2025.csv",
    "SYNTHETIC_practice_ethnicity.csv": "practice_ethnicity.csv",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("england")
    write_england(place, seed=7, practices=300)
    return place


def official(nhs_data: Path, name: str) -> Path:
    return next(iter(sorted(nhs_data.rglob(name))))


def start(path: Path, member: str | None = None, size: int = 20_000) -> bytes:
    """The first bytes of a file or member, up to its last whole line."""
    if member is None:
        return path.read_bytes()[:size].rsplit(b"\n", 1)[0] + b"\n"
    with zipfile.ZipFile(path) as archive, archive.open(member) as opened:
        return opened.read(size).rsplit(b"\n", 1)[0] + b"\n"


@pytest.mark.parametrize(("ours", "theirs"), ARCHIVES.items())
def test_archives_have_the_same_members_headers_and_line_ends(
    folder: Path, nhs_data: Path, ours: str, theirs: str
) -> None:
    real = official(nhs_data, theirs)
    with zipfile.ZipFile(folder / ours) as made, zipfile.ZipFile(real) as given:
        assert made.namelist() == given.namelist()
        members = made.namelist()
    for member in members:
        lines = start(folder / ours, member).split(b"\n"), start(real, member).split(b"\n")
        if member != "epraccur.csv":  # which has no header
            assert lines[0][0] == lines[1][0]
        assert lines[0][1].endswith(b"\r") == lines[1][1].endswith(b"\r")
        fields = [next(csv.reader([part[1].decode()])) for part in lines]
        assert len(fields[0]) == len(fields[1])


@pytest.mark.parametrize(("ours", "theirs"), CSVS.items())
def test_tables_have_the_same_header_and_quoting(
    folder: Path, nhs_data: Path, ours: str, theirs: str
) -> None:
    made, given = start(folder / ours).split(b"\n"), start(official(nhs_data, theirs)).split(b"\n")
    assert made[0] == given[0]
    for mine, real in zip(made[1:5], given[1:5], strict=True):
        assert mine.count(b'"') == real.count(b'"')
        assert mine.endswith(b"\r") == real.endswith(b"\r")


def test_postcodes_are_written_alike(folder: Path, nhs_data: Path) -> None:
    """The official area file of Torquay has codes of two digits and one, as ours have."""
    made = start(folder / "SYNTHETIC_codepo_gb.zip", "Data/CSV/za.csv").splitlines()
    given = start(official(nhs_data, "codepo_gb.zip"), "Data/CSV/tq.csv").splitlines()
    for lines in (made, given):
        rows = list(csv.reader([line.decode() for line in lines]))
        assert {len(row) for row in rows} == {10}
        assert {len(row[0]) for row in rows} == {7}
        assert {row[4] for row in rows} == {"E92000001"}


def test_practices_have_the_same_rows(folder: Path, nhs_data: Path) -> None:
    """Indicators with their measures in the same order; registers with their list types."""
    member = "ACHIEVEMENT_NORTH_WEST_2425.csv"
    pairs = [
        rows_of_first_practice(path, member, ["INDICATOR_CODE", "MEASURE"])
        for path in (folder / "SYNTHETIC_QOF2425.zip", official(nhs_data, "QOF2425.zip"))
    ]
    assert pairs[0] == pairs[1]
    registers = [
        rows_of_first_practice(path, "PREVALENCE_2425.csv", ["GROUP_CODE", "PATIENT_LIST_TYPE"])
        for path in (folder / "SYNTHETIC_QOF2425.zip", official(nhs_data, "QOF2425.zip"))
    ]
    assert registers[0] == registers[1]


def rows_of_first_practice(path: Path, member: str, columns: list[str]) -> list[list[str]]:
    frame = pd.read_csv(io.BytesIO(start(path, member)), dtype=str, keep_default_na=False)
    first = frame["PRACTICE_CODE"].iloc[0]
    assert (frame["PRACTICE_CODE"] != first).any()
    return frame[frame["PRACTICE_CODE"] == first][columns].to_numpy().tolist()


def test_indicators_are_described_alike(folder: Path, nhs_data: Path) -> None:
    """All columns of the mapping but the description, which is cut short in the calibration."""
    made, given = (
        read_member(path, "MAPPING_INDICATORS_2425.csv").drop(columns="INDICATOR_DESCRIPTION")
        for path in (folder / "SYNTHETIC_QOF2425.zip", official(nhs_data, "QOF2425.zip"))
    )
    pd.testing.assert_frame_equal(made, given)


def test_icbs_and_regions_are_the_official_ones(folder: Path, nhs_data: Path) -> None:
    columns = [f"{level}_{part}" for level in ("REGION", "ICB") for part in ("ODS_CODE", "ONS_CODE", "NAME")]
    made, given = (
        read_member(path, "MAPPING_NHS_GEOGRAPHIES_2425.csv")[["NAT_ONS_CODE", "NAT_CODE", *columns]]
        .drop_duplicates()
        .sort_values("ICB_ODS_CODE", ignore_index=True)
        for path in (folder / "SYNTHETIC_QOF2425.zip", official(nhs_data, "QOF2425.zip"))
    )
    pd.testing.assert_frame_equal(made, given)


def read_member(path: Path, member: str) -> pd.DataFrame:
    with zipfile.ZipFile(path) as archive, archive.open(member) as opened:
        return pd.read_csv(opened, dtype=str, keep_default_na=False)


def test_no_synthetic_code_is_a_real_one(folder: Path, nhs_data: Path) -> None:
    codes = []
    for path in (folder / "SYNTHETIC_epraccur.zip", official(nhs_data, "epraccur.zip")):
        with zipfile.ZipFile(path) as archive, archive.open("epraccur.csv") as opened:
            frame = pd.read_csv(opened, header=None, dtype=str, keep_default_na=False)
        codes.append(set(frame[0]) | set(frame[14]))
    geographies = read_member(official(nhs_data, "QOF2425.zip"), "MAPPING_NHS_GEOGRAPHIES_2425.csv")
    codes[1] |= set(geographies["PCN_ODS_CODE"])
    assert not codes[0] & codes[1]
    assert not {code for code in codes[1] if code.startswith("Z")}
