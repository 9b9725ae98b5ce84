"""Rates that practices achieved, shrunk toward the mean of their segment.

A practice's rate x / n is partly chance, most so in small practices. The beta-binomial model of
`gp_segmentation.features.shrink`, fitted to the practices of one segment (mean mu, size m, weight
w = n / (n + m)), gives two figures for each practice:

* The posterior of its true rate, Beta(x + mu m, n - x + (1 - mu) m), for intervals. mu and m are estimates,
  so each draw first draws them: normal on the scales logit mu and log m, with the inverse of the observed
  information as covariance.
* A shrunk rate. Posterior means (weight w) vary too little between practices, so their quartiles lie too
  near each other; raw rates vary too much. With the weight sqrt(w),

      shrunk rate = mu + sqrt(w) (x / n - mu),

  the variance equals that of the true rates (Louis 1984; Ghosh 1992, constrained empirical Bayes). Quartiles
  of shrunk rates then estimate quartiles of true rates, and shortfalls add up without bias.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit, logit, polygamma

from gp_segmentation.features import shrink

#: Practices a segment needs for a prior of its own; smaller segments take England's.
OWN_PRIOR = 20
#: Bounds of a drawn prior's size, as in the fit.
SIZES = (0.1, 1e7)


def achieved_rates(achievement: pd.DataFrame, segments: pd.DataFrame, *, gross: bool = False) -> pd.DataFrame:
    """Return the rate of every fitted practice for every indicator it has eligible patients for.

    Parameters
    ----------
    achievement, segments : tables of those schemas.
    gross : count patients with a personalised care adjustment as eligible (denominator + pcas).

    Returns
    -------
    indicator_code, practice_code (sorted by both), segment, numerator, eligible, rate.
    """
    eligible = achievement["denominator"] + (achievement["pcas"] if gross else 0.0)
    rates = achievement[["practice_code", "indicator_code", "numerator"]].assign(eligible=eligible)
    rates = rates[(rates["eligible"] > 0) & rates["numerator"].notna()]
    fitted = segments.loc[segments["fitted"], ["practice_code", "segment"]]
    rates = rates.merge(fitted, on="practice_code")
    # No rate above 100%, also where more patients are counted than are eligible.
    rates = rates.assign(numerator=rates[["numerator", "eligible"]].min(axis=1))
    rates = rates.assign(rate=rates["numerator"] / rates["eligible"])
    columns = ["indicator_code", "practice_code", "segment", "numerator", "eligible", "rate"]
    return rates.sort_values(columns[:2], ignore_index=True)[columns]


@dataclass(frozen=True)
class ShrunkenRates:
    """The shrunk rates of one indicator.

    Attributes
    ----------
    rows : from `achieved_rates`, with ``shrunk_rate`` and the posterior's ``alpha`` and ``beta``.
    priors : a row per prior: ``rate`` (mu), ``size`` (m) and the Cholesky factor (``c00, c10, c11``) of the
        covariance of (logit mu, log m).
    prior_of_row : position in `priors` of each row's prior.
    """

    rows: pd.DataFrame
    priors: pd.DataFrame
    prior_of_row: np.ndarray

    def draw(self, draws: int, rng: np.random.Generator) -> np.ndarray:
        """Draw true rates, (draws, rows): priors from their sampling distribution, then rates given them."""
        rate, prior_size, c00, c10, c11 = self.priors[["rate", "size", "c00", "c10", "c11"]].to_numpy().T
        first, second = rng.standard_normal((2, draws, len(self.priors)))
        mean = expit(logit(rate) + c00 * first)
        size = np.clip(prior_size * np.exp(np.clip(c10 * first + c11 * second, -5, 5)), *SIZES)
        x, n = self.rows["numerator"].to_numpy(), self.rows["eligible"].to_numpy()
        alpha, beta = mean * size, (1 - mean) * size
        drawn = rng.beta(x + alpha[:, self.prior_of_row], n - x + beta[:, self.prior_of_row])
        return drawn.astype(np.float32)


def shrink_in_segments(rates: pd.DataFrame) -> ShrunkenRates:
    """Shrink the rates of one indicator (`achieved_rates`), each toward the mean of its segment."""
    sizes = rates["segment"].map(rates["segment"].value_counts())
    group = rates["segment"].where(sizes >= OWN_PRIOR, 0).to_numpy()  # 0: England's prior
    segments = [number for number in np.unique(group) if number]
    # One column per segment, each shrunk toward its own mean; the last is England.
    member = np.column_stack([*(group == number for number in segments), np.ones(len(rates), dtype=bool)])
    x, n = (rates[c].to_numpy(dtype=float) for c in ("numerator", "eligible"))
    wide = [pd.DataFrame(np.where(member, c[:, None], np.nan), columns=[*segments, 0]) for c in (x, n)]
    priors = shrink(wide[0], wide[1]).prior
    priors[["c00", "c10", "c11"]] = [
        _cholesky(x[mine], n[mine], a, b)
        for mine, a, b in zip(member.T, priors["alpha"], priors["beta"], strict=True)
    ]
    prior_of_row = priors.index.get_indexer(pd.Index(group))
    size, mean = (priors[c].to_numpy()[prior_of_row] for c in ("size", "rate"))
    weight = np.sqrt(n / (n + size))
    rows = rates.assign(
        shrunk_rate=mean + weight * (x / n - mean), alpha=x + mean * size, beta=n - x + (1 - mean) * size
    )
    return ShrunkenRates(rows, priors, prior_of_row)


def _cholesky(x: np.ndarray, n: np.ndarray, a: float, b: float) -> tuple[float, float, float]:
    """Factor (c00, c10, c11) of the covariance of (logit mu, log m): the inverse observed information.

    Where practices differ no more than by chance, m is at its upper bound and not estimated: only mu is
    uncertain, as the rate of all patients together is (information N mu (1 - mu)). Zeros (no uncertainty)
    where the likelihood has no other maximum inside its range, as when every patient is at 0% or 100%.
    """
    if a + b >= 0.99 * SIZES[1]:
        information = n.sum() * a * b / (a + b) ** 2
        return (float(1 / np.sqrt(information)) if information >= 1 else 0.0), 0.0, 0.0
    shared = polygamma(1, a + b + n).sum() - len(n) * polygamma(1, a + b)
    in_a = polygamma(1, a + x).sum() - len(n) * polygamma(1, a) - shared
    in_b = polygamma(1, b + n - x).sum() - len(n) * polygamma(1, b) - shared
    hessian = np.array([[in_a, -shared], [-shared, in_b]])
    # d(a, b) / d(logit mu, log m). At the maximum the gradient is zero, so first derivatives suffice.
    slope = a * b / (a + b)
    jacobian = np.array([[slope, a], [-slope, b]])
    try:
        factor = np.linalg.cholesky(np.linalg.inv(-jacobian.T @ hessian @ jacobian))
    except np.linalg.LinAlgError:
        return 0.0, 0.0, 0.0
    return float(factor[0, 0]), float(factor[1, 0]), float(factor[1, 1])
