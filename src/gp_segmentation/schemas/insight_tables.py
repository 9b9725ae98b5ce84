"""The schemas of tables in `data/insight` that others read, part of `run_tables.SCHEMAS`."""

import pandera.pandas as pa

from gp_segmentation.schemas.columns import CODE, count, quintile, segment, share, size, table, text

#: Of a practice: whether it is open, or why nobody should write to it (see `insight.opportunities`).
STANDING = (
    r"^(open|(closed|dormant|not open yet|not listed|not known|few eligible patients)"
    r"(; few eligible patients)?)$"
)

#: Of a mean and its difference from another in standard deviations: any number, or missing.
NUMBER = pa.Column(float, nullable=True)

#: Numbers of patients, in tables of expected ones.
_EXPECTED = {
    **dict.fromkeys(("patients", "recorded"), count()),
    "expected": pa.Column(float, pa.Check.ge(0)),
    **dict.fromkeys(("low", "high"), count()),
    "difference": pa.Column(float),
}

SCHEMAS: dict[str, pa.DataFrameSchema] = {
    # One row per supergroup, segment or subgroup and feature or unused measure, in natural units. Differences
    # in standard deviations with 95% intervals: from England, and from the group above (null where none).
    "profiles_by_level": table(
        {
            "level": text(),
            "code": text(),
            "name": text(),
            "parent": text(nullable=True),
            "feature": text(),
            "label": text(),
            "unit": text(),
            "block": text(),
            "used": pa.Column(bool),
            "practices": count(),
            **dict.fromkeys(("mean", "median", "lower_quartile", "upper_quartile", "england_mean"), NUMBER),
            **dict.fromkeys(("difference_sd", "difference_low", "difference_high", "parent_mean"), NUMBER),
            **{f"parent_difference_{part}": NUMBER for part in ("sd", "low", "high")},
            "rank": count(),
        },
        unique=["code", "feature"],
    ),
    # One row per deprivation quintile of practices and England last: what their peers are, beside what
    # peers drawn at random would be. Distances in the clustered matrix.
    "peers_by_quintile": table(
        {
            **quintile(),
            "same_quintile": share(),
            "random_same_quintile": share(),
            "same_segment": share(),
            "random_same_segment": share(),
            "same_icb": share(),
            "random_same_icb": share(),
            "distance": size(),
            "random_distance": size(),
            "inclusion": share(),
        },
    ),
    # One row per deprivation quintile of practices and England last: how often the surrogate rules give
    # fitted practices their segment (95% interval), and how often naming the largest segment would.
    "rules_by_quintile": table(
        {
            **quintile(),
            "fitted": count(),
            "fidelity": share(),
            "low": share(),
            "high": share(),
            "largest_segment": share(),
        },
    ),
    # One row per primary care network and feature, natural units; practices in no network last (code null).
    # Means weighted by list size, `patients` on the lists of practices with a figure.
    "profiles_by_network": table(
        {
            "pcn_code": text(nullable=True),
            "pcn_name": text(),
            "feature": text(),
            "label": text(),
            "unit": text(),
            "block": text(),
            "practices": count(),
            "patients": count(),
            **dict.fromkeys(("weighted_mean", "england_weighted_mean", "difference_sd"), NUMBER),
        },
        unique=["pcn_code", "feature"],
    ),
    # One row per indicator and sub-ICB location, network, or group of a grouping (in none: code null): sums
    # of practices' opportunities with 95% intervals.
    "opportunities_by_network": table(
        {
            "level": pa.Column(str, pa.Check.str_matches(r"^(sub_icb|pcn|group: .+)$")),
            "area": text(),
            "area_code": text(nullable=True),
            "indicator_code": text(),
            "description": text(nullable=True),
            "group_name": text(nullable=True),
            "practices": count(),
            "eligible_patients": count(),
            "rate": share(),
            **{
                f"{against}{name}": column
                for against in ("", "england_")
                for name, column in {
                    "practices_below": count(),
                    "additional_patients": size(),
                    "low": size(),
                    "high": size(),
                }.items()
            },
        },
        unique=["level", "area_code", "indicator_code"],
    ),
    # One row per fitted practice and indicator with eligible patients: rates as shares, gains in patients.
    # peers_rate: median of its peers; rank of its rate (1: the highest) among the ranked of its segment.
    "practice_opportunities": table(
        {
            "indicator_code": text(),
            "practice_code": pa.Column(str, CODE),
            "segment": segment(),
            "numerator": count(),
            "eligible": count(),
            "rate": share(),
            "shrunk_rate": share(),
            "below": pa.Column(bool),
            **{
                f"{against}{name}": column
                for against in ("", "england_")
                for name, column in {
                    "target": share(),
                    "additional_patients": size(),
                    "low": size(),
                    "high": size(),
                }.items()
            },
            "peers_rate": share(),
            **dict.fromkeys(("rank", "ranked"), count()),
            "standing": pa.Column(str, pa.Check.str_matches(STANDING)),
        },
        unique=["practice_code", "indicator_code"],
    ),
    # One row per register and practice: patients on the list that the register is of, and of them on the
    # register; expected by age, sex and deprivation with its 95% interval; recorded - expected. reference: an
    # ordinary practice; over these, differences sum to zero.
    "expected": table(
        {
            "practice_code": pa.Column(str, CODE),
            "group_code": text(),
            "reference": pa.Column(bool),
            **_EXPECTED,
        },
        unique=["practice_code", "group_code"],
    ),
    # The same summed over the reference practices of England, of every supergroup, segment and subgroup, and
    # of every area (practices in none: code null).
    "expected_groups": table(
        {
            "level": text(),
            "area": text(),
            "area_code": text(nullable=True),
            "group_code": text(),
            "condition": text(),
            "practices": count(),
            **_EXPECTED,
        },
        unique=["level", "area_code", "group_code"],
    ),
    # One row per practice and indicator flagged outside the funnel of its segment.
    "outliers": table(
        {
            "indicator_code": text(),
            "practice_code": pa.Column(str, CODE),
            "segment": segment(),
            "eligible": size(),
            "rate": share(),
            "segment_rate": share(),
            "z": pa.Column(float),
            "flag": pa.Column("int64", pa.Check.isin([-3, -2, 2, 3])),
            "standing": pa.Column(str, pa.Check.str_matches(STANDING)),
        },
        unique=["practice_code", "indicator_code"],
    ),
}
