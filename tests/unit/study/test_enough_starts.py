"""Starts grow with the number of segments, as far as a good minimum takes."""

import numpy as np
import pytest
from sklearn.cluster import KMeans

from gp_segmentation.clustering import fit_kmeans
from gp_segmentation.study.space import enough_starts


def test_ten_are_enough_up_to_ten_segments_and_grow_with_the_square_of_more():
    assert [enough_starts(10, k) for k in (2, 10, 12, 15, 20)] == [10, 10, 16, 25, 45]
    assert enough_starts(4, 15) == 10


@pytest.mark.parametrize("k", [15, 20])
@pytest.mark.parametrize("kind", ["groups", "one Gaussian", "heavy tails"])
def test_inertia_is_no_worse_than_scikit_learns_with_25_starts(kind, k):
    rng = np.random.default_rng(7)
    X = {
        "groups": rng.normal(size=(24, 6))[rng.integers(0, 24, 500)] * 2 + rng.normal(size=(500, 6)),
        "one Gaussian": rng.normal(size=(500, 8)),
        "heavy tails": rng.standard_t(2, size=(500, 8)),
    }[kind]
    found = fit_kmeans(KMeans(k, n_init=enough_starts(10, k), random_state=0), X)
    expected = KMeans(k, n_init=25, random_state=0).fit(X)
    assert found.inertia <= expected.inertia_ * (1 + 1e-12)
