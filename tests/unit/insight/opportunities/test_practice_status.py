"""Rows about practices say whether the practice is open and has enough eligible patients."""

from __future__ import annotations

import pandas as pd
import pytest

from gp_segmentation import schemas
from gp_segmentation.errors import InputError
from gp_segmentation.insight.opportunities.tables import count_not_open, practice_status

ORGANISATIONS = pd.DataFrame(
    {
        "practice_code": ["A00001", "A00002", "A00003", "A00004", "A00005"],
        "status": ["ACTIVE", "INACTIVE", "DORMANT", "PROPOSED", None],
    }
)


def test_statuses_are_in_words() -> None:
    rows = pd.DataFrame({"practice_code": [*ORGANISATIONS["practice_code"], "A00006", "A00001"]})
    found = practice_status(rows, ORGANISATIONS)
    words = ["open", "closed", "dormant", "not open yet", "not listed", "not listed", "open"]
    assert found.tolist() == words


def test_few_eligible_patients_are_added_to_the_status() -> None:
    rows = pd.DataFrame(
        {"practice_code": ["A00001", "A00001", "A00002", "A00002"], "eligible": [19, 20, 19, 20]}
    )
    found = practice_status(rows, ORGANISATIONS, min_denominator=20)
    assert found.tolist() == [
        *("few eligible patients", "open", "closed; few eligible patients", "closed"),
    ]


def test_without_a_list_of_organisations_no_status_is_known_and_no_practice_counts_as_closed() -> None:
    rows = pd.DataFrame({"practice_code": ["A00001", "A00002"], "eligible": [20, 19], "segment": 1})
    found = practice_status(rows, ORGANISATIONS.assign(status=None), min_denominator=20)
    assert found.tolist() == ["not known", "not known; few eligible patients"]
    by_practice = rows.assign(indicator_code="HYP008", additional_patients=[4.0, 1.0], standing=found)
    segments = pd.DataFrame({"indicator_code": ["HYP008"], "segment": [1]})
    counted = count_not_open(segments, by_practice)
    assert counted[["not_open", "not_open_additional_patients"]].to_numpy().tolist() == [[0, 0.0]]
    closed = count_not_open(segments, by_practice.assign(standing=["closed", "open"]))
    assert closed[["not_open", "not_open_additional_patients"]].to_numpy().tolist() == [[1, 4.0]]


@pytest.mark.parametrize(
    ("word", "kept"),
    [
        ("open", True),
        ("dormant; few eligible patients", True),
        ("not known", True),
        ("open; few eligible patients", False),
        ("", False),
    ],
)
def test_the_schema_knows_these_words_and_no_others(word: str, kept: bool) -> None:
    row = {"indicator_code": "HYP008", "practice_code": "A00001", "segment": 1, "eligible": 50.0, "rate": 0.5}
    table = pd.DataFrame([{**row, "segment_rate": 0.7, "z": -2.5, "flag": -2, "standing": word}])
    if kept:
        assert schemas.check("outliers", table)["standing"].tolist() == [word]
    else:
        with pytest.raises(InputError, match="standing"):
            schemas.check("outliers", table)
