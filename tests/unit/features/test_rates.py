"""Counts to rates."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from pandas.testing import assert_frame_equal

from gp_segmentation.features.rates import rate_features, wide

X = pd.DataFrame({"a": [5.0, 0.0, 120.0, 0.0, np.nan]})
N = pd.DataFrame({"a": [10.0, 10.0, 119.0, 0.0, 10.0]})


# count, total, expected: the arithmetic stands beside the value.
EMPIRICAL = [
    (0, 10, np.log(0.5 / 10.5)),
    (5, 10, 0.0),
    (10, 10, np.log(10.5 / 0.5)),
    (120, 119, np.log(119.5 / 0.5)),  # more on the register than on the list: capped at the list
    (0, 0, np.nan),  # nobody eligible: no rate
    (3, np.nan, np.nan),
    (np.nan, 10, np.nan),
]


@pytest.mark.parametrize(("count", "total", "expected"), EMPIRICAL)
def test_empirical_logit(count, total, expected):
    rates = rate_features(*(pd.DataFrame({"a": [float(number)]}) for number in (count, total)))
    assert_allclose(rates.values["a"], [expected])


def test_empirical_logit_with_percent_beside_it():
    rates = rate_features(X, N)
    assert_allclose(rates.natural["a"], [50.0, 0.0, 100 * 120 / 119, np.nan, np.nan])
    assert_allclose(rates.values["a"], [0.0, np.log(0.5 / 10.5), np.log(119.5 / 0.5), np.nan, np.nan])
    assert (rates.transform, rates.capped) == ("empirical_logit", 1)


def test_none_keeps_the_percentage():
    rates = rate_features(X, N, transform="none")
    assert_frame_equal(rates.values, rates.natural)


@pytest.mark.parametrize(("transform", "named"), [("none", "none"), ("empirical_logit", "logit")])
def test_shrunk_rates_pull_the_small_towards_the_rest(transform, named):
    x = pd.DataFrame({"a": [0.0, 60.0, 70.0, 80.0, 90.0, 0.0]})
    n = pd.DataFrame({"a": [1.0, 100.0, 100.0, 100.0, 100.0, 0.0]})
    rates = rate_features(x, n, transform=transform, shrink="beta_binomial")
    natural = rates.natural["a"]
    assert 60 < natural[0] < 80
    assert natural[1:5].is_monotonic_increasing
    assert natural.isna().tolist() == [False] * 5 + [True]
    expected = natural if transform == "none" else np.log(natural / (100 - natural))
    assert_allclose(rates.values["a"], expected)
    assert rates.transform == named


def test_wide_has_every_practice_and_refuses_a_cell_that_is_there_twice():
    table = pd.DataFrame({"practice_code": ["B", "A"], "code": ["x", "y"], "count": [1, 2]})
    index = pd.Index(["A", "B", "C"], name="practice_code")
    expected = pd.DataFrame({"x": [np.nan, 1.0, np.nan], "y": [2.0, np.nan, np.nan]}, index=index)
    assert_frame_equal(wide(table, index, "code", "count"), expected)
    with pytest.raises(ValueError, match="duplicate"):
        wide(pd.concat([table, table]), index, "code", "count")
