"""Two official years: who is in both, where the patients of closed lists are, and what can be compared."""

from __future__ import annotations

from dataclasses import fields

import pytest

from gp_segmentation.features import Tables
from gp_segmentation.panel import Year
from gp_segmentation.panel.comparable import common_core
from gp_segmentation.panel.through_time import follow, patients_account, pool
from gp_segmentation.sources import Prepared


def tables_of(prepared: Prepared) -> Tables:
    return Tables(**{table.name: getattr(prepared, table.name) for table in fields(Tables)})


@pytest.fixture(scope="module")
def years(official: Prepared, official_2022_23: Prepared) -> dict[str, Year]:
    pairs = {"2022-23": official_2022_23, "2024-25": official}
    return {p: Year(f"England {p}", p, tables_of(found), found.quality) for p, found in pairs.items()}


def test_every_practice_of_one_year_only_has_a_reason_and_patients_are_conserved(years):
    before, after = (year.tables for year in years.values())
    followed = follow({"2022-23": before.practices, "2024-25": after.practices})
    account = patients_account(before.practices, after.practices, followed.events).set_index("kind")
    gone = followed.events[followed.events["event"] != "opened"]
    assert account["practices"]["in both years"] == 6_179
    assert len(gone) == 199
    assert len(after.practices) - 6_179 == 9
    assert gone["patients"].sum() == 1_138_223
    # No list of successors is among the files, so that each successor is proposed, and marked so.
    assert gone["basis"].fillna("none").value_counts().to_dict() == {"proposed": 143, "none": 56}
    assert gone["reason"].str.len().min() > 10
    parts = account.drop("all")
    assert parts[["patients_before", "patients_after"]].sum().to_dict() == {
        "patients_before": before.practices["list_size"].sum(),
        "patients_after": after.practices["list_size"].sum(),
    }
    pooled = pool(before, followed.units["2022-23"])
    assert len(pooled.practices) == 6_378 - 142  # merged into practices that were there before
    assert pooled.practices["list_size"].sum() == before.practices["list_size"].sum()
    assert pooled.registers["register"].sum() == before.registers["register"].sum()


def test_the_years_share_every_register_and_one_edition_of_the_index_and_no_ages(years):
    common = common_core(list(years.values()), base="2024-25")
    used = common.core[common.core["used"]].groupby("part")["item"].agg(list)
    assert len(used["register"]) == 21
    assert "imd_2019_score" in used["measure"]
    assert "imd_score" not in used["measure"]  # IMD 2019 in the one year, IMD 2025 in the other
    assert "ages" not in used.index
    assert [warning for warning in common.warnings if "no registrations by age and sex" in warning]
