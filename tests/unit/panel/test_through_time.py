"""Practices through time: each closed practice with its reason, lists pooled, patients conserved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pandas as pd
from pandas.testing import assert_frame_equal

from gp_segmentation.features import Tables
from gp_segmentation.panel.through_time import (
    changed_practices,
    follow,
    patients_account,
    pool,
    told,
)


def practices(**lists: tuple[str | None, int]) -> pd.DataFrame:
    """Practices by code: PCN and list size."""
    rows = [(code, f"Surgery {code}", pcn, size) for code, (pcn, size) in lists.items()]
    return pd.DataFrame(rows, columns=["practice_code", "practice_name", "pcn_code", "list_size"])


BEFORE = practices(
    A1=("U1", 10_000),  # grows by 6,000
    A2=("U1", 8_000),  # gone: A1 grew by more than 4,000
    A3=("U1", 5_000),  # gone: what is left of A1's growth is 6,000 - 8,000
    B1=("U2", 9_000),  # grows by 1,000
    B2=("U2", 4_000),  # gone: 1,000 is under 2,000
    C1=("U3", 3_000),  # gone, and its PCN with it
    D1=(None, 2_000),  # gone, in no PCN
    E1=("U4", 7_000),  # gone: the organisation list names E2, then E3
    F1=("U5", 6_000),  # gone: F2 opens with its patients
)
AFTER = practices(A1=("U1", 16_000), B1=("U2", 10_000), E3=("U4", 7_100), F2=("U5", 5_900), G1=("U6", 1_500))
NAMED = {"E1": ["E2"], "E2": ["E3"]}


def test_every_practice_of_one_year_only_has_its_reason() -> None:
    found = changed_practices(BEFORE, AFTER, NAMED).set_index("practice_code")
    expected = {
        "A2": ("merged", "A1", "proposed"),
        "A3": ("closed", None, None),
        "B2": ("closed", None, None),
        "C1": ("closed", None, None),
        "D1": ("closed", None, None),
        "E1": ("taken over", "E3", "named"),
        "F1": ("taken over", "F2", "proposed"),
        "G1": ("opened", None, None),
    }
    columns = ["event", "successor", "basis"]
    rows = found[columns].astype(object).where(found[columns].notna(), None)
    assert {code: tuple(row) for code, row in rows.T.items()} == expected
    assert found["reason"].to_dict() == {
        "A2": "A1 of the same PCN grew by 6,000; half of this list is 4,000",
        "A3": "no practice of its PCN grew by 2,500, half of its list (most: -2,000)",
        "B2": "no practice of its PCN grew by 2,000, half of its list (most: 1,000)",
        "C1": "its PCN has no practice any more",
        "D1": "in no PCN, and the organisation list names no successor",
        "E1": "its successor in the organisation list",
        "F1": "F2 of the same PCN grew by 5,900; half of this list is 3,000",
        "G1": "a new code that follows no other practice",
    }


def test_growth_of_exactly_half_is_enough_and_less_is_not() -> None:
    gone = practices(A1=("U1", 1_000), A2=("U1", 400))
    for size, event in ((1_200, "merged"), (1_199, "closed")):
        found = changed_practices(gone, practices(A1=("U1", size)))
        assert found["event"].tolist() == [event]


def test_of_several_named_successors_the_one_that_grew_most_counts_and_all_are_named() -> None:
    divided = {"D1": ["X1", "B1"], "X1": ["A1", "Z9"]}  # A1 grew by 6,000, B1 by 1,000; Z9 is not there
    found = changed_practices(BEFORE, AFTER, divided).set_index("practice_code").loc["D1"]
    assert found[["event", "successor", "basis"]].tolist() == ["merged", "A1", "named"]
    assert found["reason"] == "the organisation list names A1, B1; A1 grew most"


def test_successors_that_go_round_in_a_circle_lead_nowhere() -> None:
    circle = {"D1": ["D2"], "D2": ["D1"]}
    found = changed_practices(BEFORE, AFTER, circle).set_index("practice_code")
    assert found.loc["D1", "event"] == "closed"


def test_patients_are_conserved() -> None:
    events = changed_practices(BEFORE, AFTER, NAMED)
    found = patients_account(BEFORE, AFTER, events).set_index("kind")
    expected = pd.DataFrame(
        {
            # A1, B1; A2; E1, F1; A3, B2, C1, D1; G1; all
            "practices": [2, 1, 2, 4, 1, 12],  # nine codes before, three more after
            "patients_before": [19_000, 8_000, 13_000, 5_000 + 4_000 + 3_000 + 2_000, 0, 54_000],
            "patients_after": [26_000, 0, 13_000, 0, 1_500, 40_500],
        },
        index=pd.Index(["in both years", "merged", "taken over", "closed", "opened", "all"], name="kind"),
    )
    assert_frame_equal(found, expected)
    parts, every = found.drop(index="all"), found.loc["all"]
    assert parts[["patients_before", "patients_after"]].sum().tolist() == every.tolist()[1:]
    assert every["patients_before"] == BEFORE["list_size"].sum()
    assert every["patients_after"] == AFTER["list_size"].sum()


def test_sentences_say_how_many_are_gone_and_how_sure_their_successors_are() -> None:
    events = changed_practices(BEFORE, AFTER, NAMED)
    found = told(events, patients_account(BEFORE, AFTER, events), ("2022-23", "2024-25"))
    assert found == [
        "2022-23 to 2024-25: 2 practices are in both years, 7 are gone (35,000 patients), 3 are new.",
        "Of those gone: merged into another practice 1, taken over under a new code 2, closed without a "
        "known successor 4. Successors that are named: 1; proposed from list sizes, and not confirmed: 2.",
    ]


def test_practices_are_followed_over_several_years() -> None:
    first = practices(A1=("U1", 1_000), A2=("U1", 800), A3=("U1", 300), B1=("U2", 500))
    second = practices(A1=("U1", 1_800), A3=("U1", 300))  # A2 into A1, B1 closes
    third = practices(A3=("U1", 2_100))  # A1 into A3
    found = follow({"y1": first, "y2": second, "y3": third})
    assert found.units["y1"].to_dict() == {"A1": "A3", "A2": "A3", "A3": "A3", "B1": "B1"}
    assert found.units["y2"].to_dict() == {"A1": "A3", "A3": "A3"}
    assert found.units["y3"].to_dict() == {"A3": "A3"}
    told_of = found.events[["from_period", "to_period", "practice_code", "event"]].to_numpy().tolist()
    assert told_of == [
        ["y1", "y2", "A2", "merged"],
        ["y1", "y2", "B1", "closed"],
        ["y2", "y3", "A1", "merged"],
    ]


def test_merged_lists_are_pooled_before_rates(tables_of: Callable[..., Tables]) -> None:
    tables = tables_of(practices=6, seed=3)
    unit = pd.Series({code: code for code in tables.practices["practice_code"]})
    unit["A00001"] = "A00002"  # merged
    unit["A00003"] = "Z00009"  # taken over under a code that is not in this year
    found = pool(tables, unit)
    assert found.practices["practice_code"].tolist() == ["A00000", "A00002", "A00004", "A00005", "Z00009"]
    own, pooled = (t.practices.set_index("practice_code")["list_size"] for t in (tables, found))
    assert pooled.sum() == own.sum()
    assert pooled["A00002"] == own["A00001"] + own["A00002"]
    assert pooled["Z00009"] == own["A00003"]
    names = found.practices.set_index("practice_code")["practice_name"]
    assert names["A00002"] == tables.practices.set_index("practice_code").loc["A00002", "practice_name"]
    keys = ["practice_code", "group_code"]
    before, after = (t.registers.set_index(keys)["register"] for t in (tables, found))
    assert after["A00002", "DM"] == before["A00001", "DM"] + before["A00002", "DM"]
    assert after["Z00009", "DM"] == before["A00003", "DM"]
    assert after["A00004", "DM"] == before["A00004", "DM"]
    assert found.age_sex["patients"].sum() == tables.age_sex["patients"].sum()
    score = tables.context.set_index("practice_code")["imd_score"]
    weighted = sum(own[code] * score[code] for code in ("A00001", "A00002")) / pooled["A00002"]
    assert abs(found.context.set_index("practice_code").loc["A00002", "imd_score"] - weighted) < 1e-9


def test_where_nothing_merged_the_figures_stay(tables_of: Callable[..., Tables]) -> None:
    tables = tables_of(practices=5, seed=3)
    same = pd.Series({code: code for code in tables.practices["practice_code"]})
    found = pool(replace(tables, age_sex=tables.age_sex.iloc[:0]), same)
    assert_frame_equal(found.practices, tables.practices)
    assert_frame_equal(found.registers, tables.registers)
    assert_frame_equal(found.context, tables.context)
    assert found.age_sex.empty
