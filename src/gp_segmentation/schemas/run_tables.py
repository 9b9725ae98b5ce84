"""Every table that passes between stages: columns, types, ranges and units, checked on read and write."""

import pandas as pd
import pandera.pandas as pa

from gp_segmentation.errors import InputError
from gp_segmentation.schemas import insight_tables, panel_tables, prepared_tables
from gp_segmentation.schemas.columns import CODE, count, practice, segment, share, table, text

#: The levels of groups from coarse to fine, and the column of `segments` with the codes of each.
LEVEL_COLUMNS = {"supergroup": "supergroup", "segment": "segment_code", "subgroup": "subgroup"}

#: Of practices assigned to a run: why they have another segment than in the run (`segments.changes`).
CHANGES = ("new", "stayed", "had no segment", "rule only", "with England", "near a border", "moved")

#: The first columns of `segments`.
PLACED = {
    **practice(),
    "segment": segment(),
    "segment_name": text(),
    "fitted": pa.Column(bool),
    "silhouette": pa.Column(float, pa.Check.in_range(-1, 1), nullable=True),
    "second_segment": segment(nullable=True),
    "margin": pa.Column(float, pa.Check.ge(0), nullable=True),
    "special": text(nullable=True),  # why it is no ordinary practice, hence not fitted
}


def _segments(noise: bool) -> pa.DataFrameSchema:
    """Practices and their segments; with `noise` also fitted practices that belong to no segment."""
    return table(
        {
            **PLACED,
            "segment": segment(nullable=noise),
            "supergroup": text(nullable=noise),
            "segment_code": text(nullable=noise),
            "subgroup": text(nullable=noise),
            # Probability that the practice belongs to its segment, counts and practices drawn again; null if
            # it is special. membership: the segments it may belong to, as in "A1 or B2 (62%, 35%)".
            "certainty": pa.Column(float, pa.Check.in_range(0, 1), nullable=True),
            "membership": pa.Column(str, nullable=True, required=False),
            "pcn_code": text(nullable=True),
            "pcn_name": text(nullable=True),
            "sub_icb_code": text(),
            "icb_code": text(),
            "region_code": text(),
            "list_size": count(),
        }
    )


