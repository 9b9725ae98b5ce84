"""Join counts: a graph counted by hand, the published moments, maps where segments do and do not cluster."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
from numpy.testing import assert_allclose

from gp_segmentation.insight.spatial import chance, join_counts, joins, project
from gp_segmentation.report.evidence_text import spatial_sentence


def _tables(x: np.ndarray, y: np.ndarray, segment: np.ndarray) -> tuple[pd.DataFrame, pd.DataFrame]:
    codes = [f"A{i:05d}" for i in range(len(x))]
    practices = pd.DataFrame({"practice_code": codes, "longitude": x, "latitude": y})
    return practices, pd.DataFrame({"practice_code": codes, "segment": segment})


def test_each_join_is_counted_once() -> None:
    #  0  1  2        9  10: nearest of 0 is 1, of 1 is 0 (or 2), of 2 is 1, of 9 is 10, of 10 is 9
    first, second = joins(np.array([[0.0, 0], [1, 0], [2.5, 0], [9, 0], [10, 0]]), 1)
    assert list(zip(first.tolist(), second.tolist(), strict=True)) == [(0, 1), (1, 2), (3, 4)]


def test_practices_at_one_place_are_joined_with_others_not_themselves() -> None:
    first, second = joins(np.zeros((6, 2)), 2)
    assert (first < second).all()


def test_a_degree_of_longitude_shrinks_with_latitude() -> None:
    places = project(pd.Series([0.0, 1.0]), pd.Series([60.0, 60.0]))
    assert_allclose(places[1] - places[0], [111_200 * 0.5, 0], rtol=1e-9)


def test_moments_equal_those_of_every_arrangement() -> None:
    edges = [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (0, 2), (1, 4)]
    degree = np.bincount(np.array(edges).ravel(), minlength=6)
    counts = [
        sum(a in inside and b in inside for a, b in edges)
        for inside in map(set, itertools.combinations(range(6), 3))
    ]
    assert_allclose(chance(3, degree), (np.mean(counts), np.var(counts)), rtol=1e-12)


def test_halves_of_a_map_cluster_and_a_shuffled_map_does_not() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.uniform(-2, 0, 400), rng.uniform(51, 53, 400)
    apart = join_counts(*_tables(x, y, np.where(x < -1, 1, 2)), permutations=99)
    mixed = join_counts(*_tables(x, y, rng.permutation(np.repeat([1, 2], 200))), permutations=99)
    assert (apart["ratio"] > 1.7).all()
    assert_allclose(apart["p"], 0.01)
    assert (apart["z"] > 10).all()
    assert (mixed["z"].abs() < 4).all()
    assert spatial_sentence(apart, {1: "A1", 2: "B1"}).startswith("Every segment clusters in space")


def test_the_sentence_says_when_nothing_clusters_or_is_known() -> None:
    rows = pd.DataFrame({"segment": [1, 2], "ratio": [1.0, 0.99], "p": [0.5, 0.6]})
    assert spatial_sentence(rows, {}).startswith("No segment clusters")
    assert spatial_sentence(rows.head(1), {}) == ""
    nowhere = join_counts(*_tables(np.full(20, np.nan), np.full(20, np.nan), np.ones(20, dtype=int)))
    assert nowhere.empty
