"""Blocks that read the context table: deprivation, ethnicity, any other measure."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from gp_segmentation.errors import ConfigError, InputError
from gp_segmentation.features.context import Context
from gp_segmentation.features.deprivation import Deprivation
from gp_segmentation.features.ethnicity import Ethnicity


def test_deprivation_is_the_root_of_the_score(small_tables):
    made = Deprivation()(small_tables)
    score = small_tables.context.set_index("practice_code")["imd_score"]
    assert_allclose(made.values["imd_score"], np.sqrt(score))
    assert (made.labels, made.unit) == ({"imd_score": "Deprivation score (IMD)"}, "score")
    assert made.values["imd_score"].isna().sum() == 1


def test_one_ethnic_share_is_taken_against_the_rest(small_tables):
    made = Ethnicity(measures=["non_white_percent"])(small_tables)
    share = small_tables.context.set_index("practice_code")["non_white_percent"].iloc[2:]
    inside = share[share > 0.05].index
    expected = np.log(share / (100 - share))[inside]
    assert_allclose(made.values.loc[inside, "non_white_percent"], expected)
    assert_allclose(made.values["non_white_percent"].iloc[0], np.log(0.05 / 99.95))
    assert np.isnan(made.values["non_white_percent"].iloc[1])


def test_several_ethnic_shares_are_a_composition(small_tables):
    context = pd.DataFrame({"practice_code": small_tables.index, "asian": 0.1, "black": 0.1, "white": 0.8})
    dictionary = pd.DataFrame(
        {"measure": ["asian", "black", "white"], "label": ["A", "B", "W"], "unit": "share", "file": "f"}
    )
    tables = replace(small_tables, context=context, context_dictionary=dictionary)
    made = Ethnicity(measures=["asian", "black", "white"])(tables)
    assert_allclose(made.natural.iloc[0], [10, 10, 80])
    logs = np.log([10, 10, 80])
    assert_allclose(made.values.iloc[0], logs - logs.mean())


def test_a_missing_measure_is_named(small_tables):
    with pytest.raises(InputError) as caught:
        Context(measures=["rurality"])(small_tables)
    assert str(caught.value) == (
        "context table, column rurality: measure rurality is missing (found: imd_score, non_white_percent, "
        "gp_fte_per_10000, admin_fte_per_10000, smoking_percent). "
        "Add a file with it to the source, or leave its block out of the feature set (optional: true)"
    )


def test_without_a_dictionary_the_label_is_the_name_of_the_measure(small_tables):
    made = Context(measures=["imd_score"], transform="log")(
        replace(small_tables, context_dictionary=small_tables.context_dictionary.iloc[:0])
    )
    assert (made.labels, made.unit) == ({"imd_score": "imd_score"}, "value")


def test_a_composition_of_other_units_than_shares_is_refused(small_tables):
    staff = Ethnicity(measures=["gp_fte_per_10000", "admin_fte_per_10000"])
    with pytest.raises(ConfigError, match="clr is for percentages, but the unit is 'per 10,000 patients'"):
        staff(small_tables)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"measures": ["imd_score"], "transform": "logit"},
            "logit is for percentages, but the unit is 'score'",
        ),
        ({"measures": ["imd_score", "non_white_percent"]}, "measures have different units"),
        ({"measures": "imd_score"}, "Give a list of context measures"),
        ({"measures": ["imd_score"], "weight": -1}, "weight is -1, not a positive number"),
    ],
)
def test_wrong_options_are_named(small_tables, options, message):
    with pytest.raises(ConfigError, match=message):
        Context(**options)(small_tables)


def test_of_several_editions_of_deprivation_the_first_that_the_source_has_is_taken(small_tables):
    both = replace(small_tables, context=small_tables.context.assign(imd_2019_score=7.0))
    wanted = Deprivation(measure="imd_2019_score", otherwise="imd_score")
    assert list(wanted(both).natural) == ["imd_2019_score"]
    assert list(wanted(small_tables).natural) == ["imd_score"]
    with pytest.raises(InputError, match="measure b is missing"):
        Deprivation(measure="a", otherwise="b")(small_tables)
