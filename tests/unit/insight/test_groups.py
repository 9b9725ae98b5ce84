"""Segments by area and deprivation, and unused measures: every table adds up to England."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from gp_segmentation.features import Tables
from gp_segmentation.insight.groups import (
    QUINTILES,
    UNKNOWN,
    deprivation_quintiles,
    groups_by_level,
    segment_mix,
    segment_sizes,
)
from gp_segmentation.insight.portraits.unused_measures import measures_not_used
from gp_segmentation.schemas import Results


@pytest.fixture(scope="module")
def england(results_of: Callable[..., Results]) -> tuple[Results, pd.Series]:
    results = results_of(4)
    return results, deprivation_quintiles(results.practices, results.context, "smoking")


def test_quintiles_hold_equal_numbers_lowest_scores_first() -> None:
    practices = pd.DataFrame({"practice_code": [f"P{i:02d}" for i in range(11)]})
    context = practices.assign(imd_score=[5.0, 4, 3, 2, 1, 10, 9, 8, 7, 6, np.nan])
    found = deprivation_quintiles(practices, context, "imd_score")
    assert list(found) == [*(QUINTILES[i] for i in (2, 1, 1, 0, 0, 4, 4, 3, 3, 2)), UNKNOWN]
    assert set(deprivation_quintiles(practices, context, "absent")) == {UNKNOWN}


def test_sizes_add_up_to_england_s_practices_and_patients(england: tuple[Results, pd.Series]) -> None:
    results, _ = england
    table = segment_sizes(results.segments)
    england_row, parts = table.iloc[-1], table.iloc[:-1]
    assert england_row["segment_name"] == "England"
    assert england_row["practices"] == len(results.practices)
    assert england_row["patients"] == results.practices["list_size"].sum()
    for column in ("practices", "fitted", "special", "patients", "share_of_practices", "share_of_patients"):
        assert_allclose(parts[column].sum(), england_row[column])
    assert_allclose(england_row["share_of_patients"], 1.0)


def test_every_mix_adds_up_to_england(england: tuple[Results, pd.Series]) -> None:
    results, quintiles = england
    table = segment_mix(results.segments, quintiles)
    for level, rows in table.groupby("level"):
        assert rows["practices"].sum() == len(results.practices), level
        assert rows["patients"].sum() == results.practices["list_size"].sum(), level
        assert_allclose(rows.groupby("segment")["share_of_segment"].sum(), 1.0)
        assert_allclose(rows.groupby("area")["share_of_area"].sum(), 1.0)
        areas = rows["area_code"].fillna(rows["area"]).nunique()
        assert len(rows) == areas * 4, "every combination, zeros too"


def test_a_mix_has_codes_and_tells_areas_of_one_name_apart() -> None:
    places = {level: ["X", "X", "X"] for level in ("region", "icb", "sub_icb")}
    segments = pd.DataFrame(
        {f"{level}_{part}": codes for level, codes in places.items() for part in ("code", "name")}
    ).assign(
        practice_code=["A1", "A2", "A3"],
        pcn_code=["P1", "P2", None],
        pcn_name=["Central", "Central", None],
        **{"segment": [1, 1, 2], "segment_name": ["One", "One", "Two"], "list_size": [100, 20, 3]},
    )
    own = pd.DataFrame({"group: Teams": ["North", "no group", "North"]}, index=segments["practice_code"])
    table = segment_mix(segments, pd.Series("1", index=segments["practice_code"]), own)
    columns = ["area", "area_code", "segment", "practices", "patients", "share_of_area"]
    assert table[table["level"] == "pcn"][columns].astype(object).fillna("").to_numpy().tolist() == [
        ["Central", "P1", 1, 1, 100, 1.0],
        ["Central", "P1", 2, 0, 0, 0.0],
        ["Central", "P2", 1, 1, 20, 1.0],
        ["Central", "P2", 2, 0, 0, 0.0],
        ["no network", "", 1, 0, 0, 0.0],
        ["no network", "", 2, 1, 3, 1.0],
    ]
    # Of 3 practices with 123 patients; groups and "no group" add up to them.
    assert table[table["level"] == "group: Teams"][columns].astype(object).fillna("").to_numpy().tolist() == [
        ["North", "North", 1, 1, 100, 0.5],
        ["North", "North", 2, 1, 3, 0.5],
        ["no group", "", 1, 1, 20, 1.0],
        ["no group", "", 2, 0, 0, 0.0],
    ]
    coded = table.groupby("level")["area_code"].agg(lambda codes: codes.notna().all())
    assert coded.to_dict() == {
        "group: Teams": False,
        **{"deprivation_quintile": False, "icb": True, "pcn": False, "region": True, "sub_icb": True},
    }


def test_levels_name_a_group_for_every_practice(england: tuple[Results, pd.Series]) -> None:
    results, quintiles = england
    table = groups_by_level(results.segments, results.practices, quintiles)
    assert len(table) == len(results.practices)
    assert table.notna().all(axis=None)
    assert (table["subgroup"] == results.segments.set_index("practice_code")["subgroup"]).all()
    assert list(table) == [
        "england",
        "supergroup",
        "segment",
        "subgroup",
        "region",
        "icb",
        "deprivation_quintile",
        "segment_by_quintile",
    ]


def test_unused_measures_leave_out_what_was_used_as_it_was_used(small_tables: Tables) -> None:
    t = small_tables
    qof = {"registers": t.registers, "achievement": t.achievement, "indicators": t.indicators}
    values, about = measures_not_used(
        t.practices,
        t.context,
        t.context_dictionary,
        ["imd_score", "prevalence_HYP", "achievement_DM020"],
        used_labels={"Hypertension prevalence", "Asthma prevalence, age-sex adjusted"},
        **qof,
    )
    assert list(values) == list(about["feature"])
    assert {"list_size", "non_white_percent", "crude_prevalence_AST", "net_achievement_HYP008"} <= set(values)
    # hypertension was used crude, deprivation and one achievement too; yes-or-no indicators have no rate
    for used in ("imd_score", "crude_prevalence_HYP", "net_achievement_DM020", "net_achievement_AF001"):
        assert used not in values
    row = t.achievement[(t.achievement["indicator_code"] == "HYP008")].iloc[7]
    expected = 100 * row["numerator"] / row["denominator"]
    assert_allclose(values.loc[row["practice_code"], "net_achievement_HYP008"], expected)
