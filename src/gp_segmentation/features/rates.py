"""From counts to rates on the analysis scale: shared by every block made of numerators and denominators."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from gp_segmentation.features.shrinkage import shrink as shrink_rates
from gp_segmentation.features.transforms import empirical_logit, percent_logit

RATE_TRANSFORMS = ("empirical_logit", "none")
SHRINKAGES = ("none", "beta_binomial")


@dataclass(frozen=True)
class Rates:
    """`values` on the analysis scale, `natural` in percent, the transform's name, and counts capped."""

    values: pd.DataFrame
    natural: pd.DataFrame
    transform: str
    capped: int


def rate_features(
    numerator: pd.DataFrame,
    denominator: pd.DataFrame,
    *,
    transform: str = "empirical_logit",
    shrink: str = "none",
    fitted: pd.Series | None = None,
) -> Rates:
    """Turn counts into rates.

    Without shrinkage: percent = 100 x / n, and on the analysis scale the empirical logit or the same
    percent. With ``beta_binomial`` the shrunk rate takes the place of x / n; it is never exactly 0 or
    1, so its plain logit is used. A zero denominator gives NaN. A count above its denominator is shown
    as published in `natural` and counted as its denominator elsewhere.

    Parameters
    ----------
    numerator, denominator : practices x features, in patients.
    fitted : practices from which a shrinkage prior is estimated.
    """
    denominator = denominator.where(denominator > 0)
    capped = numerator.clip(upper=denominator)
    natural = 100 * numerator / denominator
    exceeding = int((numerator > denominator).to_numpy().sum())
    if shrink == "beta_binomial":
        natural = 100 * shrink_rates(capped, denominator, fitted).rate
        values = natural if transform == "none" else _like(natural, percent_logit(natural.to_numpy()))
        return Rates(values, natural, "none" if transform == "none" else "logit", exceeding)
    if transform == "none":
        return Rates(natural, natural, "none", exceeding)
    logits = empirical_logit(capped.to_numpy(), denominator.to_numpy())
    return Rates(_like(natural, logits), natural, "empirical_logit", exceeding)


def _like(frame: pd.DataFrame, array: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(array, index=frame.index, columns=frame.columns)


def wide(table: pd.DataFrame, index: pd.Index, columns: str, values: str) -> pd.DataFrame:
    """Lay a long table out as practices (all of `index`) x `columns` of floats; absent cells are NaN."""
    # pivot refuses a cell that is there twice; pivot_table would quietly average it.
    frame = table.pivot(  # noqa: PD010
        index="practice_code", columns=columns, values=values
    )
    return frame.reindex(index).sort_index(axis=1).astype(float).rename_axis(columns=None)
