"""Separation: is there a gap between neighbouring segments, or does one run into the next?"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.spatial.distance import cdist
from scipy.stats import chi2

from gp_segmentation.clustering import centroids

#: Half the width of the windows in which rows are counted, as a share of the way between two centroids.
HALF_WIDTH = 0.15


def valleys(X: ArrayLike, labels: ArrayLike) -> pd.DataFrame:
    """Density half-way between each segment and its nearest neighbour, relative to that at their centres.

    The rows of both are projected on the line through their centroids, t = 0 at one and 1 at the other.
    ``valley`` = rows within 0.15 of t = 1/2, divided by the lower of the counts within 0.15 of t = 0 and
    t = 1. Cutting one cloud in two leaves its density highest at the cut (valley 1 or more; about 1 for an
    even spread); a gap between two groups gives a valley near 0. The count half-way is taken at the upper
    end of its one-sided 95% Poisson interval (3.0 where no row was seen), since a gap beside a few rows is
    no gap: a single far-off practice has nothing between itself and the others.

    Returns
    -------
    frame segment, neighbour, valley; inf where no row lies near one of the centres.
    """
    values = np.asarray(X, dtype=np.float64)
    labels = np.asarray(labels)
    centres = centroids(values, labels)
    apart = cdist(centres, centres)
    np.fill_diagonal(apart, np.inf)
    rows = []
    for i, j in enumerate(apart.argmin(axis=1)):
        if len(centres) > 1:
            pair = values[np.isin(labels, centres.index[[i, j]])]
            start, end = centres.to_numpy()[[i, j]]
            rows.append((centres.index[i], centres.index[j], _valley(pair, start, end)))
    return pd.DataFrame(rows, columns=["segment", "neighbour", "valley"])


def _valley(pair: np.ndarray, start: np.ndarray, end: np.ndarray) -> float:
    axis = end - start
    length = axis @ axis
    if length == 0:
        return float("inf")
    t = (pair - start) @ axis / length
    at_start, between, at_end = (int((np.abs(t - at) <= HALF_WIDTH).sum()) for at in (0.0, 0.5, 1.0))
    lower = min(at_start, at_end)
    most = float(chi2.ppf(0.95, 2 * (between + 1))) / 2
    return most / lower if lower else float("inf")
