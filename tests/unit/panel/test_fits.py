"""Fits of each year and of all years: planted groups are found again, with the frozen model's numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn.cluster import KMeans

from gp_segmentation.panel.fits import FROZEN, OWN, POOLED, fit_years

#: Three groups of ten practices, far from each other.
TRUTH = np.repeat([1, 2, 3], 10)


def rows(seed: int) -> pd.DataFrame:
    values = 9.0 * np.eye(3)[TRUTH - 1] + np.random.default_rng(seed).normal(size=(30, 3))
    return pd.DataFrame(values, [f"A{i:05d}" for i in range(30)])


def fit(values: np.ndarray) -> np.ndarray:
    return KMeans(3, random_state=7, n_init=5).fit_predict(values)


def test_labels_are_matched_and_special_practices_take_no_part() -> None:
    years = {"2022-23": rows(1), "2024-25": rows(2)}
    everyone = years["2022-23"].index
    ordinary = {"2022-23": everyone, "2024-25": everyone[1:]}
    segment = pd.Series(TRUTH, everyone)
    found = fit_years(years, ordinary, dict.fromkeys(years, segment), fit)
    for kind in (OWN, POOLED):
        assert_array_equal(found.labels[kind]["2022-23"], TRUTH)
        assert_array_equal(found.labels[kind]["2024-25"], TRUTH[1:])
    assert (found.agreement["ari"] == 1.0).all()
    assert found.agreement["practices"].tolist() == [29, 29, 29, 30, 29, 30, 29]
    assert found.returns["segment"].tolist() == [1, 2, 3, 1, 2, 3]
    assert found.returns["jaccard"].tolist() == [1.0] * 6


def test_a_segment_that_a_year_has_only_half_of_overlaps_by_half() -> None:
    """The year's own fit divides segment 1 in two halves of five, and puts 2 and 3 together."""
    year, segment = rows(1), pd.Series(TRUTH, rows(1).index)
    own = np.repeat([0, 1, 2, 2], [5, 5, 10, 10])
    found = fit_years({"2022-23": year}, {"2022-23": year.index}, {"2022-23": segment}, lambda _: own)
    assert found.returns["jaccard"].tolist() == [0.5, 0.5, 0.5]


def test_a_year_of_other_groups_agrees_no_more_than_by_chance() -> None:
    mixed = rows(2).set_axis(np.random.default_rng(0).permutation(rows(2).index), axis=0)
    years = {"2022-23": rows(1), "2024-25": mixed}
    segments = {"2022-23": pd.Series(TRUTH, years["2022-23"].index), "2024-25": pd.Series(TRUTH, mixed.index)}
    found = fit_years(years, {period: own.index for period, own in years.items()}, segments, fit)
    ari = found.agreement.set_index(["first", "second"])["ari"]
    assert ari[OWN, OWN].item() == pytest.approx(0.0, abs=0.15)
    assert ari[FROZEN, OWN].tolist() == [1.0, 1.0]  # in each year, the frozen model's groups are there
