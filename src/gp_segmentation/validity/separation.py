"""Separation: is there a gap between neighbouring segments, or does one run into the next?"""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.distance import cdist
from scipy.stats import chi2

from gp_segmentation.clustering import centroids

#: Half the width of the windows in which rows are counted, as a share of the way between two centroids.
HALF_WIDTH = 0.15
#: Share of the rows that must hold one and the same value for it to be a lump in its column.
LUMP = 0.01


def valleys(X: ArrayLike, labels: ArrayLike) -> pd.DataFrame:
    """Density half-way between each segment and the one it runs into most, relative to that at their centres.

    The rows of both are projected on the line through their centroids, t = 0 at one and 1 at the other.
    ``valley`` = rows within 0.15 of t = 1/2, divided by the lower of the counts within 0.15 of t = 0 and
    t = 1. Cutting one cloud in two leaves its density highest at the cut (valley 1 or more; about 1 for an
    even spread); a gap between two groups gives a valley near 0. The count half-way is taken at the upper
    end of its one-sided 95% Poisson interval (3.0 where no row was seen), since a gap beside a few rows is
    no gap: a single far-off practice has nothing between itself and the others. Rows that repeat another
    count once, for they tell nothing more of where there are none.

    Every pair of segments is looked at, not only the nearest: two strips side by side, each cut in half,
    have a gap to their nearest neighbour and none where they were cut.

    Returns
    -------
    frame segment, neighbour (the other segment with the highest valley; of equals the nearest), valley; inf
    where their centroids coincide.
    """
    values, first = np.unique(np.asarray(X, dtype=np.float64), axis=0, return_index=True)
    labels = np.asarray(labels)[first]
    centres = centroids(values, labels)
    k = len(centres)
    apart = cdist(centres, centres)
    found = np.full((k, k), -np.inf)
    rows = [values[labels == name] for name in centres.index]
    for i in range(k):
        for j in range(i):
            pair = np.concatenate([rows[i], rows[j]])
            found[i, j] = found[j, i] = _valley(pair, *centres.to_numpy()[[i, j]])
    neighbours = [int(np.lexsort((apart[i], -found[i]))[0]) for i in range(k if k > 1 else 0)]
    return pd.DataFrame(
        {
            "segment": centres.index[: len(neighbours)],
            "neighbour": centres.index[neighbours],
            "valley": found[range(len(neighbours)), neighbours],
        }
    )


def _valley(pair: NDArray, start: NDArray, end: NDArray) -> float:
    axis = end - start
    length = axis @ axis
    if length == 0:
        return float("inf")
    t = (pair - start) @ axis / length
    at_start, between, at_end = (int((np.abs(t - at) <= HALF_WIDTH).sum()) for at in (0.0, 0.5, 1.0))
    most = float(chi2.ppf(0.95, 2 * (between + 1))) / 2
    return most / max(1, min(at_start, at_end))


def lumpy_columns(X: ArrayLike, *, max_tied_share: float) -> list[int]:
    """Columns of which more than `max_tied_share` of the rows lie on lumps: yes or no, counts, many zeros.

    A lump is a value that at least one row in a hundred holds, and at least two rows do. Between lumps
    nothing lies, whatever the practices are like: such a gap is made by the way of measuring.

    Returns
    -------
    their places, ascending.
    """
    values = np.asarray(X, dtype=np.float64)
    found = []
    for place, column in enumerate(values.T):
        counts = np.unique(column, return_counts=True)[1]
        if counts[counts >= max(2, LUMP * len(column))].sum() > max_tied_share * len(column):
            found.append(place)
    return found


def smooth_valley(X: ArrayLike, labels: ArrayLike, lumpy: list[int]) -> float:
    """Highest valley once the lumpy columns are left out: a gap that is more than lumps is still there.

    NaN without lumpy columns or with one segment; inf where every column is lumpy.
    """
    values = np.asarray(X, dtype=np.float64)
    if not lumpy or len(np.unique(np.asarray(labels))) < 2:
        return float("nan")
    smooth = np.delete(values, lumpy, axis=1)
    return float(valleys(smooth, labels)["valley"].max()) if smooth.shape[1] else float("inf")
