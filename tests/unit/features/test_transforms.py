"""Every map has an inverse, and the edges are where they should be."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from pandas.testing import assert_frame_equal

from gp_segmentation.features.transforms import (
    TRANSFORMS,
    clr,
    empirical_logit,
    inverse_clr,
    percent_logit,
    to_natural,
)

# count, total, expected: the arithmetic stands beside the value.
EMPIRICAL = [
    (0, 10, np.log(0.5 / 10.5)),
    (5, 10, 0.0),
    (10, 10, np.log(10.5 / 0.5)),
    (120, 119, np.log(119.5 / 0.5)),  # more on the register than on the list: counts as all of them
    (0, 0, np.nan),  # nobody eligible: no rate
    (3, np.nan, np.nan),
    (np.nan, 10, np.nan),
]


@pytest.mark.parametrize(("count", "total", "expected"), EMPIRICAL)
def test_empirical_logit(count, total, expected):
    assert_allclose(empirical_logit(np.array([count]), np.array([total])), [expected])


@pytest.mark.parametrize("name", sorted(TRANSFORMS))
def test_inverse_undoes_the_transform(name):
    natural = np.array([0.5, 1.0, 25.0, 50.0, 99.0])
    assert_allclose(TRANSFORMS[name].inverse(TRANSFORMS[name].forward(natural)), natural)


def test_nought_and_all_percent_are_moved_in():
    assert_allclose(percent_logit(np.array([0.0, 100.0])), [np.log(0.05 / 99.95), np.log(99.95 / 0.05)])


def test_log_of_nobody_is_missing():
    assert_allclose(TRANSFORMS["log"].forward(np.array([0.0, 1.0])), [np.nan, 0.0])


def test_clr_by_hand():
    # logs of (1, 10, 100) are (0, 1, 2) ln 10; their mean is ln 10
    assert_allclose(clr(np.array([[1.0, 10.0, 100.0]])), np.log(10) * np.array([[-1.0, 0.0, 1.0]]))


def test_clr_ignores_the_total_and_has_an_inverse():
    counts = np.random.default_rng(0).integers(1, 500, (6, 4)).astype(float)
    assert_allclose(clr(counts), clr(7 * counts))
    assert_allclose(inverse_clr(clr(counts)), 100 * counts / counts.sum(axis=1, keepdims=True))


def test_to_natural_inverts_each_block_by_its_transform():
    dictionary = pd.DataFrame(
        {
            "feature": ["list_size", "age_young", "age_old", "rate"],
            "block": ["list_size", "age", "age", "prevalence"],
            "transform": ["log", "clr", "clr", "empirical_logit"],
        }
    )
    values = pd.DataFrame(
        {"list_size": [np.log(8000)], "age_young": [np.log(2)], "age_old": [-np.log(2)], "rate": [0.0]}
    )
    # e^(2 ln 2) = 4 young for each old: 80 and 20 percent
    expected = pd.DataFrame({"list_size": [8000.0], "age_young": [80.0], "age_old": [20.0], "rate": [50.0]})
    assert_frame_equal(to_natural(values, dictionary), expected)
