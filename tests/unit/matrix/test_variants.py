"""The ways to prepare a matrix that a configuration leaves open."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from gp_segmentation.errors import ConfigError
from gp_segmentation.matrix.variants import STEPS, block_weights, fill_in_preparation, preparations
from gp_segmentation.schemas import of_preparation, weighted, weights_of

FIXED = {step: {"name": "one", "_target_": f"some.{step}"} for step in STEPS}
SCALERS = {"standard": {"name": "standard"}, "robust": {"name": "robust"}}
REDUCERS = {"none": {"name": "none"}, "pca": {"name": "pca"}}


def opened(**candidates):
    return FIXED | {step: {"name": "open", "candidates": nodes} for step, nodes in candidates.items()}


def test_with_nothing_open_there_is_one_way_without_a_name():
    (only,) = preparations(FIXED, {"age": 2.0, "size": 1.0}, [0.5, 1])
    assert (only.name, only.settings, only.weights) == (None, {}, {})
    assert only.nodes == FIXED


def test_every_combination_is_a_way_with_its_own_name():
    ways = preparations(
        opened(scaler=SCALERS, reducer=REDUCERS), {"age": None, "size": 1.0, "need": None}, [0.5, 2]
    )
    assert len({way.name for way in ways}) == len(ways) == 2 * 2 * 2 * 2
    assert ways[0].name == "standard-none-age_0.5-need_0.5"
    assert ways[-1].settings == {"scaler": "robust", "reducer": "pca", "weight.age": 2.0, "weight.need": 2.0}
    assert ways[-1].weights == {"age": 2.0, "need": 2.0}
    for way in ways:
        assert way.nodes["scaler"]["name"] == way.settings["scaler"]
        assert way.nodes["imputer"] == FIXED["imputer"]


def test_weights_that_hardly_differ_have_different_names():
    ways = preparations(FIXED, {"age": None, "size": 1.0}, [1, 1.0000001, 1.0])
    assert [way.name for way in ways] == ["age_1", "age_1.0000001"]


def test_a_candidate_that_is_null_is_left_out():
    ways = preparations(opened(scaler=SCALERS | {"standard": None}), {"age": 1.0})
    assert [way.name for way in ways] == ["robust"]


@pytest.mark.parametrize(
    ("steps", "weights", "tried", "words"),
    [
        (opened(scaler={}), {"age": 1.0}, [1], "scaler has no candidate. Set scaler=open"),
        (opened(scaler={"a/b": {}}), {"age": 1.0}, [1], "'a/b', which cannot be part of a folder's name"),
        (opened(scaler={"..": {}}), {"age": 1.0}, [1], "cannot be part of a folder's name"),
        (
            FIXED,
            {"age": None, "size": 1.0},
            [],
            r"features.blocks.age.weight is null, and study.weight is \[\]",
        ),
        (FIXED, {"age": None, "size": 1.0}, None, "study.weight is None"),
        (FIXED, {"age": None, "size": 1.0}, [1, 0], "Give positive numbers"),
        (FIXED, {"age": None, "size": None}, [1], "only their proportions matter"),
        (FIXED, {"a/ge": None, "size": 1.0}, [1], "features.blocks has 'a/ge'"),
    ],
)
def test_impossible_candidates_and_weights_are_refused(steps, weights, tried, words):
    with pytest.raises(ConfigError, match=words):
        preparations(steps, weights, tried)


def test_settled_changes_only_what_the_preparation_sets():
    blocks = {"age": {"weight": None, "x": 1}, "size": {"weight": 1.0}, "gone": None}
    config = opened(scaler=SCALERS) | {"seed": 1, "features": {"name": "need", "blocks": blocks}}
    found = fill_in_preparation(config, {"scaler": "robust", "weight.age": 2.0})
    assert found["scaler"] == {"name": "robust"}
    assert found["features"]["blocks"] == {
        "age": {"weight": 2.0, "x": 1},
        "size": {"weight": 1.0},
        "gone": None,
    }
    assert {key: found[key] for key in ("seed", "imputer", "reducer")} == {
        key: config[key] for key in ("seed", "imputer", "reducer")
    }
    assert config["features"]["blocks"]["age"]["weight"] is None
    assert fill_in_preparation(config, {}) == config


def test_weights_left_open_are_filled_into_the_dictionary():
    dictionary = pd.DataFrame(
        {"feature": list("abc"), "block": ["x", "x", "y"], "weight": [np.nan, np.nan, 3.0]}
    )
    assert block_weights(dictionary) == {"x": None, "y": 3.0}
    assert weighted(dictionary, weights_of({"scaler": "robust", "weight.x": 2}))["weight"].tolist() == [
        2,
        2,
        3,
    ]
    assert weighted(dictionary, {"x": 1.0}).drop(columns="weight").equals(dictionary.drop(columns="weight"))


def test_rows_of_a_preparation():
    table = pd.DataFrame({"preparation": pd.Series(["a", "b", None], dtype="str"), "trial": [0, 1, 2]})
    assert of_preparation(table, "b")["trial"].tolist() == [1]
    assert of_preparation(table, None)["trial"].tolist() == [2]
