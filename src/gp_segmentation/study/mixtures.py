"""What a model of the practices, a Gaussian mixture, says of the number of segments."""

import numpy as np
import pandas as pd

from gp_segmentation.schemas import of_preparation
from gp_segmentation.utils.arrays import Floats, Ints
from gp_segmentation.utils.parallel import parallel_map
from gp_segmentation.validity import information_criteria

#: Numbers of components fitted together. No more follow once none of these has a lower BIC than those before:
#: each costs more than the last.
TOGETHER = 2


def with_mixtures(
    trials: pd.DataFrame, labels: dict[int, Ints], preparation: str | None, rows: Floats, jobs: int | None
) -> pd.DataFrame:
    """Return the trials with ``bic`` and ``icl`` of the mixture that starts from a trial's segments.

    One trial of each number of segments on the matrix `rows` of `preparation` is a start (of K-means where
    there is one), from the fewest on until BIC no longer falls (`TOGETHER`). The others have NaN.
    """
    own = of_preparation(trials, preparation)
    own = own.assign(other=own["clusterer"] != "kmeans").sort_values(["n_clusters", "other", "trial"])
    starts = own.drop_duplicates("n_clusters")["trial"].tolist()
    table, lowest = trials.assign(bic=np.nan, icl=np.nan), np.inf
    for first in range(0, len(starts), TOGETHER):
        some = starts[first : first + TOGETHER]
        found = np.array([*parallel_map(information_criteria, [(rows, labels[one]) for one in some], jobs)])
        table.loc[table["trial"].isin(some), ["bic", "icl"]] = found
        if first and np.nanmin([*found[:, 0], np.inf]) > lowest:
            break
        lowest = np.fmin(lowest, np.nanmin([*found[:, 0], np.inf]))
    return table
