"""Profiles: every feature and unused measure of each segment in natural units, against England."""

import numpy as np
import pandas as pd

#: Two-sided 95% point of the normal distribution.
Z95 = 1.959964


def segment_profiles(
    natural: pd.DataFrame,
    dictionary: pd.DataFrame,
    segments: pd.DataFrame,
    *,
    unused: pd.DataFrame | None = None,
    unused_dictionary: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Describe every segment by every feature, and by measures that were not clustered.

    Statistics are over the fitted practices with a value; special practices have a segment but do not
    describe it. England is all fitted practices, each counting once. The difference is

        difference_sd = (mean of the segment - mean of England) / standard deviation in England

    with a normal 95% interval. As the segment, of share f, is part of England, mean minus England's mean is
    (1 - f) times mean minus the others' mean, with standard error (1 - f) sqrt(s1^2 / n1 + s2^2 / n2).
    Segments were chosen to differ, so for used features the interval says how exactly a difference is known,
    not whether it exists.

    Parameters
    ----------
    natural : practice_code -> features in natural units; missing values (NaN) are left out.
    dictionary : what the features are (schema ``dictionary``).
    segments : schema ``segments``.
    unused, unused_dictionary : from `measures_not_used`.

    Returns
    -------
    segment, segment_name, feature, label, unit, block, used, practices (fitted, with a value), mean, median,
    lower_quartile, upper_quartile, england_mean, difference_sd, difference_low, difference_high, rank (by the
    size of the difference within a segment, 1 the largest; used and unused features apart).
    """
    parts = [_profiles(natural, dictionary, segments, used=True)]
    if unused is not None and unused_dictionary is not None and len(unused_dictionary):
        parts.append(_profiles(unused, unused_dictionary, segments, used=False))
    return pd.concat(parts, ignore_index=True)


def _profiles(
    values: pd.DataFrame, dictionary: pd.DataFrame, segments: pd.DataFrame, *, used: bool
) -> pd.DataFrame:
    fitted = segments[segments["fitted"]].set_index("practice_code")
    x = values.reindex(fitted.index)[list(dictionary["feature"])].astype(float)
    feature = dictionary[["feature", "label", "unit", "block"]].reset_index(drop=True).assign(used=used)
    parts = []
    for number, name in sorted(set(zip(segments["segment"], segments["segment_name"], strict=True))):
        table = pd.concat([feature, _statistics(x, (fitted["segment"] == number).to_numpy())], axis=1)
        table.insert(0, "segment", number)
        table.insert(1, "segment_name", name)
        parts.append(table)
    return pd.concat(parts, ignore_index=True)


def _statistics(x: pd.DataFrame, inside: np.ndarray) -> pd.DataFrame:
    """Statistics of the practices `inside` a segment, one row per column of `x`."""
    mine = x[inside]
    quartiles = mine.quantile([0.25, 0.5, 0.75])
    difference, error = difference_in_sd(x, inside)
    table = pd.DataFrame(
        {
            "practices": mine.notna().sum().to_numpy("int64"),
            "mean": mine.mean().to_numpy(),
            "median": quartiles.loc[0.5].to_numpy(),
            "lower_quartile": quartiles.loc[0.25].to_numpy(),
            "upper_quartile": quartiles.loc[0.75].to_numpy(),
            "england_mean": x.mean().to_numpy(),
            "difference_sd": difference,
            "difference_low": difference - Z95 * error,
            "difference_high": difference + Z95 * error,
        }
    )
    size = table["difference_sd"].abs().fillna(-1.0)
    table["rank"] = size.rank(ascending=False, method="first").astype("int64")
    return table


def difference_in_sd(x: pd.DataFrame, inside: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the difference of `inside` from all rows, in standard deviations, and its standard error.

    Columns without spread (or without values inside) give NaN; a segment of all rows has difference 0.
    """
    sd = x.std().where(lambda s: s > 0).to_numpy()
    mine, others = x[inside], x[~inside]
    share = (mine.notna().sum() / x.notna().sum().where(lambda n: n > 0)).to_numpy()
    variance = _variance_of_mean(mine) + (_variance_of_mean(others) if len(others) else 0.0)
    difference = (mine.mean() - x.mean()).to_numpy() / sd
    return difference, (1 - share) * np.sqrt(variance) / sd


def _variance_of_mean(x: pd.DataFrame) -> np.ndarray:
    """Variance of each column's mean; 0 with fewer than two values."""
    count = x.notna().sum().where(lambda n: n > 0)
    return (x.var() / count).fillna(0.0).to_numpy()
