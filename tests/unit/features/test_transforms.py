"""The maps from natural units to the analysis scale, by hand and against their inverses."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy.special import expit, softmax

from gp_segmentation.features.transforms import TRANSFORMS, clr, percent_logit

#: Oracle: the inverse of each map.
INVERSES = {
    "none": lambda values: values,
    "log": np.exp,
    "sqrt": np.square,
    "logit": lambda values: 100 * expit(values),
    "clr": lambda values: 100 * softmax(values, axis=1),
}


@pytest.mark.parametrize("name", sorted(TRANSFORMS))
def test_inverse_undoes_the_transform(name):
    natural = pd.DataFrame([[0.5, 99.5], [1.0, 99.0], [25.0, 75.0], [50.0, 50.0]])
    assert_allclose(INVERSES[name](TRANSFORMS[name](natural).to_numpy()), natural)


def test_nought_and_all_percent_are_moved_in():
    percent = pd.DataFrame({"a": [0.0, 100.0]})
    assert_allclose(percent_logit(percent)["a"], [np.log(0.05 / 99.95), np.log(99.95 / 0.05)])


def test_a_share_of_nought_is_moved_in():
    logs = np.log([0.05, 100.0])
    assert_allclose(TRANSFORMS["clr"](pd.DataFrame([[0.0, 100.0]])), [logs - logs.mean()])


def test_log_of_nobody_is_missing():
    assert_allclose(TRANSFORMS["log"](pd.DataFrame({"a": [0.0, 1.0]}))["a"], [np.nan, 0.0])


def test_clr_by_hand():
    # logs of (1, 10, 100) are (0, 1, 2) ln 10; their mean is ln 10
    assert_allclose(clr(pd.DataFrame([[1.0, 10.0, 100.0]])), np.log(10) * np.array([[-1.0, 0.0, 1.0]]))


def test_clr_ignores_the_total():
    counts = pd.DataFrame(np.random.default_rng(0).integers(1, 500, (6, 4)).astype(float))
    assert_allclose(clr(counts), clr(7 * counts))
    assert_allclose(INVERSES["clr"](clr(counts)), 100 * counts.div(counts.sum(axis=1), axis=0))
