"""Lists of successors in each published layout, and what is refused."""

from __future__ import annotations

import json
import zipfile

import pandas as pd
import pytest

from gp_segmentation import schemas
from gp_segmentation.errors import InputError
from gp_segmentation.sources.successors import joined_successors, read_successors

FILE = b'"A81001","a81002","R","20240401",""\n"M85001","M85029","F","20230701","F"\nX1234,X1234,R,20230701,\n'
EXPECTED = [("A81001", "A81002", "2024-04-01", "R"), ("M85001", "M85029", "2023-07-01", "F")]


def rows(found: pd.DataFrame) -> list[tuple[object, ...]]:
    return [tuple(None if pd.isna(value) else value for value in row) for row in found.to_numpy()]


@pytest.mark.parametrize("name", ["succ.csv", "succarc.zip"])
def test_the_published_files_have_five_columns_and_no_header(tmp_path, name):
    path = tmp_path / name
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("succarc.csv", FILE)
    else:
        path.write_bytes(FILE)
    found = read_successors(path)
    assert rows(schemas.check("successors", found.frame, file=name)) == EXPECTED
    assert found.quality[["check", "count", "detail"]].to_numpy().tolist() == [
        ["organisations that follow themselves left out", 1, "X1234"]
    ]


def organisation(code: str, *successions: tuple[str, str, str]) -> dict[str, object]:
    entries = [
        {"Type": kind, "Date": [{"Type": "Legal", "Start": start}], "Target": {"OrgId": {"extension": other}}}
        for kind, other, start in successions
    ]
    return {"Organisation": {"OrgId": {"extension": code}, "Succs": {"Succ": entries}}}


def test_the_interface_s_answers_name_successors_and_predecessors(tmp_path):
    closed = organisation("A81001", ("Successor", "A81002", "2024-04-01"))
    # The other side of the same succession, and one that was alone: it stands without a list.
    heir = organisation("A81002", ("Predecessor", "A81001", "2024-04-01"))
    alone = organisation("M85029", ("Predecessor", "M85001", "2023-07-01"))
    alone["Organisation"]["Succs"]["Succ"] = alone["Organisation"]["Succs"]["Succ"][0]  # type: ignore[index]
    none = {"Organisation": {"OrgId": {"extension": "Y00001"}}}
    path = tmp_path / "succ.json"
    path.write_text(json.dumps([closed, heir, alone, none]), encoding="utf-8")
    assert rows(read_successors(path).frame) == [(*row[:3], None) for row in EXPECTED]
    path.write_text(json.dumps(closed), encoding="utf-8")
    assert rows(read_successors(path).frame) == [(*EXPECTED[0][:3], None)]


def test_a_table_of_one_s_own_has_a_header_and_may_do_without_dates(tmp_path):
    path = tmp_path / "own.csv"
    path.write_text("Practice_Code,Successor_Code\na81001, A81002\n", encoding="utf-8")
    assert rows(read_successors(path).frame) == [("A81001", "A81002", None, None)]
    path.write_text(
        "Organisation Code,Name,Successor Organisation Code,Effective Date\n"
        "A81001,The Surgery,A81002,01/04/2024\n",
        encoding="utf-8",
    )
    assert rows(read_successors(path).frame) == [("A81001", "A81002", "2024-04-01", None)]


def test_a_practice_that_was_divided_has_a_row_for_each_part_and_files_are_joined(tmp_path):
    path = tmp_path / "succ.csv"
    path.write_text("A1234,B1234,R,20240401,\nA1234,C1234,R,20240401,\n", encoding="utf-8")
    one = read_successors(path)
    assert rows(one.frame[["practice_code", "successor_code"]]) == [("A1234", "B1234"), ("A1234", "C1234")]
    assert len(joined_successors([("succ.csv", one), ("succarc.csv", one)])) == 2
    assert joined_successors([]).empty


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("A81001,A81002,R,2024-4,\n", r"'2024-4' is not a date such as 20250401"),
        ("Code,Name\nA81001,The Surgery\n", r"successor_code"),
        ("[1, 2", r"is not JSON"),
        ('[{"Name": "x"}]', r"no organisations with an OrgId"),
        ("", r"succ\.csv"),
    ],
)
def test_what_is_no_such_list_is_refused_by_name(tmp_path, text, words):
    path = tmp_path / "succ.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=words) as error:
        read_successors(path)
    assert error.value.file == "succ.csv"
