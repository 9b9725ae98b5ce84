"""Tables as files: no cell of a CSV file is a formula, and every text comes back as it was shown."""

from __future__ import annotations

import csv
import io
import re

import numpy as np
import pandas as pd
import pytest

from gp_segmentation.storage.table_files import csv_text, read_table, write_table

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
