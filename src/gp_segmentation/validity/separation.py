"""Separation: is there a gap between neighbouring segments, or does one run into the next?"""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.distance import cdist
from scipy.stats import chi2

from gp_segmentation.clustering import centroids

#: Half the width of the windows in which rows are counted, as a share of the distance between two centroids.
HALF_WIDTH = 0.15
#: A value that at least this share of the rows has is a lump in its column.
LUMP = 0.01


def valleys(X: ArrayLike, labels: ArrayLike) -> pd.DataFrame:
    """Density half-way between each segment and the one it overlaps most, relative to that at their centres.

    The rows of both are projected on the line through their centroids, t = 0 at one and 1 at the other.
    ``valley`` = rows within 0.15 of t = 1/2, divided by the lower of the counts within 0.15 of t = 0 and
    t = 1. A single group cut in two is densest at the cut (valley 1 or more; about 1 if evenly spread); a gap
    between two groups gives a valley near 0. The half-way count is replaced by the upper end of its
    one-sided 95% Poisson interval (3.0 for no row), since few rows cannot show a gap: a single outlying
    practice has nothing between itself and the others. Duplicate rows count once, since they say nothing
    more about where there are none.

    Every pair of segments is compared, not only neighbours: two strips side by side, each cut in half, have a
    gap to their nearest neighbour but none at the cut.

    Returns
    -------
    frame segment, neighbour (the other segment with the highest valley; of equals the nearest), valley; inf
    where their centroids coincide.
    """
    values, first = np.unique(np.asarray(X, dtype=np.float64), axis=0, return_index=True)
    labels = np.asarray(labels)[first]
    centres = centroids(values, labels)
    k = len(centres)
    distances = cdist(centres, centres)
    pairwise = np.full((k, k), -np.inf)
    rows = [values[labels == name] for name in centres.index]
    for i in range(k):
        for j in range(i):
            pair = np.concatenate([rows[i], rows[j]])
            pairwise[i, j] = pairwise[j, i] = _valley(pair, *centres.to_numpy()[[i, j]])
    neighbours = [int(np.lexsort((distances[i], -pairwise[i]))[0]) for i in range(k if k > 1 else 0)]
    return pd.DataFrame(
        {
            "segment": centres.index[: len(neighbours)],
            "neighbour": centres.index[neighbours],
            "valley": pairwise[range(len(neighbours)), neighbours],
        }
    )


def _valley(pair: NDArray, start: NDArray, end: NDArray) -> float:
    axis = end - start
    squared_length = axis @ axis
    if squared_length == 0:
        return float("inf")
    t = (pair - start) @ axis / squared_length
    at_start, between, at_end = (int((np.abs(t - at) <= HALF_WIDTH).sum()) for at in (0.0, 0.5, 1.0))
    upper = float(chi2.ppf(0.95, 2 * (between + 1))) / 2
    return upper / max(1, min(at_start, at_end))


def lumpy_columns(X: ArrayLike, *, max_tied_share: float) -> list[int]:
    """Places, ascending, of columns with more than `max_tied_share` of the rows on lumps: flags, many zeros.

    A lump is a value that at least one row in a hundred, and at least two rows, have. The gap between two
    lumps comes from the way of measuring and says nothing about practices.
    """
    places = []
    for place, column in enumerate(np.asarray(X, dtype=np.float64).T):
        counts = np.unique(column, return_counts=True)[1]
        if counts[counts >= max(2, LUMP * len(column))].sum() > max_tied_share * len(column):
            places.append(place)
    return places


def smooth_valley(X: ArrayLike, labels: ArrayLike, lumpy: list[int]) -> float:
    """Highest valley without the lumpy columns: a gap that is not made by lumps alone remains.

    NaN without lumpy columns or with one segment; inf where every column is lumpy.
    """
    values = np.asarray(X, dtype=np.float64)
    if not lumpy or len(np.unique(np.asarray(labels))) < 2:
        return float("nan")
    smooth = np.delete(values, lumpy, axis=1)
    return float(valleys(smooth, labels)["valley"].max()) if smooth.shape[1] else float("inf")
