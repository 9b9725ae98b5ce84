"""What the segments are made of: variance between them by block, and agreement with single blocks."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score

from gp_segmentation.clustering import cluster_labels
from gp_segmentation.utils.arrays import Floats
from gp_segmentation.utils.parallel import parallel_map


def block_shares(X: pd.DataFrame, labels: ArrayLike, blocks: Mapping[str, str]) -> pd.DataFrame:
    """Share of the variance between segments that lies in each block of columns.

    With T the total and B the between-segment sum of squares of a block's columns,
    ``share_between`` = B over the sum of all B, ``share_total`` = T over the sum of all T (the block's
    weight in the distances), ``explained`` = B / T.

    Parameters
    ----------
    X : (n, d) the fitted rows that were clustered. labels : (n,) their segments.
    blocks : column -> block; columns without a block are left out.

    Returns
    -------
    frame block, features, share_total, share_between, explained; highest share_between first.
    """
    columns = X[[column for column in X if column in blocks]]
    centred = columns - columns.mean()
    groups = centred.groupby(np.asarray(labels))
    between = groups.mean().pow(2).mul(groups.size(), axis=0).sum()
    sums = pd.DataFrame({"block": [blocks[str(c)] for c in columns], "features": 1}, index=columns.columns)
    sums = sums.assign(total=centred.pow(2).sum(), between=between).groupby("block").sum()
    shares = pd.DataFrame(
        {
            "features": sums["features"],
            "share_total": sums["total"] / sums["total"].sum(),
            "share_between": sums["between"] / sums["between"].sum(),
            "explained": sums["between"] / sums["total"],
        }
    )
    return shares.sort_values("share_between", ascending=False, kind="stable").reset_index()


def single_block_agreement(
    references: Mapping[str, pd.DataFrame], labels: pd.Series, *, seed: int = 0, jobs: int | None = 1
) -> pd.DataFrame:
    """Agreement of the segments with those that K-means makes of a few columns only, of the same number.

    Parameters
    ----------
    references : name -> columns by practice code; gaps are filled with the median, then columns are scaled
        to unit variance. A reference of constant columns is left out.
    labels : practice code -> segment.

    Returns
    -------
    frame reference, features, ari, ami: adjusted Rand index and adjusted mutual information, both 1 if these
    columns give the same segments and about 0 if they are unrelated to them.
    """
    scaled = {name: _scaled(frame.reindex(labels.index)) for name, frame in references.items()}
    scaled = {name: values for name, values in scaled.items() if values.shape[1]}
    kmeans = KMeans(labels.nunique(), n_init=4, random_state=seed)
    partitions = parallel_map(cluster_labels, [(kmeans, values) for values in scaled.values()], jobs)
    rows = []
    for (name, values), partition in zip(scaled.items(), partitions, strict=True):
        ari, ami = (score(labels, partition) for score in (adjusted_rand_score, adjusted_mutual_info_score))
        rows.append((name, values.shape[1], ari, ami))
    return pd.DataFrame(rows, columns=["reference", "features", "ari", "ami"])


def _scaled(frame: pd.DataFrame) -> Floats:
    filled = frame.fillna(frame.median())
    spread = filled.std(ddof=0)
    varying = filled.loc[:, spread > 0]
    return ((varying - varying.mean()) / spread[spread > 0]).to_numpy(dtype=np.float64)
