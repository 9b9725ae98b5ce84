"""Every feature set of conf/features builds its blocks, and says what it is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gp_segmentation import config
from gp_segmentation.features import build_features
from gp_segmentation.features.achievement import Achievement

FOLDER = Path(__file__).resolve().parents[2] / "conf" / "features"
OPTIONS = sorted(path.stem for path in FOLDER.glob("*.yaml"))


def test_the_sets_users_are_told_of_are_there():
    assert {
        "need",
        "performance",
        "combined",
        "prevalence_crude",
        "prevalence_adjusted",
        "demographics",
    } <= set(OPTIONS)


@pytest.mark.parametrize("option", OPTIONS)
def test_every_set_builds(option, compose_option):
    node = compose_option("features", option)
    assert node["name"] == option
    assert node["label"]
    assert node["description"]
    blocks = {name: config.build(block) for name, block in node["blocks"].items()}
    assert all(block.weight > 0 for block in blocks.values())


@pytest.mark.parametrize("option", ["performance", "combined"])
def test_income_protected_indicators_are_left_out_with_a_reason(option, compose_option):
    block = config.build(compose_option("features", option)["blocks"]["achievement"])
    assert isinstance(block, Achievement)
    assert set(block.exclude) == {"AST008", "CAN004", "CAN005", "COPD014", "DEP004", "MH021", "SMOK005"}
    assert all(reason.startswith("income-protected in 2024-25") for reason in block.exclude.values())


def test_the_list_of_exclusions_can_be_exchanged():
    override = "features/excluded@features.blocks.achievement.exclude=nothing"
    node = config.compose_config(FOLDER.parents[1], [override], name="features/performance")["features"]
    assert config.build(node["blocks"]["achievement"]).exclude == {}


@pytest.mark.parametrize("option", OPTIONS)
def test_every_set_builds_on_a_year_without_some_registers_and_indicators(
    option, compose_option, small_tables
):
    """As 2025-26, in which income-protected indicators were retired; registers may follow them."""
    retired = ["AST008", "CAN004", "CAN005", "COPD014", "DEP004", "MH021", "SMOK005"]
    tables = replace(
        small_tables,
        registers=small_tables.registers.query("group_code not in ['CAN', 'RA']"),
        achievement=small_tables.achievement.query("indicator_code not in @retired"),
        indicators=small_tables.indicators.query("indicator_code not in @retired"),
    )
    blocks = {name: config.build(node) for name, node in compose_option("features", option)["blocks"].items()}
    made = build_features(blocks, tables)
    assert not {"prevalence_CAN", "prevalence_RA"} & set(made.features)
    assert not any(name.endswith(tuple(retired)) for name in made.features)
    noted = made.notes.loc[made.notes["note"].str.startswith("not in this source"), "note"].tolist()
    assert noted == (["not in this source, left out: CAN, RA"] if option == "published_lee_2025" else [])
