"""The log of irregularities and the checks that readers share."""

from __future__ import annotations

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal, assert_series_equal

from gp_segmentation.errors import InputError
from gp_segmentation.sources.files.archive import find_text
from gp_segmentation.sources.files.delimited import Csv
from gp_segmentation.sources.tidy import (
    QualityLog,
    compact,
    drop_rows_without_key,
    read_keyed_rows,
    refuse_impossible_counts,
    refuse_repeats,
)
from gp_segmentation.utils.wording import first_few


@pytest.fixture
def text(tmp_path):
    def build(content: str = ""):
        (tmp_path / "table.csv").write_text(content, encoding="utf-8")
        return find_text(tmp_path / "table.csv")

    return build


@pytest.fixture
def log() -> QualityLog:
    return QualityLog("raw.zip")


def test_the_log_lists_what_was_found_in_order_and_leaves_out_zeros(log):
    log.note("second names", 2)
    log.note("nothing", 0, "no detail")
    log.note_all([("blank rows", 1, "table.csv"), ("none", 0, "table.csv"), ("odd bytes", 3, "table.csv")])
    log.note_codes("unknown codes", ["B", "A"])
    log.note_codes("no codes", [])
    expected = pd.DataFrame(
        [
            ("raw.zip", "second names", 2, ""),
            ("raw.zip", "blank rows", 1, "table.csv"),
            ("raw.zip", "odd bytes", 3, "table.csv"),
            ("raw.zip", "unknown codes", 2, "B, A"),
        ],
        columns=["file", "check", "count", "detail"],
    )
    assert_frame_equal(log.frame, expected)


def test_an_empty_log_has_the_same_columns(log):
    assert list(log.frame) == ["file", "check", "count", "detail"]
    assert log.frame.empty


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ([], ""),
        (["B", "A", "B"], "B, A"),
        (pd.Series(list("abcde")), "a, b, c, d, e"),
        (pd.Index(list("abcdef")), "a, b, c, d, e and 1 more"),
        (range(1, 1206), "1, 2, 3, 4, 5 and 1,200 more"),
    ],
)
def test_the_first_five_distinct_codes_are_shown(codes, expected):
    assert first_few(codes) == expected


def test_postcodes_are_compacted():
    found = compact(pd.Series([" ts18  1hu ", "W1A\t1aa", "s+", None], dtype="str"))
    assert_series_equal(found, pd.Series(["TS181HU", "W1A1AA", "S+", None], dtype="str"))


FRAME = pd.DataFrame(
    {"code": ["A", None, "B", "C"], "day": ["1", "2", None, "4"], "n": [1.0, 2.0, 3.0, None]}
)


def test_rows_without_a_whole_key_are_left_out_and_counted(log):
    found = drop_rows_without_key(FRAME, ["code", "day"], log, "footnotes")
    assert_frame_equal(found, pd.DataFrame({"code": ["A", "C"], "day": ["1", "4"], "n": [1.0, None]}))
    drop_rows_without_key(FRAME, ["code"], log)
    assert log.frame.to_numpy().tolist() == [
        ["raw.zip", "rows without code or day left out", 2, "footnotes"],
        ["raw.zip", "rows without code left out", 1, ""],
    ]


def test_a_frame_with_every_key_stays_as_it_is(log):
    given = FRAME[["n"]].iloc[[2, 0]]
    assert_frame_equal(drop_rows_without_key(given, ["n"], log), given)
    assert log.frame.empty


COLUMNS = {"code": "CODE", "n": "N"}


def test_keyed_rows_are_read_and_all_irregularities_noted(text, log):
    source = Csv(text("CODE,N\nA,1\n,2\n,\nB,\n"), COLUMNS, frozenset({"n"}))
    found = read_keyed_rows(source, ["code"], log, "totals")
    assert_frame_equal(found, pd.DataFrame({"code": ["A", "B"], "n": [1.0, None]}))
    read_keyed_rows(Csv(text("CODE,N\nA,1\n,2\n"), COLUMNS), ["code"], log)
    assert log.frame.to_numpy().tolist() == [
        ["raw.zip", "rows without code left out", 1, "totals"],
        ["raw.zip", "blank rows left out", 1, "table.csv"],
        ["raw.zip", "rows without code left out", 1, ""],
    ]


def test_a_file_without_keyed_rows_is_refused(text, log):
    with pytest.raises(InputError) as caught:
        read_keyed_rows(Csv(text("CODE,N\n,1\n"), COLUMNS), ["code"], log)
    assert (
        str(caught.value) == "table.csv: has no row with data. Delete it and fetch it again with gpseg data"
    )


def test_repeats_are_refused_with_the_first_of_them(text):
    frame = pd.DataFrame({"code": list("ABABA"), "day": [1, 2, 3, 2, 1], "n": [1, 2, 3, 4, 5]})
    refuse_repeats(frame.iloc[:3], ["code", "day"], text())
    with pytest.raises(InputError) as caught:
        refuse_repeats(frame, ["code", "day"], text())
    problem = "B 2 comes more than once (surplus rows in total: 2)"
    assert str(caught.value) == f"table.csv: {problem}. Keep one row of each"


@pytest.mark.parametrize(
    ("count", "shown"),
    [(-1.0, "-1"), (100_000_001.0, "1e+08"), (2.5, "2.5"), (float("nan"), "nothing")],
)
def test_a_count_that_cannot_be_is_refused(text, count, shown):
    counts = [0.0, 3.0, 100_000_000.0, count, -7.0]
    frame = pd.DataFrame({"code": list("ABCDE"), "sex": "ALL", "n": counts})
    refuse_impossible_counts(frame.iloc[:3], "n", ["code", "sex"], text(), "NUMBER")
    with pytest.raises(InputError) as caught:
        refuse_impossible_counts(frame, "n", ["code", "sex"], text(), "NUMBER")
    problem = f"{shown} for D ALL is not a count of patients"
    assert str(caught.value) == f"table.csv, column NUMBER: {problem}. Correct the value"
