"""Regression of prevalence on the age and sex of the list: adjustment, and the share explained.

Age-specific registers are not published, so a standardised ratio cannot be formed; a regression over
England's practices is possible. With y_i the logit of a practice's prevalence, z_ik (k = 1..6) the
centred log-ratios of the shares of its list aged 0-14, 15-24, 25-44, 45-64, 65-74 and 75 and over, and
s_i the log of its women per man,

    y_i = b_0 + sum_k (b_k z_ik + c_k z_ik^2) + d s_i + e s_i^2 + r_i,

fitted by least squares weighted by list size, over practices that are not special. The adjusted
prevalence is m + r_i, m being the weighted mean of y: England's level plus the practice's departure from
what its age and sex composition predicts. The squares are needed: prevalence rises with age, then levels off.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd

from gp_segmentation.features.age_structure import DEFAULT_BANDS, band_counts, sex_counts
from gp_segmentation.features.transforms import clr


@dataclass(frozen=True)
class AgeTerms:
    """The regression's terms of lists of any age and sex, limited and centred as among fitted practices.

    `low`, `high` and `mean` are of z_1..z_6, and of s where sex is among the terms.
    """

    low: pd.Series
    high: pd.Series
    mean: pd.Series

    @classmethod
    def of(cls, basis: pd.DataFrame) -> Self:
        """Take the limits and means from the rows of `basis`."""
        return cls(basis.min(), basis.max(), basis.mean())

    def design(self, basis: pd.DataFrame) -> pd.DataFrame:
        """Return z_1..z_5 (z_6 is minus their sum), all squares, then s and s^2."""
        limited = np.clip(basis.to_numpy(), self.low.to_numpy(), self.high.to_numpy())
        basis = pd.DataFrame(limited - self.mean.to_numpy(), basis.index, basis.columns)
        last_band = basis.columns[len(DEFAULT_BANDS) - 1]
        return pd.concat([basis.drop(columns=last_band), (basis**2).add_suffix("_squared")], axis=1)


def age_basis(bands: pd.DataFrame, sexes: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return z_1..z_6 of patients by band, and s of patients by sex where given."""
    basis = clr(bands + 0.5)
    if sexes is not None:
        basis["women_per_man"] = np.log((sexes["FEMALE"] + 0.5) / (sexes["MALE"] + 0.5))
    return basis


def age_design(age_sex: pd.DataFrame, index: pd.Index, fitted: pd.Series, *, sex: bool) -> pd.DataFrame:
    """Return the regression's columns: z_1..z_5 (z_6 is minus their sum), all squares, then s and s^2.

    Each z and s is limited to its range among `fitted` practices, so that the parabola is not extrapolated
    to a special practice (everyone over 75, say). Practices without registrations: NaN.
    """
    bands = band_counts(age_sex, index, DEFAULT_BANDS)
    basis = age_basis(bands, sex_counts(age_sex, index) if sex else None)
    return AgeTerms.of(basis[fitted.to_numpy()]).design(basis)


def regression_residuals(
    y: pd.DataFrame, design: pd.DataFrame, weights: pd.Series, fitted: pd.Series
) -> tuple[pd.DataFrame, pd.Series]:
    """Regress each column of `y` on `design`; return residuals of all rows and the weighted means of `y`.

    Parameters
    ----------
    y : practices x registers (logits); NaN is left out of the fit and stays NaN.
    weights : least-squares weights (list sizes, or ones).
    fitted : rows used for the fit.
    """
    matrix = np.column_stack([np.ones(len(design)), design.to_numpy()])
    w = weights.to_numpy()
    residuals, means = np.full(y.shape, np.nan), np.full(y.shape[1], np.nan)
    usable = fitted.to_numpy() & np.isfinite(matrix).all(axis=1) & (w > 0)
    for j in range(y.shape[1]):
        values = y.iloc[:, j].to_numpy()
        rows = usable & np.isfinite(values)
        if rows.any():
            root = np.sqrt(w[rows] / w[rows].mean())
            fit = np.linalg.lstsq(matrix[rows] * root[:, None], values[rows] * root, rcond=None)
            residuals[:, j] = values - matrix @ fit[0]
            means[j] = np.average(values[rows], weights=w[rows])
    return pd.DataFrame(residuals, y.index, y.columns), pd.Series(means, index=y.columns)


def adjust(y: pd.DataFrame, design: pd.DataFrame, weights: pd.Series, fitted: pd.Series) -> pd.DataFrame:
    """Return `y` adjusted for `design`: England's weighted mean plus the residual (logit scale)."""
    residuals, means = regression_residuals(y, design, weights, fitted)
    return residuals + means


def share_explained(y: pd.DataFrame, design: pd.DataFrame, fitted: pd.Series) -> pd.Series:
    """Return R^2 of each column of `y` on `design`, every fitted practice weighted equally."""
    residuals, means = regression_residuals(y, design, pd.Series(1.0, index=y.index), fitted)
    rows = fitted.to_numpy()
    unexplained = (residuals[rows] ** 2).sum()
    total = ((y[rows] - means) ** 2).where(residuals[rows].notna()).sum()
    return 1 - unexplained / total
