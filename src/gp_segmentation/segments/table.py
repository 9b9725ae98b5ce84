"""The table of segments: fitted practices as clustered, special practices by nearest centroid."""

from collections.abc import Mapping

import pandas as pd

from gp_segmentation.clustering import assign_nearest, centroids, margins
from gp_segmentation.validity import silhouette_samples


def segment_table(
    matrix: pd.DataFrame, labels: pd.Series, practices: pd.DataFrame, names: Mapping[int, str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the table of schema ``segments``, and the centroids.

    Fitted practices keep the segment of the clustering. The others are special practices: they get the
    segment of the nearest centroid, have no influence on the segments, and carry the reason (``special``).

    Parameters
    ----------
    matrix : practice_code -> the columns that were clustered, every practice.
    labels : practice_code -> segment (1..k) of the fitted practices.
    practices : schema ``practices``.
    names : segment -> name.
    """
    X = matrix.loc[labels.index]
    centres = centroids(X, labels)
    nearest = pd.Series(assign_nearest(matrix, centres).labels, index=matrix.index)
    segment = labels.reindex(matrix.index).fillna(nearest).astype("int64")
    placed = margins(matrix, segment, centres)
    assigned = pd.DataFrame(
        {
            "segment": segment,
            "segment_name": segment.map(names).astype("str"),
            "fitted": matrix.index.isin(labels.index),
            "silhouette": pd.Series(silhouette_samples(X, labels), index=labels.index),
            "second_segment": placed.second,
            "margin": placed.margin,
        },
        index=matrix.index,
    )
    about = practices.set_index("practice_code")
    table = about[["practice_name", "sub_icb_name", "icb_name", "region_name"]].join(assigned, how="inner")
    table = table.assign(special=about["special"]).rename_axis("practice_code").reset_index()
    return table.sort_values("practice_code", ignore_index=True), centres
