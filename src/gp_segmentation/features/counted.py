"""What blocks count, with the estimates that turn counts into features kept as they are.

A block that is made of counts says by ``counted`` what they are; the features of other counts follow without
the rest of England being estimated again. `gp_segmentation.features.redraw` draws such counts.
"""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import pandas as pd

from gp_segmentation.features.age_adjustment import AgeTerms, age_basis
from gp_segmentation.features.age_counts import Ages, Bands, CountedBands
from gp_segmentation.features.rates import on_scale
from gp_segmentation.features.shrinkage import shrink
from gp_segmentation.utils.arrays import Floats


@dataclass(frozen=True)
class AgeAdjustment:
    """The adjustment of logits for age and sex (`gp_segmentation.features.age_adjustment`), kept as it is.

    It takes ``b_0 + D b`` from the logits, D being `terms` of a list's ages; `coefficients` are (1 + q, p).
    """

    terms: AgeTerms
    bands: Bands
    coefficients: Floats

    @classmethod
    def of(cls, taken: pd.DataFrame, terms: AgeTerms, bands: Bands, basis: pd.DataFrame) -> Self:
        """Find the coefficients from what the adjustment took from the logits: linear in the terms."""
        design = _with_constant(terms.design(basis))
        values = taken.to_numpy()
        known = np.isfinite(design).all(axis=1)
        columns = []
        for column in values.T:
            rows = known & np.isfinite(column)
            columns.append(np.linalg.lstsq(design[rows], column[rows], rcond=None)[0])
        return cls(terms, bands, np.column_stack(columns))

    def taken(self, ages: Ages) -> Floats:
        """What is taken from the logits (n, p) of practices of these `ages`."""
        sexes = ages.sexes if "women_per_man" in self.terms.mean.index else None
        return _with_constant(self.terms.design(age_basis(ages.bands[self.bands], sexes))) @ self.coefficients


def _with_constant(design: pd.DataFrame) -> Floats:
    return np.column_stack([np.ones(len(design)), design.to_numpy()])


@dataclass(frozen=True)
class CountedRates:
    """Rates of x patients of n, practices x features.

    Attributes
    ----------
    cases, patients : x and n; n is NaN where there is no rate.
    transform : one of `rates.RATE_TRANSFORMS`. prior : alpha and beta of a shrinkage, or None.
    adjustment : of the logits for age and sex, or None.
    """

    cases: pd.DataFrame
    patients: pd.DataFrame
    transform: str
    prior: tuple[Floats, Floats] | None = None
    adjustment: AgeAdjustment | None = None

    @classmethod
    def of(
        cls,
        numerator: pd.DataFrame,
        denominator: pd.DataFrame,
        transform: str,
        shrunk: str,
        fitted: pd.Series,
    ) -> Self:
        """Take counts and options as `rates.rate_features` does."""
        patients = denominator.where(denominator > 0)
        cases = numerator.clip(upper=patients)
        if shrunk == "none":
            return cls(cases, patients, transform)
        found = shrink(cases, patients, fitted).prior
        return cls(cases, patients, transform, (found["alpha"].to_numpy(), found["beta"].to_numpy()))

    def of_practices(self, index: pd.Index) -> Self:
        """Return the counts of these practices alone."""
        return replace(self, cases=self.cases.reindex(index), patients=self.patients.reindex(index))

    def values(self, cases: Floats, ages: Ages | None) -> Floats:
        """Return the features (n, p) of `cases` (n, p), whole numbers or not; without `ages` unadjusted."""
        values = on_scale(cases, self.patients.to_numpy(), self.transform, self.prior)
        return values if self.adjustment is None or ages is None else values - self.adjustment.taken(ages)


Counted = CountedRates | CountedBands
