"""Beta-binomial shrinkage: known truth, an independent likelihood, and the limits."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
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


def test_everyone_at_the_ceiling_stays_below_it():
    shrunk = shrink(*frames(np.full(40, 25.0), np.full(40, 25.0)))
    assert ((shrunk.rate["i"] > 0.999) & (shrunk.rate["i"] < 1)).all()


def test_prior_comes_from_the_fitted_practices_only():
    x, n, _ = simulate(8.0, 2.0, 200, seed=2)
    fitted = pd.Series(np.arange(200) < 150)
    x[150:] = 0
    a, b = fit_beta_binomial(x[:150], n[:150])
    prior = shrink(*frames(x, n), fitted=fitted).prior
    assert_allclose(prior[["alpha", "beta"]].to_numpy(), [[a, b]])


@pytest.mark.parametrize(
    ("x", "n", "message"),
    [
        ([0.0, np.nan], [0.0, 5.0], "no practice has a denominator above zero"),
        ([6.0], [5.0], "above its denominator"),
        ([-1.0], [5.0], "negative"),
    ],
)
def test_impossible_counts_are_refused(x, n, message):
    with pytest.raises(ValueError, match=message):
        fit_beta_binomial(np.array(x), np.array(n))
