"""The sheets of the workbook: which tables, and their headers in plain words."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from gp_segmentation.insight import groups
from gp_segmentation.insight.workbook.layout import MISSING, WorkbookSheet, laid_out
from gp_segmentation.insight.workbook.sheets import (
    _by_practice,
    _networks,
    _opportunities,
    workbook_sheets,
)
from gp_segmentation.schemas import SCHEMAS, Results

TOTALS = ["level", "area", "indicator_code", "group_name", "additional_patients"]


@pytest.fixture(scope="module")
def sheets(results_of: Callable[..., Results]) -> tuple[Results, dict[str, WorkbookSheet]]:
    results = results_of(4)
    quintiles = pd.Series("1 (least deprived)", index=results.practices["practice_code"])
    tables = {
        "segment_sizes": groups.segment_sizes(results.segments),
        "segment_mix": groups.segment_mix(results.segments, quintiles),
        "profiles": results.profiles,
        "opportunities": results.opportunities.assign(segment_name="S"),
        "opportunity_totals": pd.DataFrame(columns=TOTALS),
        "practice_opportunities": results.practice_opportunities,
        "expected_groups": results.expected_groups,
        **{
            name: pd.DataFrame(columns=list(SCHEMAS[name].columns))
            for name in ("peers_by_quintile", "rules_by_quintile")
        },
    }
    return results, workbook_sheets(tables, results.segments, results.levels)


def test_the_practices_have_their_groups_certainty_places_and_size(
    sheets: tuple[Results, dict[str, WorkbookSheet]],
) -> None:
    results, found = sheets
    lookup = found["Lookup"]
    assert list(lookup.columns.values()) == [
        *("Practice code", "Practice", "Supergroup", "Segment", "Segment code", "Segment name", "Subgroup"),
        *("Certainty (%)", "Belongs to", "Next nearest segment", "Margin", "Fitted", "Registered patients"),
        *("Primary care network code", "Primary care network", "Sub-ICB location code", "Sub-ICB location"),
        *("Integrated care board code", "Integrated care board", "Region code", "Region"),
    ]
    assert set(lookup.columns) <= set(lookup.table)
    assert len(lookup.table) == len(results.segments)


def test_what_is_not_quite_certain_is_not_shown_as_certain(
    sheets: tuple[Results, dict[str, WorkbookSheet]],
) -> None:
    results, found = sheets
    shares = results.segments["certainty"]
    source = {**results.source, "attribution": "", "licence": ""}
    *_, laid = laid_out({"Lookup": found["Lookup"]}, source, results.config, {}).sheets
    column = next(column for column in laid.columns if column.header.startswith("Certainty (%)"))
    shown = [column.distinct[place] for place in column.places]
    assert shares.isna().to_list() == [value == MISSING for value in shown]
    expected = np.floor(100 * shares.dropna().to_numpy() + 1e-6)
    assert [value for value in shown if value != MISSING] == expected.tolist()


def test_the_levels_have_a_sheet(sheets: tuple[Results, dict[str, WorkbookSheet]]) -> None:
    results, found = sheets
    sheet = found["Levels"]
    assert list(found)[:3] == ["Segments", "Lookup", "Levels"]
    assert list(sheet.columns.values()) == [
        *("Level", "Code", "Part of", "Segment", "Name", "The name compares it with"),
        "What sets it apart from the others of the group it is part of",
        *("Practices", "Fitted practices", "Registered patients"),
    ]
    levels = results.levels.set_index("code")
    first = sheet.table.iloc[0]
    assert (first["level"], first["code"], first["parent"], first["segment"]) == (
        "Supergroup",
        "A",
        "none",
        "none",
    )
    assert sheet.table["apart"].notna().all()
    for row in sheet.table[sheet.table["level"] == "Segment"].to_dict("records"):
        assert (row["segment"], row["parent"]) == tuple(levels.loc[row["code"], ["segment", "parent"]])


def test_networks_have_a_row_each_and_practices_in_none_the_last() -> None:
    rows = [
        ("A1", "P1", "One", "North", 1000, 1, "A1"),
        ("A2", "P1", "One", "South", 3000, 2, "A2"),
        ("A3", "P2", "One", "North", 500, 2, "A2"),
        ("A4", None, None, "North", 700, 1, "A1"),
    ]
    columns = ["practice_code", "pcn_code", "pcn_name", "icb_name", "list_size", "segment", "segment_code"]
    segments = pd.DataFrame(rows, columns=columns).assign(segment_name="S", icb_code="Q", sub_icb_code="S")
    segments = segments.assign(sub_icb_name="S", region_code="Y", region_name="Y")
    mix = groups.segment_mix(segments, pd.Series("1", index=segments["practice_code"]))
    sheet = _networks(mix.assign(segment_code=mix["segment"].map({1: "A1", 2: "A2"})), segments)
    assert list(sheet.columns.values()) == [
        *("Primary care network code", "Primary care network"),
        *("Integrated care board code", "Integrated care board", "Practices"),
        *("Registered patients", "Patients in A1 (%)", "Patients in A2 (%)"),
    ]
    assert sheet.table[list(sheet.columns)].astype(object).fillna("").to_numpy().tolist() == [
        ["P1", "One", "Q", "South", 2, 4000, 0.25, 0.75],  # most of its patients are in the South
        ["P2", "One", "Q", "North", 1, 500, 0.0, 1.0],
        ["none", "no network", "", "", 1, 700, 1.0, 0.0],
    ]


@pytest.mark.parametrize("name", ["Segments", "Mix", "Profiles", "Opportunities"])
def test_every_segment_has_its_code_beside_its_number(
    sheets: tuple[Results, dict[str, WorkbookSheet]], name: str
) -> None:
    results, found = sheets
    table, columns = found[name].table, found[name].columns
    codes = dict(zip(results.segments["segment"], results.segments["segment_code"], strict=True)) | {
        "all": "all"
    }
    assert list(table["segment_code"]) == [codes[number] for number in table["segment"]]
    assert (columns["segment"], columns["segment_code"]) == ("Segment", "Segment code")


def test_practices_have_every_opportunity_with_rate_target_peers_and_rank(
    sheets: tuple[Results, dict[str, WorkbookSheet]],
) -> None:
    results, found = sheets
    sheet = found["By practice"]
    assert len(sheet.table) == len(results.practice_opportunities) == 2 * len(results.segments)
    assert list(sheet.columns.values()) == [
        *("Practice code", "Practice", "Integrated care board code", "Integrated care board", "Segment code"),
        *("Indicator", "Condition"),
        *("Achieved (%)", "Target: upper quartile of the segment (%)", "Median of its peers (%)"),
        *("Rank in its segment, 1 the highest rate", "Practices ranked", "Eligible patients"),
        *("Additional patients, own segment", "Interval from", "Interval to", "Standing"),
        "What it asks for",
    ]
    first = sheet.table[list(sheet.columns)].iloc[0].to_dict()
    assert [first[name] for name in ("rate", "target", "peers_rate", "rank")] == [0.5, 0.6, 0.55, 7]
    assert [first[name] for name in ("additional_patients", "low", "high")] == [10, 1, 40]  # 10 (1.2 to 40)
    less = results.practice_opportunities.assign(additional_patients=0.99)
    assert _by_practice({**tables_of(results), "practice_opportunities": less}, results.segments).table.empty


def tables_of(results: Results) -> dict[str, pd.DataFrame]:
    return {"opportunities": results.opportunities, "practice_opportunities": results.practice_opportunities}


def test_no_board_is_left_out_and_patients_are_shown_as_their_intervals_bear() -> None:
    rows = pd.DataFrame({"level": "icb", "area": [f"Board {n}" for n in range(900)], "indicator_code": "I"})
    gains = {"additional_patients": 288.4, "low": 246.1, "high": 335.7}
    numbers = gains | {f"england_{name}": 10 * value for name, value in gains.items()}
    empty = pd.DataFrame(columns=[*rows, *numbers])
    # Two boards have one name: their totals are together, and so are their codes.
    places = pd.DataFrame({"icb_name": ["Board 0", "Board 0", "Board 1"], "icb_code": ["QB", "QA", "QC"]})
    tables = {"opportunity_totals": rows.assign(**numbers), "opportunities": empty}
    found = _opportunities(tables, places)
    boards = found["Care boards"].table
    assert len(boards) == 900
    assert boards["area_code"].to_list()[:2] == ["QA, QB", "QC"]
    assert boards.iloc[899][list(numbers)].to_list() == [290, 250, 340, 2900, 2500, 3400]


def test_expected_patients_have_a_sheet_of_segments_and_areas_but_networks(
    sheets: tuple[Results, dict[str, WorkbookSheet]],
) -> None:
    results, found = sheets
    sheet = found["Expected"]
    assert set(sheet.table["level"]) == {"Segment", "Region", "Integrated care board"}
    assert len(sheet.table) == (results.expected_groups["level"] != "pcn").sum()
    assert [header for header in sheet.columns.values() if "xpected" in header] == [
        *("Expected on the register", "Expected, interval from", "Expected, interval to"),
        "Recorded less expected",
    ]


def test_every_code_has_its_words_beside_it(sheets: tuple[Results, dict[str, WorkbookSheet]]) -> None:
    """Header of a code -> the header that has its name or text."""
    _, found = sheets
    words = {
        "Practice code": "Practice",
        "Segment code": "Segment name",
        "Indicator": "What it asks for",
        "Register code": "Register",
        "Primary care network code": "Primary care network",
        "Sub-ICB location code": "Sub-ICB location",
        "Integrated care board code": "Integrated care board",
        "Region code": "Region",
        "Area code": "Area",
    }
    seen = set()
    for name, sheet in found.items():
        headers = set(sheet.columns.values())
        codes = headers & set(words) - ({"Segment code"} if name == "By practice" else set())
        assert {words[code] for code in codes} <= headers, name
        seen |= codes
    assert seen == set(words)


def test_sheets_with_achievement_are_known_as_such(sheets: tuple[Results, dict[str, WorkbookSheet]]) -> None:
    _, found = sheets
    assert {name for name, sheet in found.items() if sheet.shows_achievement} == {
        *("Profiles", "Opportunities", "By practice"),
    }
