"""The schemas of the tables of several years in `data/panel`, part of `run_tables.SCHEMAS`.

The words of `event`, `basis`, `group`, `first` and `change` are those of `gp_segmentation.panel`.
"""

import pandera.pandas as pa

from gp_segmentation.schemas.columns import CODE, count, segment, share, size, table, text

NUMBER = pa.Column(float, nullable=True)
STEP = {"from_period": text(), "to_period": text()}

SCHEMAS: dict[str, pa.DataFrameSchema] = {
    # Every practice in every year: segment by the frozen model. pooled: the practices whose lists were added
    # up, if not its own alone. certainty: chance that drift alone leaves it in its segment. change: since
    # the year before (null in the first). own_segment, pooled_segment: in the fit of the year, of all years,
    # matched; null if special or in none.
    "panel_segments": table(
        {
            "practice_code": pa.Column(str, CODE),
            "practice_name": text(),
            "icb_name": text(),
            "region_name": text(),
            "list_size": count(),
            "special": text(nullable=True),
            "period": text(),
            "pooled": text(nullable=True),
            "segment": segment(),
            "segment_name": text(),
            "certainty": share(),
            "second_segment": segment(nullable=True),
            "margin": size(),
            "change": text(nullable=True),
            "drift_chance": share(),
            "own_segment": segment(nullable=True),
            "pooled_segment": segment(nullable=True),
        },
        unique=["practice_code", "period"],
    ),
    # Every practice that is in only one of two years, and why (`panel.through_time`).
    "panel_practices": table(
        {
            **STEP,
            "practice_code": pa.Column(str, CODE),
            "practice_name": text(),
            "pcn_code": text(nullable=True),
            "patients": count(),
            "event": pa.Column(str, pa.Check.isin(("merged", "taken over", "closed", "opened"))),
            "successor": text(nullable=True),
            "basis": pa.Column(str, pa.Check.isin(("named", "proposed")), nullable=True),
            "reason": text(),
        },
        unique=["from_period", "practice_code"],
    ),
    # Where the patients of two years are; the kinds add up to the row "all".
    "panel_account": table(
        {
            "kind": text(),
            **dict.fromkeys(("practices", "patients_before", "patients_after"), count()),
            **STEP,
        },
        unique=["from_period", "kind"],
    ),
    # Practices that went from a segment to another (`panel.flows`); expected: by drift alone.
    "panel_flows": table(
        {
            "segment_from": text(),
            "segment_to": text(),
            "practices": count(),
            **dict.fromkeys(("share", "low", "high"), share()),
            "expected": size(),
            "moved": count(),
            "with_england": count(),
            **STEP,
        },
        unique=["from_period", "segment_from", "segment_to"],
    ),
    # Means weighted by list size (`panel.trends`).
    "panel_trends": table(
        {
            **dict.fromkeys(("feature", "label", "unit", "period", "group", "segment"), text()),
            "practices": count(),
            "mean": NUMBER,
        },
        unique=["feature", "period", "group", "segment"],
    ),
    # Adjusted Rand index of two labellings of the same practices (`panel.fits`).
    "panel_agreement": table(
        {
            **dict.fromkeys(("first", "first_period", "second", "second_period"), text()),
            "practices": count(),
            "ari": NUMBER,
        },
    ),
    # The run's segments in the fit of each year by itself: highest Jaccard coefficient (`panel.fits`).
    "panel_returns": table(
        {"period": text(), "segment": segment(), "jaccard": share()}, unique=["period", "segment"]
    ),
    # What each year has, and whether it is in all of them in the same form, hence used.
    "panel_core": table(
        {"part": text(), "item": text(), "used": pa.Column(bool), "period": text(), "found": text()},
        unique=["part", "item", "period"],
    ),
}
