"""Profiles: natural units, England's mean, difference with interval, rank; levels against their parents."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from gp_segmentation.insight.portraits.profiles import Whole, level_profiles, segment_profiles
from gp_segmentation.insight.portraits.unused_measures import measures_not_used
from gp_segmentation.schemas import Results, check

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
        x = rng.normal(inside.astype(float), 1.0)[:, None]
        difference, error = Whole(x).difference(inside)
        truth = (1 - 0.3) * 1.0 / x.std(ddof=1)
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


def test_every_level_is_compared_with_england_and_with_its_parent() -> None:
    # P7 is special and describes nothing; A2 and A2a are the same practices.
    rows = [("P1", "A1a", 1.0), ("P2", "A1a", 3.0), ("P3", "A1b", 5.0), ("P4", "A1b", 9.0),
            ("P5", "A2a", 12.0), ("P6", "A2a", np.nan), ("P7", "A1a", 1000.0)]  # fmt: skip
    table = pd.DataFrame(rows, columns=["practice_code", "subgroup", "a"])
    table = table.assign(segment_code=table["subgroup"].str[:2], supergroup="A", fitted=[True] * 6 + [False])
    natural = table.set_index("practice_code")[["a"]]
    above = {"A": None, "A1": "A", "A2": "A", "A1a": "A1", "A1b": "A1", "A2a": "A2"}
    levels = pd.DataFrame({"code": list(above), "parent": pd.Series(list(above.values()), dtype="str")})
    levels["level"] = levels["code"].str.len().map({1: "supergroup", 2: "segment", 3: "subgroup"})
    levels["name"] = "Name of " + levels["code"]

    found = check("profiles_by_level", level_profiles(natural, DICTIONARY, table, levels)).set_index("code")

    assert list(found.index) == list(above)
    assert list(found["practices"]) == [5, 4, 1, 2, 2, 1]  # with a value
    assert_allclose(found["mean"], [30 / 5, 18 / 4, 12, 4 / 2, 14 / 2, 12])
    assert_allclose(found["england_mean"], 30 / 5)
    assert_allclose(found["median"], [5, 4, 12, 2, 7, 12])
    england, a1 = np.std([1, 3, 5, 9, 12], ddof=1), np.std([1, 3, 5, 9], ddof=1)
    assert_allclose(found["difference_sd"], (found["mean"] - 6) / england)
    assert_allclose(found["parent_mean"], [np.nan, 6, 6, 4.5, 4.5, 12])
    by_parent = [np.nan, (4.5 - 6) / england, (12 - 6) / england, (2 - 4.5) / a1, (7 - 4.5) / a1, np.nan]
    assert_allclose(found["parent_difference_sd"], by_parent)  # A2 has one value, and so no spread
    # A1a in A1: share 1/2, variances 2 and 8 of two values each.
    half = 1.959964 * 0.5 * np.sqrt(2 / 2 + 8 / 2) / a1
    ends = found.loc["A1a", ["parent_difference_low", "parent_difference_high"]].astype(float)
    assert_allclose(ends, [-2.5 / a1 - half, -2.5 / a1 + half])


def test_segments_among_the_levels_are_as_in_their_own_profiles(results_of: Callable[..., Results]) -> None:
    results = results_of(4)
    found = level_profiles(results.natural, results.dictionary, results.segments, results.levels)
    codes = dict(zip(results.segments["segment"], results.segments["segment_code"], strict=True))
    own = results.profiles[results.profiles["used"]]
    own = own.assign(code=own["segment"].map(codes)).set_index(["code", "feature"]).sort_index()
    shared = ["practices", "mean", "median", "lower_quartile", "difference_sd", "difference_high", "rank"]
    of_segments = found[found["level"] == "segment"].set_index(["code", "feature"]).sort_index()
    pd.testing.assert_frame_equal(of_segments[shared], own[shared])
    for _, rows in found.groupby(["level", "feature"]):
        assert rows["practices"].sum() == results.segments["fitted"].sum()


def test_quartiles_are_those_of_pandas_where_values_are_missing() -> None:
    x = pd.DataFrame(np.random.default_rng(0).normal(size=(57, 3))).mask(lambda v: v > 1.5)
    codes = pd.Index([f"P{i:02d}" for i in range(57)])
    table = segments([(code, 1, True) for code in codes])
    dictionary = pd.DataFrame({"feature": [0, 1, 2], "label": "L", "unit": "%", "block": "need"})
    found = segment_profiles(x.set_axis(codes), dictionary, table)
    for name, share in {"lower_quartile": 0.25, "median": 0.5, "upper_quartile": 0.75}.items():
        assert_allclose(found[name], x.quantile(share))


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
