"""Tables as they are published: title lines, bands over headers, dates, stored indexes, other formats."""

from __future__ import annotations

from datetime import date, datetime

import openpyxl
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from gp_segmentation.errors import InputError
from gp_segmentation.sources.files.sheets import cell_text, find_header, read_sheet
from gp_segmentation.sources.local import read_local_table

PUBLISHED = [
    [],
    ["Recorded disease prevalence"],
    [None, None, "2013-14", None, "2014-15", None, "Ends"],
    ["Practice\nCode", "Practice Name", "Register", "Prevalence\n(per cent)", "Register",
     "Prevalence\n(per cent)", "Day"],
    ["A81001", "S1", 319, 7.64, 330, 7.89, datetime(2015, 3, 31)],
    ["A81002", "S2", 1410, 7.11, 1435, 7.31, datetime(2015, 4, 1, 12, 30)],
]  # fmt: skip


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """A workbook as publishers make them: notes on the first sheet, the table on the second."""
    path = tmp_path_factory.mktemp("book") / "prevalence.xlsx"
    book = openpyxl.Workbook()
    book.active.title = "Notes"
    book.active.append(["Published by NHS England"])
    sheet = book.create_sheet("AST")
    for row in PUBLISHED:
        sheet.append(row)
    book.save(path)
    return path


def test_columns_under_bands_are_named_with_their_band(published):
    rows = read_sheet(published, 3, "AST", "", ",").rows
    assert list(rows) == [
        "Practice Code", "Practice Name", "Register", "Prevalence (per cent)", "Day",
        "2013-14 Register", "2013-14 Prevalence (per cent)",
        "2014-15 Register", "2014-15 Prevalence (per cent)",
    ]  # fmt: skip
    assert rows["2014-15 Register"].tolist() == ["330", "1435"]
    assert rows["Day"].tolist() == ["2015-03-31", "2015-04-01 12:30:00"]


def test_a_header_below_titles_is_found_on_any_sheet(published):
    assert find_header(published, "Practice Code") == ("AST", 3)
    assert find_header(published, "Night") is None


def test_the_remedies_for_a_published_workbook_lead_to_its_numbers(published):
    asthma = {"column": "Prevalence (per cent)"}
    with pytest.raises(
        InputError, match=r"Line 4 of sheet AST has Practice Code: set `skip: 3` and `sheet: AST` in"
    ):
        read_local_table(published, code="Practice Code", columns={"asthma": asthma})
    wrong = {"asthma": {"column": "Register PC"}}
    with pytest.raises(InputError, match=r"column Register PC: is missing \(found: Practice Code, .*stands"):
        read_local_table(published, code="Practice Code", columns=wrong, skip=3, sheet="AST")
    with pytest.raises(InputError, match=r"or name it under its band: 2013-14 Prev.*, 2014-15 Prevalence"):
        read_local_table(published, code="Practice Code", columns={"asthma": asthma}, skip=3, sheet="AST")
    asthma["column"] = "2014-15 Prevalence (per cent)"
    found = read_local_table(published, code="Practice Code", columns={"asthma": asthma}, skip=3, sheet="AST")
    assert found.frame.to_numpy().tolist() == [["A81001", 7.89], ["A81002", 7.31]]


def test_title_lines_of_a_csv_are_found_too(tmp_path):
    path = tmp_path / "titles.csv"
    path.write_text("Workforce,\n,\nPractice Code,GPs\nA81001,3\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"Line 3 has Practice Code: set `skip: 2` in the source's YAML"):
        read_local_table(path, code="Practice Code", columns={"GPs": {}})
    found = read_local_table(path, code="Practice Code", columns={"GPs": {}}, skip=2)
    assert found.frame.to_numpy().tolist() == [["A81001", 3.0]]


STAFF = pd.DataFrame({"Practice Code": ["A81001", "A81002"], "gp": [4.5, 2.0], "nurse": [1.5, None]})


@pytest.mark.parametrize(
    "frame",
    [
        STAFF,
        STAFF.set_index("Practice Code"),
        STAFF.set_index(["Practice Code", "gp"]),
        STAFF.set_index("nurse", drop=False).rename_axis("row"),
        STAFF.astype({"Practice Code": "category"}),
    ],
    ids=["no index", "index of codes", "index of two", "index beside the columns", "categories"],
)
def test_parquet_with_any_index_keeps_names_and_values_together(tmp_path, frame):
    path = tmp_path / "staff.parquet"
    frame.to_parquet(path)
    columns = {"nurse": {}, "gp": {}}
    found = read_local_table(path, code="Practice Code", columns=columns).frame
    expected = pd.DataFrame(
        {"practice_code": ["A81001", "A81002"], "nurse": [1.5, float("nan")], "gp": [4.5, 2]}
    )
    assert_frame_equal(found, expected)


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("staff.ods", "an OpenDocument spreadsheet"),
        ("staff.xls", "in Excel's old format"),
        ("staff.xlsb", "in Excel's binary format"),
    ],
)
def test_other_spreadsheets_are_refused_with_a_way_out(tmp_path, name, what):
    (tmp_path / name).write_bytes(b"PK\x03\x04")
    with pytest.raises(InputError, match=rf"{name}: is {what}\. Open it .* save it as \.xlsx or \.csv"):
        read_local_table(tmp_path / name, code="Practice Code", columns={"gp": {}})


@pytest.mark.parametrize(
    ("cell", "text"),
    [(datetime(2024, 4, 1), "2024-04-01"), (date(2024, 4, 1), "2024-04-01"), (2024.0, "2024"), (None, "")],
)
def test_cells_become_texts(cell, text):
    assert cell_text(cell) == text


@pytest.mark.parametrize("value", ["0,123", "12,5", "-0,5"])
def test_a_decimal_comma_is_never_taken_for_thousands(tmp_path, value):
    path = tmp_path / "rates.csv"
    path.write_text(f"Practice Code;Rate\nA81001;{value}\nA81002;12,345\n", encoding="utf-8")
    options = {"code": "Practice Code", "columns": {"Rate": {}}, "delimiter": ";"}
    with pytest.raises(InputError, match=rf"row 2, column Rate: '{value}' is not a number.*`decimal: \",\"`"):
        read_local_table(path, **options)
    found = read_local_table(path, decimal=",", **options).frame["Rate"]
    assert found.tolist() == [float(value.replace(",", ".")), 12.345]
