"""From clusters to segments: their order, their centroids, and how near each row is to the next segment."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.distance import cdist

from gp_segmentation.utils.arrays import Floats, Ints

#: The label of rows that belong to no cluster, as scikit-learn's DBSCAN, HDBSCAN and OPTICS give it.
NOISE = -1


def number_clusters(labels: ArrayLike) -> tuple[NDArray, Ints]:
    """Return the names of the clusters, ascending, and each row's cluster 0..k-1, or `NOISE`.

    A negative integer says that a row belongs to no cluster; labels of other types have no such value.
    """
    names, codes = np.unique(np.asarray(labels), return_inverse=True)
    noise = int((names < 0).sum()) if np.issubdtype(names.dtype, np.signedinteger) else 0
    return names[noise:], np.maximum(codes.reshape(-1) - noise, NOISE).astype(np.int64)


def canonical_order(labels: ArrayLike, keys: ArrayLike | None = None) -> Ints:
    """Renumber clusters 1..k by descending size, independent of the numbers from the algorithm.

    Parameters
    ----------
    labels : (n,) labels of any type that can be sorted.
    keys : (n,) unique values, by default the row positions. Of clusters of equal size the one with the
        smallest key comes first. With practice codes the order of rows does not matter.
    """
    _, codes, sizes = np.unique(np.asarray(labels), return_inverse=True, return_counts=True)
    position = np.arange(len(codes)) if keys is None else np.argsort(np.argsort(np.asarray(keys)))
    first = pd.Series(position).groupby(codes).min()
    rank = np.argsort(np.lexsort((first, -sizes))) + 1
    return rank[codes]


def centroids(X: pd.DataFrame | ArrayLike, labels: ArrayLike) -> pd.DataFrame:
    """Return the column means of each label: index ``segment`` (ascending), columns as in `X`."""
    frame = X if isinstance(X, pd.DataFrame) else pd.DataFrame(np.asarray(X))
    index = pd.Index(np.asarray(labels), name="segment")
    return frame.set_axis(index, axis=0).groupby(level="segment", sort=True).mean()


@dataclass(frozen=True)
class Assignment:
    """Segments of n rows and how clear they are.

    Attributes
    ----------
    labels : (n,) segment of each row.
    second : (n,) nearest other segment; ``pd.NA`` if there is only one segment.
    margin : (n,) ``max(0, (d2 - d1) / d2)``, d1 and d2 the distances to the centroids of `labels` and
        `second`: 1 at the own centroid, 0 half-way or nearer to the other segment, NaN with one segment.
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
    """Return second segment and margin of rows with known segments, which need not be the nearest."""
    return _assignment(np.asarray(labels, dtype=np.int64), _distances(X, centres))


def _distances(X: pd.DataFrame | ArrayLike, centres: pd.DataFrame) -> pd.DataFrame:
    frame = X[centres.columns] if isinstance(X, pd.DataFrame) else pd.DataFrame(np.asarray(X))
    distances = cdist(frame.to_numpy(np.float64), centres.to_numpy(np.float64))
    return pd.DataFrame(distances, index=frame.index, columns=centres.index)


def _assignment(labels: Ints, distances: pd.DataFrame) -> Assignment:
    n, k = distances.shape
    if k == 1:
        return Assignment(labels, pd.array([pd.NA] * n, dtype="Int64"), np.full(n, np.nan), distances)
    rows, own_column = np.arange(n), distances.columns.get_indexer(pd.Index(labels))
    others = distances.to_numpy(copy=True)
    own = others[rows, own_column]
    others[rows, own_column] = np.inf
    nearest_other = others.argmin(axis=1)
    far = others[rows, nearest_other]
    margin = np.divide(np.maximum(far - own, 0.0), far, out=np.zeros(n), where=far > 0)
    second = pd.array(distances.columns.to_numpy(dtype=np.int64)[nearest_other], dtype="Int64")
    return Assignment(labels, second, margin, distances)
