"""The number of patients expected on a register, by a logistic regression over practices.

With y_i patients on the register of n_i on the list of practice i, and x_i its age, sex and deprivation,

    expected_i = mu_i = n_i p_i,    logit p_i = x_i' b,

b from the binomial score equations sum_i x_i (y_i - mu_i) = 0 over the reference practices. x_i begins with
1, so the differences y_i - mu_i sum to zero over these: indirect standardisation, with England's rates
applied to the practice's own list.

Practices differ by more than chance and x: their counts are beta-binomial, with a correlation rho between
the patients of one practice,

    v_i = Var(y_i) = n_i p_i q_i {1 + (n_i - 1) rho},    q_i = 1 - p_i,

rho such that sum_i (y_i - mu_i)^2 / v_i is the number of reference practices less that of coefficients
(Williams 1982, Applied Statistics 31:144-148). For a group g of practices, the error of b included to the
first order,

    Var(sum_g (y_i - mu_i)) = sum_{i in ref} v_i ([i in g] - x_i' c)^2 + sum_{i in g, not in ref} v_i,
    c = (X'WX)^-1 X'W g,    W the diagonal matrix of n_i p_i q_i, X'WX over the reference.

The 95% interval is that of a gamma distribution with mean sum_g mu_i and this variance, its quantiles after
Wilson and Hilferty (1931), in whole patients. The recorded numbers of 95 in 100 such groups lie in it if
practices differ as they ordinarily do and independently of each other. Practices of an area are alike in
more than x, so that areas of one kind differ by more than that: `between_groups` allows for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.sparse import csr_array
from scipy.special import expit, logit

from gp_segmentation.utils.arrays import Floats

Z95 = 1.959963984540054
#: Steps of Newton's method, which takes some six.
STEPS = 50


@dataclass(frozen=True)
class Regression:
    """The regression of one register on x.

    Attributes
    ----------
    patients : n of every practice. rate : p. variance : v. reference : the practices it was fitted to.
    rho : see above. design : x. inverse : of X'WX.
    """

    patients: Floats
    rate: Floats
    variance: Floats
    reference: np.ndarray
    rho: float
    design: Floats
    inverse: Floats

    def sums(self, groups: csr_array) -> tuple[Floats, Floats]:
        """Return the expected number of patients of every group, and the variance of the recorded one.

        Parameters
        ----------
        groups : groups x practices; 1 where a practice is in the group.
        """
        weight, ours = self.patients * self.rate * (1 - self.rate), self.variance * self.reference
        c = (groups @ (weight[:, None] * self.design)) @ self.inverse
        scaled = ours[:, None] * self.design
        variance = groups @ self.variance - 2 * ((groups @ scaled) * c).sum(axis=1)
        variance += ((c @ (self.design.T @ scaled)) * c).sum(axis=1)
        return groups @ (self.patients * self.rate), np.maximum(variance, 0.0)


def fit_register(recorded: Floats, patients: Floats, design: Floats, reference: np.ndarray) -> Regression:
    """Regress the rate recorded / patients on `design` over the reference practices.

    Parameters
    ----------
    recorded, patients : y and n by practice, n above zero; in the reference, y is not above n.
    design : practices x columns, the first of them 1; nothing missing. reference : True where fitted.
    """
    x, y, n = design[reference], recorded[reference], patients[reference]
    b = np.zeros(x.shape[1])
    b[0] = logit((y.sum() + 0.5) / (n.sum() + 1))
    for _ in range(STEPS):
        p = expit(x @ b)
        inverse = np.linalg.pinv((x * (n * p * (1 - p))[:, None]).T @ x, hermitian=True)
        score = x.T @ (y - n * p)
        b = b + inverse @ score
        if np.abs(score).max() < 1e-9 * max(1.0, y.sum()):
            break
    rate = expit(design @ b)
    chance = patients * rate * (1 - rate)
    rho = _rho((recorded - patients * rate)[reference] ** 2 / chance[reference], n, x.shape[1])
    return Regression(patients, rate, chance * (1 + (patients - 1) * rho), reference, rho, design, inverse)


def _rho(squares: Floats, patients: Floats, columns: int) -> float:
    """The correlation rho, from squared residuals over their variance by chance."""
    return _solved(lambda rho: squares / (1 + (patients - 1) * rho), len(patients) - columns)


def between_groups(difference: Floats, variance: Floats, expected: Floats) -> Floats:
    """Return the variance of the groups' differences with what groups of their kind differ by besides.

    variance_g + t2 expected_g^2, with t2 such that sum_g difference_g^2 over it is the number of groups less
    one (an additive random effect: Spiegelhalter 2005, Statistics in Medicine 24:1185-1202).
    """
    some = (variance > 0) & (expected > 0)
    squares, own, shared = difference[some] ** 2, variance[some], expected[some] ** 2
    t2 = _solved(lambda t2: squares / (own + t2 * shared), some.sum() - 1)
    return variance + t2 * expected**2


def _solved(terms: Callable[[float], Floats], total: float) -> float:
    """The argument from 0 to 1 with which falling `terms` sum to `total`; the nearer end where none does."""

    def excess(argument: float) -> float:
        return float(terms(argument).sum()) - total

    if excess(0.0) <= 0:
        return 0.0
    return float(brentq(excess, 0.0, 1.0, xtol=1e-10)) if excess(1.0) < 0 else 1.0


def gamma_interval(mean: Floats, variance: Floats, most: Floats) -> tuple[Floats, Floats]:
    """Return the ends of 95% intervals of counts from 0 to `most`, whole numbers.

    The quantile of a gamma distribution of shape k = mean^2 / variance is about mean (1 - 1/(9k) +
    z / (3 sqrt k))^3.

    >>> low, high = gamma_interval(np.array([410.0]), np.array([900.0]), np.array([9000.0]))
    >>> float(low[0]), float(high[0])
    (353.0, 471.0)
    """
    inverse = np.divide(variance, mean**2, out=np.zeros_like(mean), where=mean > 0)
    root = np.sqrt(inverse) / 3
    low, high = (mean * np.maximum(0.0, 1 - inverse / 9 + z * root) ** 3 for z in (-Z95, Z95))
    return np.round(low), np.minimum(np.round(high), most)
