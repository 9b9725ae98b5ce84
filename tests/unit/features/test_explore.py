"""The first look at features."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.testing import assert_allclose
from pandas.testing import assert_frame_equal

from gp_segmentation.features import build_features
from gp_segmentation.features.achievement import Achievement
from gp_segmentation.features.explore import (
    achievement_ceilings,
    correlated_pairs,
    correlations,
    missing_patterns,
    summarise_features,
)
from gp_segmentation.features.list_size import ListSize

FEATURES = pd.DataFrame(
    {"a": [1.0, 2, 3, 4], "u": [1.0, -1, -1, 1], "b": [-1.0, -2, -3, -4.2], "c": [np.nan, 2, np.nan, 1]}
)


def test_summary_of_a_feature_set(small_tables):
    built = build_features({"achievement": Achievement(), "list_size": ListSize()}, small_tables)
    table = summarise_features(built, small_tables.ordinary).set_index("feature")
    ordinary = small_tables.ordinary
    rate = built.natural.loc[ordinary, "achievement_AF006"]
    assert_allclose(table.loc["achievement_AF006", "ceiling_share"], (rate == 100).mean())
    assert_allclose(table.loc["achievement_AF006", "median"], rate.median())
    assert np.isnan(table.loc["list_size", "ceiling_share"])
    assert table.loc["list_size", "skew_before"] > abs(table.loc["list_size", "skew_after"])
    assert table["missing"].sum() == built.natural[ordinary].isna().sum().sum()


def test_correlated_features_stand_side_by_side():
    matrix = correlations(FEATURES[["a", "u", "b"]])
    names = list(matrix)
    assert abs(names.index("a") - names.index("b")) == 1
    assert_frame_equal(matrix.loc[["a", "u", "b"], ["a", "u", "b"]], FEATURES[["a", "u", "b"]].corr())


def test_close_pairs_are_listed_closest_first():
    pairs = correlated_pairs(FEATURES.assign(d=FEATURES["a"] * 2).drop(columns="c"), least=0.9)
    assert pairs[["feature", "other"]].to_numpy().tolist() == [["a", "d"], ["a", "b"], ["b", "d"]]
    assert_allclose(pairs["correlation"].iloc[0], 1.0)
    assert pairs["correlation"].iloc[1] < -0.99


def test_missing_patterns_are_counted():
    expected = pd.DataFrame({"missing": ["", "c"], "practices": [2, 2]})
    assert_frame_equal(missing_patterns(FEATURES), expected)


def test_ceilings_are_counted_as_published():
    columns = ["practice_code", "indicator_code", "numerator", "denominator"]
    rows = [
        ("A", "X1", 5.0, 5.0),
        ("B", "X1", 4.0, 5.0),
        ("C", "X1", 0.0, 0.0),  # nobody eligible: neither at the ceiling nor below it
        ("S", "X1", 9.0, 9.0),  # special
        ("A", "X2", 7.0, 7.0),
        ("A", "X3", np.nan, np.nan),
    ]
    ordinary = pd.Series({"A": True, "B": True, "C": True, "S": False})
    expected = pd.DataFrame(
        {"indicator_code": ["X2", "X1"], "practices": [1, 2], "ceiling_share": [1 / 1, 1 / 2]}
    )
    assert_frame_equal(achievement_ceilings(pd.DataFrame(rows, columns=columns), ordinary), expected)
