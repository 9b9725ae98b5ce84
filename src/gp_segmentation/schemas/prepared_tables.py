"""The schemas of the tables of `data/prepared`, part of `run_tables.SCHEMAS`."""

import pandera.pandas as pa

from gp_segmentation.schemas.columns import CODE, count, table, text

#: Five-year age bands of the registrations publication, youngest first (as text they sort wrongly).
AGE_BANDS = (*tuple(f"{a}_{a + 4}" for a in range(0, 95, 5)), "95+")
SEXES = ("FEMALE", "MALE")
#: QOF patient list types: the denominators of the registers (ages in years, ``06OV`` = 6 and over).
LIST_TYPES = ("TOTAL", "06OV", "16OV", "17OV", "18OV", "50OV")
#: Earlier years have others: 30_74 is the list of the register of cardiovascular primary prevention.
LIST_TYPE = pa.Check.str_matches(r"^(TOTAL|\d\dOV|\d\d_\d\d)$")

#: Of organisations; DORMANT: no longer operating, kept open for what is still to be paid or prescribed.
STATUSES = ("ACTIVE", "INACTIVE", "DORMANT", "PROPOSED")

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
}
