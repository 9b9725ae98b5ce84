"""Achievement and personalised care adjustments."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from numpy.testing import assert_allclose

from gp_segmentation.errors import ConfigError
from gp_segmentation.features import build_features
from gp_segmentation.features.achievement import Achievement
from gp_segmentation.features.adjustments import Adjustments
from gp_segmentation.features.base import NotInSource
from gp_segmentation.features.prevalence import Prevalence

WITH_RATE = ["AF006", "CHD015", "CHOL004", "DEP004", "DM006", "DM020", "HF003", "HYP008", "STIA014"]


def one(tables, practice, indicator):
    rows = tables.achievement
    return rows[(rows["practice_code"] == practice) & (rows["indicator_code"] == indicator)].iloc[0]


def test_registers_have_no_rate_and_rare_indicators_are_dropped_with_a_reason(small_tables):
    made = Achievement()(small_tables)
    assert list(made.values) == [f"achievement_{code}" for code in WITH_RATE]
    assert list(made.dropped) == ["achievement_DM034"]
    assert made.dropped["achievement_DM034"].endswith("% of practices have eligible patients")


def test_net_and_gross_are_the_published_rates(small_tables):
    row = one(small_tables, "A00007", "HYP008")
    net = Achievement(basis="net")(small_tables).natural.loc["A00007", "achievement_HYP008"]
    gross = Achievement(basis="gross")(small_tables).natural.loc["A00007", "achievement_HYP008"]
    rate = Adjustments()(small_tables).natural.loc["A00007", "adjustments_HYP008"]
    eligible = row["denominator"] + row["pcas"]
    assert_allclose(net, 100 * row["numerator"] / row["denominator"])
    assert_allclose(gross, 100 * row["numerator"] / eligible)
    assert_allclose(rate, 100 * row["pcas"] / eligible)


def test_an_absent_number_of_adjustments_is_missing_where_it_is_needed(small_tables):
    lost = ["A00005", "A00006", "A00007"]
    net = Achievement(basis="net")(small_tables).values["achievement_DM006"]
    gross = Achievement(basis="gross")(small_tables).values["achievement_DM006"]
    rate = Adjustments()(small_tables).values["adjustments_DM006"]
    assert net[lost].notna().all()
    assert gross[lost].isna().all()
    assert rate[lost].isna().all()


def test_zero_denominator_is_missing(small_tables):
    achievement = small_tables.achievement.copy()
    rows = (achievement["practice_code"] == "A00009") & (achievement["indicator_code"] == "DM020")
    achievement.loc[rows, ["numerator", "denominator", "pcas"]] = 0.0
    tables = replace(small_tables, achievement=achievement)
    for shrink in ("none", "beta_binomial"):
        made = Achievement(shrink=shrink)(tables)
        assert np.isnan(made.values.loc["A00009", "achievement_DM020"])
        assert made.values["achievement_DM020"].isna().sum() == 1


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"groups": ["DM"]}, ["DM006", "DM020"]),
        ({"domains": ["CL"], "groups": ["AF", "HYP"]}, ["AF006", "HYP008"]),
        ({"indicators": ["HYP008", "DM020"]}, ["DM020", "HYP008"]),
        ({"groups": ["DM"], "exclude": {"DM006": "too near the ceiling"}}, ["DM020"]),
        ({"groups": ["DM"], "min_practices": 0.0}, ["DM006", "DM020", "DM034"]),
    ],
)
def test_indicators_are_chosen(small_tables, options, expected):
    assert list(Achievement(**options)(small_tables).values) == [f"achievement_{code}" for code in expected]


def test_the_reason_of_an_exclusion_is_kept_and_unknown_codes_are_passed_over(small_tables):
    made = Adjustments(exclude={"DM006": "protected", "ZZ999": "renumbered"})(small_tables)
    assert made.dropped["adjustments_DM006"] == "protected"
    assert "adjustments_ZZ999" not in made.dropped


def test_labels_say_what_is_measured(small_tables):
    assert (
        Achievement()(small_tables).labels["achievement_CHD015"]
        == "Coronary heart disease, CHD015: achievement"
    )
    assert (
        Adjustments()(small_tables).labels["adjustments_CHD015"]
        == "Coronary heart disease, CHD015: personalised care adjustments"
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"indicators": ["HYP999"]}, "indicators asks for HYP999"),
        ({"groups": ["LD"]}, "no indicator is left"),
        ({"basis": "raw"}, "basis is 'raw'. Choose one of: net, gross"),
        ({"min_practices": 2}, "min_practices is 2. Give a share"),
    ],
)
def test_wrong_choices_are_named(small_tables, options, message):
    with pytest.raises(ConfigError, match=message):
        Achievement(**options)(small_tables)


def test_an_optional_block_is_left_out_where_its_groups_are_not_there(small_tables):
    blocks = {"vaccination": Achievement(groups=["VI"], optional=True), "heart": Achievement(groups=["HF"])}
    made = build_features(blocks, small_tables)
    assert list(made.features) == ["achievement_HF003"]
    assert made.notes.to_numpy().tolist() == [["vaccination", "left out: the source has none of groups VI"]]


def test_a_group_that_no_year_has_is_an_error(small_tables):
    with pytest.raises(ConfigError, match="groups asks for HFF, which this source does not have"):
        Achievement(groups=["HF", "HFF"])(small_tables)


def test_a_group_of_other_years_is_left_out_with_a_note(small_tables):
    made = build_features({"both": Achievement(groups=["VI", "HF"])}, small_tables)
    assert list(made.features) == ["achievement_HF003"]
    assert made.notes.to_numpy().tolist() == [["both", "not in this source, left out: VI"]]


def test_a_block_without_any_of_its_groups_says_what_to_do(small_tables):
    with pytest.raises(NotInSource, match=r"has none of groups VI\. Leave the block out of the feature set"):
        Achievement(groups=["VI"])(small_tables)


def test_a_source_without_achievement_says_so_at_once(small_tables):
    none = replace(small_tables, achievement=small_tables.achievement.iloc[:0])
    with pytest.raises(NotInSource, match=r"the source has no achievement\. Choose a feature set without"):
        Achievement()(none)
    blocks = {"care": Achievement(optional=True), "illness": Prevalence(groups=["HF"])}
    made = build_features(blocks, none)
    assert list(made.features) == ["prevalence_HF"]
    assert made.notes.to_numpy().tolist() == [["care", "left out: the source has no achievement"]]


def test_a_source_without_denominators_is_told_apart_from_a_choice_of_nothing(small_tables):
    counts = dict.fromkeys(["numerator", "denominator", "pcas"], np.nan)
    tables = replace(small_tables, achievement=small_tables.achievement.assign(**counts))
    with pytest.raises(NotInSource, match=r"no indicator .* has a denominator\. Choose a feature"):
        Achievement()(tables)


@pytest.mark.parametrize("shrink", ["none", "beta_binomial"])
@pytest.mark.parametrize(
    ("block", "lost", "measure"),
    [
        (Adjustments, "pcas", "personalised care adjustments"),
        (partial(Achievement, basis="gross"), "pcas", "patients receiving the intervention"),
        (Achievement, "numerator", "achievement"),
    ],
)
def test_figures_that_no_practice_has_are_not_in_the_source(small_tables, block, lost, measure, shrink):
    tables = replace(small_tables, achievement=small_tables.achievement.assign(**{lost: np.nan}))
    with pytest.raises(NotInSource, match=f"no practice has figures of {measure}. Choose a feature set"):
        block(shrink=shrink)(tables)


@pytest.mark.parametrize("shrink", ["none", "beta_binomial"])
def test_an_indicator_that_no_practice_has_figures_of_is_dropped(small_tables, shrink):
    lost = small_tables.achievement["indicator_code"] == "HYP008"
    achievement = small_tables.achievement.assign(pcas=small_tables.achievement["pcas"].mask(lost))
    made = Adjustments(shrink=shrink)(replace(small_tables, achievement=achievement))
    assert made.dropped["adjustments_HYP008"] == "no practice has a figure"
    assert "adjustments_HYP008" not in made.values
    assert "adjustments_DM020" in made.values
