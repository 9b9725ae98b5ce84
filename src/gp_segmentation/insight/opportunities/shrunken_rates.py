"""What practices achieved of each indicator, shrunk within their segment: the rates behind opportunities.

A practice's rate x / n is partly chance, most so in small practices. With the beta-binomial model of
`gp_segmentation.features.shrink`, fitted to the practices of one segment (mean mu, size m, weight
w = n / (n + m)), two figures are wanted of each practice:

* The posterior of its true rate, Beta(x + mu m, n - x + (1 - mu) m): what the interval is drawn from. As
  mu and m are estimates, a draw begins with them, normal on the scales logit mu and log m with the
  inverse of the observed information as covariance.
* One rate whose spread over practices is that of the true rates. Posterior means, weight w, vary too
  little, so their quartiles lie too near each other, and raw rates too much. With the weight sqrt(w),

      shrunk rate = mu + sqrt(w) (x / n - mu),

  the variance is exactly that of the true rates (Louis 1984; Ghosh 1992, constrained empirical Bayes), so
  that quartiles of shrunk rates estimate quartiles of true rates, and shortfalls add up without bias.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit, logit, polygamma

from gp_segmentation.features import shrink

#: Practices a segment needs for a prior of its own; below it has England's.
OWN_PRIOR = 20
#: Bounds of a drawn prior's size, as of the fit.
SIZES = (0.1, 1e7)


def achieved_rates(achievement: pd.DataFrame, segments: pd.DataFrame, *, gross: bool = False) -> pd.DataFrame:
    """Return the rate of every fitted practice and indicator that has one.

    Parameters
    ----------
    achievement, segments : tables of those schemas.
    gross : count patients with a personalised care adjustment as eligible (denominator + pcas).

    Returns
    -------
    indicator_code, practice_code (both in order), segment, numerator, eligible, rate.
    """
    eligible = achievement["denominator"] + (achievement["pcas"] if gross else 0.0)
    rows = achievement[["practice_code", "indicator_code", "numerator"]].assign(eligible=eligible)
    rows = rows[(rows["eligible"] > 0) & rows["numerator"].notna()]
    fitted = segments.loc[segments["fitted"], ["practice_code", "segment"]]
    rows = rows.merge(fitted, on="practice_code")
    # More patients counted than eligible would be a rate above 100%.
    rows = rows.assign(numerator=rows[["numerator", "eligible"]].min(axis=1))
    rows = rows.assign(rate=rows["numerator"] / rows["eligible"])
    columns = ["indicator_code", "practice_code", "segment", "numerator", "eligible", "rate"]
    return rows.sort_values(columns[:2], ignore_index=True)[columns]


@dataclass(frozen=True)
class SegmentRates:
    """The rates of one indicator, shrunk.

    Attributes
    ----------
    rows : from `achieved_rates`, with ``shrunk_rate`` and the posterior's ``alpha`` and ``beta``.
    prior : a row per prior: ``rate`` (mu), ``size`` (m) and the Cholesky factor (``c00, c10, c11``) of the
        covariance of (logit mu, log m).
    of : which of the priors each row has.
    """

    rows: pd.DataFrame
    prior: pd.DataFrame
    of: np.ndarray

    def draw(self, draws: int, rng: np.random.Generator) -> np.ndarray:
        """Draw true rates, (draws, rows): priors from their sampling distribution, then rates given them."""
        factors = {name: self.prior[name].to_numpy() for name in ("rate", "size", "c00", "c10", "c11")}
        first, second = rng.standard_normal((2, draws, len(self.prior)))
        mean = expit(logit(factors["rate"]) + factors["c00"] * first)
        change = factors["c10"] * first + factors["c11"] * second
        size = np.clip(factors["size"] * np.exp(np.clip(change, -5, 5)), *SIZES)
        x, n = self.rows["numerator"].to_numpy(), self.rows["eligible"].to_numpy()
        alpha, beta = mean * size, (1 - mean) * size
        drawn = rng.beta(x + alpha[:, self.of], n - x + beta[:, self.of])
        return drawn.astype(np.float32)


def shrink_in_segments(rows: pd.DataFrame) -> SegmentRates:
    """Shrink the rates of one indicator, each toward the mean of its segment."""
    sizes = rows["segment"].map(rows["segment"].value_counts())
    group = rows["segment"].where(sizes >= OWN_PRIOR, 0).to_numpy()  # 0: too few of them, England's prior
    segments = [number for number in np.unique(group) if number]
    # One column per segment, each shrunk toward its own mean; the last is England.
    member = np.column_stack([*(group == number for number in segments), np.ones(len(rows), dtype=bool)])
    x, n = (rows[c].to_numpy(dtype=float) for c in ("numerator", "eligible"))
    wide = [pd.DataFrame(np.where(member, c[:, None], np.nan), columns=[*segments, 0]) for c in (x, n)]
    prior = shrink(wide[0], wide[1]).prior
    errors = [
        _cholesky(x[mine], n[mine], a, b)
        for mine, a, b in zip(member.T, prior["alpha"], prior["beta"], strict=True)
    ]
    prior[["c00", "c10", "c11"]] = np.array(errors)
    of = prior.index.get_indexer(pd.Index(group))
    size, mean = prior["size"].to_numpy()[of], prior["rate"].to_numpy()[of]
    kept = np.sqrt(n / (n + size))
    told = rows.assign(
        shrunk_rate=mean + kept * (x / n - mean), alpha=x + mean * size, beta=n - x + (1 - mean) * size
    )
    return SegmentRates(told, prior, of)


def _cholesky(x: np.ndarray, n: np.ndarray, a: float, b: float) -> tuple[float, float, float]:
    """Factor of the covariance of (logit mu, log m): the inverse of the observed information.

    Zeros (no uncertainty) where the likelihood has no proper maximum inside, as when practices differ no
    more than by chance.
    """
    shared = polygamma(1, a + b + n).sum() - len(n) * polygamma(1, a + b)
    in_a = polygamma(1, a + x).sum() - len(n) * polygamma(1, a) - shared
    in_b = polygamma(1, b + n - x).sum() - len(n) * polygamma(1, b) - shared
    hessian = np.array([[in_a, -shared], [-shared, in_b]])
    # d(a, b) / d(logit mu, log m); at the maximum the gradient is zero and only this matters.
    slope = a * b / (a + b)
    jacobian = np.array([[slope, a], [-slope, b]])
    try:
        found = np.linalg.cholesky(np.linalg.inv(-jacobian.T @ hessian @ jacobian))
    except np.linalg.LinAlgError:
        return 0.0, 0.0, 0.0
    return float(found[0, 0]), float(found[1, 0]), float(found[1, 1])
