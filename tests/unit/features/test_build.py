"""The feature set: all blocks side by side, and features dropped."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from pandas.testing import assert_frame_equal
from scipy.special import softmax

from gp_segmentation import config
from gp_segmentation import schemas as contracts
from gp_segmentation.errors import ConfigError, InputError
from gp_segmentation.features import Selection, build_features
from gp_segmentation.features.age_structure import AgeStructure
from gp_segmentation.features.base import condition_name
from gp_segmentation.features.context import Context
from gp_segmentation.features.deprivation import Deprivation
from gp_segmentation.features.ethnicity import Ethnicity
from gp_segmentation.features.list_size import ListSize
from gp_segmentation.features.prevalence import Prevalence, age_explained
from gp_segmentation.features.sex_ratio import SexRatio


def test_a_feature_set_is_what_its_dictionary_says(small_tables):
    made = build_features(
        {"prevalence": Prevalence(weight=3), "list_size": ListSize(weight=0.5)}, small_tables
    )
    assert list(made.features) == list(made.natural) == list(made.dictionary["feature"])
    assert made.features.index.equals(small_tables.index)
    assert made.features.index.name == "practice_code"
    assert made.weights == {"prevalence": 3.0, "list_size": 0.5}
    assert made.blocks["list_size"] == "list_size"
    contracts.check("dictionary", made.dictionary)


def test_uninformative_features_are_dropped_with_a_reason(small_tables):
    context = small_tables.context.assign(same=5.0, lost=np.nan, twin=2 * small_tables.context["imd_score"])
    block = Context(measures=["imd_score", "same", "lost", "twin"])
    tables = replace(
        small_tables, context=context, context_dictionary=small_tables.context_dictionary.iloc[:0]
    )
    made = build_features({"context": block}, tables)
    assert list(made.features) == ["imd_score"]
    reasons = dict(zip(made.dropped["feature"], made.dropped["reason"], strict=True))
    assert reasons == {
        "lost": "missing in 100.0% of practices",
        "same": "nearly constant: 100.0% are 5",
        "twin": "correlates 1.0000 with imd_score",
    }
    assert made.dropped["block"].unique().tolist() == ["context"]


def test_a_block_with_nothing_left_is_an_error(small_tables):
    context = small_tables.context.assign(imd_score=np.nan)
    with pytest.raises(
        InputError, match=r"no feature of block deprivation is left \(imd_score: missing in 100.0%"
    ):
        build_features({"deprivation": Deprivation()}, replace(small_tables, context=context))


def test_an_optional_block_is_left_out_with_a_note(small_tables):
    context = small_tables.context.drop(columns="non_white_percent")
    without = replace(small_tables, context=context)
    blocks = {"list_size": ListSize(), "ethnicity": Ethnicity(measures=["non_white_percent"], optional=True)}
    made = build_features(blocks, without)
    assert list(made.features) == ["list_size"]
    assert made.weights == {"list_size": 1.0}
    (note,) = made.notes.to_dict("records")
    assert note["block"] == "ethnicity"
    assert note["note"].startswith("left out: measure non_white_percent is missing (found: imd_score,")
    with pytest.raises(InputError, match="measure non_white_percent is missing"):
        build_features({"ethnicity": Ethnicity(measures=["non_white_percent"])}, without)
    assert list(build_features(blocks, small_tables).features) == ["list_size", "non_white_percent"]


def test_an_optional_block_with_nothing_left_is_left_out_with_a_note(small_tables):
    context = small_tables.context.assign(imd_score=np.nan)
    blocks = {"list_size": ListSize(), "deprivation": Deprivation(optional=True)}
    made = build_features(blocks, replace(small_tables, context=context))
    assert made.notes.to_numpy().tolist() == [
        ["deprivation", "left out: imd_score: missing in 100.0% of practices"]
    ]
    assert made.dropped["feature"].tolist() == ["imd_score"]


@pytest.mark.parametrize("block", [AgeStructure(), SexRatio(), Prevalence(adjust="age_sex")])
def test_a_source_without_registrations_is_refused_with_the_remedy(block, small_tables):
    without = replace(small_tables, age_sex=contracts.empty("age_sex"))
    told = r"no registrations by age and sex \(block own\). Put the file named under `registrations`"
    with pytest.raises(InputError, match=told):
        build_features({"own": block}, without)


def test_every_block_that_the_source_has_no_figures_for_is_named_at_once(small_tables):
    without = replace(
        small_tables,
        age_sex=contracts.empty("age_sex"),
        context=small_tables.context.drop(columns="imd_score"),
    )
    blocks = {"age": AgeStructure(), "sex": SexRatio(), "imd": Deprivation(), "list": ListSize()}
    found = "found: non_white_percent, gp_fte_per_10000, admin_fte_per_10000, smoking_percent"
    with pytest.raises(InputError) as caught:
        build_features(blocks, without)
    assert str(caught.value) == (
        "features: the source has no registrations by age and sex (block age, sex); "
        f"measure imd_score is missing ({found}) (block imd). "
        "Put the file named under `registrations` in the source's YAML beside the others and prepare again, "
        "or choose a feature set that needs no registrations, such as features=prevalence_crude or "
        "panel_core. Add a file with it to the source, or leave its block out of the feature set "
        "(optional: true)"
    )


@pytest.mark.parametrize("ordinary", [0, 1])
def test_a_source_of_special_practices_is_refused_with_their_reasons(ordinary, small_tables):
    practices = small_tables.practices.assign(special="list under 1,000; 83% of patients male")
    practices.loc[: ordinary - 1, "special"] = None
    with pytest.raises(InputError) as caught:
        build_features({"list_size": ListSize()}, replace(small_tables, practices=practices))
    special = 120 - ordinary
    assert str(caught.value) == (
        f"practices: only {ordinary} of 120 practices are not special; segments need two. Most often: "
        f"list under 1,000 ({special}), 83% of patients male ({special}). "
        "Loosen the limits of conf/special (special=small_lists has fewer), or check the raw files"
    )


def test_two_ordinary_practices_are_enough(small_tables):
    special = pd.Series("list under 1,000", range(120), dtype="str").where(np.arange(120) >= 2)
    practices = small_tables.practices.assign(special=special)
    made = build_features({"list_size": ListSize()}, replace(small_tables, practices=practices))
    assert len(made.features) == 120


def test_a_source_without_registrations_gives_crude_prevalence(small_tables):
    without = replace(small_tables, age_sex=contracts.empty("age_sex"))
    assert_frame_equal(
        build_features({"prevalence": Prevalence()}, without).features,
        build_features({"prevalence": Prevalence()}, small_tables).features,
    )
    empty = age_explained(without)
    assert empty.empty
    assert list(empty) == list(age_explained(small_tables))


def test_what_stays_skewed_says_why(small_tables):
    sizes = small_tables.practices["list_size"].where(small_tables.practices.index != 7, 10**6)
    tables = replace(small_tables, practices=small_tables.practices.assign(list_size=sizes))
    plain = build_features({"size": ListSize(transform="none")}, tables)
    skew = plain.features[tables.ordinary]["list_size"].skew()
    assert plain.notes.to_numpy().tolist() == [
        ["size", f"skewed (not transformed, as configured): list_size {skew:.1f}"]
    ]
    logged = build_features({"size": ListSize()}, tables)
    assert logged.notes["note"].str.startswith("skewed (even after log): list_size").all()
    assert build_features({"size": ListSize()}, small_tables).notes.empty


def test_the_selection_is_the_one_given(small_tables):
    blocks = {"size": ListSize(), "rate": Prevalence(groups=["HYP"])}
    assert build_features(blocks, small_tables, Selection(max_correlation=0.9999)).dropped.empty
    nothing_close = Selection(min_variance=10.0)
    with pytest.raises(InputError, match=r"variance .* below 10"):
        build_features(blocks, small_tables, nothing_close)


def test_a_feature_may_stand_in_one_block_only(small_tables):
    with pytest.raises(ConfigError, match="two blocks make the feature imd_score"):
        build_features({"a": Deprivation(), "b": Context(measures=["imd_score"])}, small_tables)


def test_no_blocks_is_an_error(small_tables):
    with pytest.raises(ConfigError, match="no blocks"):
        build_features({}, small_tables)


FEATURES = pd.DataFrame({"a": [1.0, 2, 3, 4], "b": [1.0, 2, 3, 5], "c": [0.0, 0.1, 0.0, 0.1]})


@pytest.mark.parametrize(
    ("rules", "dropped"),
    [
        ({}, []),
        ({"max_correlation": 0.95}, ["b"]),
        ({"min_variance": 0.1}, ["c"]),
        ({"max_constant_share": 0.5}, ["c"]),
    ],
)
def test_selection_rules(rules, dropped):
    assert list(Selection(**rules).drop(FEATURES, FEATURES)) == dropped


def test_parts_of_a_composition_are_never_pruned_one_by_one():
    assert list(Selection(max_correlation=0.95).drop(FEATURES, FEATURES, parts={"b"})) == ["a"]
    assert (
        list(
            Selection(max_correlation=0.95, max_constant_share=0.5).drop(FEATURES, FEATURES, {"a", "b", "c"})
        )
        == []
    )
    lost = FEATURES.assign(b=np.nan)
    assert list(Selection().drop(lost, lost, {"a", "b"})) == ["b"]


@pytest.mark.parametrize("option", ["default", "pruned"])
def test_every_selection_keeps_compositions_whole(option, small_tables, compose_option):
    blocks = {"age_structure": AgeStructure(), "prevalence": Prevalence(), "list_size": ListSize()}
    made = build_features(blocks, small_tables, config.build(compose_option("selection", option)))
    bands = made.features.columns[made.features.columns.str.startswith("age_")]
    assert len(bands) == 6
    shares = 100 * softmax(made.features[bands].to_numpy(), axis=1)
    assert_allclose(shares[:, 0], made.natural["age_0_14"], atol=0.1)


@pytest.mark.parametrize(
    ("group", "condition"),
    [
        ("Hypertension", "Hypertension"),
        ("Secondary prevention of coronary heart disease", "Coronary heart disease"),
        ("Osteoporosis: secondary prevention of fragility fractures", "Osteoporosis"),
    ],
)
def test_condition_names(group, condition):
    assert condition_name(group) == condition
