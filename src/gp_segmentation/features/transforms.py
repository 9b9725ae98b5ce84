"""Maps from natural units to the analysis scale.

Percentages crowd at 0 and 100, sizes and scores have long right tails, and the shares of a list add up to
100%. These maps undo that, so that distances between practices are meaningful. Each takes
practices x features in natural units (percent for rates and shares) and returns a table of the same shape.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd

#: Half of a percentage's smallest step shown (0.1): published 0% and 100% stand this far from the end.
PERCENT_EDGE = 0.05


def percent_logit(percent: pd.DataFrame) -> pd.DataFrame:
    """Return ``log(p / (100 - p))`` of percentages, those at the very ends moved in by 0.05 points."""
    inside = percent.clip(PERCENT_EDGE, 100 - PERCENT_EDGE)
    return (inside / (100 - inside)).transform(np.log)


def percent_clr(percent: pd.DataFrame) -> pd.DataFrame:
    """Return the centred log-ratio of percentages, those below 0.05 taken as 0.05."""
    return clr(percent.clip(lower=PERCENT_EDGE))


def clr(parts: pd.DataFrame) -> pd.DataFrame:
    """Return the centred log-ratio of compositions (rows): ``z_j = log p_j - mean_k log p_k``.

    Counts and shares of the same list give the same result. Euclidean distance between rows is Aitchison's
    distance; each row adds up to zero (Aitchison 1986). `parts` must be positive.
    """
    logs = np.log(parts.to_numpy())
    return pd.DataFrame(logs - logs.mean(axis=1, keepdims=True), parts.index, parts.columns)


#: Maps that need nothing but values in natural units (see `rates` for the empirical logit of counts).
TRANSFORMS: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "none": lambda values: values,
    "log": lambda values: values.where(values > 0).transform(np.log),
    "sqrt": lambda values: values.transform(np.sqrt),
    "logit": percent_logit,
    "clr": percent_clr,
}
