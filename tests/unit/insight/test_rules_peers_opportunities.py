"""Surrogate rules, nearest practices and additional patients, against what is known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.testing import assert_allclose
from scipy.spatial.distance import pdist, squareform

from gp_segmentation.insight import opportunities, peers, rules
from gp_segmentation.results import Results


def planted(count: int = 200) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Segment 1 up to 10%, segment 2 above; one feature says so, the other says nothing."""
    rng = np.random.default_rng(1)
    codes = [f"P{i:03d}" for i in range(count)]
    natural = pd.DataFrame({"a": rng.uniform(0, 20, count), "b": rng.normal(size=count)}, index=codes)
    segment = np.where(natural["a"] <= 10, 1, 2)
    segments = pd.DataFrame({"practice_code": codes, "segment": segment, "fitted": True})
    segments["segment_name"] = segments["segment"].map({1: "Low", 2: "High"})
    dictionary = pd.DataFrame({"feature": ["a", "b"], "label": ["Share", "Noise"], "unit": ["%", "score"]})
    return natural, dictionary, segments


def test_rules_recover_a_planted_border() -> None:
    natural, dictionary, segments = planted()
    found = rules(natural, dictionary, segments)
    assert found.fidelity > 0.95
    assert set(found.by_segment) == {1, 2}
    edge = natural["a"][natural["a"] <= 10].max() / 2 + natural["a"][natural["a"] > 10].min() / 2
    assert f"If Share is at most {edge:.1f}%: segment 1, Low" in found.text
    assert f"If Share is above {edge:.1f}%: segment 2, High" in found.text


def test_rules_are_withheld_below_the_floor() -> None:
    natural, dictionary, segments = planted()
    shuffled = segments.assign(segment=np.random.default_rng(0).permutation(segments["segment"]))
    found = rules(natural, dictionary, shuffled, floor=0.9)
    assert found.fidelity < 0.7
    assert "not given" in found.text
    assert "If " not in found.text


def test_peers_are_the_nearest_of_an_independent_sort(results_of: Callable[..., Results]) -> None:
    results = results_of(3)
    found = peers(results.matrix, results.segments, results.practices, count=4)
    distance = pd.DataFrame(
        squareform(pdist(results.matrix.to_numpy())), results.matrix.index, results.matrix.index
    )
    special = list(results.practices.loc[results.practices["special"].notna(), "practice_code"])
    for code, mine in found.groupby("practice_code"):
        expected = distance.loc[code].drop([code, *special], errors="ignore").nsmallest(4)
        assert list(mine["peer_code"]) == list(expected.index)
        assert_allclose(mine["distance"], expected)
    assert found["practice_code"].nunique() == len(results.practices)
    assert not set(found["peer_code"]) & set(special)


def test_peers_at_equal_distance_come_in_the_order_of_codes() -> None:
    codes = ["A", "B", "C", "D"]
    matrix = pd.DataFrame({"x": [0.0, 1.0, -1.0, 1.0]}, index=pd.Index(codes, name="practice_code"))
    segments = pd.DataFrame({"practice_code": codes, "segment": [1, 1, 2, 2], "fitted": True})
    practices = pd.DataFrame({"practice_code": codes, "icb_code": ["Q1", "Q1", "Q2", "Q1"]})
    found = peers(matrix.iloc[::-1], segments, practices, count=10)
    mine = found[found["practice_code"] == "A"]
    assert list(mine["peer_code"]) == ["B", "C", "D"]
    assert list(mine["same_segment"]) == [True, False, False]
    assert list(mine["same_icb"]) == [True, False, True]
    assert list(mine["rank"]) == [1, 2, 3]


def test_an_opportunity_by_hand() -> None:
    codes = ["P1", "P2", "P3", "P4", "P5"]
    achievement = pd.DataFrame(
        {
            "practice_code": codes,
            "indicator_code": "HYP008",
            "numerator": [50.0, 60.0, 70.0, 80.0, 90.0],
            "denominator": 100.0,
            "pcas": 0.0,
        }
    )
    indicators = pd.DataFrame({"indicator_code": ["HYP008"], "description": ["d"], "group_name": ["g"]})
    segments = pd.DataFrame({"practice_code": codes, "segment": 1, "segment_name": "One", "fitted": True})

    row = opportunities(achievement, indicators, segments).iloc[0]

    # rates .5 .6 .7 .8 .9, upper quartile .8
    assert_allclose(row["target"], 0.8)
    assert_allclose(row["additional_patients"], 30 + 20 + 10 + 0 + 0)
    assert row["practices_below"] == 3
    assert_allclose(row["rate"], 350 / 500)


def test_opportunities_are_never_negative_and_gross_counts_adjustments() -> None:
    rng = np.random.default_rng(2)
    codes = [f"P{i:02d}" for i in range(40)]
    denominator = rng.integers(0, 200, 40).astype(float)
    achievement = pd.DataFrame(
        {
            "practice_code": codes,
            "indicator_code": "DM020",
            "numerator": np.floor(denominator * rng.uniform(0.4, 1, 40)),
            "denominator": denominator,
            "pcas": 10.0,
        }
    )
    indicators = pd.DataFrame({"indicator_code": ["DM020"], "description": ["d"], "group_name": ["g"]})
    segments = pd.DataFrame(
        {"practice_code": codes, "segment": np.arange(40) % 2 + 1, "segment_name": "S", "fitted": True}
    )
    net = opportunities(achievement, indicators, segments)
    gross = opportunities(achievement, indicators, segments, gross=True)
    assert (net["additional_patients"] >= 0).all()
    assert gross["eligible_patients"].sum() == denominator.sum() + 10 * 40
    assert net["additional_patients"].is_monotonic_decreasing
