"""The generic reader: any table keyed by practice code."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from gp_segmentation.errors import InputError
from gp_segmentation.sources.local import read_local_table

TABLE = """\
Practice.Code,Year,FTE,Patients
A81001,2023,2.0,4000
A81001,2024,3.0,4000
A81002,2024,NA,5000
A81003,2024,"1,250.5",10000
A81004,2024,1,0
"""
FTE = {"column": "FTE", "label": "GPs", "unit": "full-time equivalent", "range": [0, 2000]}


@pytest.fixture
def table(tmp_path) -> Path:
    path = tmp_path / "workforce.csv"
    path.write_text(TABLE, encoding="utf-8")
    return path


def read(path: Path, **options):
    arguments = {"code": "Practice.Code", "columns": {"gp_fte": FTE}, "where": {"Year": 2024}} | options
    return read_local_table(path, **arguments)


EXPECTED = pd.DataFrame(
    {
        "practice_code": ["A81001", "A81002", "A81003", "A81004"],
        "gp_fte": [3.0, float("nan"), 1250.5, 1.0],
    }
)


def test_named_columns_are_taken_from_the_chosen_rows(table):
    found = read(table)
    assert_frame_equal(found.frame, EXPECTED)
    assert found.dictionary.to_dict("records") == [
        {"measure": "gp_fte", "label": "GPs", "unit": "full-time equivalent"}
    ]
    counted = found.quality.set_index("check")["count"].to_dict()
    assert counted == {"rows left out by the filter": 1, "gp_fte: no value": 1}


def test_a_count_becomes_a_rate(table):
    rate = FTE | {"per": "Patients", "scale": 10_000}
    found = read(table, columns={"rate": rate})
    assert found.frame["rate"].iloc[0] == pytest.approx(3.0 / 4000 * 10_000)
    assert found.frame["rate"].iloc[2] == pytest.approx(1250.5 / 10000 * 10_000)
    assert pd.isna(found.frame["rate"].iloc[3])  # no patients: no rate
    assert "rate: divisor of zero" in found.quality["check"].tolist()


def cells() -> pd.DataFrame:
    rows = [line.replace('"1,250.5"', "1250.5").split(",") for line in TABLE.splitlines()]
    frame = pd.DataFrame(rows[1:], columns=rows[0])
    return frame.assign(
        Year=frame["Year"].astype(int),
        Patients=frame["Patients"].astype(float),
        FTE=pd.to_numeric(frame["FTE"], errors="coerce"),
    )


def write_as(kind: str, folder: Path, write_zip) -> tuple[Path, dict[str, object]]:
    """Write the table in another format; return its path and the options that read it."""
    path = folder / f"table.{kind}"
    if kind == "xlsx":
        with pd.ExcelWriter(path) as book:
            pd.DataFrame({"Notes": ["read me"]}).to_excel(book, sheet_name="Cover", index=False)
            cells().to_excel(book, sheet_name="Data", index=False, startrow=2)
        return path, {"sheet": "Data", "skip": 2}
    if kind == "parquet":
        cells().to_parquet(path)
        return path, {}
    if kind == "zip":
        return write_zip(path, {"notes.txt": "", "deep/table.csv": "\ufeff" + TABLE}), {}
    text = TABLE.replace('"1,250.5"', "1250.5")
    if kind == "tsv":
        path.write_text(text.replace(",", "\t"), encoding="utf-8")
        return path, {"delimiter": "\t"}
    path.write_bytes(text.replace("\n", "\r").encode("utf-16"))
    return path, {}


@pytest.mark.parametrize("kind", ["xlsx", "parquet", "zip", "tsv", "csv"])
def test_every_format_gives_the_same(tmp_path, write_zip, kind):
    path, options = write_as(kind, tmp_path, write_zip)
    assert_frame_equal(read(path, **options).frame, EXPECTED)


def test_a_value_out_of_range_is_named(table):
    message = (
        r"^workforce\.csv, row 5, column FTE: 1,250\.5 lies outside 0 to 100 \(such values in total: 1\)\. "
        r"Correct it, or set `range` or `out_of_range: missing`"
    )
    with pytest.raises(InputError, match=message):
        read(table, columns={"gp_fte": FTE | {"range": [0, 100]}})


def test_a_value_out_of_range_can_be_left_out_and_is_counted(table):
    found = read(table, columns={"gp_fte": FTE | {"range": [0, 100]}}, out_of_range="missing")
    assert found.frame["gp_fte"].isna().tolist() == [False, True, True, False]
    assert found.quality.set_index("check").loc["gp_fte: value outside its range left out", "count"] == 1


def test_a_range_may_be_open(table):
    found = read(table, columns={"gp_fte": FTE | {"range": [None, 1251]}})
    assert found.frame["gp_fte"].max() == 1250.5


def test_a_text_that_is_not_a_number_is_named(table):
    with pytest.raises(
        InputError, match=r"workforce\.csv, row 4, column FTE: 'NA' is not a number.*`missing`"
    ):
        read(table, missing=[""])


def test_two_rows_of_a_practice_are_refused(table):
    message = r"column Practice.Code: A81001 has more than one row: 2, 3 .*choose among them with `where`"
    with pytest.raises(InputError, match=message):
        read(table, where=None)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"code": "Code"}, r"column Code: is missing \(found: Practice.Code, Year, FTE, Patients\)"),
        ({"where": {"Year": 2025}}, r"column Year: no row has 2025 \(found: 2023, 2024\)"),
        ({"skip": 99}, r"workforce\.csv: is empty"),
    ],
)
def test_an_impossible_request_is_named(table, options, message):
    with pytest.raises(InputError, match=message):
        read(table, **options)


def test_a_file_that_is_not_a_workbook_is_refused(tmp_path):
    path = tmp_path / "book.xlsx"
    path.write_text("<html>", encoding="utf-8")
    with pytest.raises(InputError, match=r"book\.xlsx"):
        read(path)
    with pytest.raises(InputError, match=r"book\.xls: is in Excel's old format\. .* save it as \.xlsx"):
        read(path.rename(tmp_path / "book.xls"))


def test_codes_are_trimmed_and_capital_and_blank_rows_do_not_matter(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("code,v,\n a81001 ,1\n\n,,\nA81002,2%,note\n,3\n", encoding="utf-8")
    found = read_local_table(path, code="code", columns={"v": {}})
    assert found.frame.to_dict("list") == {"practice_code": ["A81001", "A81002"], "v": [1.0, 2.0]}
    assert found.quality["check"].tolist() == ["blank rows left out", "rows without a practice code left out"]


def test_rows_are_counted_as_a_spreadsheet_does(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text('title\n\ncode,v\nA81001,"1"\n\nA81002,x\n', encoding="utf-8")
    with pytest.raises(InputError, match=r"t\.csv, row 6, column v: 'x' is not a number"):
        read_local_table(path, code="code", columns={"v": {}}, skip=2)
