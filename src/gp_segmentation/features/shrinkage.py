"""Empirical-Bayes shrinkage of rates toward the national rate: the beta-binomial model.

In a small practice a rate is mostly chance: lists under 3,000 patients are nearly half of the practices with
extreme rates, high or low (Doran 2010). Model, for practice i and one indicator,

    x_i | p_i ~ Binomial(n_i, p_i),    p_i ~ Beta(a, b),

with a and b estimated by maximum likelihood over the practices. Then, with m = a + b and mu = a / m,

    shrunk rate     r_i = (x_i + a) / (n_i + m) = w_i x_i / n_i + (1 - w_i) mu
    weight          w_i = n_i / (n_i + m)           (1: the practice's own figure, 0: the national rate)

m is in patients: the rate of a practice with m eligible patients moves half-way to the national rate. With
a zero denominator the rate stays missing.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import minimize

from gp_segmentation.utils.arrays import Floats, Ints

#: Bounds of the prior's size m in patients. At the upper one practices differ no more than by chance.
PRIOR_SIZE = (0.1, 1e7)
#: Bounds of the prior's mean on the logit scale (about 0.00005 and 0.99995).
PRIOR_LOGIT = (-10.0, 10.0)


@dataclass(frozen=True)
class Shrunk:
    """Shrunk rates (practices x indicators) and their prior.

    `prior` has one row per indicator: ``alpha``, ``beta``, ``rate`` (the national mean), ``size`` (m).
    """

    rate: pd.DataFrame
    prior: pd.DataFrame


def shrink(numerator: pd.DataFrame, denominator: pd.DataFrame, fitted: pd.Series | None = None) -> Shrunk:
    """Shrink the rates numerator / denominator, column by column.

    Parameters
    ----------
    numerator, denominator : practices x indicators, whole numbers of patients or NaN.
    fitted : practices from which the prior is estimated (default: all); all practices are shrunk.
    """
    rows = slice(None) if fitted is None else fitted.to_numpy(dtype=bool)
    x, n = numerator.to_numpy(dtype=float), denominator.to_numpy(dtype=float)
    priors = np.array([fit_beta_binomial(x[rows, j], n[rows, j]) for j in range(x.shape[1])]).reshape(-1, 2)
    a, b, size = priors[:, 0], priors[:, 1], priors.sum(axis=1)
    rate = (x + a) / (np.where(n > 0, n, np.nan) + size)
    prior = pd.DataFrame({"alpha": a, "beta": b, "rate": a / size, "size": size}, index=numerator.columns)
    return Shrunk(pd.DataFrame(rate, numerator.index, numerator.columns), prior)


def fit_beta_binomial(numerator: Floats, denominator: Floats) -> tuple[float, float]:
    """Return the maximum-likelihood (a, b) of one indicator.

    Rows with a missing figure or a zero denominator are left out. The likelihood needs no special
    functions: ``log Gamma(a + x) - log Gamma(a) = sum_{j < x} log(a + j)``, so summed over practices
    each j counts as often as there are practices with x > j. One pass over j is exact and fast.
    Raises ValueError when no row is left, or when a count is negative or above its denominator.
    """
    known = np.isfinite(numerator) & np.isfinite(denominator) & (denominator > 0)
    x, n = numerator[known].astype(np.int64), denominator[known].astype(np.int64)
    if x.size == 0:
        raise ValueError("no practice has a denominator above zero")
    if (x < 0).any() or (x > n).any():
        raise ValueError("a numerator is negative or above its denominator")
    tails = _exceedances(x), _exceedances(n - x), _exceedances(n)
    overall = (x.sum() + 0.5) / (n.sum() + 1)
    start = [np.log(overall / (1 - overall)), np.log(np.median(n) + 1)]
    bounds = [PRIOR_LOGIT, (np.log(PRIOR_SIZE[0]), np.log(PRIOR_SIZE[1]))]
    options = {"ftol": 1e-14, "gtol": 1e-9 * len(x), "maxiter": 200}
    fit = minimize(
        _negative_log_likelihood, start, tails, "L-BFGS-B", jac=True, bounds=bounds, options=options
    )
    mean, size = 1 / (1 + np.exp(-fit.x[0])), np.exp(fit.x[1])
    found = float(mean * size), float((1 - mean) * size)
    inside = all(low < value < high for value, (low, high) in zip(fit.x, bounds, strict=True))
    return _polished(*found, tails) if inside else found


def _polished(a: float, b: float, tails: tuple[Floats, Floats, Floats]) -> tuple[float, float]:
    """Return the maximum near (a, b) to nearly all digits, by two steps of Newton's method.

    The search ends where the likelihood is flat: some 1e-7 from the maximum, elsewhere on each processor.
    """
    for _ in range(2):
        (da, ca), (db, cb), (dm, cm) = map(_slope_and_bend, (a, b, a + b), tails)
        slope_a, slope_b, bend_a, bend_b = da - dm, db - dm, ca - cm, cb - cm
        determinant = bend_a * bend_b - cm**2
        if determinant <= 0:  # no maximum to be told from its surroundings
            return a, b
        step_a = (bend_b * slope_a + cm * slope_b) / determinant
        step_b = (bend_a * slope_b + cm * slope_a) / determinant
        if abs(step_a) > 1e-3 * a or abs(step_b) > 1e-3 * b:
            return a, b
        a, b = a + step_a, b + step_b
    return a, b


def _exceedances(counts: Ints) -> Floats:
    """Return, for j = 0, 1, ..., max - 1, how many counts exceed j."""
    return np.bincount(counts)[::-1].cumsum()[::-1][1:].astype(float)


def _negative_log_likelihood(
    theta: Floats, successes: Floats, failures: Floats, totals: Floats
) -> tuple[float, Floats]:
    """Return value and gradient at theta = (logit mu, log m), without the binomial coefficients."""
    mean, size = 1 / (1 + np.exp(-theta[0])), np.exp(theta[1])
    a, b = mean * size, (1 - mean) * size
    (la, da), (lb, db), (lm, dm) = (
        _tail_sums(c, s) for c, s in ((a, successes), (b, failures), (size, totals))
    )
    slope_a, slope_b = da - dm, db - dm
    gradient = np.array([(slope_a - slope_b) * a * b / size, slope_a * a + slope_b * b])
    return -(la + lb - lm), -gradient


def _tail_sums(shape: float, exceeding: Floats) -> tuple[float, float]:
    steps = shape + np.arange(len(exceeding))
    return float((exceeding * np.log(steps)).sum()), float((exceeding / steps).sum())


def _slope_and_bend(shape: float, exceeding: Floats) -> tuple[float, float]:
    """Return the first derivative of ``sum_j exceeding_j log(shape + j)`` and the second, its sign turned."""
    shares = exceeding / (shape + np.arange(len(exceeding)))
    return float(shares.sum()), float((shares / (shape + np.arange(len(exceeding)))).sum())
