"""Fifths of practices by a figure."""

import pandas as pd

FIFTHS = 5


def fifths(values: pd.Series) -> pd.Series:
    """Return the fifth of every row with a figure, from 0 (lowest) to 4; rows without one are left out.

    Fifths hold equal numbers of rows. Ties are broken by the index.

    >>> fifths(pd.Series([9.0, 1.0, None, 5.0], index=["C", "A", "D", "B"])).to_dict()
    {'A': 0, 'B': 1, 'C': 3}
    """
    rank = values.dropna().sort_index().rank(method="first")
    return ((rank - 1) * FIFTHS // max(len(rank), 1)).astype("int64")
