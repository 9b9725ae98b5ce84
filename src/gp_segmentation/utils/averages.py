"""Averages over groups of practices."""

import pandas as pd


def weighted_means(values: pd.DataFrame, weights: pd.Series, groups: pd.Series) -> pd.DataFrame:
    """Return each group's mean of every column, sum(w x) / sum(w) over its rows with a figure.

    Parameters
    ----------
    values : rows x columns; missing figures (NaN) are left out. weights, groups : of the same rows.

    Returns
    -------
    Groups in order x columns; NaN where no row with a weight has a figure.

    >>> x = pd.DataFrame({"imd": [10.0, 40.0, None]})
    >>> weighted_means(x, pd.Series([3000, 1000, 500]), pd.Series(["U1", "U1", "U2"]))["imd"].to_dict()
    {'U1': 17.5, 'U2': nan}
    """
    given = values.notna().mul(weights, axis=0).groupby(groups).sum()
    return values.mul(weights, axis=0).groupby(groups).sum() / given.where(given > 0)
