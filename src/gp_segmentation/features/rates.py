"""Counts to rates on the analysis scale, for every block with numerators and denominators."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from gp_segmentation.features.shrinkage import shrink as shrink_rates
from gp_segmentation.features.transforms import percent_logit
from gp_segmentation.utils.arrays import Floats

RATE_TRANSFORMS = ("empirical_logit", "none")
SHRINKAGES = ("none", "beta_binomial")


@dataclass(frozen=True)
class Rates:
    """`values` on the analysis scale, `natural` in percent, the transform, how many counts were capped."""

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
    """Return the rates of x patients of n, in percent (100 x / n) and on the analysis scale.

    The empirical logit ``log((x + 1/2) / (n - x + 1/2))`` is finite even at 0% and 100%; the half makes it
    nearly unbiased for the logit of the underlying rate (Haldane 1956, Anscombe 1956). With
    ``beta_binomial`` the shrunk rate replaces x / n; it is never exactly 0 or 1, so its plain logit is used.

    A zero denominator gives NaN. A count above its denominator (an institution with more patients on a
    register than on its list) is capped at it; without shrinkage, `natural` shows it as published.

    Parameters
    ----------
    numerator, denominator : practices x features, in patients.
    transform : one of `RATE_TRANSFORMS`; shrink : one of `SHRINKAGES`.
    fitted : practices from which a shrinkage prior is estimated (default: all).
    """
    denominator = denominator.where(denominator > 0)
    capped = numerator.clip(upper=denominator)
    if shrink == "beta_binomial":
        natural = 100 * shrink_rates(capped, denominator, fitted).rate
        name, values = "logit", percent_logit(natural)
    else:
        natural = 100 * numerator / denominator
        logits = on_scale(capped.to_numpy(), denominator.to_numpy())
        name, values = "empirical_logit", pd.DataFrame(logits, capped.index, capped.columns)
    if transform == "none":
        name, values = "none", natural
    return Rates(values, natural, name, int((numerator > denominator).to_numpy().sum()))


def on_scale(
    cases: Floats,
    patients: Floats,
    transform: str = "empirical_logit",
    prior: tuple[Floats, Floats] | None = None,
) -> Floats:
    """Return rates (n, p) on the analysis scale; with a `prior` (alpha, beta) they are shrunk toward it."""
    if prior is not None:
        percent = pd.DataFrame(100 * (cases + prior[0]) / (patients + prior[0] + prior[1]))
        return (percent if transform == "none" else percent_logit(percent)).to_numpy()
    if transform == "none":
        return 100 * cases / patients
    return np.log((cases + 0.5) / (patients - cases + 0.5))


def wide(table: pd.DataFrame, index: pd.Index, columns: str, values: str) -> pd.DataFrame:
    """Lay a long table out as practices (all of `index`) x `columns` of floats; absent cells are NaN."""
    # pivot refuses duplicate cells; pivot_table would average them silently.
    frame = table.pivot(  # noqa: PD010
        index="practice_code", columns=columns, values=values
    )
    return frame.reindex(index).sort_index(axis=1).astype(float).rename_axis(columns=None)
