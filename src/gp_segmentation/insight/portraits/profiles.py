"""Profiles: every feature and unused measure of each group in natural units, against England and parent."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from gp_segmentation.schemas import LEVEL_COLUMNS

#: Two-sided 95% point of the normal distribution.
Z95 = 1.959964
QUARTILES = {"median": 0.5, "lower_quartile": 0.25, "upper_quartile": 0.75}
#: Statistics against the group above.
PARENT = ("parent_mean", *(f"parent_difference_{part}" for part in ("sd", "low", "high")))


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
    fitted = segments[segments["fitted"]].set_index("practice_code")
    names = sorted(set(zip(segments["segment"], segments["segment_name"], strict=True)))
    parts = []
    for x, about in _measures(fitted.index, natural, dictionary, unused, unused_dictionary):
        england = Whole(x)
        for number, name in names:
            inside = (fitted["segment"] == number).to_numpy()
            group = {"segment": number, "segment_name": name}
            parts.append(_profile(group, about, _statistics(x, inside, england)))
    return pd.concat(parts, ignore_index=True)


def level_profiles(
    natural: pd.DataFrame,
    dictionary: pd.DataFrame,
    segments: pd.DataFrame,
    levels: pd.DataFrame,
    *,
    unused: pd.DataFrame | None = None,
    unused_dictionary: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Describe supergroups, segments and subgroups as `segment_profiles` does, and each against its parent.

    parent_mean is the mean of the parent's fitted practices. parent_difference_sd is the difference from it
    in standard deviations between the parent's practices, with a 95% interval; all are missing for
    supergroups, which have no parent.

    Parameters
    ----------
    levels : schema ``levels``. The other parameters are those of `segment_profiles`.

    Returns
    -------
    Schema ``profiles_by_level``; the groups have the order of `levels`.
    """
    fitted = segments[segments["fitted"]].set_index("practice_code")
    members = {
        code: (fitted[LEVEL_COLUMNS[level]] == code).to_numpy()
        for level, code in zip(levels["level"], levels["code"], strict=True)
    }
    groups = levels[["level", "code", "name", "parent"]].to_dict("records")
    parts = []
    for x, about in _measures(fitted.index, natural, dictionary, unused, unused_dictionary):
        england = Whole(x)
        parents = {code: Whole(x[members[code]]) for code in levels["parent"].dropna().unique()}
        for group in groups:
            inside, parent = members[group["code"]], parents.get(group["parent"])
            statistics = _statistics(x, inside, england)
            if parent is None:
                statistics |= dict.fromkeys(PARENT, np.full(x.shape[1], np.nan))
            else:
                found = parent.mean, *parent.interval(inside[members[group["parent"]]])
                statistics |= dict(zip(PARENT, found, strict=True))
            parts.append(_profile(group, about, statistics))
    return pd.concat(parts, ignore_index=True)


def _measures(
    codes: pd.Index,
    natural: pd.DataFrame,
    dictionary: pd.DataFrame,
    unused: pd.DataFrame | None,
    unused_dictionary: pd.DataFrame | None,
) -> Iterator[tuple[np.ndarray, pd.DataFrame]]:
    """Values (practices `codes` x measures) of the features, then of unused measures; and what they are."""
    for values, about, used in ((natural, dictionary, True), (unused, unused_dictionary, False)):
        if values is not None and about is not None and len(about):
            x = values.reindex(codes)[list(about["feature"])].to_numpy(dtype=float)
            yield x, about[["feature", "label", "unit", "block"]].reset_index(drop=True).assign(used=used)


def _profile(
    group: Mapping[Any, Any], about: pd.DataFrame, statistics: dict[str, np.ndarray]
) -> pd.DataFrame:
    """One group's rows: the group, the measures, their statistics, and the rank of the difference."""
    table = about.assign(**statistics)
    size = table["difference_sd"].abs().fillna(-1.0)
    table["rank"] = size.rank(ascending=False, method="first").astype("int64")
    for place, (name, value) in enumerate(group.items()):
        table.insert(place, name, value)
    return table


def _statistics(x: np.ndarray, inside: np.ndarray, england: "Whole") -> dict[str, np.ndarray]:
    """Statistics of the rows `inside` a group, an array per statistic with a value per column of `x`."""
    mine = x[inside]
    group = Whole(mine)
    difference, low, high = england.interval(inside)
    return {
        "practices": group.count,
        "mean": group.mean,
        **_quartiles(mine, group.count),
        "england_mean": england.mean,
        "difference_sd": difference,
        "difference_low": low,
        "difference_high": high,
    }


class Whole:
    """The values of all practices, with which a group of them is compared.

    Attributes
    ----------
    count, mean : of each column's known values; the mean is NaN where there are none.
    """

    def __init__(self, x: np.ndarray) -> None:
        """`x` : (practices, columns), NaN where a value is not known."""
        self._known = ~np.isnan(x)
        self.count = self._known.sum(axis=0)
        with np.errstate(invalid="ignore"):
            self.mean = np.where(self._known, x, 0.0).sum(axis=0) / self.count
        self._from_mean = np.where(self._known, x - self.mean, 0.0)
        self._squares = np.square(self._from_mean).sum(axis=0)

    def difference(self, inside: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the difference of the rows `inside` from all in standard deviations, and its standard error.

        Columns without spread (or without values inside) give NaN; a group of all rows has difference 0.
        """
        count, rows = self._known[inside].sum(axis=0), self._from_mean[inside]
        total, squares, others = rows.sum(axis=0), np.square(rows).sum(axis=0), self.count - count
        sd = np.sqrt(_variance(self.count, 0.0, self._squares))
        sd = np.where(sd > 0, sd, np.nan)
        with np.errstate(invalid="ignore", divide="ignore"):
            of_mean = np.nan_to_num(_variance(count, total, squares) / count)
            of_others = np.nan_to_num(_variance(others, -total, self._squares - squares) / others)
            return total / count / sd, (1 - count / self.count) * np.sqrt(of_mean + of_others) / sd

    def interval(self, inside: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the `difference` and the ends of its 95% interval."""
        difference, error = self.difference(inside)
        return difference, difference - Z95 * error, difference + Z95 * error


def _variance(count: np.ndarray, total: np.ndarray | float, squares: np.ndarray) -> np.ndarray:
    """Variance of samples with these sums of values and of squares; NaN with fewer than two values."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(count > 1, np.maximum(squares - total**2 / count, 0) / (count - 1), np.nan)


def _quartiles(x: np.ndarray, count: np.ndarray) -> dict[str, np.ndarray]:
    """Quartiles of each column's `count` values, linear between values; NaN where there is none."""
    if not len(x):
        return dict.fromkeys(QUARTILES, np.full(x.shape[1], np.nan))
    ordered = np.sort(x, axis=0)  # missing values come last
    found = {}
    for name, share in QUARTILES.items():
        position = share * np.maximum(count - 1, 0)
        below = np.floor(position).astype("int64")
        above = np.ceil(position).astype("int64")
        low, high = (np.take_along_axis(ordered, at[None], axis=0)[0] for at in (below, above))
        found[name] = low + (position - below) * (high - low)
    return found


def wilson_low(share: pd.Series, count: int) -> pd.Series:
    """Lower end of the 95% interval of shares of `count` (Wilson 1927).

    >>> wilson_low(pd.Series([9 / 80]), 80).round(4).tolist()
    [0.0603]
    """
    half = Z95 * np.sqrt(share * (1 - share) / count + Z95**2 / (4 * count**2))
    return (share + Z95**2 / (2 * count) - half) / (1 + Z95**2 / count)
