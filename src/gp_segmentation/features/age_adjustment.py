"""Taking age and sex out of prevalence, and saying how much of prevalence they are.

Age-specific registers are not published, so a standardised ratio cannot be formed. What can be done is a
regression over England's practices. With y_i the logit of a practice's prevalence, z_ik (k = 1..6) the
centred log-ratios of the shares of its list aged 0-14, 15-24, 25-44, 45-64, 65-74 and 75 and over, and
s_i the log of its women per man,

    y_i = b_0 + sum_k (b_k z_ik + c_k z_ik^2) + d s_i + e s_i^2 + r_i,

fitted by least squares weighted by list size, over practices that are not special. The adjusted
prevalence is m + r_i, m being the weighted mean of y: England's level plus the practice's departure from
what its age and sex composition predicts. The squares matter: prevalence rises with age, then levels off.
"""

import numpy as np
import pandas as pd

from gp_segmentation.features.age_structure import DEFAULT_BANDS, band_counts
from gp_segmentation.features.transforms import clr
from gp_segmentation.utils.arrays import Floats


def age_design(age_sex: pd.DataFrame, index: pd.Index, fitted: pd.Series, *, sex: bool) -> pd.DataFrame:
    """Return the regression's columns: z_1..z_5 (z_6 is minus their sum), all squares, then s and s^2.

    Each z and s is held within the range seen among `fitted` practices, so that a special practice
    (everyone over 75, say) is not given an extrapolated parabola. Practices without registrations: NaN.
    """
    counts = band_counts(age_sex, index, DEFAULT_BANDS) + 0.5
    basis = pd.DataFrame(clr(counts.to_numpy()), index=index, columns=list(counts.columns))
    if sex:
        by_sex = age_sex.pivot_table(index="practice_code", columns="sex", values="patients", aggfunc="sum")
        by_sex = by_sex.reindex(index).astype(float) + 0.5
        basis["women_per_man"] = np.log(by_sex["FEMALE"] / by_sex["MALE"])
    seen = basis[fitted.to_numpy()]
    basis = basis.clip(lower=seen.min(), upper=seen.max(), axis=1)
    basis = basis - seen.mean()
    linear = basis.drop(columns=counts.columns[-1])
    return pd.concat([linear, (basis**2).add_suffix("_squared")], axis=1)


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
    residuals, means = np.full(y.shape, np.nan), np.full(y.shape[1], np.nan)
    usable = fitted.to_numpy() & np.isfinite(matrix).all(axis=1) & (weights.to_numpy() > 0)
    for j in range(y.shape[1]):
        values = y.iloc[:, j].to_numpy()
        rows = usable & np.isfinite(values)
        if rows.any():
            coefficients = _weighted_least_squares(matrix[rows], values[rows], weights.to_numpy()[rows])
            residuals[:, j] = values - matrix @ coefficients
            means[j] = np.average(values[rows], weights=weights.to_numpy()[rows])
    return pd.DataFrame(residuals, y.index, y.columns), pd.Series(means, index=y.columns)


def _weighted_least_squares(matrix: Floats, values: Floats, weights: Floats) -> Floats:
    root = np.sqrt(weights / weights.mean())
    return np.linalg.lstsq(matrix * root[:, None], values * root, rcond=None)[0]


def adjust(y: pd.DataFrame, design: pd.DataFrame, weights: pd.Series, fitted: pd.Series) -> pd.DataFrame:
    """Return `y` with the composition taken out: England's weighted mean plus the residual (logit scale)."""
    residuals, means = regression_residuals(y, design, weights, fitted)
    return residuals + means


def share_explained(y: pd.DataFrame, design: pd.DataFrame, fitted: pd.Series) -> pd.Series:
    """Return R^2 of each column of `y` on `design`, every fitted practice counting alike."""
    alike = pd.Series(1.0, index=y.index)
    residuals, means = regression_residuals(y, design, alike, fitted)
    rows = fitted.to_numpy()
    left = (residuals[rows] ** 2).sum()
    whole = ((y[rows] - means) ** 2).where(residuals[rows].notna()).sum()
    return 1 - left / whole
