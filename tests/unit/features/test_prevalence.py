"""Crude and adjusted prevalence, and how much of it age explains."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from gp_segmentation.errors import ConfigError
from gp_segmentation.features import build_features
from gp_segmentation.features.age_adjustment import age_design
from gp_segmentation.features.base import NotInSource
from gp_segmentation.features.prevalence import Prevalence, age_explained


def test_crude_prevalence_is_the_share_of_the_rows_own_list(small_tables):
    made = Prevalence()(small_tables)
    row = small_tables.registers.query("practice_code == 'A00007' and group_code == 'HYP'").iloc[0]
    x, n = row["register"], row["denominator"]
    assert_allclose(made.natural.loc["A00007", "prevalence_HYP"], 100 * x / n)
    assert_allclose(made.values.loc["A00007", "prevalence_HYP"], np.log((x + 0.5) / (n - x + 0.5)))


def test_labels_name_the_condition(small_tables):
    labels = Prevalence(groups=["CHD", "OST"], adjust="age_sex")(small_tables).labels
    assert labels == {
        "prevalence_CHD": "Coronary heart disease prevalence, age-sex adjusted",
        "prevalence_OST": "Osteoporosis prevalence, age-sex adjusted",
    }


def test_a_lost_row_and_an_empty_list_are_missing_not_zero(small_tables):
    registers = small_tables.registers.copy()
    empty = (registers["practice_code"] == "A00004") & (registers["group_code"] == "AF")
    registers.loc[empty, ["register", "denominator"]] = 0
    registers = registers[~((registers["practice_code"] == "A00005") & (registers["group_code"] == "AF"))]
    made = Prevalence()(replace(small_tables, registers=registers))
    assert made.values.index[made.values["prevalence_AF"].isna()].tolist() == ["A00004", "A00005"]
    assert len(made.values) == 120


def test_a_register_above_its_list_is_noted(small_tables):
    registers = small_tables.registers.copy()
    registers.loc[0, "register"] = registers.loc[0, "denominator"] + 1
    made = Prevalence()(replace(small_tables, registers=registers))
    assert made.notes == ("registers larger than their list, taken as the whole list: 1",)
    assert np.isfinite(made.values.to_numpy()).all()
    assert made.natural.iloc[0, 0] > 100


@pytest.mark.parametrize("adjust", ["age", "age_sex"])
def test_adjusted_prevalence_no_longer_follows_age(small_tables, adjust):
    ordinary = small_tables.ordinary.to_numpy()
    weights = small_tables.list_size[ordinary]
    design = age_design(
        small_tables.age_sex, small_tables.index, small_tables.ordinary, sex=adjust == "age_sex"
    )
    crude = Prevalence()(small_tables).values[ordinary]
    adjusted = Prevalence(adjust=adjust)(small_tables).values[ordinary]
    # Normal equations: list-weighted residuals are orthogonal to every column of the design ...
    residual = adjusted - np.average(adjusted, axis=0, weights=weights)
    cross = (design[ordinary].mul(weights, axis=0)).T @ residual
    scale = design[ordinary].abs().mul(weights, axis=0).sum().to_numpy()[:, None]
    assert_allclose(cross / scale, 0, atol=1e-9)
    # ... England's level stays, and spread goes.
    assert_allclose(np.average(adjusted, axis=0, weights=weights), np.average(crude, axis=0, weights=weights))
    assert adjusted["prevalence_AF"].std() < 0.7 * crude["prevalence_AF"].std()


def test_special_practices_do_not_move_the_adjustment(small_tables):
    registers = small_tables.registers.copy()
    special = registers["practice_code"] == "A00000"
    registers.loc[special, "register"] = registers.loc[special, "denominator"]
    ordinary = small_tables.ordinary.to_numpy()
    before = Prevalence(adjust="age_sex")(small_tables).values[ordinary]
    after = Prevalence(adjust="age_sex")(replace(small_tables, registers=registers)).values[ordinary]
    assert_allclose(after, before)


def test_a_practice_of_the_old_is_not_extrapolated(small_tables):
    age_sex = small_tables.age_sex.copy()
    special = age_sex["practice_code"] == "A00000"
    age_sex.loc[special, "patients"] = np.where(age_sex.loc[special, "age_band"] == "95+", 150, 0)
    index, ordinary = small_tables.index, small_tables.ordinary
    design = age_design(age_sex, index, ordinary, sex=True)
    seen = design[ordinary.to_numpy()]
    special_row = design.loc["A00000"]
    assert (special_row <= seen.max() + 1e-12).all()


def test_age_explained_finds_the_planted_order(tables_of):
    table = age_explained(tables_of(practices=400, seed=3)).set_index("group_code")
    assert table["r_squared"].between(0, 1).all()
    # The fixture plants slopes 8 (AF), 6 (CHD) and none for learning disability.
    assert table.loc["AF", "r_squared"] > 0.7
    assert table.loc["LD", "r_squared"] < 0.1
    assert table["practices"].tolist() == [399] * 21


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"adjust": "sex"}, "adjust is 'sex'. Choose one of: none, age, age_sex"),
        ({"transform": "log"}, "transform is 'log'"),
        ({"shrink": "james_stein"}, "shrink is 'james_stein'"),
        ({"adjust": "age", "transform": "none"}, "adjust works on the logit scale"),
        ({"weight": 0}, "weight is 0, not a positive number"),
    ],
)
def test_wrong_options_are_named(options, message):
    with pytest.raises(ConfigError, match=message):
        Prevalence(**options)


def test_an_unknown_register_is_named(small_tables):
    with pytest.raises(
        ConfigError, match=r"groups asks for XX, which this source does not have. It has: AF, AST, CAN"
    ):
        Prevalence(groups=["HYP", "XX"])(small_tables)


def test_a_register_that_the_year_does_not_have_is_left_out_with_a_note(small_tables):
    without = replace(small_tables, registers=small_tables.registers.query("group_code != 'RA'"))
    made = Prevalence(groups=["HYP", "RA"])(without)
    assert list(made.values) == ["prevalence_HYP"]
    assert made.notes == ("not in this source, left out: RA",)
    blocks = {"joints": Prevalence(groups=["RA"], optional=True), "heart": Prevalence(groups=["HF"])}
    notes = build_features(blocks, without).notes
    assert notes.to_numpy().tolist() == [["joints", "left out: the source has none of groups RA"]]


def test_a_block_whose_registers_are_all_gone_says_what_to_do(small_tables):
    without = replace(small_tables, registers=small_tables.registers.query("group_code != 'RA'"))
    with pytest.raises(NotInSource, match=r"has none of groups RA\. Leave the block out of the feature set"):
        Prevalence(groups=["RA"])(without)
    with pytest.raises(NotInSource, match=r"the source has no registers\. Choose a feature set without"):
        Prevalence()(replace(small_tables, registers=small_tables.registers.iloc[:0]))


def test_a_register_whose_indicators_were_retired_keeps_its_name(small_tables):
    described = small_tables.indicators.query("group_code != 'HF'")
    assert Prevalence(groups=["HF"])(replace(small_tables, indicators=described)).labels == {
        "prevalence_HF": "Heart failure prevalence"
    }
