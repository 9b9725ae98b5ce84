"""The schemas of tables in `data/insight` that others read, part of `gp_segmentation.tables.SCHEMAS`."""

from __future__ import annotations

import pandera.pandas as pa

from gp_segmentation.columns import count, share, size

SCHEMAS: dict[str, pa.DataFrameSchema] = {
    # One row per deprivation quintile of practices and England last: what their peers are, beside what
    # peers drawn at random would be. Distances in the clustered matrix.
    "peers_by_quintile": pa.DataFrameSchema(
        {
            "deprivation_quintile": pa.Column(str, unique=True),
            "practices": count(),
            "patients": count(),
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
        strict=True,
        ordered=True,
    ),
    # One row per deprivation quintile of practices and England last: how often the surrogate rules give
    # fitted practices their segment (95% interval), and how often naming the largest segment would.
    "rules_by_quintile": pa.DataFrameSchema(
        {
            "deprivation_quintile": pa.Column(str, unique=True),
            "practices": count(),
            "patients": count(),
            "fitted": count(),
            "fidelity": share(),
            "low": share(),
            "high": share(),
            "largest_segment": share(),
        },
        strict=True,
        ordered=True,
    ),
}
