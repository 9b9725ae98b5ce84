"""Funnels: against the formulas by hand, false alarms under chance, planted outliers."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.testing import assert_allclose
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


def test_without_overdispersion_nothing_is_added() -> None:
    x, n = np.array([69.0, 70, 71] * 5), np.full(15, 100.0)
    z, phi, tau = adjusted_z(x, n, 0.7)
    assert phi < 1
    assert tau == 0.0
    assert np.abs(z).max() < 0.5


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


def test_segments_have_funnels_of_their_own_and_small_ones_none() -> None:
    n = np.full(30, 200)
    both = pd.concat(
        [rows(np.full(30, 100), n, 1), rows(np.full(30, 180), n, 2), rows(np.array([1.0]), n[:1], 3)]
    )
    scored, funnels = find_outliers(both)
    assert list(funnels["segment"]) == [1, 2]
    assert_allclose(scored["z"], 0.0, atol=1e-9)
    few, none = find_outliers(rows(np.array([5.0]), np.array([10])))
    assert (len(few), len(none)) == (0, 0)


def test_flags_at_two_and_three_in_both_directions() -> None:
    z = np.array([-3.0, -2.99, -2.0, -1.99, 0.0, 1.99, 2.0, 2.99, 3.0])
    assert list(flags(z)) == [-3, -2, -2, 0, 0, 0, 2, 2, 3]


def test_counts_add_up_to_the_practices_scored() -> None:
    rng = np.random.default_rng(2)
    n = np.full(200, 300)
    scored, _ = find_outliers(rows(rng.binomial(n, rng.beta(20, 10, 200)), n))
    groups = pd.DataFrame({"england": "England", "half": np.arange(200) % 2}, index=scored["practice_code"])
    counts = count_flags(scored, groups.astype(str))
    for _, table in counts.groupby("level"):
        assert table["practices"].sum() == 200
        flagged = table[["below_3", "below_2", "above_2", "above_3"]].to_numpy().sum()
        assert flagged == (scored["flag"] != 0).sum()
