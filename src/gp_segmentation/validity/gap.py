"""The gap statistic and its one-standard-error rule (Tibshirani, Walther & Hastie 2001)."""

import numpy as np
import pandas as pd


def gap_statistic(log_within: pd.Series, null: pd.DataFrame) -> pd.DataFrame:
    """How far the log within-cluster sum of squares is below that of a null.

    ``gap(k) = mean_b log W*_kb - log W_k`` over the B draws of the null, with
    ``se(k) = sd_b(log W*_kb) sqrt(1 + 1/B)``, the standard deviation taken over B, not B - 1.

    Parameters
    ----------
    log_within : natural logarithm of the within-cluster sum of squares, by number of clusters (index k).
    null : frame draw, k, log_within, as from `draw_null`. The authors used its kind ``uniform``; ``gaussian``
        is stricter.

    Returns
    -------
    frame with the index of `log_within` and columns gap, se; NaN where the null lacks k.
    """
    draws = null.groupby("k")["log_within"]
    size = draws.size()
    gaps = pd.DataFrame({"gap": draws.mean(), "se": draws.std(ddof=0) * np.sqrt(1 + 1 / size)})
    gaps = gaps.reindex(log_within.index)
    gaps["gap"] -= log_within
    return gaps


def one_standard_error(gaps: pd.DataFrame) -> int | None:
    """Return the smallest k with ``gap(k) >= gap(k + 1) - se(k + 1)``.

    Parameters
    ----------
    gaps : from `gap_statistic`; for the authors' rule k must start at 1, which may be the answer.

    Returns
    -------
    None where no k qualifies for which k + 1 is known.
    """
    known = gaps.dropna()
    for k in sorted(known.index):
        if k + 1 in known.index and known.loc[k, "gap"] >= known.loc[k + 1, "gap"] - known.loc[k + 1, "se"]:
            return int(k)
    return None
