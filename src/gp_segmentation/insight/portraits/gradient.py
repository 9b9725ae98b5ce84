"""Where segments lie along the direction in which practices differ most.

The main gradient is the first principal component of the clustered matrix over the fitted practices. It runs
from low to high in the concept (see `phrases`) whose score correlates most with it, so its direction and its
ends do not depend on how segments are numbered. A practice's place is the percentile of its score among the
fitted practices.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from gp_segmentation.insight.portraits.phrases import composites, concepts


@dataclass(frozen=True)
class Gradient:
    """The main gradient and where segments lie on it.

    Attributes
    ----------
    low, high : what practices are like at percentile 0 and at 100.
    places : segment -> lower quartile and upper quartile of its practices' percentiles.
    """

    low: str
    high: str
    places: dict[int, tuple[float, float]]


def main_gradient(
    matrix: pd.DataFrame, features: pd.DataFrame, dictionary: pd.DataFrame, labels: pd.Series
) -> Gradient | None:
    """Return the main gradient of the fitted practices; None when no concept correlates with it.

    Parameters
    ----------
    matrix : practice_code -> what was clustered. features : practice_code -> features (analysis scale).
    dictionary : what the features are. labels : practice_code -> segment of the fitted practices.
    """
    X = matrix.reindex(labels.index).to_numpy(dtype=float)
    # Sums of linear algebra can change with the number of threads, so one thread is used.
    with threadpool_limits(1):
        _, axes = np.linalg.eigh(np.atleast_2d(np.cov(X, rowvar=False)))
        score = pd.Series(np.round((X - X.mean(axis=0)) @ axes[:, -1], 9), index=labels.index)
    available = concepts(dictionary)
    values = composites(features.reindex(labels.index).astype(float), available)
    correlations = np.nan_to_num([score.corr(values[column], min_periods=3) for column in values])
    if not np.any(correlations):
        return None
    closest = int(np.argmax(np.round(np.abs(correlations), 9)))
    percentile = 100 * (score * np.sign(correlations[closest])).rank(pct=True)
    places = {}
    for number in np.unique(labels):
        lower, upper = np.quantile(percentile[labels == number], [0.25, 0.75])
        places[int(number)] = (float(lower), float(upper))
    return Gradient(available[closest].low, available[closest].high, places)
