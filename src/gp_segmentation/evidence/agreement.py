"""Agreement: does another method, K-means or Ward's tree, draw the same segments?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score


def agreement(ks: Sequence[int], first: NDArray[np.int64], second: NDArray[np.int64]) -> pd.DataFrame:
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
