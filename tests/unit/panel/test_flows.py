"""Flows: counts with intervals, and what drift alone would do, on a line with the border at 0."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from gp_segmentation.panel.flows import certainty, drift_chances, flows, own_drift

CENTRES = pd.DataFrame({"x": [-1.0, 1.0]}, index=pd.Index([1, 2], name="segment"))


def at(**x: float) -> pd.DataFrame:
    return pd.DataFrame({"x": x})


#: 200 practices that drifted by 0.5, to either side.
DRIFT = pd.DataFrame({"x": np.repeat([-0.5, 0.5], 100)})


def test_drift_takes_a_practice_across_where_it_reaches_and_to_either_side() -> None:
    matrix = at(far=-0.6, near=-0.4, other=0.1)
    found = drift_chances(matrix, CENTRES, DRIFT, draws=2_000, seed=1)
    assert found.loc["far"].tolist() == [1.0, 0.0]
    assert_allclose(found.loc["near"], [0.5, 0.5], atol=0.05)
    assert_allclose(found.loc["other"], [0.5, 0.5], atol=0.05)
    sure = certainty(found, pd.Series({"far": 1, "near": 1, "other": 2}))
    assert sure["far"] == 1.0
    assert sure["near"] == found.loc["near", 1]
    assert sure["other"] == found.loc["other", 2]


def test_with_few_drifts_nothing_is_said_of_chance() -> None:
    found = drift_chances(at(a=-0.4), CENTRES, DRIFT.head(99), draws=10, seed=1)
    assert found.isna().all(axis=None)


def test_own_drift_leaves_englands_shift_out_and_counts_ordinary_practices_that_changed() -> None:
    before = at(a=0.0, b=0.0, c=0.0, same=3.0, special=0.0, closed=1.0)
    after = at(a=1.0, b=2.0, c=3.0, same=3.0, special=90.0, new=5.0)
    found = own_drift(before, after, ["a", "b", "c", "same", "closed"])
    assert found["x"].to_dict() == {"a": -1.0, "b": 0.0, "c": 1.0}  # England's shift is 2


def test_flows_count_practices_with_intervals_closures_and_openings() -> None:
    before = pd.Series({"a": 1, "b": 1, "c": 1, "d": 1, "e": 2, "gone": 1})
    after = pd.Series({"a": 1, "b": 1, "c": 2, "d": 2, "e": 2, "new": 2})
    chances = pd.DataFrame({1: 0.75, 2: 0.25}, before.index)
    classes = ["stayed", "stayed", "moved", "with England", "stayed", "new"]
    change = pd.Series(classes, ["a", "b", "c", "d", "e", "new"])
    found = flows(before, after, chances, change).set_index(["segment_from", "segment_to"])
    #                practices, share, expected by drift, moved, with England
    expected = {
        ("1", "1"): (2, 0.5, 3.0, 0, 0),
        ("1", "2"): (2, 0.5, 1.0, 1, 1),
        ("1", "closed"): (1, 0.2, np.nan, 0, 0),
        ("2", "1"): (0, 0.0, 0.75, 0, 0),
        ("2", "2"): (1, 1.0, 0.25, 0, 0),
        ("2", "closed"): (0, 0.0, np.nan, 0, 0),
        ("opened", "1"): (0, np.nan, np.nan, 0, 0),
        ("opened", "2"): (1, np.nan, np.nan, 0, 0),
    }
    rows = found.sort_index()[["practices", "share", "expected", "moved", "with_england"]]
    pd.testing.assert_frame_equal(
        rows, pd.DataFrame(expected, rows.columns).T.rename_axis(rows.index.names), check_dtype=False
    )
    # Wilson, 2 of 4: (0.5 + z²/8 ± z sqrt(1/16 + z²/64)) / (1 + z²/4), z = 1.96
    z = 1.959964
    half = z * np.sqrt(1 / 16 + z**2 / 64)
    low, high = ((0.5 + z**2 / 8 + sign * half) / (1 + z**2 / 4) for sign in (-1, 1))
    assert found.loc[("1", "2"), ["low", "high"]].tolist() == [pytest.approx(low), pytest.approx(high)]
