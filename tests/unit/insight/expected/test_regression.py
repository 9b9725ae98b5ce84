"""Expected numbers: what the regression promises, and how often its intervals hold, by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.sparse import csr_array, eye_array
from scipy.special import expit
from scipy.stats import gamma

from gp_segmentation.insight.expected.regression import (
    Regression,
    between_groups,
    fit_register,
    gamma_interval,
)

PRACTICES = 3000


def plant(
    rho: float, rate: float, seed: int, shift: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Counts, lists and x (1, age, deprivation) of practices whose rates are beta about logit(rate) + x b."""
    rng = np.random.default_rng(seed)
    n = np.round(rng.lognormal(np.log(8500), 0.6, PRACTICES)).clip(1000, 60_000)
    x = np.column_stack([np.ones(PRACTICES), rng.standard_normal((PRACTICES, 2))])
    p = expit(x @ np.array([np.log(rate / (1 - rate)), 0.5, -0.2]) + (0 if shift is None else shift))
    if rho > 0:
        size = 1 / rho - 1  # a beta distribution with this has the correlation rho
        p = rng.beta(p * size, (1 - p) * size)
    return rng.binomial(n.astype(int), p).astype(float), n, x


def fitted(counts: tuple[np.ndarray, np.ndarray, np.ndarray]) -> Regression:
    y, n, x = counts
    return fit_register(y, n, x, np.ones(len(y), dtype=bool))


def covered(y: np.ndarray, expected: np.ndarray, variance: np.ndarray, most: np.ndarray) -> np.ndarray:
    low, high = gamma_interval(expected, variance, most)
    return (low <= y) & (y <= high)


def test_without_age_or_deprivation_everyone_has_englands_rate():
    y, n = np.array([10.0, 30.0, 20.0]), np.array([100.0, 200.0, 300.0])
    found = fit_register(y, n, np.ones((3, 1)), np.array([True, True, False]))
    # 10 + 30 of 100 + 200 patients; the third practice is not in the reference.
    assert_allclose(found.rate, 40 / 300)
    expected, _ = found.sums(csr_array(np.array([[1.0, 0, 0], [1, 1, 0], [0, 0, 1]])))
    assert_allclose(expected, [100 * 40 / 300, 300 * 40 / 300, 300 * 40 / 300])


def test_differences_sum_to_zero_over_the_reference_and_with_x_as_well():
    y, n, x = plant(0.002, 0.05, 1)
    reference = np.arange(PRACTICES) % 10 > 0
    found = fit_register(y, n, x, reference)
    difference = y - n * found.rate
    assert_allclose(x[reference].T @ difference[reference], 0, atol=1e-3)
    assert abs(difference[~reference].sum()) > 1
    everyone = csr_array(reference[None].astype(float))
    expected, variance = found.sums(everyone)
    assert expected[0] == pytest.approx(y[reference].sum())
    assert variance[0] == pytest.approx(0, abs=1e-2), "nothing is left to differ"


@pytest.mark.parametrize("rho", [0.0, 0.0005, 0.002, 0.01])
def test_the_planted_correlation_is_found(rho):
    assert fitted(plant(rho, 0.05, 2)).rho == pytest.approx(rho, rel=0.1, abs=5e-6)


#: Planted rho and rate -> share of practices whose recorded number is in its 95% interval, over 20 Englands:
#: all, those with small and with large lists, with low and with high expected rates.
COVERAGE = {
    (0.0, 0.05): (0.954, 0.953, 0.954, 0.955, 0.953),
    (0.0005, 0.006): (0.953, 0.953, 0.953, 0.953, 0.953),
    (0.002, 0.05): (0.951, 0.952, 0.949, 0.950, 0.952),
    (0.01, 0.15): (0.949, 0.948, 0.951, 0.949, 0.950),
}


@pytest.mark.parametrize(("rho", "rate"), COVERAGE)
def test_the_intervals_of_95_in_100_practices_hold(rho, rate):
    shares = []
    for seed in range(20):
        y, n, x = plant(rho, rate, 10 + seed)
        found = fitted((y, n, x))
        inside = covered(y, *found.sums(eye_array(PRACTICES).tocsr()), n)
        large, high = n > np.median(n), found.rate > np.median(found.rate)
        shares.append([inside.mean(), *(inside[half].mean() for half in (~large, large, ~high, high))])
    assert_allclose(np.mean(shares, axis=0), COVERAGE[rho, rate], atol=0.001)
    assert np.min(shares) > 0.93
    assert np.max(shares) < 0.97


def test_without_overdispersion_the_intervals_would_hold_for_few():
    y, n, x = plant(0.01, 0.15, 3)
    found = fitted((y, n, x))
    expected, _ = found.sums(eye_array(PRACTICES).tocsr())
    assert covered(y, expected, expected * (1 - found.rate), n).mean() < 0.25


def test_the_intervals_of_groups_hold_also_where_x_makes_the_groups():
    """Groups at random (60), and eight bands of age, which the regression has nearly as they are."""
    random, bands = [], []
    for seed in range(40):
        y, n, x = plant(0.002, 0.05, 100 + seed)
        found = fitted((y, n, x))
        number = np.random.default_rng(seed).integers(0, 60, PRACTICES)
        band = np.argsort(np.argsort(x[:, 1])) * 8 // PRACTICES
        for groups, inside in ((number, random), (band, bands)):
            member = csr_array((np.ones(PRACTICES), (groups, np.arange(PRACTICES))))
            inside.append(covered(member @ y, *found.sums(member), member @ n).mean())
    assert np.mean(random) == pytest.approx(0.95, abs=0.01)
    assert np.mean(bands) == pytest.approx(0.95, abs=0.03)
    assert 0.93 <= np.mean(random) <= 0.97
    assert 0.93 <= np.mean(bands) <= 0.97


def test_areas_that_differ_by_more_than_their_practices_are_allowed_for():
    """Forty boards whose rates differ by 10%: their intervals hold once that is known."""
    alone, allowed = [], []
    for seed in range(30):
        board = np.random.default_rng(seed).integers(0, 40, PRACTICES)
        shift = 0.1 * np.random.default_rng(1000 + seed).standard_normal(40)
        y, n, x = plant(0.002, 0.05, 200 + seed, shift[board])
        found = fitted((y, n, x))
        member = csr_array((np.ones(PRACTICES), (board, np.arange(PRACTICES))))
        expected, variance = found.sums(member)
        alone.append(covered(member @ y, expected, variance, member @ n).mean())
        more = between_groups(member @ y - expected, variance, expected)
        allowed.append(covered(member @ y, expected, more, member @ n).mean())
    assert np.mean(alone) == pytest.approx(0.43, abs=0.02)
    assert np.mean(allowed) == pytest.approx(0.95, abs=0.02)


def test_the_interval_is_that_of_a_gamma_distribution():
    mean, variance = np.array([12.0, 410.0, 96_000.0]), np.array([30.0, 3600.0, 4.0e6])
    shape = mean**2 / variance
    ends = [gamma.ppf(q, shape, scale=variance / mean) for q in (0.025, 0.975)]
    found = gamma_interval(mean, variance, np.full(3, 1e9))
    assert [list(end) for end in found] == [[4, 301, 92_120], [25, 536, 99_959]]
    assert_allclose(found, ends, rtol=1e-4, atol=1)


def test_no_interval_reaches_beyond_the_list_or_below_nobody():
    low, high = gamma_interval(np.array([0.4, 9.0]), np.array([2.0, 9.0]), np.array([50.0, 10.0]))
    assert list(low) == [0, 4]
    assert high[1] == 10
