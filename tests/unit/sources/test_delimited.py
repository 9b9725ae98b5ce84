"""Columns of CSV texts under the project's names."""

from __future__ import annotations

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from gp_segmentation.errors import InputError
from gp_segmentation.sources.files import delimited
from gp_segmentation.sources.files.archive import find_text
from gp_segmentation.sources.files.delimited import Csv

COLUMNS = {"code": "PRACTICE_CODE", "value": "VALUE"}
NUMBERS = frozenset({"value"})


@pytest.fixture
def csv(tmp_path):
    def build(content: str | bytes, columns=COLUMNS, **options) -> Csv:
        path = tmp_path / "table.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return Csv(find_text(path), columns, NUMBERS & set(columns), **options)

    return build


EXPECTED = pd.DataFrame({"code": ["A81001", "A81002"], "value": [1.5, 2.0]})


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_line_ends_and_encodings_make_no_difference(csv, newline, encoding):
    text = newline.join(["VALUE,other,PRACTICE_CODE", "1.5,x,A81001", "2.0,y,A81002", ""])
    assert_frame_equal(csv(text.encode(encoding)).frame(), EXPECTED)


def test_mixed_line_ends_and_small_blocks(csv, monkeypatch):
    monkeypatch.setattr(delimited, "_BLOCK", 40)
    text = "PRACTICE_CODE,VALUE\rA81001,1\r\nA81002,2\nA81003,3\r\rA81004,4\r\n\r\nA81005,5"
    frame = csv(text).frame()
    assert frame["value"].tolist() == [1, 2, 3, 4, 5]
    assert frame["code"].tolist() == ["A81001", "A81002", "A81003", "A81004", "A81005"]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_line_feeds_within_quotes_are_part_of_the_value(csv, newline):
    text = newline.join(["PRACTICE_CODE,VALUE", '"first\n\tsecond, ""third""",1', ""])
    assert csv(text).frame()["code"].tolist() == ['first\n\tsecond, "third"']


def test_header_case_blanks_and_repeated_names_of_other_columns_make_no_difference(csv):
    frame = csv(" practice_code ,Value,X,X\nA81001 ,1.5,9,9\n A81002,2,9,9\n").frame()
    assert_frame_equal(frame, EXPECTED)


def test_one_of_several_names_is_taken(csv):
    columns = {"code": "PRACTICE_CODE", "value": ["LIST_SIZE", "VALUE"]}
    assert_frame_equal(csv("PRACTICE_CODE,VALUE\nA81001,1.5\nA81002,2\n", columns).frame(), EXPECTED)


@pytest.mark.parametrize("mark", ["", "*", ":", "-", ".."])
def test_marks_for_no_value_are_missing(csv, mark):
    frame = csv(f"PRACTICE_CODE,VALUE\nA81001,{mark}\nA81002,2\n").frame()
    assert frame["value"].isna().tolist() == [True, False]


def test_blank_rows_are_left_out_and_counted(csv):
    source = csv("PRACTICE_CODE,VALUE\nA81001,1.5\nA81002,2\n,\n\n , \n,,,,\n")
    assert_frame_equal(source.frame(), EXPECTED)
    assert (source.rows, source.blank_rows) == (2, 3)


def test_an_optional_column_that_is_absent_is_null(csv):
    columns = {**COLUMNS, "postcode": "POSTCODE"}
    frame = csv("PRACTICE_CODE,VALUE\nA81001,1\n", columns, optional=frozenset({"postcode"})).frame()
    assert frame["postcode"].isna().all()


def test_positions_stand_for_names_where_there_is_no_header(csv):
    frame = csv('"A81001","x",1.5\n"A81002","y",2\n', {"code": 0, "value": 2}, width=3).frame()
    assert_frame_equal(frame, EXPECTED)


def test_a_missing_column_is_named_with_what_was_found(csv):
    message = r"^table\.csv, column VALUE: is missing \(found: PRACTICE_CODE, AMOUNT\)\. Check that"
    with pytest.raises(InputError, match=message):
        csv("PRACTICE_CODE,AMOUNT\nA81001,1\n").frame()


def test_a_text_that_is_not_a_number_is_named_with_row_and_column(csv):
    text = "PRACTICE_CODE,VALUE\nA81001,1\n\nA81002,about 3\n"
    with pytest.raises(InputError, match=r"^table\.csv, row 4, column VALUE: 'about 3' is not a number"):
        csv(text).frame()


def test_a_row_with_too_few_fields_is_named(csv):
    text = "PRACTICE_CODE,VALUE,X\nA81001,1,2\nA81002,2\n"
    with pytest.raises(InputError, match=r"table\.csv, row 3: has 2 fields where there should be 3"):
        csv(text).frame()


@pytest.mark.parametrize("text", ["", "\n\n", "\ufeff"])
def test_an_empty_file_is_named(csv, text):
    with pytest.raises(InputError, match=r"table\.csv(, row 1)?: is empty"):
        csv(text).frame()


def test_a_header_alone_gives_an_empty_frame_of_the_right_types(csv):
    frame = csv("PRACTICE_CODE,VALUE\n").frame()
    assert frame.empty
    assert frame.dtypes.astype(str).to_dict() == {"code": "str", "value": "float64"}
