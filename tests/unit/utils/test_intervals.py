"""Numbers of patients as their interval bears them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gp_segmentation.utils.intervals import (
    beside_expected,
    percent_difference,
    rounded_interval,
    rounded_intervals,
)

CASES = [
    ((288.4, 246.1, 335.7), "290 (250 to 340)"),
    ((14_070, 13_900, 14_240), "14,070 (13,900 to 14,240)"),
    ((17_776, 17_100, 18_300), "17,800 (17,100 to 18,300)"),
    ((228_202, 224_277, 232_127), "228,200 (224,300 to 232,100)"),
    ((7.4, 3.2, 11.9), "7 (3 to 12)"),
    ((0.0, 0.0, 0.0), "0 (0 to 0)"),
    ((0.2, 0.0, 39.99), "0 (0 to 40)"),
    ((42.0, 4.0, 84.0), "40 (0 to 80)"),  # an eighth of the width is exactly 10
    ((284.0, math.nan, math.nan), "280"),
    ((17_776.0, 17_000.0, math.nan), "18,000"),
    ((math.nan, math.nan, math.nan), "not known"),
]


@pytest.mark.parametrize(("numbers", "text"), CASES)
def test_a_number_is_shown_as_its_interval_bears(numbers, text):
    assert str(rounded_interval(*numbers)) == text


def test_rounding_moves_no_figure_by_more_than_a_sixteenth_of_the_width():
    rng = np.random.default_rng(0)
    low = rng.gamma(1, 10.0 ** rng.integers(0, 6, 2000))
    width = rng.gamma(1, 10.0 ** rng.integers(0, 6, 2000)) + 8
    numbers = low + width * rng.random(2000), low, low + width
    for exact, shown in zip(numbers, rounded_intervals(*numbers), strict=True):
        assert (np.abs(exact - shown) <= width / 16 * (1 + 1e-9)).all()


def test_many_are_rounded_as_one_is():
    numbers = np.array([case for case, _ in CASES]).T
    many = np.array(rounded_intervals(*numbers)).T
    np.testing.assert_array_equal(many[:, 0], [rounded_interval(*case).value for case, _ in CASES])


def test_recorded_patients_stand_beside_the_expected():
    assert beside_expected(352, 410.3, 395, 426) == "expected 410 (395 to 426), recorded 352"
    assert beside_expected(1352, 1410.3, 1295, 1526) == "expected 1,410 (1,300 to 1,530), recorded 1,352"
    told = [percent_difference(n, 200.0) for n in (150, 199.5, 202)]
    assert told == ["25% fewer", "about the same", "1% more"]
