"""Silhouettes of many labellings in one pass: every part by hand."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from gp_segmentation.validity import silhouette
from gp_segmentation.validity.silhouette import Labelling, sample_silhouettes

#: Rows on a line, and the distances between them.
LINE = np.array([[0.0], [1.0], [4.0], [6.0], [9.0]])
DISTANCES = np.array([[0, 1, 4, 6, 9], [1, 0, 3, 5, 8], [4, 3, 0, 2, 5], [6, 5, 2, 0, 3], [9, 8, 5, 3, 0]])
CONDENSED = np.array([1.0, 4, 6, 9, 3, 5, 8, 2, 5, 3])


def labelling(labels: str) -> Labelling:
    return Labelling.of(np.array(list(labels)))


def test_clusters_are_numbered_in_the_order_of_their_labels():
    found = labelling("cacb")
    assert found.codes.tolist() == [2, 0, 2, 1]
    assert found.sizes.tolist() == [1, 1, 2]
    assert found.codes.dtype == found.sizes.dtype == np.int64
    assert found.k == 3


@pytest.mark.parametrize(
    ("labels", "defined"),
    [("aaa", False), ("aab", True), ("abc", False), ("ab", False), ("aabc", True), ("abcd", False)],
)
def test_one_cluster_and_as_many_as_rows_have_no_silhouette(labels, defined):
    assert labelling(labels).defined is defined


def test_silhouettes_from_sums_of_distances_by_hand():
    # rows 0 1 in the first cluster, 2 alone, 3 4 in the third
    sums = np.array([[1.0, 4, 6 + 9], [1, 3, 5 + 8], [4 + 3, 0, 2 + 5], [6 + 5, 2, 3], [9 + 8, 5, 3]])
    expected = [(4 - 1) / 4, (3 - 1) / 3, 0, (2 - 3) / 3, (5 - 3) / 5]
    assert_allclose(silhouette._silhouette(sums, labelling("aabcc")), expected)


def test_a_row_at_no_distance_from_both_clusters_scores_0():
    # rows 0 1 2 coincide and 3 is 2 away; row 2 is in the cluster of row 3
    sums = np.array([[0.0, 0 + 2], [0, 0 + 2], [0, 2], [2 + 2, 2]])
    assert silhouette._silhouette(sums, labelling("aabb")).tolist() == [1, 1, -1, 0]
    assert silhouette._silhouette(np.zeros((4, 2)), labelling("aabb")).tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize("distances", [None, CONDENSED], ids=["computed", "given"])
@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("memory", [0, 2**28])
def test_several_labellings_have_the_silhouettes_of_each(distances, jobs, memory):
    labels = ["aabcc", "aaabb", "aaaaa", "abcde", "ababa", "abbba"]
    found = sample_silhouettes(LINE, [labelling(one) for one in labels], distances, jobs, memory)
    nan = [np.nan] * 5
    expected = [
        [(4 - 1) / 4, (3 - 1) / 3, 0, (2 - 3) / 3, (5 - 3) / 5],
        [
            (7.5 - 2.5) / 7.5,
            (6.5 - 2) / 6.5,
            (3.5 - 3.5) / 3.5,
            (13 / 3 - 3) / (13 / 3),
            (22 / 3 - 3) / (22 / 3),
        ],
        nan,
        nan,
        # a: rows 0 2 4, b: rows 1 3
        [(3.5 - 6.5) / 6.5, (4 - 5) / 5, (2.5 - 4.5) / 4.5, (11 / 3 - 5) / 5, (5.5 - 7) / 7],
        # a: rows 0 4, b: rows 1 2 3
        [(11 / 3 - 9) / 9, (4.5 - 4) / 4.5, (4.5 - 2.5) / 4.5, (4.5 - 3.5) / 4.5, (16 / 3 - 9) / 9],
    ]
    assert_allclose(found, expected, atol=1e-12)


def test_distances_that_are_given_are_not_computed_again():
    equally_far = np.ones(5 * 4 // 2)
    assert sample_silhouettes(LINE, [labelling("aabbb")], equally_far, 1, 2**28).tolist() == [[0] * 5]


def test_a_cut_of_the_same_tree_needs_no_columns_of_its_own():
    labels = ["aaaabbbb", "abababab", "aabbccdd", "aaaaaaaa", "aabbccdd", "abcdefgh", "bbaaccaa"]
    bases, parents = silhouette._nesting([labelling(one) for one in labels])
    assert bases == [1, 2]
    assert list(parents) == [2, 4, 6, 0, 1]  # the finest first, of like ones the first
    assert {j: (base, mapping.tolist()) for j, (base, mapping) in parents.items()} == {
        0: (2, [0, 0, 1, 1]),
        1: (1, [0, 1]),
        2: (2, [0, 1, 2, 3]),
        4: (2, [0, 1, 2, 3]),
        6: (2, [1, 0, 2, 0]),
    }


def test_clusters_that_are_not_unions_of_anothers_have_no_map():
    fine = labelling("aabbcc")
    found = silhouette._coarsening(fine, labelling("bbbbaa"))
    assert found is not None
    assert found.tolist() == [1, 1, 0]
    assert found.dtype == np.int64
    assert silhouette._coarsening(fine, labelling("aababb")) is None


@pytest.mark.parametrize(
    ("columns", "bytes_less", "groups"),
    [
        (9, 0, [[0, 1, 3]]),
        (9, 1, [[0, 1], [3]]),
        (5, 0, [[0, 1], [3]]),
        (5, 1, [[0], [1], [3]]),
        (3, 0, [[0], [1], [3]]),  # the last is larger than what fits
        (0, 0, [[0], [1], [3]]),
    ],
)
@pytest.mark.parametrize("rows", [10, 1, 0])
def test_columns_are_summed_together_as_far_as_they_fit(columns, bytes_less, groups, rows):
    """Clusters: 2, 3, (unused 7), 4. A column takes four times eight bytes for each row."""
    items = [Labelling(np.arange(0), np.ones(k, dtype=np.int64)) for k in (2, 3, 7, 4)]
    memory = columns * 4 * 8 * max(rows, 1) - bytes_less
    assert list(silhouette._column_groups([0, 1, 3], items, rows, memory)) == groups


def test_a_new_group_begins_with_no_columns():
    items = [Labelling(np.arange(0), np.ones(k, dtype=np.int64)) for k in (4, 3, 2)]
    assert list(silhouette._column_groups([0, 1, 2], items, 1, 5 * 4 * 8)) == [[0], [1, 2]]


def test_even_the_smallest_labellings_are_summed_one_by_one_without_memory():
    items = [Labelling(np.arange(0), np.ones(1, dtype=np.int64))] * 2
    assert list(silhouette._column_groups([0, 1], items, 1, 0)) == [[0], [1]]
    assert list(silhouette._column_groups([], items, 1, 0)) == []


@pytest.mark.parametrize(
    ("rows", "memory", "blocks"),
    [
        (5, 5 * 64 * 2, [(0, 2), (2, 4), (4, 5)]),
        (5, 5 * 64 * 3 - 1, [(0, 2), (2, 4), (4, 5)]),
        (5, 5 * 64 * 3, [(0, 3), (3, 5)]),
        (3, 0, [(0, 1), (1, 2), (2, 3)]),
        (600, 2**28, [(0, 512), (512, 600)]),  # at most 512 rows at once
    ],
)
@pytest.mark.parametrize("jobs", [1, 2])
def test_blocks_hold_as_many_rows_as_fit(rows, memory, blocks, jobs, monkeypatch):
    """A block's row takes eight times eight bytes for each row of the data."""
    asked = []

    def recorded(function, tasks, jobs, *, here):
        assert here
        asked.append(([task[-2:] for task in tasks], jobs))
        return [function(*task) for task in tasks]

    monkeypatch.setattr(silhouette, "parallel_map", recorded)
    values = np.repeat([[0.0], [3.0]], [1, rows - 1], axis=0)  # one row 3 away from all others
    items = [Labelling.of(np.array([0] + [1] * (rows - 1))), Labelling.of(np.zeros(rows))]
    sums = silhouette._cluster_sums(values, items, None, jobs, memory)
    assert asked == [(blocks, jobs)]
    assert_array_equal(sums, [[0, 3 * (rows - 1), 3 * (rows - 1)]] + [[3, 0, 3]] * (rows - 1))


