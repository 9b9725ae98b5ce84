"""One score per number of segments, for curves that are to be compared between runs."""

import pandas as pd

SCORES = ("silhouette", "davies_bouldin", "calinski_harabasz", "inertia")


def scores_by_k(trials: pd.DataFrame) -> pd.DataFrame:
    """Return, per number of segments, the scores of the trial with the least within-segment sum of squares.

    That is K-means wherever it was tried. Columns: n_clusters, clusterer, linkage and `SCORES`.

    Parameters
    ----------
    trials : schema ``trials``.
    """
    best = trials.sort_values(["n_clusters", "inertia", "trial"]).drop_duplicates("n_clusters")
    return best[["n_clusters", "clusterer", "linkage", *SCORES]].reset_index(drop=True)
