"""The figures of an area: right beside England's, and those of all areas add up to England's."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from gp_segmentation.areas import Area, area_tables, every_area, find_area
from gp_segmentation.areas.workbook import area_sheets
from gp_segmentation.schemas import empty


@pytest.fixture(scope="module")
def board(run):
    return area_tables(run, find_area(run.segments, "icb", "QHL"))


def test_the_mix_stands_beside_englands(board):
    mix = board.mix.set_index("segment")
    assert mix["practices"].to_dict() == {1: 6, 2: 1, -1: 0}
    assert mix["patients"].to_dict() == {1: 21_000, 2: 7_000, -1: 0}
    assert mix["england_practices"].to_dict() == {1: 6, 2: 5, -1: 1}
    assert mix.loc[1, "share"] == pytest.approx(6 / 7)
    assert mix.loc[1, "england_share"] == 0.5
    assert list(board.mix["segment"]) == [1, 2, -1], "no segment stands last"


def test_measures_are_means_of_practices_in_englands_spread(board):
    rows = board.measures.set_index("feature")
    assert list(rows.index) == ["old", "flat"], "the largest difference stands first"
    old = rows.loc["old"]
    assert (old["area_mean"], old["england_mean"], old["lowest"], old["highest"]) == (4.0, 6.5, 1.0, 7.0)
    assert old["difference_sd"] == pytest.approx(-2.5 / (143 / 12) ** 0.5)
    assert pd.isna(rows.loc["flat", "difference_sd"])


def test_a_practice_stands_beside_its_segment_and_england(board):
    row = board.profiles.set_index(["practice_code", "feature"]).loc[("A00007", "old")]
    assert (row["practice"], row["segment_mean"], row["england_mean"]) == (7.0, 9.0, 6.5)


def test_opportunities_add_up_and_have_the_rates_of_peers(board):
    (row,) = board.opportunities.to_dict("records")
    assert (row["practices"], row["practices_below"], row["eligible"]) == (7, 6, 700)
    assert row["additional_patients"] == 60.0
    assert row["rate"] == pytest.approx(380 / 700)
    assert row["target"] == pytest.approx((6 * 0.6 + 0.8) / 7)
    assert row["england_rate"] == pytest.approx((6 * 50 + 5 * 80) / 1100)
    # Six independent intervals of 10 -+ 3.92, so 60 -+ 3.92 times the root of 6.
    assert (row["low"], row["high"]) == pytest.approx((60 - 3.92 * 6**0.5, 60 + 3.92 * 6**0.5))
    own = board.practice_opportunities.set_index("practice_code")
    assert own.loc["A00005", ["peers_rate", "rank", "ranked"]].to_list() == [0.65, 1, 6]


def test_an_older_run_has_no_ranks(run):
    older = run.opportunities.drop(columns=["peers_rate", "rank", "ranked"])
    found = area_tables(replace(run, opportunities=older), find_area(run.segments, "icb", "QHL"))
    assert found.practice_opportunities[["peers_rate", "rank", "ranked"]].isna().all(axis=None)


def test_expected_patients_stand_beside_the_recorded_the_furthest_outside_first(board):
    rows = board.expected.set_index("group_code")
    assert list(rows.index) == ["HYP", "AF"]  # 70 of 70 patients wide, 30 of 70
    hypertension = rows.loc["HYP", ["condition", "practices", "recorded", "expected", "low", "high"]]
    assert hypertension.to_list() == ["Hypertension", 7, 630, 700.0, 665, 735]
    assert rows["difference"].to_dict() == {"HYP": -70.0, "AF": 30.0}
    first = board.practice_expected.set_index(["practice_code", "group_code"]).loc[("A00001", "AF")]
    assert first[["condition", "recorded", "low", "high"]].to_list() == ["Atrial fibrillation", 130, 80, 120]
    assert board.adjusted_for == "age and sex"


def test_the_expected_patients_of_a_group_of_ones_own_are_summed_up(run):
    own = area_tables(run, Area("group", "North", "North", ("A00001", "A00002", "A00011", "A00012")))
    af = own.expected.set_index("group_code").loc["AF"]
    # Three ordinary practices, independent of each other: 300 -+ 20 times the root of 3.
    assert af[["practices", "recorded", "expected", "low", "high"]].to_list() == [3, 330, 300.0, 265, 335]
    assert (af["condition"], len(own.practice_expected)) == ("Atrial fibrillation", 8)


def test_a_run_from_before_there_were_expected_patients_has_none(run, board):
    older = replace(run, expected=empty("expected"), expected_groups=empty("expected_groups"))
    found = area_tables(older, find_area(run.segments, "icb", "QHL"))
    assert found.expected.empty
    assert found.practice_expected.empty
    assert set(area_sheets(board)) - set(area_sheets(found)) == {"Expected", "Expected by practice"}


def test_a_practice_has_its_largest_opportunity_and_next_segment(board):
    rows = board.practices.set_index("practice_code")
    assert rows.loc["A00001", ["first_indicator_code", "first_additional_patients"]].to_list() == [
        "CHD1",
        10.0,
    ]
    assert pd.isna(rows.loc["A00007", "first_indicator_code"])
    assert rows.loc["A00001", "second_segment_code"] == "B1"


def test_the_nearest_practices_say_whether_they_are_in_the_area(board):
    rows = board.neighbours.set_index(["practice_code", "rank"])
    assert rows.loc[("A00007", 1), ["peer_code", "in_area"]].to_list() == ["A00008", False]
    assert rows.loc[("A00001", 2), ["peer_code", "in_area"]].to_list() == ["A00003", True]


def test_the_areas_of_a_kind_add_up_to_england(run):
    tables = [area_tables(run, area) for area in every_area(run.segments, "icb")]
    for column in ("practices", "patients"):
        added = sum(table.mix.set_index("segment")[column] for table in tables)
        assert added.to_dict() == tables[0].mix.set_index("segment")[f"england_{column}"].to_dict()
    for column in ("eligible", "numerator", "additional_patients"):
        assert sum(table.opportunities[column].sum() for table in tables) == run.opportunities[column].sum()


def test_an_area_without_achievement_has_all_the_rest(run):
    empty = run.opportunities.iloc[:0]
    found = area_tables(
        run.__class__(**{**vars(run), "opportunities": empty}), find_area(run.segments, "icb", "QOC")
    )
    assert found.opportunities.empty
    assert found.practices["first_indicator_code"].isna().all()
    assert len(found.practices) == 5


def test_the_workbook_has_a_sheet_per_table_and_a_column_per_measure(board):
    sheets = area_sheets(board)
    assert list(sheets) == [
        "Segments",
        "Practices",
        "Measures",
        "Profiles",
        "Opportunities",
        "By practice",
        "Expected",
        "Expected by practice",
        "Peers",
    ]
    for name, sheet in sheets.items():
        assert set(sheet.columns) <= set(sheet.table.columns), name
    assert sheets["Profiles"].columns["old"] == "Patients aged 75 and over, percent"
    assert sheets["Profiles"].table.set_index("practice_code").loc["A00003", "old"] == 3.0
    assert sheets["Profiles"].units == {"old": "%", "flat": "%"}
    described = sheets["By practice"].table[["indicator_code", "group_name", "description"]].drop_duplicates()
    known = board.opportunities[["indicator_code", "group_name", "description"]]
    assert described.to_numpy().tolist() == known.to_numpy().tolist()
    assert {"pcn_code", "pcn_name", "first_description"} <= set(sheets["Practices"].columns)
    assert {"peer_icb_code", "peer_icb_name"} <= set(sheets["Peers"].columns)
    marked = {name for name, sheet in sheets.items() if sheet.shows_achievement}
    assert marked == {"Practices", "Opportunities", "By practice"}
    assert len(sheets["By practice"].table) == 7, "every practice and indicator, also those at the target"
    assert sheets["By practice"].table["low"].max() == 6, "6.08, as the interval bears"
