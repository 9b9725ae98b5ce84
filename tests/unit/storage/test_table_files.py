"""Tables as files: no cell of a CSV file is a formula, and every text comes back as it was shown."""

from __future__ import annotations

import csv
import io
import re

import numpy as np
import pandas as pd
import pytest

from gp_segmentation.storage.table_files import csv_text, read_table, rounded, write_table

#: Names that a spreadsheet would run, obey or drop, and names that look like them.
NAMES = [
    *('=HYPERLINK("http://a.b","click")', "=cmd|' /C calc'!A0", "=1+1", "+44 20 7946 0000", "-", "-2+3"),
    *("@SUM(1)", "*", "'", "'=a", "''=a", "'quoted'", "\t=1+1", "＝1+1", "＋1", "－1", "＠a", " =1", '"=1"'),
    *("😀", "\u202egnp.exe", "\u200b", "a\u2066b", "a\x07b", "a,b", 'a"b', "a;b", "Ünïcödé", "NA", "null"),
    *("None", "nan", "TRUE", "1e5", "0x1F", "£5", "#REF!", "%00"),
]
#: Of these, what stands in the file for those that hold characters nobody sees.
SHOWN = {
    **{"\t=1+1": " =1+1", "\u202egnp.exe": "{U+202E}gnp.exe", "\u200b": "{U+200B}"},
    **{"a\u2066b": "a{U+2066}b", "a\x07b": "a{U+0007}b"},
}


@pytest.fixture
def table() -> pd.DataFrame:
    count = len(NAMES)
    index = pd.Index([f"P{i}" for i in range(count - 1)] + ["=1"], name="practice_code")
    figures = {"figure": -np.arange(count) / 2, "fitted": np.arange(count) % 2 == 0}
    return pd.DataFrame({"name": pd.Series(NAMES, dtype="str", index=index), **figures}, index=index)


def test_every_text_is_read_back_as_it_was_shown(table, tmp_path):
    write_table(tmp_path / "table.csv", table)
    shown = table.reset_index().assign(name=[SHOWN.get(name, name) for name in NAMES])
    pd.testing.assert_frame_equal(read_table(tmp_path / "table.csv"), shown)


def test_a_column_without_any_text_is_written():
    nothing = pd.DataFrame({"code": ["A"], "special": pd.Series([None], dtype="str")})
    assert csv_text(nothing) == "code,special\nA,\n"
    assert csv_text(nothing.iloc[:0]) == "code,special\n"


def test_no_cell_begins_as_a_formula_does_but_a_number(table):
    rows = list(csv.reader(io.StringIO(csv_text(table, index=True), newline="")))
    assert len(rows) == len(NAMES) + 1
    for cell in (cell for row in rows for cell in row):
        assert not re.match(r"[=+\-@\t\r\n＝＋－＠]", cell) or re.fullmatch(r"-\d+(\.\d+)?", cell)


def test_what_is_no_formula_is_written_as_it_is():
    plain = ["Café Road", "'", " =1", "*", "a-b", "1+1"]
    lines = csv_text(pd.DataFrame({"name": plain})).splitlines()
    assert lines == ["name", *plain]


@pytest.mark.parametrize("kind", ["object", "category"])
def test_texts_of_any_kind_of_column_are_made_safe(kind):
    assert csv_text(pd.DataFrame({"name": pd.Series(["=1", "a", None], dtype=kind)})).splitlines()[:3] == [
        "name",
        "'=1",
        "a",
    ]


@pytest.mark.parametrize(
    ("value", "beside", "written"),
    [
        (1 / 3, 1.0, 0.333333333),  # 9 significant digits
        (2e7 / 3, 1.0, 6666666.67),
        (123456789012.5, 1.0, 123456789012.0),  # whole numbers stay whole
        (1.23456789e-9, 1.0, 1.23e-9),  # 12 digits of 1 end at the 11th decimal
        (1.23456789e-9, 1e-9, 1.234568e-9),  # no more than 15 decimals
        (3e-17, 0.25, 0.0),  # what is left of a sum that is 0
        (3e-17, 1e-17, 0.0),
        (np.nan, 1.0, np.nan),
        (np.inf, 1.0, np.inf),
    ],
)
def test_numbers_are_written_to_the_digits_that_mean_something(value, beside, written, tmp_path):
    write_table(tmp_path / "table.parquet", pd.DataFrame({"x": [value, -value, beside]}))
    found = read_table(tmp_path / "table.parquet")["x"].to_numpy()
    np.testing.assert_array_equal(found[:2], [written, -written])
    assert written != 0 or not np.signbit(found[1])  # no -0


def test_the_last_digits_that_processors_disagree_on_change_nothing():
    draws = np.random.default_rng(3).normal(size=(2000, 3)) * [1.0, 1e4, 1e-5]
    one = pd.DataFrame(draws, columns=["a", "b", "c"])
    other = one * (1 + 4 * np.finfo(float).eps)
    assert (one != other).all(axis=None)
    pd.testing.assert_frame_equal(rounded(other), rounded(one), check_exact=True)
    pd.testing.assert_frame_equal(rounded(rounded(one)), rounded(one), check_exact=True)


def test_a_largest_number_just_below_a_power_of_ten_has_the_decimals_of_that_power():
    one, other = (rounded(pd.DataFrame({"x": [top, 1 / 3e8]})) for top in (1.0, 1 - 1e-15))
    pd.testing.assert_frame_equal(one, other, check_exact=True)
    assert list(one["x"]) == [1.0, 3.33e-9]
