"""Beside the frozen model: a fit of every year by itself and one of all years together, in the same space."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from gp_segmentation.clustering import NOISE, number_clusters
from gp_segmentation.utils.arrays import Floats, Ints
from gp_segmentation.validity import adjusted_rand, best_jaccards, match_labels

FROZEN, OWN, POOLED = "frozen model", "fit of each year", "fit of all years"


@dataclass(frozen=True)
class Fits:
    """What other fits say.

    Attributes
    ----------
    labels : fit -> period -> practice_code -> segment, matched with the frozen model's (numbers above its own
        where there is no counterpart; below 1 for none).
    agreement : first, first_period, second, second_period, practices, ari (adjusted Rand index over practices
        with a segment in both): every fit between years, and in every year with the frozen model.
    returns : period, segment, jaccard: highest Jaccard coefficient of each frozen segment, as it is in that
        year, over the segments of the year's own fit.
    """

    labels: dict[str, dict[str, pd.Series]]
    agreement: pd.DataFrame
    returns: pd.DataFrame


def fit_years(
    matrices: Mapping[str, pd.DataFrame],
    ordinary: Mapping[str, pd.Index],
    frozen: Mapping[str, pd.Series],
    fit: Callable[[Floats], Ints],
) -> Fits:
    """Fit every year by itself and all years together.

    Parameters
    ----------
    matrices, frozen : period -> practice_code -> columns; segment in the frozen model.
    ordinary : period -> practices that take part. fit : rows -> labels from 0, `NOISE` for none.
    """
    rows = {
        period: matrix.loc[matrix.index.intersection(ordinary[period])] for period, matrix in matrices.items()
    }
    segments = {period: frozen[period].loc[own.index] for period, own in rows.items()}
    together = pd.concat(rows)
    pooled = _fit(together, pd.concat(segments), fit)
    labels = {
        FROZEN: segments,
        OWN: {period: _fit(own, segments[period], fit) for period, own in rows.items()},
        POOLED: {period: pooled.loc[period] for period in rows},
    }
    pairs = [(kind, a, kind, b) for kind in labels for a, b in combinations(rows, 2)]
    pairs += [(FROZEN, period, kind, period) for kind in (OWN, POOLED) for period in rows]
    found = [(*pair, *_agreement(labels[pair[0]][pair[1]], labels[pair[2]][pair[3]])) for pair in pairs]
    columns = ["first", "first_period", "second", "second_period", "practices", "ari"]
    returns = [_returns(period, segments[period], labels[OWN][period]) for period in rows]
    return Fits(labels, pd.DataFrame(found, columns=columns), pd.concat(returns, ignore_index=True))


def _returns(period: str, segments: pd.Series, own: pd.Series) -> pd.DataFrame:
    names, codes = number_clusters(segments)
    jaccard = best_jaccards(codes, own.clip(lower=NOISE).to_numpy())
    return pd.DataFrame({"period": period, "segment": names, "jaccard": jaccard})


def _fit(rows: pd.DataFrame, segments: pd.Series, fit: Callable[[Floats], Ints]) -> pd.Series:
    labels = pd.Series(fit(rows.to_numpy(np.float64)).astype("int64"), rows.index)
    some = labels != NOISE
    labels[some] = match_labels(segments[some], labels[some])
    return labels


def _agreement(one: pd.Series, other: pd.Series) -> tuple[int, float]:
    both = one.index.intersection(other.index)
    both = both[(one[both] > 0).to_numpy() & (other[both] > 0).to_numpy()]
    if len(both) < 2:
        return len(both), np.nan
    return len(both), adjusted_rand(one[both].to_numpy(), other[both].to_numpy())
