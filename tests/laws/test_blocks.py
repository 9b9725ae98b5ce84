"""Laws that hold for every feature set in conf/features, and for every preparation of its matrix."""

from __future__ import annotations

import os
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from pandas.testing import assert_frame_equal
from scipy.special import expit, softmax

from gp_segmentation import config
from gp_segmentation import schemas as contracts
from gp_segmentation.features import build_features
from gp_segmentation.matrix import pipeline

CONF = Path(__file__).resolve().parents[2] / "conf"
SETS = sorted(path.stem for path in (CONF / "features").glob("*.yaml"))
STEPS = ("imputer", "outliers", "scaler", "reducer")
#: `open` lets the study choose the step.
OPTIONS = [
    (step, path.stem)
    for step in STEPS
    for path in sorted((CONF / step).glob("*.yaml"))
    if path.stem != "open"
]
#: Sets that meet every option: the default and the one of most blocks; with `GPSEG_EXHAUSTIVE` all do. The
#: others meet the default options.
MEETING_ALL = SETS if "GPSEG_EXHAUSTIVE" in os.environ else ["need", "combined"]
DEFAULT = {"imputer": "median", "outliers": "none", "scaler": "standard", "reducer": "none"}
#: Oracle: the inverse of each transform, from the analysis scale to natural units.
INVERSES = {
    "none": lambda values: values,
    "log": np.exp,
    "sqrt": np.square,
    "logit": lambda values: 100 * expit(values),
    "empirical_logit": lambda values: 100 * expit(values),
    "clr": lambda values: 100 * softmax(values, axis=1),
}

EVERY_SET = pytest.mark.parametrize("name", SETS)


def every_set_with(*steps: str) -> pytest.MarkDecorator:
    """Parametrise by set, step and option."""
    pairs = [(name, step, option) for name in SETS for step, option in OPTIONS if step in steps]
    default = {("scaler", DEFAULT["scaler"]), ("reducer", DEFAULT["reducer"])}
    tried = [one for one in pairs if one[0] in MEETING_ALL or one[1:] in default]
    return pytest.mark.parametrize(("name", "step", "option"), tried)


@pytest.fixture(scope="module")
def built(small_tables, compose_option):
    made = {}

    def build(name, tables=small_tables):
        if tables is not small_tables or name not in made:
            nodes = compose_option("features", name)["blocks"]
            result = build_features({key: config.build(value) for key, value in nodes.items()}, tables)
            if tables is not small_tables:
                return result
            made[name] = result
        return made[name]

    return build


def prepared(feature_set, tables, compose_option, **options):
    chosen = DEFAULT | options
    steps = {step: config.build(compose_option(step, option)) for step, option in chosen.items()}
    built = pipeline.build_pipeline(**steps, dictionary=feature_set.dictionary)
    return pipeline.prepare_matrix(feature_set.features, tables.ordinary, built, feature_set.dictionary)


@EVERY_SET
def test_no_practice_is_lost_and_the_dictionary_is_complete(name, built, small_tables):
    made = built(name)
    assert made.features.index.equals(small_tables.index)
    assert list(made.features) == list(made.natural) == list(made.dictionary["feature"])
    contracts.check("dictionary", made.dictionary)


@every_set_with("imputer", "outliers", "scaler")
def test_each_blocks_variance_is_its_weight(name, step, option, built, small_tables, compose_option):
    made = built(name)
    result = prepared(made, small_tables, compose_option, **{step: option}).matrix
    variance = result[small_tables.ordinary].var(ddof=0).groupby(made.blocks).sum()
    assert_allclose(variance.sort_index(), pd.Series(made.weights).sort_index())


@every_set_with("reducer")
def test_reduced_matrices_are_finite_and_complete(name, step, option, built, small_tables, compose_option):
    result = prepared(built(name), small_tables, compose_option, **{step: option})
    assert result.matrix.index.equals(small_tables.index)
    assert np.isfinite(result.matrix).all(axis=None)
    assert option == "none" or list(result.loadings) == list(result.matrix)


@EVERY_SET
def test_the_order_of_rows_does_not_matter(name, built, small_tables, compose_option):
    shuffled = replace(
        small_tables,
        **{
            table.name: getattr(small_tables, table.name).sample(
                frac=1, random_state=np.random.RandomState(0)
            )
            for table in fields(small_tables)
            if table.name != "context_dictionary"
        },
    )
    straight, mixed = built(name), built(name, shuffled)
    assert_frame_equal(mixed.features, straight.features)
    assert_frame_equal(
        prepared(mixed, shuffled, compose_option).matrix,
        prepared(straight, small_tables, compose_option).matrix,
    )


@EVERY_SET
def test_zero_denominators_are_missing_not_zero(name, built, small_tables):
    registers = small_tables.registers.assign(
        register=lambda t: t["register"].where(t["practice_code"] != "A00009", 0),
        denominator=lambda t: t["denominator"].where(t["practice_code"] != "A00009", 0),
    )
    counts = ["numerator", "denominator", "pcas"]
    achievement = small_tables.achievement.copy()
    achievement.loc[achievement["practice_code"] == "A00009", counts] = 0.0
    made = built(name, replace(small_tables, registers=registers, achievement=achievement))
    rates = [f for f in made.features if f.startswith(("prevalence_", "achievement_", "adjustments_"))]
    assert made.features.loc["A00009", rates].isna().all()
    assert made.features.drop(columns=rates).loc["A00009"].notna().all()


@EVERY_SET
def test_the_stated_transform_leads_back_to_natural_units(name, built, small_tables):
    made = built(name)
    back = made.features.copy()
    for (_, transform), features in made.dictionary.groupby(["block", "transform"])["feature"]:
        back[list(features)] = INVERSES[transform](made.features[list(features)].to_numpy())
    # An empirical logit adds half a patient: a few points at most with the smallest denominators here.
    difference = (back - made.natural)[small_tables.ordinary].abs() / made.natural.abs().max()
    assert (difference.max() < 0.15).all()
    assert (difference.median() < 0.02).all()


@EVERY_SET
def test_no_more_than_stated_is_estimated_from_special_practices(name, built, small_tables):
    """Changing a special practice's own registers and counts changes no other practice's features."""
    registers = small_tables.registers.copy()
    special = registers["practice_code"] == "A00000"
    registers.loc[special, "register"] = registers.loc[special, "denominator"] // 2
    achievement = small_tables.achievement.copy()
    achievement.loc[achievement["practice_code"] == "A00000", "numerator"] *= 0
    made = built(name, replace(small_tables, registers=registers, achievement=achievement))
    ordinary = small_tables.ordinary
    assert_frame_equal(made.features[ordinary], built(name).features[ordinary])


@EVERY_SET
def test_a_set_without_its_optional_measures_builds_with_a_note(name, built, small_tables, compose_option):
    nodes = compose_option("features", name)["blocks"]
    optional = {key: node for key, node in nodes.items() if node.get("optional")}
    measures = {measure for node in optional.values() for measure in node.get("measures", [])}
    there = measures & set(small_tables.context)  # tables by small area are not among these
    context = small_tables.context.drop(columns=list(there))
    made, complete = built(name, replace(small_tables, context=context)), built(name)
    without = {key for key, node in optional.items() if node.get("measures")}
    gone = {key for key in without if there & set(optional[key]["measures"])}
    assert set(complete.weights) - set(made.weights) == gone
    assert set(made.notes.loc[made.notes["note"].str.startswith("left out: measure"), "block"]) == without
    assert_frame_equal(made.features, complete.features[list(made.features)])
