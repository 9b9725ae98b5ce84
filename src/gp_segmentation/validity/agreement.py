"""Agreement of two labellings of the same practices: does another method find the same segments?"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.cluster.hierarchy import cophenet
from scipy.optimize import linear_sum_assignment
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score

from gp_segmentation.utils.arrays import Floats, Ints


def contingency(codes: Ints, other: Ints, k: int) -> Floats:
    """Rows in each of the k clusters of `codes` and each of `other`, both numbered from 0: (k, clusters)."""
    width = int(other.max()) + 1
    counts = np.bincount(codes * width + other, minlength=k * width)
    return counts.reshape(k, width).astype(np.float64)


def matching(counts: Floats) -> Ints:
    """Pair columns with rows one to one so that most rows lie in pairs (Kuhn 1955, the Hungarian method).

    Returns the row paired with each column, -1 for a column left over.
    """
    rows, columns = linear_sum_assignment(counts, maximize=True)
    partner = np.full(counts.shape[1], -1, dtype=np.int64)
    partner[columns] = rows
    return partner


def jaccard(counts: Floats) -> Floats:
    """Highest Jaccard coefficient of each row's cluster over the columns' clusters: (k,)."""
    return jaccard_of_pairs(counts).max(axis=1)


def best_jaccards(codes: Ints, other: Ints) -> Floats:
    """Highest Jaccard coefficient of each cluster 0..k-1 of `codes` over the clusters of `other`: (k,).

    Rows of no cluster (-1) of `other` count as outside every cluster.
    """
    return jaccard_of_pairs(contingency(codes, other + 1, int(codes.max()) + 1))[:, 1:].max(
        axis=1, initial=0.0
    )


def jaccard_of_pairs(counts: Floats) -> Floats:
    """Jaccard coefficients of every row's cluster with every column's: like `counts`."""
    union = counts.sum(axis=1)[:, None] + counts.sum(axis=0) - counts
    return np.divide(counts, union, out=np.zeros_like(counts), where=union > 0)


def agreement_by_k(ks: Sequence[int], first: Ints, second: Ints) -> pd.DataFrame:
    """Adjusted Rand index and adjusted mutual information of two labellings for each k.

    Parameters
    ----------
    ks : (m,) numbers of clusters; first, second : (m, n) labels.

    Returns
    -------
    frame with index k and columns ari, ami: 1 for the same partition, about 0 for unrelated ones.
    """
    rows = [
        (adjusted_rand_score(a, b), adjusted_mutual_info_score(a, b))
        for a, b in zip(first, second, strict=True)
    ]
    return pd.DataFrame(rows, index=pd.Index(list(ks), name="k"), columns=["ari", "ami"], dtype=float)


def match_labels(segments: ArrayLike, other: ArrayLike) -> Ints:
    """Rename the clusters of `other` after the segments they share most rows with, one to one: (n,).

    Pairs are matched by the Hungarian method. Clusters without a segment get the next numbers, the largest
    first.
    """
    names, codes = np.unique(np.asarray(segments), return_inverse=True)
    _, other_codes = np.unique(np.asarray(other), return_inverse=True)
    counts = contingency(codes, other_codes, len(names))
    partner = matching(counts)
    unmatched = np.flatnonzero(partner < 0)
    unmatched = unmatched[np.argsort(-counts[:, unmatched].sum(axis=0), kind="stable")]
    new_names = np.where(partner >= 0, names[partner], 0).astype(np.int64)
    new_names[unmatched] = names.max() + 1 + np.arange(len(unmatched))
    return new_names[other_codes]


def contingency_table(segments: ArrayLike, other: ArrayLike) -> pd.DataFrame:
    """Count practices by segment and by cluster of another method, renamed by `match_labels`.

    Returns
    -------
    frame segment, other, practices: a row for every pair, also for pairs without practices.
    """
    first, codes = np.unique(np.asarray(segments), return_inverse=True)
    second, other_codes = np.unique(match_labels(segments, other), return_inverse=True)
    counts = contingency(codes, other_codes, len(first)).astype(np.int64)
    rows, columns = np.indices(counts.shape)
    pairs = {"segment": first[rows.ravel()], "other": second[columns.ravel()], "practices": counts.ravel()}
    return pd.DataFrame(pairs)


def cophenetic_correlation(tree: Floats, distances: Floats) -> float:
    """Pearson correlation, over all pairs of rows, of distance and height at which the tree joins them.

    Sokal & Rohlf (1962). 1: the tree preserves the distances. Ward's trees, made for compact clusters, reach
    less than average linkage's.

    Parameters
    ----------
    tree : scipy's linkage matrix; distances : condensed, of the same rows.
    """
    heights = cophenet(tree)
    heights -= heights.mean()
    centred = distances - distances.mean()
    scale = float(np.sqrt((heights @ heights) * (centred @ centred)))
    return float(heights @ centred) / scale if scale > 0 else float("nan")


def adjusted_rand(one: NDArray, other: NDArray) -> float:
    """scikit-learn's adjusted_rand_score for labels 0..k-1, without its checks, which take longer.

    Rows that one of the two puts into no cluster (-1) are left out; NaN where no row is left.
    """
    kept = (one >= 0) & (other >= 0)
    if not kept.all():
        one, other = one[kept], other[kept]
    if not len(one):
        return float("nan")
    counts = contingency(one, other, int(one.max()) + 1)

    def pairs(sizes: NDArray) -> float:
        return float((sizes * (sizes - 1)).sum()) / 2

    first, second = pairs(counts.sum(axis=1)), pairs(counts.sum(axis=0))
    expected, most = first * second / pairs(counts.sum()), (first + second) / 2
    return 1.0 if most == expected else (pairs(counts) - expected) / (most - expected)