@pytest.mark.parametrize(("memory", "passes"), [(5 * 32 * 5, 1), (5 * 32 * 5 - 1, 2)])
def test_threads_and_memory_asked_for_reach_the_passes(memory, passes, monkeypatch):
    asked = []

    def recorded(function, tasks, jobs, *, here):
        assert here
        asked.append(([task[-2:] for task in tasks], jobs))
        return [function(*task) for task in tasks]

    monkeypatch.setattr(silhouette, "parallel_map", recorded)
    # three clusters and two of another cut, so five columns; 5 * 64 bytes for each row of a block
    sample_silhouettes(LINE, [labelling("aabcc"), labelling("ababa")], None, 7, memory)
    assert asked == [([(0, 2), (2, 4), (4, 5)], 7)] * passes


@pytest.mark.parametrize("distances", [None, CONDENSED], ids=["computed", "given"])
def test_a_block_adds_its_own_rows_and_those_below(distances):
    """Rows 1 2 of the five, clusters {0 1}, {2 4} and {3}: what rows 1 2 give to rows 1 to 4."""
    onehot = np.array([[1.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 1, 0]])
    values = LINE if distances is None else np.zeros((5, 1))
    found = silhouette._block_sums(values, distances, onehot, 1, 3)
    # row 1 to rows 1 2 4 3, row 2 likewise; rows 3 and 4 only to rows 1 and 2
    assert_allclose(found, [[0, 3 + 8, 5], [3, 0 + 5, 2], [5, 2, 0], [8, 5, 0]])


@pytest.mark.parametrize(("start", "stop"), [(0, 5), (0, 2), (1, 3), (2, 5), (4, 5)])
def test_a_block_of_condensed_distances_is_that_of_the_square(start, stop):
    found = silhouette._block_of_condensed(CONDENSED, 5, start, stop)
    assert_array_equal(found, DISTANCES[start:stop, start:])


def test_one_partition_under_other_names_has_the_same_silhouettes():
    found = sample_silhouettes(LINE, [labelling("aabcc"), labelling("bbcaa")], None, 1, 2**28)
    # Row 0 is 1 from its own, 4 from the next: 1 - 1/4 = 3/4; row 2 is alone: 0.
    assert_allclose(found[1, [0, 2]], [3 / 4, 0])
    assert_allclose(found[1], found[0])
