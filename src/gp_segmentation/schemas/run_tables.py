"""Every table that passes between stages: columns, types, ranges and units, checked on read and write."""

import pandas as pd
import pandera.pandas as pa

from gp_segmentation.errors import InputError
from gp_segmentation.schemas import insight_tables, panel_tables
from gp_segmentation.schemas.columns import CODE, count, practice, segment, table, text

#: Five-year age bands of the registrations publication, youngest first (as text they sort wrongly).
AGE_BANDS = (*tuple(f"{a}_{a + 4}" for a in range(0, 95, 5)), "95+")
SEXES = ("FEMALE", "MALE")
#: QOF patient list types: the denominators of the registers (ages in years, ``06OV`` = 6 and over).
LIST_TYPES = ("TOTAL", "06OV", "16OV", "17OV", "18OV", "50OV")
#: Earlier years have others: 30_74 is the list of the register of cardiovascular primary prevention.
LIST_TYPE = pa.Check.str_matches(r"^(TOTAL|\d\dOV|\d\d_\d\d)$")

#: Of organisations; DORMANT: no longer operating, kept open for what is still to be paid or prescribed.
STATUSES = ("ACTIVE", "INACTIVE", "DORMANT", "PROPOSED")

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
            # Share of resamples with the practice in which it fell into its segment; null if it is special.
            "certainty": pa.Column(float, pa.Check.in_range(0, 1), nullable=True),
            "pcn_code": text(nullable=True),
            "pcn_name": text(nullable=True),
            "sub_icb_code": text(),
            "icb_code": text(),
            "region_code": text(),
            "list_size": count(),
        }
    )


SCHEMAS: dict[str, pa.DataFrameSchema] = {
    # One row per practice; list_size in patients, longitude and latitude in degrees (WGS 84).
    "practices": table(
        {
            "practice_code": pa.Column(str, CODE, unique=True),
            "practice_name": text(),
            "pcn_code": text(nullable=True),
            "pcn_name": text(nullable=True),
            "sub_icb_code": text(),
            "sub_icb_name": text(),
            "icb_code": text(),
            "icb_name": text(),
            "region_code": text(),
            "region_name": text(),
            "postcode": text(nullable=True),
            "longitude": pa.Column(float, pa.Check.in_range(-9, 3), nullable=True),
            "latitude": pa.Column(float, pa.Check.in_range(49, 61), nullable=True),
            "list_size": count(),
            "special": text(nullable=True),
        },
    ),
    # One row per practice; its status in the list of the Organisation Data Service (null: not listed).
    "organisations": table(
        {
            "practice_code": pa.Column(str, CODE, unique=True),
            "status": pa.Column(str, pa.Check.isin(STATUSES), nullable=True),
        },
    ),
    # Patients on a disease register (register) and on the list it is a share of (denominator).
    # A register can exceed its list (an institution), so no order is imposed between the two.
    "registers": table(
        {
            "practice_code": pa.Column(str, CODE),
            "group_code": text(),
            "register": count(),
            "list_type": pa.Column(str, LIST_TYPE),
            "denominator": count(),
        },
        unique=["practice_code", "group_code"],
    ),
    # Patients counted by an indicator; NaN where the publication has no such row. pcas = personalised
    # care adjustments, which denominator leaves out. points: QOF points achieved.
    "achievement": table(
        {
            "practice_code": pa.Column(str, CODE),
            "indicator_code": text(),
            "numerator": count(nullable=True),
            "denominator": count(nullable=True),
            "pcas": count(nullable=True),
            "points": count(nullable=True),
        },
        unique=["practice_code", "indicator_code"],
    ),
    "indicators": table(
        {
            "indicator_code": pa.Column(str, unique=True),
            "description": text(),
            "points": pa.Column(float, pa.Check.ge(0), nullable=True),
            "group_code": text(),
            "group_name": text(),
            "domain_code": text(nullable=True),
            "domain_name": text(nullable=True),
            "list_type": text(nullable=True),
        },
    ),
    "age_sex": table(
        {
            "practice_code": pa.Column(str, CODE),
            "sex": pa.Column(str, pa.Check.isin(SEXES)),
            "age_band": pa.Column(str, pa.Check.isin(AGE_BANDS)),
            "patients": count(),
        },
        unique=["practice_code", "sex", "age_band"],
    ),
    # One row per practice, one float column per context measure (NaN = not published).
    "context": pa.DataFrameSchema(
        {
            "practice_code": pa.Column(str, CODE, unique=True),
            r"^(?!practice_code$).+": pa.Column(float, nullable=True, required=False, regex=True),
        },
        strict=True,
    ),
    # What the columns of `context` mean.
    "context_dictionary": table(
        {
            "measure": pa.Column(str, unique=True),
            "label": text(),
            "unit": text(),
            "file": text(),
        },
    ),
    # Groupings of the source's own, such as localities: a row per practice in a group. grouping: its name in
    # the source; date: the day of the membership. A practice in no group has no row.
    "groupings": table(
        {
            "grouping": text(),
            "label": text(),
            "date": pa.Column(str, pa.Check.str_matches(r"^\d{4}-\d\d-\d\d$")),
            "practice_code": pa.Column(str, CODE),
            "group": text(),
        },
        unique=["grouping", "practice_code"],
    ),
    # Organisations that closed and those that follow them, where the source has the list; several rows for
    # one that was divided. date: of the succession.
    "successors": table(
        {
            "practice_code": text(),
            "successor_code": text(),
            "date": pa.Column(str, pa.Check.str_matches(r"^\d{4}-\d\d-\d\d$"), nullable=True),
            "reason": text(nullable=True),
        },
        unique=["practice_code", "successor_code"],
    ),
    # What was found in the raw files and tolerated: counted, never silent.
    "quality": table(
        {
            "file": text(),
            "check": text(),
            "count": count(),
            "detail": text(),
        },
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
