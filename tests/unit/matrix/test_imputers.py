"""Imputation on standardised features."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from gp_segmentation.matrix.transformers import iterative_imputer, knn_imputer


@pytest.fixture
def frame():
    rng = np.random.default_rng(0)
    x = rng.normal(size=200)
    values = {"big": 1e6 * rng.normal(size=200), "x": x, "y": 2 * x + 0.01 * rng.normal(size=200)}
    return pd.DataFrame(values)


@pytest.mark.parametrize(("imputer", "error"), [(knn_imputer(5), 0.5), (iterative_imputer(seed=1), 0.05)])
def test_a_hidden_value_is_recovered_from_a_correlated_feature(frame, imputer, error):
    holes = frame.copy()
    holes.loc[:9, "y"] = np.nan
    filled = imputer.set_output(transform="pandas").fit_transform(holes)
    assert np.abs(filled.loc[:9, "y"] - frame.loc[:9, "y"]).mean() < error
    assert_array_equal(filled[10:], frame[10:])


@pytest.mark.parametrize("make", [knn_imputer, iterative_imputer])
def test_the_unit_of_a_feature_does_not_matter(frame, make):
    holes = frame.copy()
    holes.loc[:9, "y"] = np.nan
    one = make().fit_transform(holes)
    other = make().fit_transform(holes.assign(big=holes["big"] / 1e6))
    assert_allclose(one[:, 2], other[:, 2])
    assert not np.isnan(one).any()


def test_same_seed_same_values(frame):
    holes = frame.mask(np.random.default_rng(3).random(frame.shape) < 0.1)
    assert_array_equal(
        iterative_imputer(seed=4).fit_transform(holes), iterative_imputer(seed=4).fit_transform(holes)
    )
