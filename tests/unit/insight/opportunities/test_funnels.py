"""Funnels: against the formulas by hand, false alarms under chance, planted outliers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from pandas.testing import assert_frame_equal
from scipy.stats import norm

from gp_segmentation.insight.opportunities.funnels import adjusted_z, count_flags, find_outliers, flags


def rows(x: np.ndarray, n: np.ndarray, segment: int = 1) -> pd.DataFrame:
    codes = [f"P{segment}{i:04d}" for i in range(len(x))]
    frame = pd.DataFrame({"indicator_code": "I", "practice_code": codes, "segment": segment})
    return frame.assign(numerator=x.astype(float), eligible=n.astype(float), rate=x / n)


def test_the_adjusted_z_by_hand() -> None:
    x, n = np.array([50.0, 60, 70, 80, 90, 50, 60, 70, 80, 90]), np.full(10, 100.0)
    theta = 0.7
    z, phi, tau = adjusted_z(x, n, theta)
    gap = np.arcsin(np.sqrt(x / n)) - np.arcsin(np.sqrt(theta))
    raw = gap / (1 / (2 * np.sqrt(100)))
    winsorised = np.clip(raw, np.quantile(raw, 0.1), np.quantile(raw, 0.9))
    c = norm.ppf(0.9)
    square = 0.8 - 2 * c * norm.pdf(c) + 0.2 * c**2
    assert_allclose(phi, (winsorised**2).sum() / 10 / square, rtol=1e-3)
    # all weights 4 x 100: (10 phi - 9) / (10 w - w)
    assert_allclose(tau**2, (10 * phi - 9) / (9 * 400))
    assert_allclose(z, gap / np.sqrt(1 / 400 + tau**2))


#: z of 1 of 4 and of 3 of 4 about one half: asin(sqrt(1/4)) = pi/6, asin(sqrt(1/2)) = pi/4, s = 1 / (2 x 2).
STEP = np.pi / 12 / (1 / 4)


@pytest.mark.parametrize(
    ("off_centre", "phi", "tau_squared"),
    [
        # Of 20 practices with 4 eligible patients so many are off the centre. sum w = 20 x 16.
        (12, 12 / 20 * STEP**2 / 0.6786, 0.0),  # phi = 0.97, no more than chance
        (14, 14 / 20 * STEP**2 / 0.6786, (14 * STEP**2 / 0.6786 - 19) / (20 * 16 - 16)),  # 1.13
        (16, 16 / 20 * STEP**2 / 0.6786, (16 * STEP**2 / 0.6786 - 19) / (20 * 16 - 16)),  # 1.29
    ],
    ids=["phi 0.97", "phi 1.13", "phi 1.29"],
)
def test_variance_is_added_as_soon_as_practices_differ_by_more_than_chance(
    off_centre: int, phi: float, tau_squared: float
) -> None:
    side = off_centre // 2
    x = np.repeat([1.0, 2.0, 3.0], [side, 20 - off_centre, side])
    z, found_phi, tau = adjusted_z(x, np.full(20, 4.0), 0.5)
    assert_allclose((found_phi, tau**2), (phi, tau_squared))
    assert (phi > 1) == (tau > 0)
    gap = np.pi / 12 / np.sqrt(1 / 16 + tau_squared)
    assert_allclose(z, np.repeat([-gap, 0, gap], [side, 20 - off_centre, side]), atol=1e-12)


def test_practices_of_unlike_size_weigh_by_their_eligible_patients() -> None:
    # Half of the practices have 4 eligible patients, half 16; weights 16 and 64, z of STEP and 2 STEP.
    n = np.repeat([4.0, 16.0], 10)
    x = np.tile([0.25, 0.75], 10) * n
    z, phi, tau = adjusted_z(x, n, 0.5)
    assert_allclose(phi, (STEP**2 + (2 * STEP) ** 2) / 2 / 0.6786)
    weights, squares = 10 * (16 + 64), 10 * (16**2 + 64**2)
    assert_allclose(tau**2, (20 * phi - 19) / (weights - squares / weights))
    assert_allclose(
        z[[0, -1]], [-np.pi / 12 / (1 / 16 + tau**2) ** 0.5, np.pi / 12 / (1 / 64 + tau**2) ** 0.5]
    )


def test_one_practice_alone_has_no_spread() -> None:
    z, phi, tau = adjusted_z(np.array([4.0]), np.array([4.0]), 0.5)
    assert_allclose(z, np.pi / 4 * 4)
    assert (phi > 1, tau) == (True, 0.0)


def test_flags_are_as_rare_as_chance_allows() -> None:
    rng = np.random.default_rng(0)
    n = rng.integers(50, 800, 20_000)
    spread = rng.beta(80 * 0.75, 80 * 0.25, 20_000)  # practices differ beyond chance
    for truth in (np.full(20_000, 0.75), spread):
        scored, _ = find_outliers(rows(rng.binomial(n, truth), n))
        beyond_2, beyond_3 = (np.abs(scored["z"]) >= 2).mean(), (np.abs(scored["z"]) >= 3).mean()
        assert 0.03 < beyond_2 < 0.065  # 0.0455 of a normal distribution
        assert beyond_3 < 0.006  # 0.0027
        assert_allclose((scored["z"] > 2).mean(), (scored["z"] < -2).mean(), atol=0.02)


def test_planted_outliers_are_flagged_in_their_direction() -> None:
    rng = np.random.default_rng(1)
    n = np.full(300, 400)
    x = rng.binomial(n, 0.7)
    x[0], x[1] = 180, 380
    scored, funnels = find_outliers(rows(x, n))
    by_code = scored.set_index("practice_code")["flag"]
    assert (by_code["P10000"], by_code["P10001"]) == (-3, 3)
    assert funnels.loc[0, "practices"] == 300
    assert_allclose(funnels.loc[0, "segment_rate"], x.sum() / n.sum())


def test_funnels_are_per_indicator_and_segment_of_ten_practices_with_twenty_eligible_patients() -> None:
    none, half, all_of_them = 0.0, 10.0, 20.0
    planted = rows(np.array([none] + [half] * 11 + [all_of_them]), np.full(13, 20), 2)
    even = rows(np.full(10, half), np.full(10, 20), 1)
    too_few = rows(np.full(9, half), np.full(9, 20), 0)
    too_small = rows(np.full(3, 19.0), np.full(3, 19), 1).assign(practice_code="small")
    other = rows(np.full(10, 5.0), np.full(10, 20), 1).assign(indicator_code="H")
    scored, found = find_outliers(pd.concat([planted, even, too_small, too_few, other]))
    # The centre of I is one half, where asin(sqrt) is pi/4; none and all are at 0 and pi/2, all others in
    # the winsorised middle, so that phi = 0 and z = -+ pi/4 x 2 sqrt(20).
    far = np.pi / 4 * 2 * 20**0.5
    expected = pd.DataFrame(
        {
            "indicator_code": ["H"] * 10 + ["I"] * 23,
            "practice_code": [
                *(f"P1{i:04d}" for i in range(10)),
                *(f"P1{i:04d}" for i in range(10)),
                *(f"P2{i:04d}" for i in range(13)),
            ],
            "segment": [1] * 20 + [2] * 13,
            "eligible": 20.0,
            "rate": [1 / 4] * 10 + [1 / 2] * 10 + [0.0] + [1 / 2] * 11 + [1.0],
            "segment_rate": [1 / 4] * 10 + [1 / 2] * 23,
            "z": [0.0] * 20 + [-far] + [0.0] * 11 + [far],
            "flag": [0] * 20 + [-3] + [0] * 11 + [3],
        }
    )
    assert_frame_equal(scored, expected)
    columns = ["indicator_code", "segment", "practices", "segment_rate", "overdispersion", "between_sd"]
    funnels = [("H", 1, 10, 1 / 4, 0.0, 0.0), ("I", 1, 10, 1 / 2, 0.0, 0.0), ("I", 2, 13, 1 / 2, 0.0, 0.0)]
    assert_frame_equal(found, pd.DataFrame(funnels, columns=columns))


def test_a_practice_needs_as_many_eligible_patients_as_asked_for() -> None:
    both = pd.concat([rows(np.full(10, 5.0), np.full(10, n), n) for n in (6, 7)])
    scored, funnels = find_outliers(both, min_denominator=7)
    assert (set(scored["eligible"]), list(funnels["segment"])) == ({7.0}, [7])


def test_without_a_funnel_the_tables_are_empty_but_have_their_columns() -> None:
    scored, funnels = find_outliers(rows(np.full(9, 10.0), np.full(9, 20)))
    kinds = {"segment": "int64", "eligible": "float64", "rate": "float64"}
    kinds |= {"segment_rate": "float64", "z": "float64", "flag": "int64"}
    assert list(scored) == ["indicator_code", "practice_code", *kinds]
    assert scored.dtypes[list(kinds)].astype(str).to_dict() == kinds
    names = ["indicator_code", "segment", "practices", "segment_rate", "overdispersion", "between_sd"]
    assert (len(scored), len(funnels), list(funnels)) == (0, 0, names)


def test_flags_at_two_and_three_in_both_directions() -> None:
    z = np.array([-3.0, -2.99, -2.0, -1.99, 0.0, 1.99, 2.0, 2.99, 3.0])
    assert list(flags(z)) == [-3, -2, -2, 0, 0, 0, 2, 2, 3]
    assert flags(z).dtype == np.int64


def test_flags_are_counted_per_indicator_in_every_group_of_every_level() -> None:
    codes = ["P1", "P2", "P3", "P4", "P5", "P6"]
    scored = pd.DataFrame(
        {
            "practice_code": [*codes, "P1", "P6"],
            "indicator_code": ["B"] * 6 + ["A"] * 2,
            "flag": [-3, -2, 0, 2, 3, 3, 2, -3],
        }
    )
    groups = pd.DataFrame(
        {"england": "England", "half": ["x", "x", "x", "y", "y", "y"]},
        index=pd.Index(codes, name="practice_code"),
    )
    columns = ["level", "area", "indicator_code", "practices", "below_3", "below_2", "above_2", "above_3"]
    expected = [
        ("england", "England", "A", 2, 1, 0, 1, 0),
        ("england", "England", "B", 6, 1, 1, 1, 2),
        ("half", "x", "A", 1, 0, 0, 1, 0),
        ("half", "x", "B", 3, 1, 1, 0, 0),
        ("half", "y", "A", 1, 1, 0, 0, 0),
        ("half", "y", "B", 3, 0, 0, 1, 2),
    ]
    assert_frame_equal(count_flags(scored, groups), pd.DataFrame(expected, columns=columns))
