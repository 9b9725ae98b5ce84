"""Years compared on what they have in common; what differs is taken out of all of them, and said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pandas as pd
import pytest

from gp_segmentation.errors import ConfigError
from gp_segmentation.features import Tables
from gp_segmentation.panel.comparable import Year, common_core

NOTHING = pd.DataFrame({"file": [], "check": [], "count": [], "detail": []}, dtype="str")


def noted(file: str, check: str, detail: str) -> pd.DataFrame:
    return pd.DataFrame({"file": [file], "check": [check], "count": [1], "detail": [detail]})


@pytest.fixture
def tables(tables_of: Callable[..., Tables]) -> Tables:
    return tables_of(practices=8, seed=2)


def years(early: Tables, late: Tables, quality: pd.DataFrame = NOTHING) -> list[Year]:
    return [
        Year("England 2022-23", "2022-23", early, quality),
        Year("England 2024-25", "2024-25", late, NOTHING),
    ]


def test_years_with_the_same_figures_keep_all_of_them(tables: Tables) -> None:
    found = common_core(years(tables, tables), "2024-25")
    assert found.core["used"].all()
    assert found.warnings == []
    assert len(found.notes) == 1
    for own in found.tables.values():
        assert len(own.registers) == len(tables.registers)
        assert len(own.age_sex) == len(tables.age_sex)
        assert own.context["imd_score"].equals(tables.context["imd_score"])


def test_a_register_of_another_list_type_and_one_that_is_absent_are_taken_out_of_both(tables: Tables) -> None:
    tables = replace(tables, registers=tables.registers.assign(list_type="17OV"))
    other = tables.registers[tables.registers["group_code"] != "HYP"].copy()
    other.loc[other["group_code"] == "DM", "list_type"] = "18OV"
    early = replace(tables, registers=other)
    found = common_core(years(early, tables), "2024-25")
    rows = found.core[found.core["part"] == "register"].set_index("item")
    assert rows.loc["DM", ["2022-23", "2024-25", "used"]].tolist() == ["18OV", "17OV", False]
    assert rows.loc["HYP", ["2022-23", "2024-25", "used"]].tolist() == ["absent", "17OV", False]
    for own in found.tables.values():
        assert not own.registers["group_code"].isin(["DM", "HYP"]).any()
    assert found.notes[1] == (
        "Taken out of every year, as not the same in all: register DM (2022-23: 18OV, 2024-25: 17OV); "
        "register HYP (2022-23: absent, 2024-25: 17OV)."
    )


def with_edition(tables: Tables, *editions: tuple[str, str, float]) -> Tables:
    """Tables with measures: name, label, and the value of every practice."""
    context = tables.context[["practice_code"]].assign(**{name: value for name, _, value in editions})
    rows = [(name, label, "score", "imd.csv") for name, label, _ in editions]
    return replace(
        tables,
        context=context,
        context_dictionary=pd.DataFrame(rows, columns=["measure", "label", "unit", "file"]),
    )


def test_another_edition_of_the_index_is_read_under_the_runs_name_or_taken_out(tables: Tables) -> None:
    early = with_edition(tables, ("imd_score", "IMD 2019", 19.0))
    late = with_edition(tables, ("imd_score", "IMD 2025", 25.0), ("imd_2019_score", "IMD 2019", 19.5))
    # On the run of the early year, both years have its edition.
    found = common_core(years(early, late), "2022-23").tables
    assert found["2022-23"].context["imd_score"].unique().tolist() == [19.0]
    assert found["2024-25"].context["imd_score"].unique().tolist() == [19.5]
    # On the run of the late year, the early one does not.
    other = common_core(years(early, late), "2024-25")
    assert other.tables["2024-25"].context["imd_score"].isna().all()
    assert other.tables["2022-23"].context["imd_score"].isna().all()
    assert other.notes[1] == (
        "Taken out of every year, as not the same in all: measure imd_score (2022-23: IMD 2019, 2024-25: "
        "IMD 2025)."
    )


NO_AGES = (
    "England 2022-23 has no registrations by age and sex, so ages are compared in no year. Put the file "
    "named under registrations in the source's YAML beside the others"
)
OTHER_DAY = (
    "The registrations of England 2022-23 are of 2025-04-01, not 2023-04-01, so ages are compared in no "
    "year: patients grow older meanwhile. Get the list of the right day"
)


def test_ages_that_are_absent_or_of_another_day_are_taken_out_and_warned_of(tables: Tables) -> None:
    without = replace(tables, age_sex=tables.age_sex.iloc[:0])
    note = noted("ages.zip", "registrations of another day", "2025-04-01, not 2023-04-01")
    for early, quality, warning in ((without, NOTHING, NO_AGES), (tables, note, OTHER_DAY)):
        found = common_core(years(early, tables, quality), "2024-25")
        assert all(own.age_sex.empty for own in found.tables.values())
        assert found.warnings == [warning]


def test_files_that_no_source_names_are_warned_of(tables: Tables) -> None:
    quality = noted("ethnicity_2023.csv", "file not used", "not named by the source")
    found = common_core(years(tables, tables, quality), "2024-25")
    assert found.warnings == [
        "England 2022-23 has files that its source does not name, and they are not read: ethnicity_2023.csv"
    ]


def test_renumbered_indicators_are_the_same_and_others_are_taken_out(tables: Tables) -> None:
    older = {"HYP008": "HYP003", "DM020": "DM014"}
    early = replace(
        tables,
        achievement=tables.achievement.replace({"indicator_code": older}),
        indicators=tables.indicators.replace({"indicator_code": older}),
    )
    found = common_core(years(early, tables), "2024-25", [["HYP003", "HYP008"]])
    rows = found.core[found.core["part"] == "indicator"].set_index("item")["used"]
    assert rows["HYP008"]
    assert not rows["DM020"]
    for own in found.tables.values():
        assert "HYP008" in set(own.achievement["indicator_code"])
        assert not {"DM020", "DM014"} & set(own.achievement["indicator_code"])


def test_one_year_is_no_panel(tables: Tables) -> None:
    twice = [Year("England", "2024-25", tables, NOTHING)] * 2
    for few in (twice, twice[:1]):
        with pytest.raises(ConfigError, match="two sources or more, of different years; found: 2024-25"):
            common_core(few, "2024-25")
