"""Who belongs where: the table of segments, special practices assigned by nearest centroid."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from gp_segmentation.clustering import assign_nearest, centroids, margins
from gp_segmentation.validity import silhouette_samples


def segment_table(
    matrix: pd.DataFrame, labels: pd.Series, practices: pd.DataFrame, names: Mapping[int, str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the table of schema ``segments``, and the centroids.

    Fitted practices keep the segment of the clustering. The others (special practices) get that of the
    nearest centroid: they are never dropped, never shape a segment, and carry the reason (``special``).

    Parameters
    ----------
    matrix : practice_code -> the columns that were clustered, every practice.
    labels : practice_code -> segment (1..k) of the fitted practices.
    practices : schema ``practices``.
    names : segment -> name.
    """
    X = matrix.loc[labels.index]
    centres = centroids(X, labels)
    known = margins(X, labels, centres)
    others = matrix.index.difference(labels.index)
    given = assign_nearest(matrix.loc[others], centres)
    placed = pd.DataFrame(
        {
            "segment": np.concatenate([labels.to_numpy(), given.labels]).astype("int64"),
            "fitted": np.repeat([True, False], [len(X), len(others)]),
            "silhouette": np.concatenate([silhouette_samples(X, labels), np.full(len(others), np.nan)]),
            "second_segment": pd.array([*known.second, *given.second], dtype="Int64"),
            "margin": np.concatenate([known.margin, given.margin]),
        },
        index=[*X.index, *others],
    )
    about = practices.set_index("practice_code")
    table = about[["practice_name", "sub_icb_name", "icb_name", "region_name"]].join(placed, how="inner")
    table = table.assign(special=about["special"]).rename_axis("practice_code").reset_index()
    table.insert(5, "segment", table.pop("segment"))
    table.insert(6, "segment_name", table["segment"].map(names).astype("str"))
    return table.sort_values("practice_code", ignore_index=True), centres
