"""Counts drawn again: the features are those of the block, about the rate that the figures support."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from gp_segmentation.features import Redraw, Tables, build_features
from gp_segmentation.features.achievement import Achievement
from gp_segmentation.features.adjustments import Adjustments
from gp_segmentation.features.age_structure import AgeStructure
from gp_segmentation.features.counted import CountedRates
from gp_segmentation.features.deprivation import Deprivation
from gp_segmentation.features.prevalence import Prevalence
from gp_segmentation.features.redraw import observed_ages
from gp_segmentation.features.sex_ratio import SexRatio

COUNTING = [
    Prevalence(),
    Prevalence(adjust="age"),
    Prevalence(adjust="age_sex", shrink="beta_binomial"),
    Prevalence(transform="none", shrink="beta_binomial", groups=["HYP", "DM"]),
    AgeStructure(),
    AgeStructure(bands=(0, 20, 65), transform="none"),
    SexRatio(),
    SexRatio(transform="none"),
    Achievement(),
    Achievement(basis="gross", shrink="beta_binomial"),
    Adjustments(transform="none"),
]


@pytest.mark.parametrize("block", COUNTING, ids=str)
def test_the_counts_observed_give_the_features_of_the_block(block, small_tables):
    counted = block.counted(small_tables)
    ages = observed_ages([counted], small_tables, small_tables.index)
    made = block(small_tables).values
    if isinstance(counted, CountedRates):
        values, columns = counted.values(counted.cases.to_numpy(), ages), counted.cases.columns
    else:
        values, columns = counted.values(ages), counted.columns
    assert list(columns) == list(made.columns)
    assert_allclose(values, made.to_numpy(), rtol=0, atol=1e-9)


PRIOR_RATE, PRIOR_SIZE, LIST = 0.02, 2500, 5000


@pytest.fixture(scope="module", name="planted")
def one_register() -> Tables:
    """2,000 lists of 5,000 patients; rates of one register are Beta(50, 2450): 2% with SD 0.28%."""
    rng = np.random.default_rng(0)
    codes = [f"P{i:05d}" for i in range(2000)]
    rates = rng.beta(PRIOR_RATE * PRIOR_SIZE, (1 - PRIOR_RATE) * PRIOR_SIZE, len(codes))
    practices = pd.DataFrame({"practice_code": codes, "list_size": LIST, "special": pd.NA})
    registers = pd.DataFrame(
        {
            "practice_code": codes,
            "group_code": "HYP",
            "register": rng.binomial(LIST, rates),
            "denominator": LIST,
        }
    )
    nothing = pd.DataFrame(columns=["practice_code", "indicator_code", "group_code", "group_name"])
    return Tables(practices, registers, nothing, nothing, nothing, nothing)


def test_draws_lie_about_the_rate_between_the_observed_and_the_expected_one(planted):
    blocks = {"prevalence": Prevalence(transform="none")}
    features = build_features(blocks, planted).features
    drawn = Redraw(blocks, planted, features, seed=1).draw(range(400)).to_numpy().reshape(400, -1)
    most = int(features["prevalence_HYP"].argmax())
    x = planted.registers["register"].iloc[most]
    # Beta(x + 50, 5000 - x + 2450): about 151 patients (3.0%) observed give (151 + 50) / 7500 = 2.7%.
    expected = (x + PRIOR_RATE * PRIOR_SIZE) / (LIST + PRIOR_SIZE)
    assert x / LIST > expected + 0.002
    assert drawn[:, most].mean() / 100 == pytest.approx(expected, abs=0.0003)
    spread = np.sqrt(expected * (1 - expected) / (LIST + PRIOR_SIZE + 1))
    assert drawn[:, most].std() / 100 == pytest.approx(spread, rel=0.15)


def test_large_lists_are_drawn_more_closely_than_small_ones(small_tables):
    blocks = {"prevalence": Prevalence(adjust="age_sex"), "ages": AgeStructure()}
    features = build_features(blocks, small_tables).features.loc[small_tables.ordinary]
    drawn = Redraw(blocks, small_tables, features, seed=1).draw(range(60)).to_numpy()
    spread = drawn.reshape(60, *features.shape).std(axis=0).mean(axis=1)
    sizes = small_tables.list_size.loc[features.index]
    small, large = (
        spread[(rank).to_numpy()].mean() for rank in (sizes < sizes.median(), sizes > sizes.median())
    )
    assert large < 0.9 * small


def test_what_is_not_counted_or_not_known_stays_as_it_is(small_tables):
    lost = small_tables.registers.eval("practice_code == 'A00007' and group_code == 'HYP'")
    tables = replace(small_tables, registers=small_tables.registers[~lost])
    blocks = {"prevalence": Prevalence(), "deprivation": Deprivation(measure="imd_score")}
    features = build_features(blocks, tables).features.loc[tables.ordinary]
    drawn = Redraw(blocks, tables, features, seed=1).draw([0])
    assert drawn["imd_score"].equals(features["imd_score"])
    assert drawn.isna().equals(features.isna())
    assert np.isnan(drawn.loc["A00007", "prevalence_HYP"])
    assert (drawn["prevalence_DM"] != features["prevalence_DM"]).all()


def test_a_draw_depends_on_seed_and_number_alone(small_tables):
    blocks = {"prevalence": Prevalence(adjust="age"), "women": SexRatio()}
    features = build_features(blocks, small_tables).features.loc[small_tables.ordinary]
    redraw = Redraw(blocks, small_tables, features, seed=1)
    together, n = redraw.draw([4, 7]), len(features)
    assert together.iloc[n:].equals(redraw.draw([7]))
    assert not together.iloc[:n].equals(redraw.draw([7]))
    again = Redraw(blocks, small_tables, features, seed=1).draw([7])
    assert again.equals(redraw.draw([7]))
    assert not Redraw(blocks, small_tables, features, seed=2).draw([7]).equals(again)


def test_an_optional_block_without_figures_is_not_drawn(small_tables):
    blocks = {"ages": AgeStructure(), "care": Achievement(groups=["VI"], optional=True)}
    features = build_features(blocks, small_tables).features.loc[small_tables.ordinary]
    assert Redraw(blocks, small_tables, features, seed=1).draw([0]).shape == features.shape
