"""The sheets of the workbook: which tables, and their headers in plain words."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from gp_segmentation.insight import groups
from gp_segmentation.insight.workbook.sheets import _networks, workbook_sheets
from gp_segmentation.insight.workbook.workbook import WorkbookSheet
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
        *("Certainty (%)", "Next nearest segment", "Margin", "Fitted", "Registered patients"),
        *("Primary care network code", "Primary care network", "Sub-ICB location code", "Sub-ICB location"),
        *("Integrated care board code", "Integrated care board", "Region code", "Region"),
    ]
    assert set(lookup.columns) <= set(lookup.table)
    assert len(lookup.table) == len(results.segments)


def test_what_is_not_quite_certain_is_not_shown_as_certain(
    sheets: tuple[Results, dict[str, WorkbookSheet]],
) -> None:
    results, found = sheets
    shares, shown = results.segments["certainty"], found["Lookup"].table["certainty"]
    assert shown.isna().equals(shares.isna())
    assert (shown.dropna() <= shares.dropna()).all()
    np.testing.assert_allclose(shown.dropna() * 100, np.floor(shares.dropna() * 100 + 1e-6))
    assert "certainty" in found["Lookup"].whole_numbers


def test_the_levels_have_a_sheet(sheets: tuple[Results, dict[str, WorkbookSheet]]) -> None:
    results, found = sheets
    sheet = found["Levels"]
    assert list(found)[:3] == ["Lookup", "Levels", "Segments"]
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
        *("Primary care network code", "Primary care network", "Integrated care board", "Practices"),
        *("Registered patients", "Patients in A1 (%)", "Patients in A2 (%)"),
    ]
    assert sheet.table[list(sheet.columns)].astype(object).fillna("").to_numpy().tolist() == [
        ["P1", "One", "South", 2, 4000, 0.25, 0.75],  # most of its patients are in the South
        ["P2", "One", "North", 1, 500, 0.0, 1.0],
        ["none", "no network", "", 1, 700, 1.0, 0.0],
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
