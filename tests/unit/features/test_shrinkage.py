"""Beta-binomial shrinkage: known truth, an independent likelihood, and the limits."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from pandas.testing import assert_frame_equal
from scipy.optimize import minimize
from scipy.stats import betabinom

from gp_segmentation.features.shrinkage import fit_beta_binomial, shrink


def simulate(a, b, practices, seed, largest=300):
    rng = np.random.default_rng(seed)
    n = rng.integers(1, largest, practices)
    p = rng.beta(a, b, practices)
    return rng.binomial(n, p).astype(float), n.astype(float), p


@pytest.mark.parametrize(("a", "b"), [(8.0, 2.0), (30.0, 10.0), (2.0, 60.0), (190.0, 10.0)])
def test_the_planted_prior_is_recovered(a, b):
    x, n, _ = simulate(a, b, 4000, seed=7)
    found_a, found_b = fit_beta_binomial(x, n)
    assert_allclose(found_a / (found_a + found_b), a / (a + b), rtol=0.03)
    assert_allclose(found_a + found_b, a + b, rtol=0.15)


def test_no_other_prior_is_more_likely():
    x, n, _ = simulate(8.0, 2.0, 500, seed=3)

    def unlikelihood(logs):
        return -betabinom.logpmf(x, n, *np.exp(logs)).sum()

    oracle = minimize(unlikelihood, [1.0, 1.0], method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-9})
    assert_allclose(fit_beta_binomial(x, n), np.exp(oracle.x), rtol=1e-4)


def frames(x, n):
    return pd.DataFrame({"i": x}), pd.DataFrame({"i": n})


def test_shrunk_rates_are_nearer_the_truth():
    x, n, p = simulate(16.0, 4.0, 4000, seed=5, largest=60)
    shrunk = shrink(*frames(x, n))
    error = shrunk.rate["i"] - p
    assert np.mean(error**2) < 0.6 * np.mean((x / n - p) ** 2)


def test_shrunk_rate_is_the_weighted_mean_of_own_and_national_rate():
    x, n, _ = simulate(8.0, 2.0, 300, seed=1)
    shrunk = shrink(*frames(x, n))
    national, size = shrunk.prior.loc["i", ["rate", "size"]]
    w = n / (n + size)
    assert_allclose(shrunk.rate["i"], w * x / n + (1 - w) * national)


def test_zero_denominator_and_missing_figures_stay_missing():
    x, n, _ = simulate(8.0, 2.0, 50, seed=1)
    x[0], n[0] = 0, 0
    x[1] = np.nan
    assert shrink(*frames(x, n)).rate["i"].isna().tolist() == [True, True, *[False] * 48]


def test_chance_alone_shrinks_everything_to_the_national_rate():
    rng = np.random.default_rng(0)
    n = np.full(500, 100.0)
    x = rng.binomial(100, 0.8, 500).astype(float)
    x[:250] = 80  # less spread than chance gives
    shrunk = shrink(*frames(x, n))
    assert 100 / (100 + shrunk.prior.loc["i", "size"]) < 0.01  # weight of the practice's own figure
    assert_allclose(shrunk.rate["i"], x.sum() / n.sum(), atol=0.002)


def test_prior_comes_from_the_fitted_practices_only():
    x, n, _ = simulate(8.0, 2.0, 200, seed=2)
    fitted = pd.Series(np.arange(200) < 150)
    x[150:] = 0
    a, b = fit_beta_binomial(x[:150], n[:150])
    prior = shrink(*frames(x, n), fitted=fitted).prior
    assert_allclose(prior[["alpha", "beta"]].to_numpy(), [[a, b]])


@pytest.mark.parametrize(
    ("x", "n", "a", "b"),
    [
        # Beta(1, 1) gives 0, 1 and 2 of 2 patients chance 1/3 each: this is the distribution seen.
        ([0, 1, 2], [2, 2, 2], 1, 1),
        # Beta(2, 1) gives them (1 * 2, 2 * 2 * 1, 2 * 3) / (3 * 4) = 1/6, 1/3, 1/2; mirrored, Beta(1, 2).
        ([0, 1, 1, 2, 2, 2], [2] * 6, 2, 1),
        ([2, 1, 1, 0, 0, 0], [2] * 6, 1, 2),
        # Beta(1, 1) on lists of 3: 1/4 each. Practices without a figure or a list are left out.
        ([0, 1, 2, 3, np.nan, 3, 3, 0], [3, 3, 3, 3, 3, np.nan, np.inf, 0], 1, 1),
        # With one patient each nothing tells the size: it stays at the start, the median list of 1 plus 1.
        ([1, 1, 1, 0], [1] * 4, 2 * 3 / 4, 2 * 1 / 4),
        # All or nothing is smaller than the smallest size, 0.1 patients; no spread is above the largest.
        ([0, 90, 0, 90], [90] * 4, 0.1 / 2, 0.1 / 2),
        ([8] * 5, [10] * 5, 1e7 * 8 / 10, 1e7 * 2 / 10),
        # Nobody and everybody: the mean stops at the logit -10 or 10.
        ([0] * 9, [25] * 9, 0.1 / (1 + np.exp(10)), 0.1 / (1 + np.exp(-10))),
        ([25] * 9, [25] * 9, 0.1 / (1 + np.exp(-10)), 0.1 / (1 + np.exp(10))),
    ],
)
def test_a_prior_that_can_be_found_by_hand(x, n, a, b):
    assert_allclose(fit_beta_binomial(np.array(x, float), np.array(n, float)), [a, b], rtol=1e-6)


def test_rates_and_priors_of_each_column():
    index = pd.Index(["A", "B", "C", "D", "E", "F", "none", "unknown", "big"])
    x = pd.DataFrame(
        {"i": [2, 2, 2, 1, 1, 0, 0, np.nan, 97], "j": [0, 0, 0, 1, 1, 2, 0, 2, 0]}, index=index, dtype=float
    )
    n = pd.DataFrame(
        {"i": [2, 2, 2, 2, 2, 2, 0, 2, 197], "j": [2, 2, 2, 2, 2, 2, 0, np.nan, 1]}, index=index, dtype=float
    )
    shrunk = shrink(x, n, fitted=pd.Series([True] * 8 + [False], index=index))
    prior = {"alpha": [2.0, 1.0], "beta": [1.0, 2.0], "rate": [2 / 3, 1 / 3], "size": [3.0, 3.0]}
    assert_frame_equal(shrunk.prior, pd.DataFrame(prior, index=["i", "j"]), rtol=1e-6)
    two, one, nobody = (2 + 2) / (2 + 3), (1 + 2) / (2 + 3), (0 + 2) / (2 + 3)
    rate = {
        "i": [two, two, two, one, one, nobody, np.nan, np.nan, (97 + 2) / (197 + 3)],
        "j": [1 / 5, 1 / 5, 1 / 5, 2 / 5, 2 / 5, 3 / 5, np.nan, np.nan, (0 + 1) / (1 + 3)],
    }
    assert_frame_equal(shrunk.rate, pd.DataFrame(rate, index=index), rtol=1e-6)


def test_counts_and_flags_of_any_type_are_taken():
    x, n = pd.Series([0, 1, 2, None, 2], dtype=object), pd.Series([2, 2, 2, 2, None], dtype=object)
    shrunk = shrink(*frames(x, n), fitted=pd.Series([True, True, True, False, False], dtype=object))
    # Beta(1, 1), as above
    assert_allclose(shrunk.rate["i"], [(0 + 1) / (2 + 2), 2 / 4, 3 / 4, np.nan, np.nan], rtol=1e-6)


def test_no_column_gives_no_prior():
    shrunk = shrink(*[pd.DataFrame(index=["A"])] * 2)
    assert shrunk.rate.shape == (1, 0)
    assert (list(shrunk.prior), len(shrunk.prior)) == (["alpha", "beta", "rate", "size"], 0)


@pytest.mark.parametrize(
    ("x", "n", "message"),
    [
        ([0.0, np.nan], [0.0, 5.0], "no practice has a denominator above zero"),
        ([6.0, 1.0], [5.0, 5.0], "a numerator is negative or above its denominator"),
        ([-1.0, 1.0], [5.0, 5.0], "a numerator is negative or above its denominator"),
    ],
)
def test_impossible_counts_are_refused(x, n, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        fit_beta_binomial(np.array(x), np.array(n))
