"""Every feature set of conf/features builds its blocks, and says what it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from gp_segmentation import config
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
