"""Rates of practices, shrunk toward their segment: by hand, where the fit has an exact answer."""

from __future__ import annotations

from typing import cast

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from pandas.testing import assert_frame_equal
from scipy.stats import betabinom

from gp_segmentation.insight.opportunities.shrunken_rates import (
    ShrunkenRates,
    _cholesky,
    achieved_rates,
    shrink_in_segments,
)


def practices_of(segment: int, none: int, one: int, two: int, eligible: int = 2) -> pd.DataFrame:
    """Practices of a segment of which so many reach 0, 1 and 2 of their eligible patients."""
    x = np.repeat([0.0, 1.0, 2.0], [none, one, two])
    codes = [f"P{segment}{i:02d}" for i in range(len(x))]
    frame = pd.DataFrame({"indicator_code": "I", "practice_code": codes, "segment": segment})
    return frame.assign(numerator=x, eligible=float(eligible), rate=x / eligible)


class Recorded:
    """A source of random numbers: normals as given, and the shapes a, b of every Beta asked for."""

    def __init__(self, first: list[list[float]], second: list[list[float]]) -> None:
        self.normals = np.array([first, second])

    def standard_normal(self, size: tuple[int, int, int]) -> np.ndarray:
        assert size == self.normals.shape
        return self.normals

    def beta(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        self.a, self.b = a, b
        return a / (a + b)


def drawn_shapes(
    priors: list[tuple[float, ...]], first: list[list[float]], second: list[list[float]]
) -> tuple[np.ndarray, np.ndarray]:
    """Shapes drawn for two practices: 1 of 4 with the last prior, 3 of 5 with the first."""
    table = pd.DataFrame(priors, columns=["rate", "size", "c00", "c10", "c11"])
    rows = pd.DataFrame({"numerator": [1.0, 3.0], "eligible": [4.0, 5.0]})
    source = Recorded(first, second)
    shrunken = ShrunkenRates(rows, table, np.array([len(priors) - 1, 0]))
    shrunken.draw(len(first), cast("np.random.Generator", source))
    return source.a, source.b


def test_a_rate_is_kept_for_fitted_practices_with_eligible_patients_and_is_never_above_one() -> None:
    achievement = pd.DataFrame(
        [
            ("P3", "B", 3.0, 4.0, 1.0),
            ("P1", "B", 9.0, 8.0, 0.0),  # more counted than eligible
            ("P1", "A", 1.0, 5.0, 5.0),
            ("P1", "C", 0.0, 0.0, 0.0),  # nobody eligible
            ("P3", "A", np.nan, 5.0, 0.0),  # not known
            ("P2", "A", 1.0, 2.0, 0.0),  # not fitted
            ("P9", "A", 1.0, 2.0, 0.0),  # in no segment
            ("P3", "C", 1.0, 1.0, 0.0),
        ],
        columns=["practice_code", "indicator_code", "numerator", "denominator", "pcas"],
    )
    segments = pd.DataFrame(
        {"practice_code": ["P1", "P2", "P3"], "segment": [2, 1, 1], "fitted": [True, False, True]}
    )
    columns = ["indicator_code", "practice_code", "segment", "numerator", "eligible", "rate"]
    net = [
        ("A", "P1", 2, 1.0, 5.0, 1 / 5),
        ("B", "P1", 2, 8.0, 8.0, 8 / 8),
        ("B", "P3", 1, 3.0, 4.0, 3 / 4),
        ("C", "P3", 1, 1.0, 1.0, 1 / 1),
    ]
    gross = [(*net[0][:4], 10.0, 1 / 10), net[1], (*net[2][:4], 5.0, 3 / 5), net[3]]
    assert_frame_equal(achieved_rates(achievement, segments), pd.DataFrame(net, columns=columns))
    assert_frame_equal(
        achieved_rates(achievement, segments, gross=True), pd.DataFrame(gross, columns=columns)
    )


def test_every_segment_has_the_prior_that_fits_its_practices_exactly_and_a_small_one_england_s() -> None:
    # Two eligible patients each. Beta(2, 1) gives 0, 1, 2 of 2 with chances 1/6, 2/6, 3/6; Beta(1, 2) the
    # reverse; Beta(1, 1) a third each. The numbers of practices are just these shares.
    segments = [practices_of(1, 5, 10, 15), practices_of(3, 6, 6, 6), practices_of(2, 15, 10, 5)]
    found = shrink_in_segments(pd.concat(segments))
    # Per practice, the information on (logit mu, log m) is [[29/81, -1/108], [-1/108, 5/144]] for Beta(2, 1),
    # with the inverse [[45/16, 3/4], [3/4, 29]], and diag(3/8, 1/18) for Beta(1, 1). Over 30 practices:
    # c00^2 = 45/16/30, c10 = 3/4/30 / c00, c11^2 = 29/30 - c10^2; England's of 78 practices likewise.
    expected = pd.DataFrame(
        [
            (2.0, 1.0, 2 / 3, 3.0, (3 / 32) ** 0.5, (1 / 150) ** 0.5, (24 / 25) ** 0.5),
            (1.0, 2.0, 1 / 3, 3.0, (3 / 32) ** 0.5, -((1 / 150) ** 0.5), (24 / 25) ** 0.5),
            (1.0, 1.0, 1 / 2, 2.0, (8 / 3 / 78) ** 0.5, 0.0, (18 / 78) ** 0.5),
        ],
        index=[1, 2, 0],
        columns=["alpha", "beta", "rate", "size", "c00", "c10", "c11"],
    )
    assert_frame_equal(found.priors, expected, rtol=1e-5, atol=1e-6)
    assert list(found.prior_of_row) == [0] * 30 + [2] * 18 + [1] * 30


def test_a_rate_moves_toward_its_segment_by_the_root_of_the_weight() -> None:
    found = shrink_in_segments(practices_of(1, 5, 10, 15)).rows
    # Prior Beta(2, 1): mean 2/3, size 3; with 2 eligible patients the weight is 2 / (2 + 3).
    first_of_each = found.iloc[[0, 5, 15]]
    root = (2 / (2 + 3)) ** 0.5
    expected = pd.DataFrame(
        {
            "indicator_code": "I",
            "practice_code": ["P100", "P105", "P115"],
            "segment": 1,
            "numerator": [0.0, 1.0, 2.0],
            "eligible": 2.0,
            "rate": [0.0, 0.5, 1.0],
            "shrunk_rate": [2 / 3 - root * 2 / 3, 2 / 3 - root * 1 / 6, 2 / 3 + root * 1 / 3],
            "alpha": [0.0 + 2, 1.0 + 2, 2.0 + 2],
            "beta": [2.0 + 1, 1.0 + 1, 0.0 + 1],
        },
        index=[0, 5, 15],
    )
    assert_frame_equal(first_of_each, expected, rtol=1e-5)


def test_twenty_practices_have_a_prior_of_their_own_and_nineteen_do_not() -> None:
    found = shrink_in_segments(pd.concat([practices_of(1, 7, 6, 7), practices_of(2, 7, 6, 6)]))
    assert list(found.priors.index) == [1, 0]
    assert list(found.prior_of_row) == [0] * 20 + [1] * 19


def test_a_prior_at_the_edge_of_its_range_is_taken_as_known() -> None:
    # All of the patients of a practice or none: no size of the prior is small enough.
    found = shrink_in_segments(practices_of(1, 15, 0, 15))
    assert_allclose(found.priors["size"], 0.1)
    assert (found.priors[["c00", "c10", "c11"]] == 0.0).all(axis=None)


def test_counts_of_unlike_practices_enter_the_uncertainty_of_the_prior() -> None:
    """The covariance is the inverse of the curvature of the likelihood, here by differences."""
    rng = np.random.default_rng(0)
    n = np.repeat([3, 10, 40], 20)
    x = rng.binomial(n, rng.beta(3, 5, 60))
    rates = practices_of(1, 60, 0, 0).assign(numerator=x.astype(float), eligible=n.astype(float), rate=x / n)
    prior = shrink_in_segments(rates).priors.loc[1]
    factor = np.array([[prior["c00"], 0.0], [prior["c10"], prior["c11"]]])

    def log_likelihood(logit_mean: float, log_size: float) -> float:
        mean, size = 1 / (1 + np.exp(-logit_mean)), np.exp(log_size)
        return float(betabinom.logpmf(x, n, mean * size, (1 - mean) * size).sum())

    at, h = np.array([np.log(prior["alpha"] / prior["beta"]), np.log(prior["size"])]), 1e-3
    steps = h * np.eye(2)
    curvature = [
        [
            sum(s * t * log_likelihood(*(at + s * a + t * b)) for s in (1, -1) for t in (1, -1)) / (4 * h**2)
            for b in steps
        ]
        for a in steps
    ]
    assert_allclose(factor @ factor.T, np.linalg.inv(-np.array(curvature)), rtol=1e-3)


def test_a_draw_takes_the_prior_first_then_the_rates_given_it() -> None:
    # exp(normal x c) multiplies the odds 1 of the mean by 3 and the size by 2 (first) and 5 (second).
    prior = (0.5, 10.0, np.log(3), np.log(2), np.log(5))
    a, b = drawn_shapes([prior], first=[[0.0], [1.0], [-1.0]], second=[[0.0], [1.0], [0.0]])
    # means 1/2, 3/4, 1/4; sizes 10, 10 x 2 x 5, 10 / 2; and 1 of 4, 3 of 5 reached
    assert_allclose(a, [[1 + 5, 3 + 5], [1 + 75, 3 + 75], [1 + 1.25, 3 + 1.25]])
    assert_allclose(b, [[3 + 5, 2 + 5], [3 + 25, 2 + 25], [3 + 3.75, 2 + 3.75]])


def test_every_prior_is_drawn_with_its_own_numbers_and_used_for_its_own_practices() -> None:
    # The first prior halves the size, the second divides it by 5; the second practice has the first prior.
    priors = [(0.5, 10.0, 0.0, np.log(2), 0.0), (0.5, 100.0, 0.0, 0.0, np.log(5))]
    a, b = drawn_shapes(priors, first=[[-1.0, 7.0]], second=[[7.0, -1.0]])
    assert_allclose(a, [[1 + 20 / 2, 3 + 5 / 2]])
    assert_allclose(b, [[3 + 20 / 2, 2 + 5 / 2]])


@pytest.mark.parametrize(
    ("size", "normal", "drawn"),
    [
        (1000.0, 9.0, 1000 * np.exp(5)),
        (1000.0, -9.0, 1000 * np.exp(-5)),
        (1e6, 9.0, 1e7),
        (1.0, -9.0, 0.1),
    ],
)
def test_a_drawn_size_stays_within_a_factor_and_within_the_bounds_of_the_fit(
    size: float, normal: float, drawn: float
) -> None:
    a, b = drawn_shapes([(0.5, size, 0.0, 0.0, 1.0)], first=[[0.0]], second=[[normal]])
    assert_allclose(a, [[1 + drawn / 2, 3 + drawn / 2]])
    assert_allclose(b, [[3 + drawn / 2, 2 + drawn / 2]])


def test_drawn_rates_are_a_small_table_of_draws_by_practices() -> None:
    shrunken = shrink_in_segments(practices_of(1, 5, 10, 15))
    drawn = shrunken.draw(400, np.random.default_rng(0))
    assert (drawn.shape, drawn.dtype) == ((400, 30), np.float32)
    # Posterior of 2 of 2 with Beta(2, 1): mean 4/5
    assert_allclose(drawn[:, -1].mean(), 4 / 5, atol=0.03)


def test_practices_that_differ_no_more_than_by_chance_share_one_rate_as_sure_as_all_their_patients():
    factor = _cholesky(np.full(30, 50.0), np.full(30, 100.0), 5e6, 5e6)
    assert_allclose(factor, (1 / np.sqrt(3000 * 0.5 * 0.5), 0.0, 0.0))
    assert _cholesky(np.zeros(30), np.full(30, 100.0), 1e-4, 1e7) == (0.0, 0.0, 0.0)  # 3,000 x 1e-11 patients
