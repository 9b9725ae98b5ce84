"""What is null or open is swept; what is set is neither overruled nor ignored."""

from __future__ import annotations

import pytest

from gp_segmentation.errors import ConfigError
from gp_segmentation.study import Point, open_space


def test_open_families_and_null_parameters_are_swept(clusterer, options):
    found = open_space(clusterer, options)
    points = found.points()
    assert len(points) == 5 + 4 * 5
    assert points[0] == Point("kmeans", (("n_clusters", 2),))
    assert points[5] == Point("hierarchical", (("linkage", "ward"), ("n_clusters", 2)))
    assert found.ks == [2, 3, 4, 5, 6]


def test_one_family_sweeps_what_it_leaves_null(clusterer, options):
    node = {"name": "hierarchical", **clusterer["candidates"]["hierarchical"], "linkage": "ward"}
    assert open_space(node, options).points() == [
        Point("hierarchical", (("n_clusters", k),)) for k in (2, 3, 4, 5, 6)
    ]


def test_a_family_that_fixes_everything_is_one_point(clusterer, options):
    node = {"name": "kmeans", **clusterer["candidates"]["kmeans"], "n_clusters": 20}
    found = open_space(node, options)
    assert found.points() == [Point("kmeans", ())]
    assert found.ks == [20]


def test_a_null_that_the_study_does_not_know_stays_null(clusterer, options):
    node = {"name": "kmeans", **clusterer["candidates"]["kmeans"], "max_iter": None}
    assert open_space(node, options).families[0].domains == {"n_clusters": (2, 3, 4, 5, 6)}


def test_numbers_of_clusters_may_be_a_list(clusterer, options):
    assert open_space(clusterer, options | {"n_clusters": [3, 9]}).ks == [3, 9]


def test_the_node_of_a_choice_is_filled_in(clusterer, options):
    node = open_space(clusterer, options).node(
        {"clusterer": "hierarchical", "linkage": "ward", "n_clusters": 5}
    )
    assert (node["linkage"], node["n_clusters"]) == ("ward", 5)


def test_a_family_set_to_null_is_dropped(clusterer, options):
    clusterer["candidates"]["kmeans"] = None
    assert [family.name for family in open_space(clusterer, options).families] == ["hierarchical"]


def test_no_candidate_and_no_values_are_refused(clusterer, options):
    with pytest.raises(ConfigError, match=r"clusterer has no candidate. Set clusterer=open"):
        open_space({"name": "open", "candidates": {}}, options)
    with pytest.raises(ConfigError, match=r"study.linkage gives no values to try"):
        open_space(clusterer, options | {"linkage": []})
