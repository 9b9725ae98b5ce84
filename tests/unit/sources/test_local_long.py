"""The generic reader on long tables, words, sentinel codes and per-patient rates."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from gp_segmentation import config
from gp_segmentation.errors import InputError
from gp_segmentation.sources.files import archive
from gp_segmentation.sources.local import read_local_table
from gp_segmentation.sources.tidy import NoRowsError

#: Two practices by mode and professional, and one that saw nobody face to face.
APPOINTMENTS = """\
GP_CODE,HCP,MODE,COUNT,MINUTES
A81001,GP,Face-to-Face,30,300
A81001,GP,Telephone,10,50
a81001,Nurse,Face-to-Face,60,*
A81002,GP,Telephone,5,20
A81002,Nurse,face-to-face,15,60
A81003,Nurse,Telephone,*,*
"""
FACE = {"MODE": ["Face-to-Face", "face-to-face"]}


def read(tmp_path, columns, text=APPOINTMENTS, **options):
    path = tmp_path / "long.csv"
    path.write_text(text, encoding="utf-8")
    return read_local_table(path, **{"code": "GP_CODE", **options}, columns=columns)


def values(table, measure="m") -> list[float | None]:
    """The values of a measure in order of practice code; None where missing."""
    return [None if math.isnan(value) else value for value in table.frame[measure]]


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"column": "COUNT", "combine": "sum"}, [30 + 10 + 60, 5 + 15, None]),
        ({"column": "COUNT", "combine": "mean"}, [100 / 3, 10, None]),
        ({"combine": "count"}, [3, 2, 1]),
        # Rows with both figures only: the nurses' 60 has no minutes.
        ({"column": "COUNT", "combine": "sum", "per": "MINUTES"}, [40 / 350, 20 / 80, None]),
        ({"column": "COUNT", "combine": "sum", "where": {"HCP": "GP"}}, [40, 5, 0]),
        ({"column": "COUNT", "combine": "mean", "where": {"HCP": "GP"}}, [20, 5, None]),
        ({"combine": "count", "where": {"HCP": "GP"}}, [2, 1, 0]),
        ({"column": "COUNT", "combine": "share", "where": FACE, "scale": 100}, [90, 75, None]),
        ({"combine": "share", "where": FACE}, [2 / 3, 1 / 2, 0]),
        ({"column": "COUNT", "where": {"HCP": "Nurse"}}, [60, 15, None]),  # one row each
    ],
)
def test_the_rows_of_a_practice_become_one_value(tmp_path, keys, expected):
    assert values(read(tmp_path, {"m": keys})) == pytest.approx(expected)


def test_a_filter_of_a_measure_that_no_row_passes_is_refused(tmp_path):
    message = r"long\.csv, column HCP: no row has G\.P\. \(found: GP, Nurse\)\. Correct `where`"
    with pytest.raises(InputError, match=message) as caught:
        read(tmp_path, {"m": {"combine": "count", "where": {"HCP": "G.P."}}})
    assert not isinstance(caught.value, NoRowsError)  # as of another year's file, which may do without


def test_two_rows_are_still_refused_unless_something_combines_them(tmp_path):
    with pytest.raises(InputError, match=r"A81001 has more than one row: 2, 3, 4 .*`combine` them"):
        read(tmp_path, {"m": {"column": "COUNT"}})


def test_the_values_of_a_column_become_measures(tmp_path):
    keys = {
        "column": "COUNT",
        "combine": "share",
        "pivot": "MODE",
        "scale": 100,
        "label": "By mode",
        "unit": "%",
    }
    table = read(tmp_path, {"mode": keys})
    assert values(table, "mode_face_to_face") == [90, 75, None]  # both spellings of one value
    assert values(table, "mode_telephone") == [10, 25, None]
    assert table.dictionary.to_dict("records") == [
        {"measure": "mode_face_to_face", "label": "By mode: Face-to-Face", "unit": "%"},
        {"measure": "mode_telephone", "label": "By mode: Telephone", "unit": "%"},
    ]


def test_a_column_of_too_many_values_becomes_no_measures(tmp_path):
    text = "GP_CODE,name\n" + "".join(f"A{81000 + i},name {i}\n" for i in range(51))
    with pytest.raises(InputError, match=r"column name: has 51 values, too many to become measures"):
        read(tmp_path, {"m": {"combine": "share", "pivot": "name"}}, text)


RATINGS = "GP_CODE,rating\nA81001,Outstanding\nA81002,GOOD\nA81003,Not rated\nA81003,Good\n"
WORDS = {"Inadequate": 1, "Good": 3, "Outstanding": 4}


def test_words_become_numbers(tmp_path):
    keys = {"column": "rating", "categories": WORDS, "combine": "mean"}
    assert values(read(tmp_path, {"m": keys}, RATINGS, missing=["Not rated"])) == [4, 3, 3]


def test_words_become_shares(tmp_path):
    table = read(tmp_path, {"m": {"combine": "share", "pivot": "rating"}}, RATINGS)
    assert [values(table, f"m_{name}") for name in ("good", "not_rated", "outstanding")] == [
        [0, 1, 0.5],
        [0, 0, 0.5],
        [1, 0, 0],
    ]


def test_a_word_that_stands_for_nothing_is_named(tmp_path):
    message = (
        r"long\.csv, row 4, column rating: 'Not rated' is not among the `categories` \(they are: inadequate, "
        r"good, outstanding\)\. Add it to `categories`, or to `missing`"
    )
    with pytest.raises(InputError, match=message):
        read(tmp_path, {"m": {"column": "rating", "categories": WORDS, "combine": "mean"}}, RATINGS)


@pytest.mark.parametrize("missing", [["-99 to -90"], [-97, -90.0, -99.0], ["-97.0", "-90", "-99"]])
def test_codes_below_zero_mean_no_value(tmp_path, missing):
    text = "GP_CODE,pct\nA81001,0.8\nA81002,-97.0\nA81003,-90\nA81004,-99\nA81005,\n"
    table = read(tmp_path, {"m": {"column": "pct", "range": [0, 1], "scale": 100}}, text, missing=missing)
    assert values(table) == [80, None, None, None, None]
    assert table.quality.set_index("check")["count"].to_dict() == {"m: no value": 4}


def test_another_code_than_those_named_is_still_out_of_range(tmp_path):
    text = "GP_CODE,pct\nA81001,0.8\nA81002,-1\n"
    with pytest.raises(InputError, match=r"row 3, column pct: -1 lies outside 0 to 1"):
        read(tmp_path, {"m": {"column": "pct", "range": [0, 1]}}, text, missing=["-99 to -90"])


def test_a_code_that_is_missing_is_no_practice(tmp_path):
    table = read(tmp_path, {"v": {}}, "GP_CODE,v\nA81001,1\nNA,2\nNA,3\n")
    assert table.frame["practice_code"].tolist() == ["A81001"]
    assert table.quality.set_index("check")["count"]["rows without a practice code left out"] == 2


@pytest.mark.parametrize(
    ("text", "options", "expected"),
    [
        ("0,123", {"decimal": ","}, 0.123),
        ("12,345", {"decimal": ","}, 12.345),
        ("1.234,5", {"decimal": ","}, 1234.5),
        ("12,345", {"decimal": "."}, 12345.0),
        ("12.345", {}, 12.345),
    ],
)
def test_what_a_comma_is_can_be_said(tmp_path, text, options, expected):
    table = read(tmp_path, {"v": {}}, f"GP_CODE;v\nA81001;{text}\n", delimiter=";", **options)
    assert values(table, "v") == [expected]


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("0,123", {}),  # no thousands begin with 0
        ("12,345", {"delimiter": ";"}),  # a semicolon between fields suggests decimal commas
        ("12.5", {"decimal": ","}),
    ],
)
def test_a_comma_is_never_guessed(tmp_path, text, options):
    delimiter = options.get("delimiter", "\t")
    with pytest.raises(InputError, match=rf"row 2, column v: '{text}' is not a number"):
        read(
            tmp_path,
            {"v": {}},
            f"GP_CODE{delimiter}v\nA81001{delimiter}{text}\n",
            **{"delimiter": "\t"} | options,
        )


def test_the_remedy_for_a_comma_helps(tmp_path):
    with pytest.raises(InputError, match=r'Say in the source\'s YAML what a comma is: `decimal: ","`'):
        read(tmp_path, {"v": {}}, "GP_CODE;v\nA81001;0,5\n", delimiter=";")


def test_a_rate_per_patient_waits_for_the_list_sizes_unless_the_file_has_them(tmp_path):
    keys = {"m": {"column": "COUNT", "combine": "sum", "per": "list_size", "scale": 1000}}
    assert (table := read(tmp_path, keys)).per_patient == {"m"}
    assert values(table)[:2] == [100_000, 20_000]  # still to be divided
    own = "GP_CODE,COUNT,list_size\nA81001,10,2000\n"
    assert (table := read(tmp_path, keys, own)).per_patient == frozenset()
    assert values(table) == [5]


MONTHS = {
    "deep/Crosstab_May.csv": "GP_CODE,MODE,COUNT,NAME\nA81001,Phone,1,x\nA81002,Phone,2,y\n",
    "deep/Crosstab_Jun.csv": "name,gp_code,count,mode\nx,A81001,3,Phone\n,,,\nx,A81001,4,Visit\n",
    "Mapping.csv": "GP_CODE\nA81001\n",
}


def test_several_members_are_read_as_one_table(tmp_path, write_zip):
    path = write_zip(tmp_path / "months.zip", MONTHS)
    keys = {
        "all": {"column": "COUNT", "combine": "sum"},
        "phone": {"combine": "count", "where": {"MODE": "Phone"}},
    }
    table = read_local_table(path, code="GP_CODE", columns=keys, member=r"Crosstab_.*\.csv")
    assert table.frame.to_dict("list") == {
        "practice_code": ["A81001", "A81002"],
        "all": [8, 2],
        "phone": [2, 1],
    }
    assert "blank rows left out" in table.quality["check"].tolist()


def test_a_wrong_value_of_several_members_is_named_with_its_member_and_row(tmp_path, write_zip):
    wrong = MONTHS | {"deep/Crosstab_Jun.csv": MONTHS["deep/Crosstab_Jun.csv"].replace(",4,", ",four,")}
    path = write_zip(tmp_path / "months.zip", wrong)
    message = r"^months\.zip: Crosstab_Jun\.csv, row 4, column COUNT: 'four' is not a number"
    with pytest.raises(InputError, match=message):
        read_local_table(
            path,
            code="GP_CODE",
            columns={"m": {"column": "COUNT", "combine": "sum"}},
            member=r"Crosstab_.*\.csv",
        )


def test_a_text_larger_than_an_analysts_table_gives_the_same(tmp_path, monkeypatch):
    keys = {"m": {"column": "COUNT", "combine": "share", "where": FACE}, "n": {"combine": "count"}}
    small = read(tmp_path, keys)
    monkeypatch.setattr("gp_segmentation.sources.local_rows.MAX_BYTES", 10)
    large = read(tmp_path, keys)
    pd.testing.assert_frame_equal(large.frame, small.frame)
    assert archive.MAX_BYTES == 1 << 30  # what a text may have in all


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ({"combine": "share", "per": "COUNT"}, "has both combine: share and per"),
        ({"combine": "median"}, "columns.m.combine is 'median'"),
        ({"categories": {}}, "columns.m.categories"),
        ({"categories": {"Good": "three"}}, "columns.m.categories.Good is 'three'"),
    ],
)
def test_wrong_keys_are_refused_with_the_configuration(keys, problem):
    reader = {
        "_target_": "gp_segmentation.sources.local.read_local_table",
        "_partial_": True,
        "code": "GP_CODE",
        "columns": {"m": keys},
    }
    (found,) = config.object_problems(reader, "reader")
    assert problem in str(found)
