"""Columns of CSV texts under the project's names."""

from __future__ import annotations

import csv as standard
import io
import re

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from gp_segmentation.errors import InputError
from gp_segmentation.sources.files import delimited
from gp_segmentation.sources.files.archive import TextFile, find_text
from gp_segmentation.sources.files.delimited import Csv, delimited_records

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


def test_optional_columns_that_are_absent_are_null(csv):
    columns = {"value": "SIZE", "postcode": "POSTCODE", "code": "PRACTICE_CODE"}
    source = csv("PRACTICE_CODE,VALUE\nA81001,1\n,2\n", columns, optional=frozenset({"postcode", "value"}))
    expected = pd.DataFrame({"value": [float("nan")], "postcode": [None], "code": ["A81001"]})
    assert_frame_equal(source.frame(), expected.astype({"postcode": "str"}))
    assert (source.rows, source.blank_rows) == (1, 1)  # a row without any wanted value is blank


def test_positions_stand_for_names_where_there_is_no_header(csv):
    frame = csv('"A81001","x",1.5\n"A81002","y",2\n', {"code": 0, "value": 2}, width=3).frame()
    assert_frame_equal(frame, EXPECTED)


NAME_IT = (
    "Check that it is the file of this year, or name the column in the source's YAML (gpseg data "
    "inspect=FILE proposes it)"
)
FETCH_AGAIN = "Delete it and fetch it again with gpseg data"
UP_TO_40 = ", ".join(f"C{i}" for i in range(40))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        # The header ...
        ("", f": is empty. {FETCH_AGAIN}"),
        ("\ufeff", f": is empty. {FETCH_AGAIN}"),
        ("\n\n", f", row 1: is empty where the header should be. {NAME_IT}"),
        (" , \nA,1\n", f", row 1: is empty where the header should be. {NAME_IT}"),
        (
            "PRACTICE_CODE,SUM\n",
            f", column VALUE or AMOUNT: is missing (found: PRACTICE_CODE, SUM). {NAME_IT}",
        ),
        (
            UP_TO_40.replace(" ", "") + ",C40,C41\n",
            f", column PRACTICE_CODE: is missing (found: {UP_TO_40}). {NAME_IT}",
        ),
        ("PRACTICE_CODE,amount,Amount\n", ", column VALUE: is in the header 2 times. Keep the right one"),
        # ... and the rows: numbered as in the file, blank ones and missing values are passed over.
        (
            "PRACTICE_CODE,VALUE,X\nA,1,2\nB,2\n",
            f", row 3: has 2 fields where there should be 3. {FETCH_AGAIN}",
        ),
        (
            "VALUE,PRACTICE_CODE\n1,A\n,,,\n2\n",
            f", row 4: has 1 fields where there should be 2. {FETCH_AGAIN}",
        ),
        (
            "PRACTICE_CODE,VALUE\nA,1\nB,2,0\n",
            f", row 3: has 3 fields where there should be 2. {FETCH_AGAIN}",
        ),
        ("Y,value,PRACTICE_CODE\nx,1\n", f", row 2: has 2 fields where there should be 3. {FETCH_AGAIN}"),
        (
            'PRACTICE_CODE, Value\nA, * \nB,1\n\n,,\n"C\n",about 3\nD,x\n',
            ", row 6, column  Value: 'about 3' is not a number. Correct the value",
        ),
        ("PRACTICE_CODE,VALUE\nX,,,\n", f", row 2: has 4 fields where there should be 2. {FETCH_AGAIN}"),
        ("VALUE,PRACTICE_CODE\n\nx,A\n", ", row 3, column VALUE: 'x' is not a number. Correct the value"),
        ("PRACTICE_CODE,VALUE\nA,1_0\n", ", row 2, column VALUE: '1_0' is not a number. Correct the value"),
        (
            "PRACTICE_CODE,VALUE\nA,1\nB,inf\n",
            ", row 3, column VALUE: 'inf' is not a number. Correct the value",
        ),
        (
            "PRACTICE_CODE,VALUE\nA,\nB,-1e999\n",
            ", row 3, column VALUE: '-1e999' is not a number. Correct the value",
        ),
    ],
)
def test_the_place_and_the_problem_are_named(csv, text, message):
    columns = {"code": "PRACTICE_CODE", "value": ["VALUE", "AMOUNT"]}
    with pytest.raises(InputError) as caught:
        csv(text, columns).frame()
    assert str(caught.value) == f"table.csv{message}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", f": is empty. {FETCH_AGAIN}"),
        ("A,1\n", f", row 1: has 2 fields where there should be 3. {FETCH_AGAIN}"),
        ("A,y,x\n", ", row 1, column 2: 'x' is not a number. Correct the value"),
    ],
)
def test_rows_and_columns_are_numbered_where_there_is_no_header(csv, text, message):
    with pytest.raises(InputError) as caught:
        csv(text, {"code": 0, "value": 2}, width=3).frame()
    assert str(caught.value) == f"table.csv{message}"


