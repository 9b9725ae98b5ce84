"""An unknown file is told by what is in it, and the YAML proposed for it reads it."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import yaml

from gp_segmentation import config
from gp_segmentation.errors import InputError
from gp_segmentation.pipeline.fetch import fetch_raw
from gp_segmentation.sources.inspect import inspect_file

ROOT = Path(__file__).resolve().parents[3]


def proposed(told: str) -> dict[str, Any]:
    """Return the YAML at the end of what is told."""
    return yaml.safe_load(told.partition("\n\n")[2])


def read(told: str, path: Path):
    """Read the file as the only entry of the proposed YAML says."""
    (entry,) = proposed(told)["files"].values()
    assert entry["filename"] == path.name
    return config.build(entry["reader"])(path=path)


def test_an_archive_of_a_coming_year_is_told_and_its_yaml_reads_it(tmp_path, build_qof):
    path = build_qof("nhs_2025_26", tmp_path / "QOF_2627.zip", suffix="2627", folder="csv/", version="_V2",
                     register="REGISTER_COUNT", encoding="utf-8-sig")  # fmt: skip
    told = inspect_file(path)
    for line in (
        "QOF_2627.zip: a QOF archive, read by nhs_england.read_qof",
        "  PREVALENCE_2627_V2.csv: UTF-8 with a byte-order mark, CRLF, ',' between 5 columns",
        "  achievement: ACHIEVEMENT_LONDON_2627_V2.csv, ACHIEVEMENT_NORTH_EAST_AND_YORKSHIRE_2627_V2.csv",
        "  left_out: no member",
        "  prevalence: no known name for register, taken: REGISTER_COUNT",
        "  practices: 2; patients: 4,900",
        "  indicators: 2 described, 2 with achievement",
        "Proposed for conf/source/nhs_2026_27.yaml (url: the official address, if you know it):",
    ):
        assert line in told.splitlines()
    assert "  registers: 2 (DM, HYP); not there: AF, AST, CAN," in told
    shutil.copytree(ROOT / "conf", tmp_path / "conf")
    (tmp_path / "conf/source/nhs_2026_27.yaml").write_text(told.partition("\n\n")[2], encoding="utf-8")
    source = config.compose_config(tmp_path, ["source=nhs_2026_27"], name="data")["source"]
    assert (source["label"], source["period"]) == ("England 2026-27", "2026-27")
    assert source["files"]["registrations"]["reader"]["expected_date"] == "2027-04-01"
    assert source["files"]["workforce"]["reader"]["where"] == {"Year": 2026}
    assert source["files"]["imd_2025"]["reader"]["measure"] == "imd_score"
    assert source["files"]["qof"]["filename"] == "QOF_2627.zip"
    qof = config.build(source["files"]["qof"]["reader"])(path=path)
    assert qof.list_sizes.to_dict() == {"A81001": 4000, "E83003": 900}


def test_an_archive_that_the_reader_refuses_says_why(build_qof):
    told = inspect_file(build_qof(extra={"MAPPING_INDICATORS_2425.csv": None}))
    assert "  indicators: no member\n" in told
    assert "  the reader refuses it: QOF2425.zip: no member matches MAPPING_INDICATORS_2425" in told


def test_registrations_are_told_with_their_day(tmp_path, quin_age, write_zip):
    text = quin_age({"A81001": (3, 2), "E83003": (1, 1)}, date="2026-07-01")
    told = inspect_file(write_zip(tmp_path / "patients.zip", {"gp-reg-pat-prac-quin-age.csv": text}))
    assert "patients.zip: patients by age and sex, read by registrations.read_registrations\n" in told
    assert "  practices: 2; patients: 140\n" in told
    entry = {"filename": "patients.zip", "reader": {"expected_date": "2026-07-01"}}
    assert proposed(told) == {"files": {"registrations": entry}}


def test_a_list_of_organisations_and_postcodes_are_told(tmp_path, write_zip):
    row = ["A81001", "SURGERY", *[""] * 7, "TS18 1HU", "19740401", "", "A", *[""] * 12, "4", ""]
    path = tmp_path / "list.csv"
    path.write_text(",".join(row) + "\n", encoding="utf-8")
    told = inspect_file(path)
    assert "  organisations: 1; GP practices: ACTIVE 1\n" in told
    assert proposed(told) == {"files": {"organisations": {"filename": "list.csv"}}}
    area = '"SW1A2AA",10,530047,179951,"E92000001","","","","E09000033",""\n'
    told = inspect_file(write_zip(tmp_path / "codes.zip", {"Data/sw.csv": area}))
    assert "  postcodes: 1\n" in told
    assert proposed(told) == {"files": {"postcodes": {"filename": "codes.zip"}}}


def test_each_indicator_of_a_fingertips_file_is_told(tmp_path):
    path = tmp_path / "screening.csv"
    header = "Indicator ID,Indicator Name,Area Code,Area Type,Sex,Time period,Value,Time period Sortable\n"
    path.write_text(header + "5,Screening,A81001,GPs,Female,2024,71.5,20240000\n", encoding="utf-8")
    told = inspect_file(path)
    assert "  5: Screening, 2024; practices: 1\n" in told
    assert read(told, path).frame["indicator_5"].tolist() == [71.5]
    address = proposed(told)["files"]["indicator_5"]["url"]
    assert address.endswith("by_indicator_id?indicator_ids=5&child_area_type_id=7")


def test_a_table_in_a_sheet_below_titles_is_told(tmp_path):
    path = tmp_path / "Staff 2024.xlsx"
    book = openpyxl.Workbook()
    book.active.append(["Notes"])
    sheet = book.create_sheet("Data")
    rows = (["Staff"], [], ["Practice", "Name", "GP\nFTE"], ["A81001", "X", 4.5], ["A81002", "Y", None])
    for row in rows:
        sheet.append(row)
    book.save(path)
    told = inspect_file(path)
    assert "  header in line 3; column of codes: Practice\n  practices: 2 in 2 rows\n" in told
    assert "  columns of numbers: GP FTE\n  other columns: Name\n  read: 2 practices\n" in told
    assert list(proposed(told)["files"]) == ["staff_2024"]
    assert read(told, path).frame["gp_fte"].tolist()[:1] == [4.5]


def test_the_dialect_and_the_latest_year_of_a_csv_are_told(tmp_path, write_zip):
    rows = "a81001;2023;0,5\na81001;2024;0,123\na81002;2024;1.234,5\n"
    members = {"about.txt": "words\n", "rates.csv": "Code;Year;Rate\n" + rows}
    path = write_zip(tmp_path / "rates.zip", members)
    told = inspect_file(path)
    assert "  rates.csv: UTF-8, LF, ';' between 3 columns\n    Code, Year, Rate\n" in told
    assert "  practices: 2 in 3 rows\n" in told
    found = read(told, path).frame
    assert found.to_numpy().tolist() == [["A81001", 0.123], ["A81002", 1234.5]]


def test_a_file_without_practices_fits_no_reader(tmp_path):
    path = tmp_path / "areas.csv"
    path.write_bytes("Area,Ü\nE01000001,1\n".encode("cp1252"))
    assert inspect_file(path) == (
        "areas.csv: no reader fits: no column of it has the codes of practices\n"
        "  areas.csv: Windows-1252, LF, ',' between 2 columns\n"
        "    Area, Ü"
    )
    with pytest.raises(InputError, match=r"none\.csv: is missing\. Name a file that is there"):
        inspect_file(tmp_path / "none.csv")
    with pytest.raises(InputError, match=r"is a folder\. Name a file that is there"):
        inspect_file(tmp_path)
    (tmp_path / "old.ods").write_bytes(b"PK")
    with pytest.raises(InputError, match=r"old\.ods: is an OpenDocument spreadsheet\. Open it in"):
        inspect_file(tmp_path / "old.ods")


def test_the_command_tells_of_a_file_and_fetches_nothing(tmp_path, caplog):
    (tmp_path / "areas.csv").write_text("Area\nE01000001\n", encoding="utf-8")
    with caplog.at_level(logging.INFO, logger="gpseg"):
        fetch_raw({"inspect": "areas.csv"}, tmp_path, tmp_path)
    assert "areas.csv: no reader fits" in caplog.text
    assert sorted(path.name for path in tmp_path.iterdir()) == ["areas.csv"]