SCHEMAS: dict[str, pa.DataFrameSchema] = {
    # The segments fitted again without each area (`evidence.transport`): does each segment return (jaccard,
    # among all practices), and do the area's practices keep theirs (kept, a share; ari)?
    "transport": table(
        {
            "level": text(),
            "area_code": text(),
            "area": text(),
            "practices": count(),
            "segment": segment(),
            "jaccard": share(),
            "kept": share(),
            "ari": pa.Column(float, pa.Check.in_range(-1, 1), nullable=True),
        },
        unique=["level", "area_code", "segment"],
    ),
    # What the columns of `features` mean. unit: of the natural scale ("%", "patients", "score", ...);
    # transform: from the natural to the analysis scale; weight: the block's total variance (null: left open,
    # for the study to settle).
    "dictionary": table(
        {
            "feature": pa.Column(str, unique=True),
            "label": text(),
            "unit": text(),
            "block": text(),
            "weight": pa.Column(float, pa.Check.gt(0), nullable=True),
            "transform": text(),
        },
    ),
    "trials": table(
        {
            "trial": count(),
            "preparation": text(nullable=True),  # of the matrix; null where there is one only
            "clusterer": text(),
            "linkage": text(nullable=True),
            "n_clusters": pa.Column("int64", pa.Check.ge(1)),
            "silhouette": pa.Column(float, pa.Check.in_range(-1, 1), nullable=True),
            "davies_bouldin": pa.Column(float, pa.Check.ge(0), nullable=True),
            "calinski_harabasz": pa.Column(float, pa.Check.ge(0), nullable=True),
            "inertia": pa.Column(float, pa.Check.ge(0)),
            "smallest_segment": count(),
            "largest_segment": count(),
            "sizes": text(),  # practices per segment, largest first: "2100 1800 900"
            # Practices that belong to no segment.
            "noise": pa.Column("int64", pa.Check.ge(0), required=False),
            "null_silhouette": pa.Column(float, nullable=True),
            "excess_silhouette": pa.Column(float, nullable=True),
            # Information criteria of the Gaussian mixture that starts from the trial's segments; null: none.
            "bic": pa.Column(float, nullable=True, required=False),
            "icl": pa.Column(float, nullable=True, required=False),
            # Highest adjusted Rand index with a trial of as many segments by another clusterer or linkage.
            "agreement": pa.Column(float, nullable=True, required=False),
            # Rows the silhouette is the mean of, and its standard error where they are a sample.
            "silhouette_rows": pa.Column("int64", pa.Check.ge(1), required=False),
            "silhouette_se": pa.Column(float, nullable=True, required=False),
        },
    ),
    # Practices that have a segment; and as in segments.csv, with those that belong to none.
    "segments": _segments(noise=False),
    "segments_with_noise": _segments(noise=True),
    # The segments of a run that was recorded before there were levels.
    "segments_without_levels": table(PLACED),
    # Supergroups, segments and subgroups, level by level; the parent of every group but supergroups.
    "levels": table(
        {
            "level": pa.Column(str, pa.Check.isin(tuple(LEVEL_COLUMNS))),
            "code": pa.Column(str, unique=True),
            "parent": text(nullable=True),
            "segment": segment(nullable=True),
            "name": text(),
            "compared_with": text(),  # what the name sets it apart from: England, or the code of its parent
            "apart": text(nullable=True),  # what sets it apart from the other groups of its parent
            "practices": count(),
            "fitted": count(),
            "patients": count(),
        },
    ),
    # Probability that a practice belongs to a group of each level; groups of no probability have no row.
    "membership": table(
        {
            "practice_code": pa.Column(str, CODE),
            "level": pa.Column(str, pa.Check.isin(tuple(LEVEL_COLUMNS))),
            "code": text(),
            "probability": pa.Column(float, pa.Check.in_range(0, 1)),
        },
        unique=["practice_code", "code"],
    ),
    # Practices of another year or folder in the segments of a run (`gp_segmentation.segments.assignment`).
    "assigned": table(
        {
            **practice(),
            "segment": segment(nullable=True),  # null: without one in the run, and with the same figures
            "segment_name": text(),
            "second_segment": segment(nullable=True),
            "margin": pa.Column(float, pa.Check.ge(0), nullable=True),
            "special": text(nullable=True),
            "unchanged": pa.Column(bool),
            "run_segment": segment(nullable=True),
            "change": pa.Column(str, pa.Check.isin(CHANGES)),
            "run_rule_segment": segment(nullable=True),
            "drift_chance": pa.Column(float, pa.Check.in_range(0, 0.5), nullable=True),
            "unknown_features": count(),
            "out_of_range": count(),
            "warning": text(nullable=True),
            # Codes; null without a segment, or where the run was recorded before there were levels.
            **{column: text(nullable=True) for column in LEVEL_COLUMNS.values()},
        },
    ),
    **prepared_tables.SCHEMAS,
    **insight_tables.SCHEMAS,
    **panel_tables.SCHEMAS,
}


def check(name: str, frame: pd.DataFrame, *, file: str | None = None) -> pd.DataFrame:
    """Return `frame` once it agrees with schema `name`; raise InputError naming column, row and value.

    `file` is what the message calls the table (default: the schema's name).
    """
    schema = SCHEMAS[name]
    try:
        return schema.validate(frame, lazy=True)
    except pa.errors.SchemaErrors as error:
        raise _input_error(error.failure_cases, file or name) from error


def _input_error(cases: pd.DataFrame, file: str) -> InputError:
    first = cases.iloc[0]
    row = None if pd.isna(first["index"]) else int(first["index"]) + 2
    column = None if pd.isna(first["column"]) else str(first["column"])
    problem = f"{first['check']} failed, found {first['failure_case']!r} ({len(cases)} such failures in all)"
    return InputError(problem, file=file, row=row, column=column)


def empty(name: str) -> pd.DataFrame:
    """An empty frame of schema `name`, with its columns and types."""
    columns = {c: spec.dtype.type for c, spec in SCHEMAS[name].columns.items() if not spec.regex}
    return pd.DataFrame({c: pd.Series(dtype=dtype) for c, dtype in columns.items()})
