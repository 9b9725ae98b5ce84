"""Profiles: natural units, England's mean, difference with interval, rank."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from gp_segmentation.insight.portraits.profiles import difference_in_sd, segment_profiles
from gp_segmentation.insight.portraits.unused_measures import measures_not_used
from gp_segmentation.schemas import Results

DICTIONARY = pd.DataFrame({"feature": ["a"], "label": ["A"], "unit": ["%"], "block": ["need"]})


def segments(rows: list[tuple[str, int, bool]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["practice_code", "segment", "fitted"])
    return frame.assign(segment_name=frame["segment"].map({1: "One", 2: "Two"}))


def test_a_profile_by_hand() -> None:
    table = segments([("P1", 1, True), ("P2", 1, True), ("P3", 2, True), ("P4", 2, True), ("P5", 2, False)])
    natural = pd.DataFrame({"a": [1.0, 3.0, 5.0, 7.0, 1000.0]}, index=table["practice_code"])

    found = segment_profiles(natural, DICTIONARY, table)

    one = found.iloc[0]
    sd = np.std([1, 3, 5, 7], ddof=1)
    assert list(found.columns) == [
        *("segment", "segment_name", "feature", "label", "unit", "block", "used", "practices", "mean"),
        *("median", "lower_quartile", "upper_quartile", "england_mean"),
        *("difference_sd", "difference_low", "difference_high", "rank"),
    ]
    assert_allclose(one["mean"], (1 + 3) / 2)
    assert_allclose(one["england_mean"], (1 + 3 + 5 + 7) / 4)  # the special practice P5 is left out
    assert_allclose(one["difference_sd"], (2 - 4) / sd)
    # share 1/2; variance of both means 2/2 = 1
    assert_allclose(
        one["difference_high"] - one["difference_sd"], 1.959964 * 0.5 * np.sqrt(1 + 1) / sd, rtol=1e-6
    )
    assert list(found["practices"]) == [2, 2]


def test_the_interval_covers_the_truth_at_its_level() -> None:
    rng = np.random.default_rng(0)
    covered, draws = 0, 400
    for _ in range(draws):
        # Two groups of 60 and 140 whose means differ by 1, each with standard deviation 1.
        inside = np.arange(200) < 60
        x = pd.DataFrame({"a": rng.normal(inside.astype(float), 1.0)})
        difference, error = difference_in_sd(x, inside)
        truth = (1 - 0.3) * 1.0 / x["a"].std()
        covered += int(abs(difference[0] - truth) <= 1.959964 * error[0])
    assert 0.92 <= covered / draws <= 0.98


def test_missing_values_and_constant_features_are_no_error() -> None:
    table = segments([("P1", 1, True), ("P2", 1, True), ("P3", 2, True), ("P4", 2, True)])
    natural = pd.DataFrame(
        {"a": [np.nan, 3.0, 5.0, 7.0], "b": 1.0, "c": [np.nan, np.nan, 1.0, 2.0]},
        index=table["practice_code"],
    )
    dictionary = pd.DataFrame({"feature": ["a", "b", "c"], "label": "L", "unit": "%", "block": "need"})

    found = segment_profiles(natural, dictionary, table).set_index(["segment", "feature"])

    assert found.loc[(1, "a"), "practices"] == 1
    assert np.isnan(found.loc[(1, "b"), "difference_sd"])
    assert found.loc[(1, "c"), "practices"] == 0
    assert sorted(found.loc[1, "rank"]) == [1, 2, 3]


def test_unused_measures_leave_out_what_was_used() -> None:
    practices = pd.DataFrame({"practice_code": ["P1", "P2"], "list_size": [1000, 2000]})
    context = pd.DataFrame({"practice_code": ["P2", "P1"], "imd_score": [2.0, 1.0], "smoking": [20.0, 10.0]})
    dictionary = pd.DataFrame({"measure": ["imd_score", "smoking"], "label": ["IMD", "Smoking"], "unit": "%"})

    values, about = measures_not_used(practices, context, dictionary, ["imd_score"])

    expected = pd.DataFrame(
        {"list_size": [1000.0, 2000.0], "smoking": [10.0, 20.0]},
        index=pd.Index(["P1", "P2"], name="practice_code"),
    )
    pd.testing.assert_frame_equal(values, expected)
    assert list(about["feature"]) == ["list_size", "smoking"]


@pytest.mark.parametrize("k", [2, 5])
def test_segments_add_up_to_england(results_of: Callable[..., Results], k: int) -> None:
    results = results_of(k)
    used = results.profiles[results.profiles["used"]]
    for _, rows in used.groupby("feature"):
        assert rows["practices"].sum() == results.segments["fitted"].sum()
        assert_allclose(np.average(rows["mean"], weights=rows["practices"]), rows["england_mean"].iloc[0])
