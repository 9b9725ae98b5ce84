"""Agreement: does another method, K-means or Ward's tree, draw the same segments?"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.cluster.hierarchy import cophenet
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score

from gp_segmentation.utils.arrays import Floats, Ints
from gp_segmentation.validity.resampling import contingency, matching


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


def matched(segments: ArrayLike, other: ArrayLike) -> Ints:
    """Rename the clusters of `other` after the segments they share most rows with, one to one: (n,).

    The pairs are those of the Hungarian method. Clusters left over are numbered on from the last segment,
    the largest first.
    """
    names, codes = np.unique(np.asarray(segments), return_inverse=True)
    _, again = np.unique(np.asarray(other), return_inverse=True)
    both = contingency(codes, again, len(names))
    partner = matching(both)
    left = np.flatnonzero(partner < 0)
    left = left[np.argsort(-both[:, left].sum(axis=0), kind="stable")]
    renamed = np.where(partner >= 0, names[partner], 0).astype(np.int64)
    renamed[left] = names.max() + 1 + np.arange(len(left))
    return renamed[again]


def contingency_table(segments: ArrayLike, other: ArrayLike) -> pd.DataFrame:
    """Count practices by segment and by cluster of another method, renamed by `matched`.

    Returns
    -------
    frame segment, other, practices: a row for every pair, also of no practices.
    """
    first, codes = np.unique(np.asarray(segments), return_inverse=True)
    second, again = np.unique(matched(segments, other), return_inverse=True)
    both = contingency(codes, again, len(first)).astype(np.int64)
    rows, columns = np.indices(both.shape)
    pairs = {"segment": first[rows.ravel()], "other": second[columns.ravel()], "practices": both.ravel()}
    return pd.DataFrame(pairs)


def cophenetic_correlation(tree: Floats, distances: Floats) -> float:
    """Pearson correlation of the distances of all pairs with the heights at which the tree joins them.

    Sokal & Rohlf (1962). 1: the tree tells the distances; Ward's trees, made for compact clusters, reach
    less than average linkage's.

    Parameters
    ----------
    tree : scipy's linkage matrix; distances : condensed, of the same rows.
    """
    heights = cophenet(tree)
    heights -= heights.mean()
    apart = distances - distances.mean()
    scale = float(np.sqrt((heights @ heights) * (apart @ apart)))
    return float(heights @ apart) / scale if scale > 0 else float("nan")


def adjusted_rand(one: NDArray, other: NDArray) -> float:
    """scikit-learn's adjusted_rand_score of labels 0..k-1, whose checks cost more than the counting."""
    width = int(other.max()) + 1
    both = np.bincount(one * width + other, minlength=(int(one.max()) + 1) * width).reshape(-1, width)
    pairs, total = (both * (both - 1)).sum() / 2, len(one) * (len(one) - 1) / 2
    first, second = ((sums * (sums - 1)).sum() / 2 for sums in (both.sum(axis=1), both.sum(axis=0)))
    expected, most = first * second / total, (first + second) / 2
    return 1.0 if most == expected else float((pairs - expected) / (most - expected))
