"""Features of counts drawn again: where chance could have put a practice with the same patients at risk.

A register of 40 patients could as well have had 35 or 46. For practice i and rate j, x of n patients,

    x_ij | p_ij ~ Binomial(n_ij, p_ij),    p_ij ~ Beta(m_ij e_ij, m_ij (1 - e_ij)),

so that what is known of the rate behind the count is ``Beta(x + m e, n - x + m (1 - e))``. The expected
rate e is what the practice's other features say, by linear regression over practices on the analysis scale.
m is such that logits spread about it as far as they do beyond chance: ``m = 1 / (t^2 e (1 - e)) - 1``, t^2
being the variance of ``y - logit e`` less that of counting, ``1 / (n e (1 - e))``. To draw about the observed
rate itself would count chance twice, once in the count and once in the draw. The shares of the age bands, and
of women and men, are Dirichlet, with the mean and spread of the practices. All else is kept: the adjustment
for age, shrinkage, scales. What is not counted (deprivation, list size, context) is taken as known.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit
from threadpoolctl import threadpool_limits

from gp_segmentation.features.age_counts import Ages, Bands, CountedBands
from gp_segmentation.features.age_structure import band_counts, sex_counts
from gp_segmentation.features.base import Block, NotInSource, Tables
from gp_segmentation.features.counted import Counted, CountedRates
from gp_segmentation.features.rates import on_scale
from gp_segmentation.utils.arrays import Floats

#: Expected rates are kept this far from 0 and 1 on the logit scale.
LARGEST_LOGIT = 12.0
#: Lowest standard deviation of logits beyond chance.
LEAST_SPREAD = 0.01


@dataclass(frozen=True)
class _Rates:
    """Rates of one block with the parameters (n, p) of their beta distributions."""

    counted: CountedRates
    alpha: Floats
    beta: Floats


class _Parts:
    """Patients (n, parts) of lists by age or sex, whose shares have a Dirichlet distribution.

    The prior is ``m mean``, with m from moments: shares vary by ``mean (1 - mean) / (m + 1)`` beyond chance.
    """

    def __init__(self, counts: pd.DataFrame) -> None:
        self.counts, values = counts, counts.to_numpy()
        self._total = values.sum(axis=1, keepdims=True)
        total = np.where(self._total > 0, self._total, np.nan)
        shares = values / total
        mean = np.nanmean(shares, axis=0)
        binomial = mean * (1 - mean)
        beyond = np.nanvar(shares, axis=0) - binomial * np.nanmean(1 / total)
        size = max(binomial.sum() / max(beyond.sum(), 1e-6) - 1, 0.0)
        # Unknown parts are drawn, too; what comes of them stays unknown.
        self._parameters = np.nan_to_num(values + size * mean, nan=1.0)

    def draw(self, rng: np.random.Generator) -> pd.DataFrame:
        """Draw the parts of each list, which add up to as many patients as there are."""
        drawn = rng.standard_gamma(self._parameters)
        drawn *= self._total / drawn.sum(axis=1, keepdims=True)
        return pd.DataFrame(drawn, self.counts.index, self.counts.columns)


class Redraw:
    """Draws of the features of some practices, with the counts behind them drawn again.

    Parameters
    ----------
    blocks : the feature set. tables : the run's prepared tables.
    features : practice_code -> features of the practices to draw, all of them ordinary ones.
    seed : each draw depends on it and on the draw's number alone.
    """

    def __init__(
        self, blocks: Mapping[str, Block], tables: Tables, features: pd.DataFrame, seed: int
    ) -> None:
        self._features, self._seed = features, seed
        # Sums of linear algebra may change with the number of threads; one thread keeps every byte.
        with threadpool_limits(1):
            counted = _counted(blocks, tables, features.index)
            rates = [one for one in counted if isinstance(one, CountedRates)]
            self._bands = [one for one in counted if isinstance(one, CountedBands)]
            ages = observed_ages(counted, tables, features.index)
            self._age_parts = {bands: _Parts(counts) for bands, counts in ages.bands.items()}
            self._sexes = None if ages.sexes is None else _Parts(ages.sexes)
            self._rates = self._posteriors(rates, ages)

    @property
    def drawn(self) -> list[str]:
        """The features that are drawn; all others are taken as known."""
        columns = [*(one.counted.cases.columns for one in self._rates), *(one.columns for one in self._bands)]
        return [name for name in self._features.columns if any(name in names for names in columns)]

    def draw(self, numbers: Sequence[int]) -> pd.DataFrame:
        """Return the features with all counts drawn for each of these times, one table below the other.

        A feature that is unknown stays unknown.
        """
        rows = np.concatenate([self._drawn(number) for number in numbers])
        index = self._features.index.append([self._features.index] * (len(numbers) - 1))
        return pd.DataFrame(rows, index, self._features.columns)

    def _drawn(self, number: int) -> Floats:
        rng = np.random.default_rng([self._seed, number])
        values = self._features.to_numpy(dtype=float, copy=True)
        ages = Ages(
            {bands: parts.draw(rng) for bands, parts in self._age_parts.items()},
            None if self._sexes is None else self._sexes.draw(rng),
        )
        for bands in self._bands:
            self._put(values, bands.columns, bands.values(ages))
        for rates in self._rates:
            cases = rng.standard_gamma(rates.alpha)
            cases /= cases + rng.standard_gamma(rates.beta)
            cases *= rates.counted.patients.to_numpy()
            self._put(values, rates.counted.cases.columns, rates.counted.values(cases, ages))
        return values

    def _put(self, values: Floats, columns: pd.Index, new: Floats) -> None:
        """Write those of the `new` values (n, columns) whose features there are, where they are known."""
        places = self._features.columns.get_indexer(columns)
        there = places >= 0
        values[:, places[there]] = np.where(np.isnan(values[:, places[there]]), np.nan, new[:, there])

    def _posteriors(self, rates: list[CountedRates], ages: Ages) -> list[_Rates]:
        """What is known of the rates behind the counts."""
        if not rates:
            return []
        logits = [on_scale(one.cases.to_numpy(), one.patients.to_numpy()) for one in rates]
        taken = [0.0 if one.adjustment is None else one.adjustment.taken(ages) for one in rates]
        scores = self._features.copy()
        for one, own, away in zip(rates, logits, taken, strict=True):
            columns = one.cases.columns[one.cases.columns.isin(scores.columns)]
            scores[columns] = (own - away)[:, one.cases.columns.get_indexer(columns)]
        expected = _from_the_others(scores)
        found = []
        for one, own, away in zip(rates, logits, taken, strict=True):
            columns = one.cases.columns
            # A feature that was left out is drawn, too, and thrown away; any expectation will do.
            centre = expected.reindex(columns=columns).fillna(0.0).to_numpy() + away
            centre = np.clip(centre, -LARGEST_LOGIT, LARGEST_LOGIT)
            found.append(_Rates(one, *_beta(one, own, centre)))
        return found


def _counted(blocks: Mapping[str, Block], tables: Tables, index: pd.Index) -> list[Counted]:
    """What the blocks that are in the source count."""
    found: list[Counted] = []
    for block in blocks.values():
        if not hasattr(block, "counted"):
            continue
        try:
            one = block.counted(tables)
        except NotInSource:  # an optional block
            continue
        found.append(one.of_practices(index) if isinstance(one, CountedRates) else one)
    return found


def observed_ages(counted: list[Counted], tables: Tables, index: pd.Index) -> Ages:
    """Return the ages of the practices of `index` that the blocks count, as `tables` have them."""
    divisions: set[Bands] = {one.bands for one in counted if isinstance(one, CountedBands)}
    adjustments = [one.adjustment for one in counted if isinstance(one, CountedRates) and one.adjustment]
    divisions |= {one.bands for one in adjustments}
    sexes = any("women_per_man" in one.terms.mean.index for one in adjustments)
    return Ages(
        {bands: band_counts(tables.age_sex, index, bands) for bands in sorted(divisions)},
        sex_counts(tables.age_sex, index) if sexes else None,
    )


def _from_the_others(scores: pd.DataFrame) -> pd.DataFrame:
    """What a practice's other columns say of each, by linear regression (unknown ones at their mean).

    All regressions follow from the inverse P of the covariance: the residual of column j is
    ``(Z P)_j / P_jj`` (Z: deviations from the means).
    """
    values = scores.to_numpy(dtype=float)
    mean = np.nanmean(values, axis=0)
    deviations = np.where(np.isnan(values), 0.0, values - mean)
    covariance = deviations.T @ deviations / len(deviations)
    # The columns of a composition add up to zero: a little more variance each makes the inverse exist.
    ridge = 1e-6 * np.maximum(np.diag(covariance), 1e-12)
    inverse = np.linalg.inv(covariance + np.diag(ridge))
    expected = mean + deviations - deviations @ inverse / np.diag(inverse)
    return pd.DataFrame(expected, scores.index, scores.columns)


def _beta(counted: CountedRates, logits: Floats, centre: Floats) -> tuple[Floats, Floats]:
    """Parameters of the beta distributions of the rates (n, p), expected at ``expit(centre)``."""
    x, n = counted.cases.to_numpy(), counted.patients.to_numpy()
    rate = expit(centre)
    binomial = rate * (1 - rate)
    size = np.maximum(1 / (_spread(logits - centre, 1 / (n * binomial)) * binomial) - 1, 0.0)
    alpha, beta = x + size * rate, n - x + size * (1 - rate)
    # Unknown counts are drawn, too; what comes of them stays unknown.
    return np.nan_to_num(alpha, nan=1.0), np.nan_to_num(beta, nan=1.0)


def _spread(residuals: Floats, chance: Floats, rounds: int = 20) -> Floats:
    """Variance (p,) of the residuals (n, p) beyond that of chance (n, p).

    It solves ``sum_i w_i (r_i^2 - c_i - t^2) = 0`` with ``w_i = 1 / (c_i + t^2)^2``, the normal likelihood's
    equation, by fixed-point iteration.
    """
    squares = residuals**2
    known = np.isfinite(squares) & np.isfinite(chance)
    squares, chance = np.where(known, squares, 0.0), np.where(known, chance, 0.0)
    spread = np.maximum(squares.sum(axis=0) / np.maximum(known.sum(axis=0), 1), LEAST_SPREAD**2)
    for _ in range(rounds):
        weights = np.where(known, 1 / (chance + spread) ** 2, 0.0)
        total = np.maximum(weights.sum(axis=0), 1e-300)
        spread = np.maximum((weights * (squares - chance)).sum(axis=0) / total, LEAST_SPREAD**2)
    return spread
