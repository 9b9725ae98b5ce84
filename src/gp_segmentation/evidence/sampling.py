"""Fewer rows than there are, where the evidence of all would take too much."""

import numpy as np
import pandas as pd


def drawn_rows(X: pd.DataFrame, most: int, seed: int) -> pd.DataFrame:
    """Return `X`, or `most` of its rows drawn at random without replacement, in their order.

    The evidence looks at all pairs of rows, whose number grows with the square of theirs.
    """
    if len(X) <= most:
        return X
    taken = np.random.default_rng(seed).choice(len(X), most, replace=False)
    return X.iloc[np.sort(taken)]