@pytest.mark.parametrize(
    "value", ["\u0663", "\u00a01", "\u00a0", '"1\n"', "  *", "1_0", "1e", "0x1", "1e400"]
)
def test_what_pyarrow_takes_for_no_number_is_named_with_its_place(csv, value):
    with pytest.raises(InputError) as caught:
        csv(f"PRACTICE_CODE,VALUE\nA81001,1\nA81002,{value}\n").frame()
    said = f"table.csv, row 3, column VALUE: {value.strip(chr(34))!r} is not a number. Correct the value"
    assert str(caught.value) == said


@pytest.mark.parametrize("value", ["+5", "5.", "  5  ", "\t5", "50e-1"])
def test_a_number_may_be_written_in_any_way_that_pyarrow_reads(csv, value):
    assert csv(f"PRACTICE_CODE,VALUE\nA81001,{value}\n").frame()["value"].tolist() == [5.0]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_name_in_the_header_may_hold_line_feeds(csv, end):
    text = end.join(['"PRACTICE\nCODE","LONG\n\nNAME",VALUE', "A81001,x,1", "A81002,y,2", ""])
    found = csv(text, {"code": "PRACTICE\nCODE", "name": "LONG\n\nNAME", "value": "VALUE"}).frame()
    assert found.to_dict("list") == {"code": ["A81001", "A81002"], "name": ["x", "y"], "value": [1.0, 2.0]}


def test_a_header_without_end_is_refused(csv):
    with pytest.raises(InputError, match=re.escape("(one row has more than 100,000 characters)")):
        csv("PRACTICE_CODE,VALUE," + "x" * 100_000 + "\n").frame()


def test_tolerated_irregularities_are_listed_with_their_numbers(csv):
    source = csv(b"PRACTICE_CODE,VALUE\ncaf\xe9,1\n,,,\n\x80,2\n,,,,\n,\n", width=None)
    assert source.frame()["code"].tolist() == ["café", "€"]
    assert source.tolerated() == [
        ("blank rows left out", 3, "table.csv"),
        ("bytes that are not UTF-8, read as Windows-1252", 2, "table.csv"),
    ]


def test_rows_and_blank_rows_are_summed_over_the_blocks(csv, monkeypatch):
    monkeypatch.setattr(delimited, "_BLOCK", 64)
    block = "A81001,1\n,\nA81002,\n,2\n,,,\n"
    source = csv("PRACTICE_CODE,VALUE\n" + block * 20)
    assert len(list(source.batches())) > 1
    assert (source.rows, source.blank_rows) == (3 * 20, 2 * 20)


def test_values_of_several_lines_may_cross_blocks(csv, monkeypatch):
    monkeypatch.setattr(delimited, "_BLOCK", 40)
    frame = csv("PRACTICE_CODE,VALUE\n" + '"A\nB\nC\nD",1\n' * 30).frame()
    assert frame.to_dict("list") == {"code": ["A\nB\nC\nD"] * 30, "value": [1.0] * 30}


def records(text: str, **options) -> list[list[str]]:
    return list(delimited_records(io.BytesIO(text.encode()), **options))


def test_records_are_split_at_commas_or_the_delimiter_given():
    assert records('a,"b\r\n,""é"""\r\n\r\nc;d') == [["a", 'b\r\n,"é"'], [], ["c;d"]]
    assert records("a;b,c", delimiter=";") == [["a", "b,c"]]


def test_the_longest_record_counts_each_record_anew_with_its_line_end():
    assert records('abcd\n"a\n"\nabcde', longest=5) == [["abcd"], ["a\n"], ["abcde"]]
    for text in ("a\nabcdef", 'a\n"b\ncd\n'):
        with pytest.raises(standard.Error, match=r"^one row has more than 5 characters$"):
            records(text, longest=5)
    with pytest.raises(standard.Error, match=r"^one row has more than 1,048,576 characters$"):
        records("a" * ((1 << 20) + 1))


def test_a_header_alone_gives_an_empty_frame_of_the_right_types(csv):
    frame = csv("PRACTICE_CODE,VALUE\n").frame()
    assert frame.empty
    assert frame.dtypes.astype(str).to_dict() == {"code": "str", "value": "float64"}


def test_a_name_as_it_stands_goes_before_one_with_other_blanks(tmp_path):
    path = tmp_path / "names.csv"
    path.write_text("area.code,Area Code,sex_\nx,y,z\n", encoding="utf-8")
    frame = Csv(TextFile(path), {"area": "Area Code", "sex": "Sex"}).frame()
    assert frame.to_numpy().tolist() == [["y", "z"]]
    path.write_text("area.code,area_code,sex\nx,y,z\n", encoding="utf-8")
    with pytest.raises(InputError, match="column Area Code: is in the header 2 times"):
        Csv(TextFile(path), {"area": "Area Code"}).frame()


def test_codes_are_read_in_capitals_and_names_are_not(tmp_path):
    path = tmp_path / "codes.csv"
    path.write_text("code,name\na81001,The surgery\nA81001,x\n", encoding="utf-8")
    source = Csv(TextFile(path), {"practice_code": "code", "practice_name": "name"})
    assert source.frame().to_numpy().tolist() == [["A81001", "The surgery"], ["A81001", "x"]]
