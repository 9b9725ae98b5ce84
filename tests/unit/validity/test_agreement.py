"""Agreement of methods and the practices on which they disagree."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from pandas.testing import assert_frame_equal
from scipy.spatial.distance import pdist, squareform

from gp_segmentation.clustering import build_tree
from gp_segmentation.evidence import clustergram, practice_table
from gp_segmentation.insight.disputed import disputed_practices
from gp_segmentation.validity import agreement_by_k, contingency_table, cophenetic_correlation, match_labels


def test_agreement_is_one_for_the_same_partition_and_about_nothing_for_unrelated_ones():
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 3, 500), rng.integers(0, 3, 500)
    found = agreement_by_k([3, 3], np.stack([a, a]), np.stack([2 - a, b]))
    assert_allclose(found.iloc[0], [1.0, 1.0])
    assert_allclose(found.iloc[1], [0.0, 0.0], atol=0.02)


def cophenetic_by_merging(X: np.ndarray, tree: np.ndarray) -> float:
    """Sokal & Rohlf (1962): follow the merges; a pair's height is that of the merge that joins it."""
    n = len(X)
    members = {i: [i] for i in range(n)}
    heights = np.zeros((n, n))
    for step, (left, right, height, _) in enumerate(tree):
        for i in members[int(left)]:
            for j in members[int(right)]:
                heights[i, j] = heights[j, i] = height
        members[n + step] = members.pop(int(left)) + members.pop(int(right))
    return float(np.corrcoef(squareform(heights), pdist(X))[0, 1])


@pytest.mark.parametrize("linkage", ["ward", "average", "single"])
@pytest.mark.parametrize("seed", range(3))
def test_the_cophenetic_correlation_equals_its_definition(linkage, seed):
    X = np.random.default_rng(seed).normal(size=(40, 3))
    tree = build_tree(X, linkage)
    assert_allclose(cophenetic_correlation(tree, pdist(X)), cophenetic_by_merging(X, tree))


def test_clusters_take_the_names_of_the_segments_they_share_most_with():
    segments = np.array([1, 1, 1, 2, 2, 3, 3, 3])
    other = np.array([7, 7, 7, 5, 5, 9, 9, 5])
    assert_array_equal(match_labels(segments, other), [1, 1, 1, 2, 2, 3, 3, 2])
    found = contingency_table(segments, other)
    expected = pd.DataFrame(
        #     segment, other, practices
        [[1, 1, 3], [1, 2, 0], [1, 3, 0], [2, 1, 0], [2, 2, 2], [2, 3, 0], [3, 1, 0], [3, 2, 1], [3, 3, 2]],
        columns=["segment", "other", "practices"],
    )
    assert_frame_equal(found, expected)


def test_clusters_left_over_are_numbered_on_the_largest_first():
    segments = np.array([1] * 6 + [2] * 4)
    other = np.array([0, 0, 0, 4, 4, 5, 8, 8, 8, 8])
    assert_array_equal(match_labels(segments, other), [1, 1, 1, 3, 3, 4, 2, 2, 2, 2])


CODES = pd.Index(["A", "B", "C", "D", "E"], name="practice_code")
#: Probabilities of segments 1 and 2; those of E were not measured.
SHARES = pd.DataFrame({1: [1.0, 0.75, 0.5, 0.25], 2: [0.0, 0.25, 0.5, 0.75]}, CODES[:4])
MIXTURE = pd.DataFrame({"mixture_segment": [1, 1, 2, 1, 2], "mixture_probability": 0.9})


def test_the_table_says_of_every_practice_how_sure_it_is():
    found = practice_table(CODES, [1, 1, 1, 1, 2], [1, 2, 1, 1, 2], MIXTURE, SHARES, min_stay_share=0.5)
    #                        stays, likeliest, other method, mixture's and its probability, disputed by
    assert found.loc["A"].tolist()[1:] == [1.0, 1, 1, 1, 0.9, ""]
    assert found.loc["B"].tolist()[1:] == [0.75, 1, 2, 1, 0.9, "method"]
    assert found.loc["C"].tolist()[1:] == [0.5, 1, 1, 2, 0.9, ""]  # a tie goes to its own segment
    assert found.loc["D"].tolist()[1:] == [0.25, 2, 1, 1, 0.9, "draws"]
    assert np.isnan(found.loc["E", "stays"])  # never drawn
    assert found.loc["E", "likeliest_segment"] is pd.NA


def test_disputed_practices_come_with_both_segments_and_margin():
    practices = practice_table(CODES, [1, 1, 1, 1, 2], [1, 2, 1, 2, 2], MIXTURE, SHARES, min_stay_share=0.5)
    segments = pd.DataFrame(
        {
            "practice_code": ["D", "A", "B", "Z"],
            "practice_name": ["d", "a", "b", "special"],
            "icb_name": "I",
            "segment": [1, 1, 1, 2],
            "segment_name": ["one", "one", "one", "two"],
            "second_segment": 2,
            "margin": [0.1, 0.9, 0.2, 0.3],
        }
    )
    found = disputed_practices(practices, segments)
    assert found["practice_code"].tolist() == ["D", "B"]
    assert found["disputed_by"].tolist() == ["draws, method", "method"]
    columns = ["segment", "margin", "second_segment", "likeliest_segment", "other_method_segment"]
    assert found.loc[0, columns].tolist() == [1, 0.1, 2, 2, 2]
    assert list(disputed_practices(pd.DataFrame(), segments)) == list(found)


def test_the_clustergram_follows_every_practice():
    X = np.array([[0.0], [1.0], [10.0], [11.0], [30.0]])
    found = clustergram(X, {2: np.array([5, 5, 5, 5, 4]), 3: np.array([0, 0, 2, 2, 1])})
    nodes = [(n["k"], n["cluster"], n["practices"]) for n in found["nodes"]]
    assert nodes == [(2, 1, 4), (2, 2, 1), (3, 1, 2), (3, 2, 2), (3, 3, 1)]
    assert found["nodes"][0]["position"] == pytest.approx((0 + 1 + 10 + 11) / 4 - 52 / 5)
    flows = [(f["k"], f["cluster"], f["next"], f["practices"]) for f in found["flows"]]
    assert flows == [(2, 1, 1, 2), (2, 1, 2, 2), (2, 2, 3, 1)]
