"""A practice is meant by its code, a part of its name, or its postcode."""

from __future__ import annotations

import pandas as pd
import pytest

from gp_segmentation.insight.peers.search import found_practices, found_text

SEGMENTS = pd.DataFrame(
    [
        ("A00001", "Oak (Street) Surgery", "Board One"),
        ("A00002", "The Oakwood Practice", "Board One"),
        ("A00003", "Tŷ Gŵyr", "Board Two"),
        ("A00004", "Cloak Lane Surgery", "Board Two"),
        ("A00005", "Elm Surgery", "Board Two"),
    ],
    columns=["practice_code", "practice_name", "icb_name"],
)
POSTCODES = pd.Series({"A00001": "B1 2AB", "A00002": "CB1 2AB", "A00003": "B12 9XY", "A00005": "B12 9XY"})


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("A00002", ["A00002"]),
        (" a00002 ", ["A00002"]),
        ("A0000", ["A00001", "A00002", "A00003", "A00004", "A00005"]),
        ("oak", ["A00001", "A00002"]),  # not Cloak Lane
        ("OAK (str", ["A00001"]),
        ("surgery elm", ["A00005"]),
        ("ty gwyr", ["A00003"]),
        ("B12 9XY", ["A00003", "A00005"]),
        ("b129x", ["A00003", "A00005"]),
        ("B12", ["A00003", "A00005", "A00001"]),  # B12 before B1 2, and never CB1 2
        ("CB1", ["A00002"]),
        ("elm b12", ["A00005"]),
        ("2AB", []),
        ("...", []),
    ],
)
def test_words_begin_a_code_a_word_of_a_name_or_a_postcode(asked: str, found: list[str]) -> None:
    assert found_practices(asked, SEGMENTS, POSTCODES) == found


def test_without_postcodes_names_are_found() -> None:
    assert found_practices("elm", SEGMENTS) == ["A00005"]
    assert found_practices("B12", SEGMENTS) == []


def test_several_are_listed_and_a_code_is_asked_for() -> None:
    assert found_text("oak", ["A00001", "A00002"], SEGMENTS).splitlines() == [
        "oak finds 2 practices:",
        "A00001  Oak (Street) Surgery  Board One",
        "A00002  The Oakwood Practice  Board One",
        "Ask for one by its code: gpseg peers A00001",
    ]


def test_at_most_twenty_are_listed() -> None:
    codes = [f"B{n:05d}" for n in range(21)]
    many = pd.DataFrame({"practice_code": codes, "practice_name": "Oak\n", "icb_name": "Board"})
    lines = found_text("oak", codes, many).splitlines()
    assert lines[0] == "oak finds 21 practices; the first 20:"
    assert lines[20:] == ["B00019  Oak  Board", "Ask for one by its code: gpseg peers B00000"]
