"""The table of segments: fitted practices as clustered, special practices by nearest centroid."""

from collections.abc import Collection, Mapping

import pandas as pd

from gp_segmentation.clustering import NOISE, Levels, assign_levels, assign_nearest, centroids, margins
from gp_segmentation.schemas import LEVEL_COLUMNS
from gp_segmentation.validity import silhouette_samples

#: What stands in place of a segment's name where a practice belongs to none.
NO_SEGMENT = "No segment"

#: Where a practice belongs, and its size, at the end of the table.
PLACE = ("pcn_code", "pcn_name", "sub_icb_code", "icb_code", "region_code", "list_size")


def codes_of(labels: pd.Series, levels: Levels) -> dict[int, str]:
    """Return segment (1..k) -> its code, such as ``A1``."""
    return dict(zip(labels, levels.codes.loc[labels.index, "segment"], strict=True))


def level_table(
    segments: pd.DataFrame, levels: Levels, words: Mapping[str, tuple[str, str, str | None]]
) -> pd.DataFrame:
    """Return the table of schema ``levels``.

    Parameters
    ----------
    segments : from `segment_table`. words : code -> name, what it is compared with, what sets it apart.
    """
    segments = segments[segments["segment"] > 0]
    counts = pd.concat([segments.assign(code=segments[column]) for column in LEVEL_COLUMNS.values()])
    counts = counts.groupby("code").agg(
        practices=("practice_code", "size"), fitted=("fitted", "sum"), patients=("list_size", "sum")
    )
    numbers = dict(zip(segments["segment_code"], segments["segment"], strict=True))
    table = levels.nodes[["level", "code", "parent"]]
    table = table.assign(segment=table["code"].map(numbers).astype("Int64"))
    text = pd.DataFrame([words[code] for code in table["code"]], columns=["name", "compared_with", "apart"])
    return table.join(text.astype("str")).join(counts, on="code")


def segment_table(
    matrix: pd.DataFrame,
    labels: pd.Series,
    practices: pd.DataFrame,
    names: Mapping[int, str],
    levels: Levels,
    sure: pd.DataFrame,
    noise: Collection[str] = (),
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return every practice with its segment as `read_segments` gives them back, and the centroids.

    Fitted practices keep the segment of the clustering. The others are special practices: they get the
    segment of the nearest centroid, have no influence on the segments, and carry the reason (``special``).
    This holds for a clusterer of dense regions, too, whatever the density about a special practice. Fitted
    practices that the clusterer put into no cluster (`noise`) have the segment -1 and no codes.

    Parameters
    ----------
    matrix : practice_code -> the columns that were clustered, every practice.
    labels : practice_code -> segment (1..k) of the fitted practices that have one.
    practices : schema ``practices``.
    names : segment -> name.
    levels : of these practices. sure : practice_code -> certainty, membership (see `segments.certainty`).
    noise : practice codes of the fitted practices that belong to no segment.
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
            "fitted": matrix.index.isin([*labels.index, *noise]),
            "silhouette": pd.Series(silhouette_samples(X, labels), index=labels.index),
            "second_segment": placed.second,
            "margin": placed.margin,
        },
        index=matrix.index,
    )
    codes = assign_levels(matrix, levels.centroids, segment.map(codes_of(labels, levels)))
    codes.loc[labels.index] = levels.codes.loc[labels.index].to_numpy()
    out = matrix.index.isin(list(noise))
    assigned.loc[out, ["segment", "segment_name"]] = NOISE, NO_SEGMENT
    assigned.loc[out, ["second_segment", "margin"]] = pd.NA
    codes.loc[out] = pd.NA
    codes = codes.rename(columns=LEVEL_COLUMNS).join(sure)
    return _with_places(assigned, codes, practices.set_index("practice_code")), centres


def _with_places(assigned: pd.DataFrame, codes: pd.DataFrame, about: pd.DataFrame) -> pd.DataFrame:
    """The columns of the table in their order, its rows by code; all by practice_code."""
    table = about[["practice_name", "sub_icb_name", "icb_name", "region_name"]].join(assigned, how="inner")
    table = table.assign(special=about["special"]).join(codes).join(about[list(PLACE)])
    return table.rename_axis("practice_code").reset_index().sort_values("practice_code", ignore_index=True)
