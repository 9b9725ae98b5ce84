"""From clusters to segments: their order, their centroids, and how near each row is to the next segment."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.spatial.distance import cdist

from gp_segmentation.utils.arrays import Floats, Ints


def canonical_order(labels: ArrayLike, keys: ArrayLike | None = None) -> Ints:
    """Renumber clusters 1..k, the largest first, whatever numbers the algorithm gave them.

    Parameters
    ----------
    labels : (n,) labels of any kind that sorts.
    keys : (n,) unique values that decide between clusters of equal size, the cluster with the smallest key
        coming first; row positions when None. With practice codes the order of rows does not matter.
    """
    _, codes, sizes = np.unique(np.asarray(labels), return_inverse=True, return_counts=True)
    position = np.arange(len(codes)) if keys is None else np.argsort(np.argsort(np.asarray(keys)))
    first = np.full(len(sizes), len(codes), dtype=np.int64)
    np.minimum.at(first, codes, position)
    rank = np.empty(len(sizes), dtype=np.int64)
    rank[np.lexsort((first, -sizes))] = np.arange(1, len(sizes) + 1)
    return rank[codes]


def centroids(X: pd.DataFrame | ArrayLike, labels: ArrayLike) -> pd.DataFrame:
    """Mean of each column over the rows of each label: index ``segment`` (ascending), columns as in `X`."""
    frame = X if isinstance(X, pd.DataFrame) else pd.DataFrame(np.asarray(X))
    index = pd.Index(np.asarray(labels), name="segment")
    return frame.set_axis(index, axis=0).groupby(level="segment", sort=True).mean()


@dataclass(frozen=True)
class Assignment:
    """Segments of n rows and how sure they are.

    Attributes
    ----------
    labels : (n,) segment of each row.
    second : (n,) nearest other segment, masked (``pd.NA``) where there is only one segment.
    margin : (n,) ``max(0, (d2 - d1) / d2)``, d1 and d2 the distances to the centroids of `labels` and
        `second`: 1 on the own centroid, 0 half-way or nearer to the other segment, NaN with one segment.
    distances : (n, k) Euclidean distance to every centroid, one column per segment.
    """

    labels: Ints
    second: pd.arrays.IntegerArray
    margin: Floats
    distances: pd.DataFrame


def assign_nearest(X: pd.DataFrame | ArrayLike, centres: pd.DataFrame) -> Assignment:
    """Give every row of `X` the segment of its nearest centroid (ties: the first in `centres`)."""
    distances = _distances(X, centres)
    labels = centres.index.to_numpy(dtype=np.int64)[distances.to_numpy().argmin(axis=1)]
    return _assignment(labels, distances)


def margins(X: pd.DataFrame | ArrayLike, labels: ArrayLike, centres: pd.DataFrame) -> Assignment:
    """Second segment and margin of rows whose segment is already known (clusters need not be nearest)."""
    return _assignment(np.asarray(labels, dtype=np.int64), _distances(X, centres))


def _distances(X: pd.DataFrame | ArrayLike, centres: pd.DataFrame) -> pd.DataFrame:
    if isinstance(X, pd.DataFrame):
        X = X[centres.columns]
    values = np.asarray(X, dtype=np.float64)
    index = X.index if isinstance(X, pd.DataFrame) else None
    return pd.DataFrame(cdist(values, centres.to_numpy(np.float64)), index=index, columns=centres.index)


def _assignment(labels: Ints, distances: pd.DataFrame) -> Assignment:
    n, k = distances.shape
    if k == 1:
        none = pd.array([pd.NA] * n, dtype="Int64")
        return Assignment(labels, none, np.full(n, np.nan), distances)
    rows = np.arange(n)
    own_column = distances.columns.get_indexer(pd.Index(labels))
    others = distances.to_numpy(copy=True)
    own = others[rows, own_column]
    others[rows, own_column] = np.inf
    second = others.argmin(axis=1)
    far = others[rows, second]
    margin = np.where(far > 0, np.maximum(far - own, 0.0) / np.where(far > 0, far, 1.0), 0.0)
    segments = distances.columns.to_numpy(dtype=np.int64)
    return Assignment(labels, pd.array(segments[second], dtype="Int64"), margin, distances)
