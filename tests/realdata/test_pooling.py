"""The official figures of 2024-25 pooled by primary care network: counts are exact sums."""

from __future__ import annotations

from typing import Any

from gp_segmentation import schemas
from gp_segmentation.sources import Prepared
from gp_segmentation.sources.pooling import pool_by_pcn
from gp_segmentation.storage.workspace import PREPARED


def test_networks_are_the_exact_sums_of_their_practices(official: Prepared, sums: dict[str, Any]) -> None:
    pooled = pool_by_pcn(official)
    before, after = ({name: getattr(side, name) for name in PREPARED} for side in (official, pooled))
    sums["networks_add_up"](before, after)
    for name in PREPARED:
        schemas.check(name, after[name])
    outside = official.practices["pcn_code"].isna()
    lists = official.practices["list_size"]
    assert len(pooled.practices) == official.practices["pcn_code"].nunique()
    assert pooled.practices["list_size"].sum() == lists.sum() - lists[outside].sum()
