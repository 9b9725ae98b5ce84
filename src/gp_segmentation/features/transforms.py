"""Maps between natural units and the analysis scale, each with its inverse.

Percentages crowd at 0 and 100, sizes and scores have long right tails, and shares of one whole are tied
to each other; distances are meaningful only once that is undone. Every map works on natural units
(percent for rates and shares), so its inverse speaks in them again.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit, softmax

from gp_segmentation.utils.arrays import Floats

Array = Floats

#: Half of a percentage's smallest step shown (0.1): published 0% and 100% stand this far from the end.
PERCENT_EDGE = 0.05


@dataclass(frozen=True)
class Transform:
    """A map `forward` from natural units to the analysis scale, and its `inverse`."""

    forward: Callable[[Array], Array]
    inverse: Callable[[Array], Array]


def empirical_logit(count: Array, total: Array) -> Array:
    """Return ``log((x + 1/2) / (n - x + 1/2))``, finite even when none or all of `total` are counted.

    The half makes it nearly unbiased for the logit of the underlying rate (Haldane 1956, Anscombe 1956).
    A zero or missing total gives NaN. A count above its total (an institution with more patients on a
    register than on its list) is taken as the total.

    Parameters
    ----------
    count, total : arrays of the same shape, in patients.
    """
    count, total = np.asarray(count, dtype=float), np.asarray(total, dtype=float)
    total = np.where(total > 0, total, np.nan)
    count = np.minimum(count, total)
    return np.log((count + 0.5) / (total - count + 0.5))


def percent_logit(percent: Array) -> Array:
    """Return ``log(p / (100 - p))`` of percentages, those at the very ends moved in by 0.05 points."""
    inside = np.clip(np.asarray(percent, dtype=float), PERCENT_EDGE, 100 - PERCENT_EDGE)
    return np.log(inside / (100 - inside))


def percent_expit(logit: Array) -> Array:
    """Return the percentage of a logit: ``100 / (1 + exp(-y))``."""
    return 100 * expit(np.asarray(logit, dtype=float))


def log_positive(value: Array) -> Array:
    """Return the natural logarithm, NaN where a value is not positive (a list of nobody)."""
    value = np.asarray(value, dtype=float)
    return np.log(np.where(value > 0, value, np.nan))


def clr(parts: Array) -> Array:
    """Return the centred log-ratio of compositions (rows): ``z_j = log p_j - mean_k log p_k``.

    Scale-free: counts and shares of the same whole give the same. Euclidean distance between rows is
    Aitchison's distance; the columns add to zero (Aitchison 1986). `parts` must be positive.
    """
    logs = np.log(np.asarray(parts, dtype=float))
    return logs - logs.mean(axis=1, keepdims=True)


def inverse_clr(values: Array) -> Array:
    """Return the compositions, in percent, whose centred log-ratios are the rows of `values`."""
    return 100 * softmax(np.asarray(values, dtype=float), axis=1)


def _same(value: Array) -> Array:
    return np.asarray(value, dtype=float)


#: Maps of one column. ``clr`` is not among them: it needs all columns of its block at once.
TRANSFORMS: dict[str, Transform] = {
    "none": Transform(_same, _same),
    "log": Transform(log_positive, np.exp),
    "sqrt": Transform(np.sqrt, np.square),
    "logit": Transform(percent_logit, percent_expit),
    "empirical_logit": Transform(percent_logit, percent_expit),
}


def to_natural(values: pd.DataFrame, dictionary: pd.DataFrame) -> pd.DataFrame:
    """Turn rows on the analysis scale (centroids, say) back into natural units.

    Parameters
    ----------
    values : rows x features; a subset of the dictionary's features will do, but of a block
        transformed by ``clr`` all columns are needed.
    dictionary : schema ``dictionary``.
    """
    result = values.astype(float).copy()
    rows = dictionary[dictionary["feature"].isin(values.columns)]
    for (_, transform), features in rows.groupby(["block", "transform"], sort=False)["feature"]:
        columns = list(features)
        inverse = inverse_clr if transform == "clr" else TRANSFORMS[str(transform)].inverse
        result[columns] = inverse(values[columns].to_numpy(dtype=float))
    return result
