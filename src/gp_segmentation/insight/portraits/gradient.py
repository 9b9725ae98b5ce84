"""Where segments lie along the direction in which practices differ, for when they are no groups apart.

The main gradient is the first principal component of the clustered matrix over the fitted practices. It runs
from low to high in the concept (see `phrases`) whose score correlates with it most closely, so that neither
its direction nor its ends depend on how segments are numbered. A practice's place is the percentile of its
score among the fitted practices.
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
    share : of the matrix's variance along the gradient.
    correlation : of the gradient with the concept that names its ends.
    places : segment -> lower quartile and upper quartile of its practices' percentiles.
    """

    low: str
    high: str
    share: float
    correlation: float
    places: dict[int, tuple[float, float]]


def main_gradient(
    matrix: pd.DataFrame, features: pd.DataFrame, dictionary: pd.DataFrame, labels: pd.Series
) -> Gradient | None:
    """Return the main gradient of the fitted practices; None when the features name no concept.

    Parameters
    ----------
    matrix : practice_code -> what was clustered. features : practice_code -> features (analysis scale).
    dictionary : what the features are. labels : practice_code -> segment of the fitted practices.
    """
    X = matrix.reindex(labels.index).to_numpy(dtype=float)
    score, share = _first_component(X)
    found = concepts(dictionary)
    values = composites(features.reindex(labels.index).astype(float), found).to_numpy()
    with_score = [_correlation(score, column) for column in values.T]
    if not with_score or not np.max(np.abs(with_score)) > 0:
        return None
    named = int(np.argmax(np.round(np.abs(with_score), 9)))
    percentile = 100 * pd.Series(score * np.sign(with_score[named])).rank(pct=True).to_numpy()
    places = {}
    for number in np.unique(labels):
        lower, upper = np.quantile(percentile[(labels == number).to_numpy()], [0.25, 0.75])
        places[int(number)] = (float(lower), float(upper))
    closeness = abs(with_score[named])
    return Gradient(found[named].low, found[named].high, share, closeness, places)


def _first_component(X: np.ndarray) -> tuple[np.ndarray, float]:
    """Scores on the first principal component, and its share of the variance."""
    # Sums of linear algebra may change with the number of threads; one thread keeps every byte.
    with threadpool_limits(1):
        variance, axes = np.linalg.eigh(np.atleast_2d(np.cov(X, rowvar=False)))
        scores = (X - X.mean(axis=0)) @ axes[:, -1]
    total = variance.sum()
    return np.round(scores, 9), float(variance[-1] / total) if total > 0 else 0.0


def _correlation(score: np.ndarray, other: np.ndarray) -> float:
    known = np.isfinite(other)
    if known.sum() < 3 or np.ptp(other[known]) == 0 or np.ptp(score[known]) == 0:
        return 0.0
    return float(np.corrcoef(score[known], other[known])[0, 1])
