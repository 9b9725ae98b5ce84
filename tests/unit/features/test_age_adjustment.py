"""Regression on age and sex: the columns, and fits small enough to do by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal, assert_series_equal

from gp_segmentation.features.age_adjustment import (
    adjust,
    age_design,
    regression_residuals,
    share_explained,
)

#: Ages in the bands 0-14, 15-24, 25-44, 45-64, 65-74, 75 and over.
AGES = ["5-9", "15-19", "30-34", "60-64", "65-69", "95+"]
#: Patients 0, 1, 4, 13, 40 are 0.5 times 3 to the power of 0, 1, 2, 3, 4, less 0.5. In units of log 3 the
#: centred log-ratios of A are (0, 0, 0, 0, 0, 0), of B (1, -1, 3, -1, -1, -1), of the special practice D
#: (2, -2, 1, 1, 0, -2).
MEN = {"A": [1, 0, 0, 0, 0, 0], "B": [4, 0, 26, 0, 0, 0], "D": [0, 0, 0, 0, 0, 0]}
WOMEN = {"A": [0, 1, 1, 1, 1, 1], "B": [0, 0, 14, 0, 0, 0], "D": [40, 0, 13, 13, 4, 0]}
PRACTICES = pd.Index(["B", "A", "D", "unregistered"], name="practice_code")
FITTED = pd.Series([True, True, False, False], index=PRACTICES)


def design(*, sex: bool) -> pd.DataFrame:
    rows = [
        (code, name, age, patients)
        for name, counts in (("MALE", MEN), ("FEMALE", WOMEN))
        for code, by_age in counts.items()
        for age, patients in zip(AGES, by_age, strict=True)
    ]
    age_sex = pd.DataFrame(rows, columns=["practice_code", "sex", "age_band", "patients"])
    return age_design(age_sex, PRACTICES, FITTED, sex=sex)


def test_the_design_has_five_centred_log_ratios_and_six_squares():
    one = np.log(3)
    # Less the means of A and B (0.5, -0.5, 1.5, -0.5, -0.5, -0.5); D is limited to (1, -1, 1, 0, 0, -1).
    expected = pd.DataFrame(
        {
            "0_14": [0.5, -0.5, 1 - 0.5, np.nan],
            "15_24": [-0.5, 0.5, -1 + 0.5, np.nan],
            "25_44": [1.5, -1.5, 1 - 1.5, np.nan],
            "45_64": [-0.5, 0.5, 0 + 0.5, np.nan],
            "65_74": [-0.5, 0.5, 0 + 0.5, np.nan],
        },
        index=PRACTICES,
    )
    squares = pd.DataFrame(
        {
            "0_14_squared": [0.25, 0.25, 0.25, np.nan],
            "15_24_squared": [0.25, 0.25, 0.25, np.nan],
            "25_44_squared": [2.25, 2.25, 0.25, np.nan],
            "45_64_squared": [0.25, 0.25, 0.25, np.nan],
            "65_74_squared": [0.25, 0.25, 0.25, np.nan],
            "75_plus_squared": [0.25, 0.25, 0.25, np.nan],
        },
        index=PRACTICES,
    )
    found = design(sex=False)
    assert_frame_equal(found, pd.concat([expected * one, squares * one**2], axis=1), check_names=False)


def test_sex_adds_the_centred_log_of_women_per_man_and_its_square():
    # A has 5 women and 1 man, B 14 and 30; D has women only and is limited to A's ratio.
    a, b = np.log(5.5 / 1.5), np.log(14.5 / 30.5)
    plain, found = design(sex=False), design(sex=True)
    names = ["women_per_man", "women_per_man_squared"]
    half = (a - b) / 2
    expected = pd.DataFrame(
        {names[0]: [-half, half, half, np.nan], names[1]: [half**2, half**2, half**2, np.nan]},
        index=PRACTICES,
    )
    assert_frame_equal(found[names], expected, check_names=False)
    assert list(found) == [*plain.columns[:5], names[0], *plain.columns[5:], names[1]]
    assert_frame_equal(found[plain.columns], plain)


def test_residuals_and_means_are_those_of_weighted_least_squares():
    rows = pd.DataFrame(
        [
            # x, weight, fitted, y: the first four are fitted, weighted means 1.5 at x = 0 and 8 at x = 1
            (0, 3, True, 1, 1 - 1.5),
            (0, 1, True, 3, 3 - 1.5),
            (1, 1, True, 6, 6 - 8),
            (1, 1, True, 10, 10 - 8),
            (0, 9, False, 50, 50 - 1.5),  # special
            (1, 0, True, 50, 50 - 8),  # without list
            (1, np.nan, True, 50, 50 - 8),
            (np.nan, 9, True, 50, np.nan),  # without registrations
            (1, 9, True, np.nan, np.nan),  # without register
        ],
        columns=["x", "weight", "fitted", "y", "residual"],
        index=list("abcdefghi"),
    )
    y = pd.DataFrame({"HYP": rows["y"], "none": np.nan, "DM": 2 * rows["y"]})
    residuals, means = regression_residuals(y, rows[["x"]], rows["weight"], rows["fitted"])
    expected = {"HYP": rows["residual"], "none": np.nan, "DM": 2 * rows["residual"]}
    assert_frame_equal(residuals, pd.DataFrame(expected, index=rows.index))
    mean = (3 * 1 + 3 + 6 + 10) / 6
    expected_means = pd.Series({"HYP": mean, "none": np.nan, "DM": 2 * mean})
    assert_series_equal(means, expected_means)
    adjusted = adjust(y, rows[["x"]], rows["weight"], rows["fitted"])
    assert_frame_equal(adjusted, pd.DataFrame(expected, index=rows.index) + expected_means)


@pytest.mark.parametrize(("weight", "fitted"), [(0.0, True), (1.0, False)])
def test_without_a_practice_to_fit_everything_is_missing(weight, fitted):
    y = pd.DataFrame({"HYP": [1.0, 2.0]})
    x = pd.DataFrame({"x": [0.0, 1.0]})
    residuals, means = regression_residuals(y, x, pd.Series([weight] * 2), pd.Series([fitted] * 2))
    assert_frame_equal(residuals, pd.DataFrame({"HYP": [np.nan, np.nan]}))
    assert_series_equal(means, pd.Series({"HYP": np.nan}))


def test_share_explained_compares_squares_about_the_fit_and_about_the_mean():
    x = pd.DataFrame({"x": [0.0, 0.0, 1.0, 1.0, 1.0, np.nan]})
    fitted = pd.Series([True, True, True, True, False, True])
    y = pd.DataFrame(
        {
            "part": [1.0, 3.0, 6.0, 10.0, 99.0, 99.0],  # 2 at x = 0, 8 at x = 1, 5 altogether
            "nothing": [1.0, 3.0, 1.0, 3.0, 99.0, 99.0],
            "all": [1.0, 1.0, 4.0, 4.0, 99.0, 99.0],
            "gap": [1.0, 3.0, 6.0, np.nan, 99.0, 99.0],  # 2 at x = 0, 6 at x = 1, 10 / 3 altogether
        }
    )
    expected = {
        "part": 1 - (1 + 1 + 4 + 4) / (16 + 4 + 1 + 25),
        "nothing": 0.0,
        "all": 1.0,
        "gap": 1 - (1 + 1) / ((7 / 3) ** 2 + (1 / 3) ** 2 + (8 / 3) ** 2),
    }
    assert_series_equal(share_explained(y, x, fitted), pd.Series(expected))
