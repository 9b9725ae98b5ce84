"""K-means with a Ward start beside scikit-learn's own: never worse, often better."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.cluster import KMeans

from gp_segmentation.clustering import fit_from_better_starts, takes_starts, ward_starts


def cases() -> list[tuple[str, np.ndarray]]:
    found = []
    for seed in range(3):
        rng = np.random.default_rng(seed)
        groups = rng.normal(size=(6, 5))[rng.integers(0, 6, 300)] * 3
        found += [
            (f"groups {seed}", groups + rng.normal(size=(300, 5))),
            (f"noise {seed}", rng.normal(size=(400, 8))),
            (f"heavy tails {seed}", rng.standard_t(2, size=(400, 8))),
        ]
    return found


@pytest.mark.parametrize(("name", "X"), cases(), ids=lambda value: value if isinstance(value, str) else "")
@pytest.mark.parametrize("k", [2, 5, 9, 15])
def test_inertia_is_no_worse_than_scikit_learns_ten_starts(name, X, k):
    usual = KMeans(k, n_init=10, random_state=0)
    found = fit_from_better_starts(usual, X, ward_starts(X)(k))
    expected = KMeans(k, n_init=10, random_state=0).fit(X)
    assert found.inertia_ <= expected.inertia_
    if found.inertia_ == expected.inertia_:
        np.testing.assert_array_equal(found.labels_, expected.labels_)


def test_on_some_data_the_ward_start_is_better():
    gains = []
    for _, X in cases():
        usual = KMeans(9, n_init=10, random_state=0)
        gains.append(1 - fit_from_better_starts(usual, X, ward_starts(X)(9)).inertia_ / usual.fit(X).inertia_)
    assert sum(gain > 1e-3 for gain in gains) >= 3


def test_what_names_its_own_start_keeps_it():
    assert takes_starts(KMeans(3))
    assert not takes_starts(KMeans(3, init="random"))
    assert not takes_starts(KMeans(3, init=np.eye(3)))


def test_the_tree_of_many_rows_is_of_some_of_them():
    X = np.random.default_rng(0).normal(size=(5000, 2))
    assert ward_starts(X)(7).shape == (7, 2)
