"""Fitted without an area: planted local structure is found, planted sameness is not called a difference."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans

from gp_segmentation.clustering import Hierarchical
from gp_segmentation.evidence import transport, transport_reasons, with_transport
from gp_segmentation.schemas import check

LIMITS = {"jaccard": 0.75, "ari": 0.65}
CENTRES = np.array([[0.0, 0.0], [8.0, 0.0], [0.0, 8.0]])


def england(
    per_area: int = 60, areas: int = 6, seed: int = 0
) -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """Practices of three groups, each in every area to the same part."""
    rng = np.random.default_rng(seed)
    n = per_area * areas
    X = CENTRES[np.arange(n) % 3] + rng.normal(0, 1, (n, 2))
    codes = np.repeat([f"A{number}" for number in range(areas)], per_area)
    index = pd.Index([f"P{row:04}" for row in range(n)], name="practice_code")
    frame = pd.DataFrame({"code": codes, "name": "Area " + pd.Series(codes)}).set_index(index)
    return pd.DataFrame(X, index), {"region": frame}


def found(X: pd.DataFrame, areas: dict[str, pd.DataFrame], k: int) -> pd.DataFrame:
    clusterer = KMeans(k, n_init=5, random_state=0)
    return transport(X, clusterer.fit_predict(X) + 1, clusterer, areas)


def test_where_every_area_has_the_same_groups_they_hold_in_each() -> None:
    for seed in range(5):
        X, areas = england(seed=seed)
        table = found(X, areas, 3)
        assert len(table) == 6 * 3
        assert set(table["practices"]) == {60}
        assert table["jaccard"].min() > 0.97
        (reason,) = transport_reasons(table, **LIMITS)
        assert reason.startswith(
            "They hold in every region: fitted without any one of 6 regions, every segment"
        )


def test_a_segment_that_one_area_alone_has_is_said_to_rest_on_it() -> None:
    for seed in range(5):
        X, areas = england(seed=seed)
        own = areas["region"]["code"] == "A2"
        X.loc[own] = np.array([12.0, 12.0]) + np.random.default_rng(seed).normal(0, 1, (60, 2))
        table = found(X, areas, 4)
        told = " ".join(transport_reasons(table, **LIMITS))
        assert "rests on Area A2: without it the segment does not return" in told
        others = [f"Area A{number}" for number in (0, 1, 3, 4, 5)]
        assert not [area for area in others if area in told]


def test_an_area_whose_practices_shift_a_border_is_found_where_they_would_be_elsewhere() -> None:
    """Area A1 holds half of all and is spread along a line, so that it alone draws the border across it."""
    rng = np.random.default_rng(3)
    two = np.vstack([rng.normal((0, 0), 1, (100, 2)), rng.normal((20, 0), 1, (100, 2))])
    line = np.column_stack([rng.normal(10, 1, 300), rng.uniform(-30, 30, 300)])
    X = pd.DataFrame(np.vstack([two, line]))
    codes = np.repeat(["A0", "A1"], [200, 300])
    frame = pd.DataFrame({"code": codes, "name": "Area " + pd.Series(codes)})
    table = found(X, {"region": frame}, 2)
    *_, last = transport_reasons(table, **LIMITS)
    assert last.startswith("The segments do not hold in Area A0, Area A1: fitted without it, they put its")
    assert last.endswith("(as few as 36% keep their segment).")


def test_one_practice_of_another_segment_does_not_make_an_area_a_stranger() -> None:
    row = {"level": "icb", "area_code": "Q1", "area": "One", "practices": 50, "jaccard": 0.98, "ari": 0.0}
    table = pd.DataFrame([row | {"segment": 1, "kept": 0.98}, row | {"segment": 2, "kept": 0.98}])
    (reason,) = transport_reasons(table, **LIMITS)
    assert reason == (
        "They hold in every integrated care board: fitted without any one of 1 integrated care boards, every "
        "segment returns (overlap 98% or more) and the practices left out keep their segment (least in One, "
        "98%)."
    )
    (reason,) = transport_reasons(table.assign(kept=0.89), **LIMITS)
    assert reason.endswith("(as few as 89% keep their segment).")


def test_an_area_of_one_practice_has_no_rand_index_and_no_area_gives_an_empty_table() -> None:
    X, areas = england(areas=2)
    areas["region"].iloc[0] = ["A9", "Alone"]
    table = found(X, areas, 3).set_index("area_code")
    assert table.loc["A9", "ari"].isna().all()
    assert table.loc["A9", "kept"].tolist() == [1.0, 1.0, 1.0]
    assert transport_reasons(table.reset_index(), **LIMITS)[0].startswith("They hold in every region")
    nothing = found(X, {}, 3)
    assert nothing.empty
    check("transport", nothing, file="transport.csv")


def test_of_a_tree_the_first_level_alone_is_asked() -> None:
    X, areas = england(per_area=30, areas=4)
    both = {**areas, "icb": areas["region"]}
    tree = Hierarchical(n_clusters=3, linkage="ward")
    table = transport(X, tree.fit_predict(X), tree, both)
    assert table["level"].unique().tolist() == ["region"]
    assert table["jaccard"].min() > 0.9


@pytest.mark.parametrize("assessed", [True, False])
def test_the_evidence_has_a_row_per_area_and_the_reasons(assessed: bool) -> None:
    told = {"assessed": assessed, "reasons": ["No gap."], "thresholds": LIMITS}
    X, areas = england()
    shown = with_transport(told, found(X, areas, 3), {1: "A1", 2: "A2", 3: "B1"})
    if not assessed:
        assert shown == told
        return
    assert shown["reasons"] == ["No gap."], "the verdict does not rest on it"
    assert shown["transport"]["reasons"]
    lost = found(X, areas, 3).assign(jaccard=0.5)
    first = with_transport(told, lost, {1: "A1", 2: "A2", 3: "B1"})["transport"]["reasons"][0]
    assert first.startswith("Segment A1 rests on ")
    assert [row["area_code"] for row in shown["transport"]["areas"]] == [f"A{n}" for n in range(6)]
    assert set(shown["transport"]["areas"][0]) == {
        *("level", "area_code", "area", "practices", "kept", "ari", "jaccard_min")
    }
