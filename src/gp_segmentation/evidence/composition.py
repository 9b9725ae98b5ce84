"""What the segments are made of: variance between them by block, and labellings from less."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score

from gp_segmentation.clustering import cluster_labels
from gp_segmentation.utils.arrays import Floats, Ints
from gp_segmentation.utils.parallel import parallel_map


def block_shares(X: pd.DataFrame, labels: ArrayLike, blocks: Mapping[str, str]) -> pd.DataFrame:
    """Share of the variance between segments that lies in each block of columns.

    With T the total and B the between-segment sum of squares of a block's columns,
    ``share_between`` = B over the sum of all B, ``share_total`` = T over the sum of all T (the block's
    weight in the distances), ``explained`` = B / T.

    Parameters
    ----------
    X : (n, d) what was clustered, fitted rows.
    labels : (n,) segments.
    blocks : column -> block; columns without one are left out.

    Returns
    -------
    frame block, features, share_total, share_between, explained; highest share_between first.
    """
    known = X[[column for column in X if column in blocks]]
    centred = known - known.mean()
    groups = centred.groupby(np.asarray(labels))
    between = groups.mean().pow(2).mul(groups.size(), axis=0).sum()
    table = pd.DataFrame({"block": [blocks[str(c)] for c in known], "features": 1}, index=known.columns)
    table = table.assign(total=centred.pow(2).sum(), between=between).groupby("block").sum()
    found = pd.DataFrame(
        {
            "features": table["features"],
            "share_total": table["total"] / table["total"].sum(),
            "share_between": table["between"] / table["between"].sum(),
            "explained": table["between"] / table["total"],
        }
    )
    return found.sort_values("share_between", ascending=False, kind="stable").reset_index()


def reproduced_from(
    references: Mapping[str, pd.DataFrame], labels: pd.Series, *, seed: int = 0, jobs: int | None = 1
) -> pd.DataFrame:
    """How much of the labelling a few columns alone give: K-means on them, as many clusters as segments.

    Parameters
    ----------
    references : name -> columns by practice code; scaled to unit variance here, gaps filled with the median.
    labels : practice code -> segment.

    Returns
    -------
    frame reference, features, ari, ami: 1 if these columns alone give the same segments, about 0 if the
    segments have nothing to do with them.
    """
    k = labels.nunique()
    prepared = {name: _scaled(frame.reindex(labels.index)) for name, frame in references.items()}
    prepared = {name: values for name, values in prepared.items() if values.shape[1]}
    found = parallel_map(_cluster, [(values, k, seed) for values in prepared.values()], jobs)
    rows = [
        (
            name,
            values.shape[1],
            adjusted_rand_score(labels, again),
            adjusted_mutual_info_score(labels, again),
        )
        for (name, values), again in zip(prepared.items(), found, strict=True)
    ]
    return pd.DataFrame(rows, columns=["reference", "features", "ari", "ami"])


def _scaled(frame: pd.DataFrame) -> Floats:
    filled = frame.fillna(frame.median())
    spread = filled.std(ddof=0)
    kept = filled.loc[:, spread > 0]
    return ((kept - kept.mean()) / spread[spread > 0]).to_numpy(dtype=np.float64)


def _cluster(values: Floats, k: int, seed: int) -> Ints:
    return cluster_labels(KMeans(k, n_init=4, random_state=seed), values)
