from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.testing import assert_allclose, assert_array_equal
from pandas.testing import assert_frame_equal

from gp_segmentation.clustering import assign_nearest, canonical_order, centroids, gaussian_mixture, margins

CENTRES = pd.DataFrame(
    {"x": [0.0, 10.0, 0.0], "y": [0.0, 0.0, 30.0]}, index=pd.Index([1, 2, 3], name="segment")
)


def test_largest_first_then_first_member():
    #                     b has 3 rows; a and c two each, a begins first
    labels = ["a", "b", "c", "b", "a", "c", "b"]
    assert_array_equal(canonical_order(labels), [2, 1, 3, 1, 2, 3, 1])


def test_keys_decide_ties_in_place_of_positions():
    assert_array_equal(canonical_order([7, 7, 5, 5], keys=["D", "C", "A", "B"]), [2, 2, 1, 1])


def test_order_does_not_depend_on_numbers_or_rows():
    rng = np.random.default_rng(0)
    labels, keys = rng.integers(0, 6, 80), np.array([f"P{i:03d}" for i in range(80)])
    expected = canonical_order(labels, keys)
    shuffled = rng.permutation(80)
    assert_array_equal(canonical_order(rng.permutation(6)[labels], keys), expected)
    assert_array_equal(canonical_order(labels[shuffled], keys[shuffled]), expected[shuffled])


def test_centroids_are_means():
    X = pd.DataFrame({"x": [1.0, 3.0, 10.0], "y": [0.0, 4.0, 5.0]}, index=["A", "B", "C"])
    expected = pd.DataFrame({"x": [10.0, 2.0], "y": [5.0, 2.0]}, index=pd.Index([1, 2], name="segment"))
    assert_frame_equal(centroids(X, [2, 2, 1]), expected)


def test_rows_go_to_the_nearest_centroid_with_a_margin():
    X = pd.DataFrame({"y": [0.0, 0.0, 30.0, 0.0], "x": [0.0, 4.0, 0.0, 5.0]})  # columns in another order
    found = assign_nearest(X, CENTRES)
    assert_array_equal(found.labels, [1, 1, 3, 1])
    assert_array_equal(found.second, [2, 2, 1, 2])
    #                             at the centre   4 from 1, 6 from 2      at the centre  half-way
    assert_allclose(found.margin, [1.0, (6 - 4) / 6, 1.0, 0.0])
    assert_allclose(found.distances.loc[1], [4.0, 6.0, np.hypot(4, 30)])


def test_a_row_nearer_to_another_segment_has_no_margin():
    found = margins(np.array([[9.0, 0.0], [1.0, 0.0]]), [1, 1], CENTRES)
    assert_array_equal(found.second, [2, 2])
    assert_allclose(found.margin, [0.0, (9 - 1) / 9])


def test_a_single_segment_has_no_second():
    found = assign_nearest(np.zeros((2, 2)), CENTRES.iloc[:1])
    assert found.second.isna().all()
    assert np.isnan(found.margin).all()


def test_centroids_that_coincide_give_no_margin():
    found = assign_nearest(np.zeros((1, 2)), pd.DataFrame(np.zeros((2, 2)), index=[1, 2]))
    assert_allclose(found.margin, [0.0])


def test_gaussian_mixture_passes_its_arguments_on():
    model = gaussian_mixture(4, covariance_type="diag", random_state=3)
    assert (model.n_components, model.covariance_type, model.random_state) == (4, "diag", 3)
