"""Nested levels: planted ones are recovered, every group has one parent, and little is lost by nesting."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from pandas.testing import assert_frame_equal
from sklearn.base import clone
from sklearn.cluster import DBSCAN, BisectingKMeans, KMeans
from sklearn.metrics import adjusted_rand_score

from gp_segmentation.clustering import (
    LEVELS,
    Hierarchical,
    Levels,
    Nested,
    assign_levels,
    build_tree,
    cut,
    fit_kmeans,
    fit_labels,
    gaussian_mixture,
    merge_segments,
    nest,
    parent_code,
)
from gp_segmentation.clustering.hierarchical import LINKAGES
from gp_segmentation.errors import ConfigError
from gp_segmentation.validity import prediction_strength, resample, score_labellings


def planted_levels(seed: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Three supergroups of two segments of two subgroups, 42, 12 and 6 standard deviations apart."""
    rng = np.random.default_rng(seed)
    sub = np.repeat(np.arange(12), rng.integers(25, 50, size=12))
    top = 30 * np.eye(6)[:3]
    centres = np.array([top[i // 4] + [0, 0, 0, 6 * (-1) ** (i // 2), 3 * (-1) ** i, 0] for i in range(12)])
    truth = {"supergroup": sub // 4, "segment": sub // 2, "subgroup": sub}
    return centres[sub] + rng.normal(size=(len(sub), 6)), truth


def noise(seed: int, rows: int = 300) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(rows, 4))


def within(X: np.ndarray, labels: np.ndarray) -> float:
    return float(score_labellings(X, labels, silhouettes=False).within[0])


def kmeans(k: int, X: np.ndarray) -> np.ndarray:
    return fit_kmeans(KMeans(k, n_init=10, random_state=0), X).labels


def assert_nested(levels: Levels) -> None:
    for coarse, fine in pairwise(LEVELS):
        pairs = np.unique(np.stack([getattr(levels, coarse), getattr(levels, fine)]), axis=1)
        assert pairs.shape[1] == getattr(levels, fine).max() + 1
        parents = levels.codes[fine].map(levels.nodes.set_index("code")["parent"])
        assert_array_equal(parents, levels.codes[coarse])


@pytest.mark.parametrize("method", ["K-means", "Ward"])
@pytest.mark.parametrize("seed", range(4))
def test_planted_levels_are_recovered(method, seed):
    X, truth = planted_levels(seed)
    tree = build_tree(X, "ward") if method == "Ward" else None
    labels = kmeans(6, X) if tree is None else cut(tree, [6])[0]
    levels = nest(X, labels, supergroups=None, most_subgroups=12, floor=10, tree=tree, seed=seed)
    assert_nested(levels)
    assert levels.nodes["level"].value_counts().to_dict() == dict(zip(LEVELS, (3, 6, 12), strict=True))
    for level in LEVELS:
        assert adjusted_rand_score(truth[level], getattr(levels, level)) >= 0.95, level


def test_codes_parents_and_sums_of_squares():
    #                 segment p        q           r
    X = pd.DataFrame({"x": [0.0, 4, 0, 4, 10, 10, 13, 50, 50]}, index=list("abcdefghi"))
    labels = ["p"] * 4 + ["q"] * 3 + ["r"] * 2
    levels = nest(X, labels, supergroups=2, most_subgroups=4, floor=1)
    expected = pd.DataFrame(
        [
            # p and q: means 2 and 11, sizes 4 and 3; merging adds 4 * 3 / 7 * 9² to the sums 16 and 6
            ("supergroup", "A", None, 7, 16 + 6 + 4 * 3 / 7 * 81),
            ("supergroup", "B", None, 2, 0),
            ("segment", "A1", "A", 4, 4 * 2**2),
            ("segment", "A2", "A", 3, 1 + 1 + 2**2),
            ("segment", "B1", "B", 2, 0),
            # splitting p saves 16, splitting q only 6
            ("subgroup", "A1a", "A1", 2, 0),
            ("subgroup", "A1b", "A1", 2, 0),
            ("subgroup", "A2a", "A2", 3, 6),
            ("subgroup", "B1a", "B1", 2, 0),
        ],
        columns=["level", "code", "parent", "rows", "within"],
    ).astype({"level": "str", "code": "str", "parent": "str", "within": "float64"})
    assert_frame_equal(levels.nodes, expected)
    assert levels.codes.loc["c"].to_list() == ["A", "A1", "A1a"]
    assert levels.codes.loc["d"].to_list() == ["A", "A1", "A1b"]
    assert_array_equal(levels.subgroup, [0, 1, 0, 1, 2, 2, 2, 3, 3])
    assert_array_equal(levels.centroids.loc[["A", "A1", "A2a", "A1b"], "x"], [(8 + 33) / 7, 2, 11, 4])


def test_after_z_comes_aa():
    X = np.arange(30.0)[:, None] ** 2
    own = nest(X[:28], np.arange(28), supergroups=28, most_subgroups=28, floor=1)
    assert own.codes["subgroup"].iloc[[0, 25, 26, 27]].to_list() == ["A1a", "Z1a", "AA1a", "AB1a"]
    one = nest(X, np.zeros(30), supergroups=None, most_subgroups=28, floor=1)
    assert one.nodes["code"].to_list()[-4:] == ["A1y", "A1z", "A1aa", "A1ab"]
    assert [parent_code(code) for code in ("AB12aa", "AB12", "AB")] == ["AB12", "AB", ""]


def test_of_equal_groups_the_one_with_the_first_key_comes_first():
    X = np.array([[0.0], [0], [9], [9]])
    levels = nest(X, [5, 5, 7, 7], supergroups=2, most_subgroups=2, floor=1, keys=["D", "C", "A", "B"])
    assert levels.codes["segment"].to_list() == ["B1", "B1", "A1", "A1"]


@pytest.mark.parametrize("linkage", [None, "ward", "average"])
def test_neither_row_order_nor_label_numbers_nor_jobs_matter(linkage):
    X = pd.DataFrame(noise(1), index=[f"P{i:03d}" for i in range(300)])
    tree = linkage and build_tree(X, linkage)
    labels = kmeans(5, X) if tree is None else cut(tree, [5])[0]
    options = {"supergroups": None, "most_subgroups": 14, "floor": 4, "seed": 3}
    first = nest(X, labels, **options, tree=tree, keys=X.index)
    order = np.random.default_rng(2).permutation(len(X))
    again = nest(
        X.iloc[order],
        np.array([3, 0, 9, -1, 4])[labels][order],
        **options,
        tree=linkage and build_tree(X.iloc[order], linkage),
        keys=X.index[order],
        jobs=2,
    )
    assert_frame_equal(again.codes, first.codes.iloc[order], check_exact=True)
    assert_frame_equal(again.nodes, first.nodes, check_exact=True)
    assert_frame_equal(again.centroids, first.centroids, check_exact=True)


@pytest.mark.parametrize("seed", range(3))
def test_each_merge_raises_the_sum_of_squares_least(seed):
    X = noise(seed, 120)
    merged = {7: kmeans(7, X)} | dict(reversed(merge_segments(X, kmeans(7, X)).items()))
    assert list(merged) == [7, 6, 5, 4, 3, 2]
    for fine, coarse in pairwise(merged.values()):
        choices = [np.where(fine == a, b, fine) for a, b in combinations(np.unique(fine), 2)]
        assert within(X, coarse) == pytest.approx(min(within(X, choice) for choice in choices), rel=1e-12)
        assert adjusted_rand_score(coarse, min(choices, key=lambda choice: within(X, choice))) == 1.0


@pytest.mark.parametrize("linkage", LINKAGES)
def test_levels_of_a_tree_are_cuts_of_it(linkage):
    X = noise(4)
    tree = build_tree(X, linkage)
    labels = cut(tree, [6])[0]
    levels = nest(X, labels, supergroups=3, most_subgroups=15, floor=1, tree=tree)
    assert_nested(levels)
    for level, k in zip(
        LEVELS, (3, 6, 15), strict=True
    ):  # with a floor of one row, every merge may be undone
        assert adjusted_rand_score(cut(tree, [k])[0], getattr(levels, level)) == 1.0
    merged = merge_segments(X, labels, tree)
    assert list(merged) == [2, 3, 4, 5]
    for m, groups in merged.items():
        assert_array_equal(groups, cut(tree, [m])[0])


def test_a_tree_with_other_segments_or_rows_is_refused():
    X = noise(5)
    tree = build_tree(X, "ward")
    options = {"supergroups": 2, "most_subgroups": 8, "floor": 5}
    with pytest.raises(ValueError, match="the 4 segments are not a cut of this tree"):
        nest(X, kmeans(4, X), **options, tree=tree)
    with pytest.raises(ValueError, match="the 4 segments are not a cut of this tree"):
        nest(X[:-1], cut(tree, [4])[0][:-1], **options, tree=tree)
    with pytest.raises(ValueError, match=r"labels have the shape \(299,\), for 300 rows"):
        nest(X, cut(tree, [4])[0][:-1], **options)


@pytest.mark.parametrize("linkage", [None, "ward", "complete"])
@pytest.mark.parametrize(("most", "floor"), [(3, 5), (8, 20), (12, 5), (40, 15), (40, 90)])
def test_subgroups_keep_the_floor_and_the_most(linkage, most, floor):
    X = noise(6)
    tree = linkage and build_tree(X, linkage)
    labels = kmeans(4, X) if tree is None else cut(tree, [4])[0]
    levels = nest(X, labels, supergroups=2, most_subgroups=most, floor=floor, tree=tree)
    assert_nested(levels)
    nodes = levels.nodes.set_index("code")
    subgroups = nodes[nodes["level"] == "subgroup"]
    assert 4 <= len(subgroups) <= max(most, 4)
    # A segment with fewer rows than the floor stays whole.
    whole = subgroups["rows"].to_numpy() == nodes.loc[subgroups["parent"], "rows"].to_numpy()
    assert (whole | (subgroups["rows"] >= floor)).all()
    if linkage is None and most * floor < 200:
        assert len(subgroups) == max(most, 4)


def test_a_lone_outlier_does_not_keep_its_segment_whole():
    pair = np.random.default_rng(0).normal(size=(100, 2)) + np.repeat([[0.0, 0], [9, 0]], 50, axis=0)
    X = np.concatenate([pair, [[-400.0, 0]]])  # a cluster of its own from every start of two
    assert np.bincount(kmeans(2, X)).min() == 1
    levels = nest(X, np.zeros(101), supergroups=None, most_subgroups=2, floor=10)
    assert_array_equal(levels.subgroup, np.repeat([0, 1, 0], [50, 50, 1]))


def test_equal_rows_are_not_split():
    X = np.repeat([[0.0, 1.0], [5.0, 1.0]], 20, axis=0)
    levels = nest(X, np.repeat([0, 1], 20), supergroups=None, most_subgroups=9, floor=1)
    assert levels.nodes["code"].to_list() == ["A", "B", "A1", "B1", "A1a", "B1a"]


@pytest.mark.parametrize(
    ("labels", "supergroups", "codes"),
    [
        ([0], None, ["A1a"]),
        ([0, 0, 0], None, ["A1a"] * 3),
        ([0, 1, 1], None, ["B1a", "A1a", "A1a"]),  # under three segments: each its own supergroup
        ([0, 1, 1], 5, ["B1a", "A1a", "A1a"]),
        ([0, 1, 1], 1, ["A2a", "A1a", "A1a"]),
        ([0, 1, 2], 2, ["A1a", "A2a", "B1a"]),  # as many segments as rows
    ],
)
@pytest.mark.parametrize("grown", [False, True])
def test_few_rows_and_few_segments(labels, supergroups, codes, grown):
    X = np.array([[0.0], [1.0], [1.1]])[: len(labels)] if labels != [0, 1, 2] else np.array([[0.0], [1], [9]])
    tree = np.empty((0, 4)) if len(X) == 1 else build_tree(X, "ward")
    levels = nest(X, labels, supergroups=supergroups, most_subgroups=1, floor=1, tree=tree if grown else None)
    assert levels.codes["subgroup"].to_list() == codes
    assert_nested(levels)


def test_numbers_below_one_are_refused_by_name():
    good = {"supergroups": 2, "most_subgroups": 4, "floor": 5}
    for name in good:
        with pytest.raises(ConfigError, match=f"{name} is 0. Set it to 1 or more"):
            nest(noise(0), kmeans(3, noise(0)), **good | {name: 0})


@pytest.mark.parametrize("seed", range(3))
def test_nesting_costs_at_most_five_percent(seed):
    X, _ = planted_levels(seed)
    levels = nest(X, kmeans(6, X), supergroups=3, most_subgroups=12, floor=10)
    for level, k in zip(LEVELS, (3, 6, 12), strict=True):
        assert within(X, getattr(levels, level)) <= 1.05 * within(X, kmeans(k, X))
    sums = levels.nodes.groupby("level")["within"].sum()
    assert sums["subgroup"] == pytest.approx(within(X, levels.subgroup))


CENTRES = pd.DataFrame(
    {"x": [1.0, 10, 1, 10, 0, 4, 9, 11], "y": 0.0},
    index=pd.Index(["A", "B", "A1", "B1", "A1a", "A1b", "B1a", "B1b"], name="code"),
)


def test_new_rows_get_a_segment_then_one_of_its_subgroups():
    X = pd.DataFrame({"y": 0.0, "x": [-3.0, 5.4, 5.6, 30.0]}, index=list("pqrs"))  # columns in another order
    expected = pd.DataFrame(
        [
            ("A", "A1", "A1a"),
            ("A", "A1", "A1b"),
            ("B", "B1", "B1a"),  # A1b is nearer than B1a, but in another segment
            ("B", "B1", "B1b"),
        ],
        columns=LEVELS,
        index=list("pqrs"),
        dtype="str",
    )
    assert_frame_equal(assign_levels(X, CENTRES), expected)
    known = assign_levels(X, CENTRES, ["B1", "A1", "A1", "B1"])
    assert known["subgroup"].to_list() == ["B1a", "A1b", "A1b", "B1b"]
    with pytest.raises(ValueError, match="no segment 'C1' with subgroups is among the centroids"):
        assign_levels(X, CENTRES, ["A1", "A1", "C1", "B1"])


def test_fitted_rows_are_assigned_to_their_own_groups():
    X, _ = planted_levels(0)
    levels = nest(X, kmeans(6, X), supergroups=3, most_subgroups=12, floor=10)
    assert_frame_equal(assign_levels(X, levels.centroids), levels.codes)


CLUSTERERS = {
    "K-means": KMeans(6, n_init=10, random_state=0),
    "bisecting": BisectingKMeans(6, random_state=0),
    "mixture": gaussian_mixture(6, random_state=0),
    **{linkage: Hierarchical(6, linkage) for linkage in LINKAGES},
}
EVERY_CLUSTERER = pytest.mark.parametrize("name", CLUSTERERS)


@EVERY_CLUSTERER
def test_the_estimator_keeps_the_clusterers_segments(name):
    X, _ = planted_levels(1)
    model = clone(Nested(CLUSTERERS[name], supergroups=3)).fit(X)
    assert adjusted_rand_score(fit_labels(CLUSTERERS[name], X), model.labels_) == 1.0
    assert_array_equal(model.labels_, model.levels_.segment)
    assert_nested(model.levels_)
    new = 20 * np.random.default_rng(0).normal(size=(50, 6))
    assigned = pd.DataFrame({level: model.predict(new, level) for level in LEVELS})
    for coarse, fine in pairwise(LEVELS):
        parents = pd.DataFrame({coarse: getattr(model.levels_, coarse), fine: getattr(model.levels_, fine)})
        parents = parents.drop_duplicates().set_index(fine)[coarse]
        assert_array_equal(parents.loc[assigned[fine]], assigned[coarse])
    assert not hasattr(CLUSTERERS[name], "labels_")


@EVERY_CLUSTERER
def test_resamples_halves_and_scores_take_it_as_any_clusterer(name):
    X, _ = planted_levels(2)
    model = Nested(CLUSTERERS[name], n_clusters=3, supergroups=2, most_subgroups=5, floor=10, random_state=4)
    labels = fit_labels(model, X)
    assert len(np.unique(labels)) == 3
    assert score_labellings(X, labels).n_clusters[0] == 3
    found = resample(X, {3: labels}, {3: model}, draws=2).ari["ari"]
    assert (found >= (0.95 if name != "bisecting" else 0.5)).all()
    assert prediction_strength(X, model, splits=2).shape == (2,)


@EVERY_CLUSTERER
def test_fewer_distinct_rows_than_clusters(name):
    X = np.repeat(np.eye(3), 4, axis=0)
    model = Nested(CLUSTERERS[name], floor=1).fit(X)
    assert_array_equal(model.levels_.codes["segment"].nunique(), 3)
    assert_array_equal(model.predict(X, "segment"), model.levels_.segment)


def test_parameters_reach_the_clusterer():
    X = noise(7)
    for level, k in zip(LEVELS, (2, 5, 9), strict=True):
        model = Nested(KMeans(3), n_clusters=5, supergroups=2, most_subgroups=9, floor=5, level=level)
        model.set_params(random_state=1).fit(X)
        assert model.labels_.max() + 1 == k
        assert_array_equal(model.predict(X[:9]), model.predict(X[:9], level))
    segments = KMeans(5, random_state=1).fit_predict(X)
    assert adjusted_rand_score(segments, model.levels_.segment) == 1.0
    assert_array_equal(clone(model).fit(X).labels_, model.labels_)
    assert Nested(KMeans(3, random_state=2), floor=5).fit(X).labels_.max() + 1 == 3
    with pytest.raises(ConfigError, match=r"level is 'peer'. Set it to one of supergroup, segment, subgroup"):
        Nested(KMeans(3), level="peer").fit(X)


def three_blobs_and_far_points() -> tuple[np.ndarray, np.ndarray]:
    """Blobs of 60, 40 and 30 rows about 0, 10 and 60; a far point after each; and what each row is in."""
    rng = np.random.default_rng(8)
    rows = [
        (rng.normal(at, 0.5, (n, 2)), [[x, 0.0]]) for at, n, x in ((0, 60, 300), (10, 40, -90), (60, 30, 80))
    ]
    truth = np.repeat([0, -1, 1, -1, 2, -1], [60, 1, 40, 1, 30, 1])
    return np.concatenate([part for pair in rows for part in pair]), truth


def test_rows_of_no_cluster_are_in_no_group_and_count_for_no_centroid():
    X, truth = three_blobs_and_far_points()
    groups = {"supergroup": np.array([0, 0, 1, -1])[truth], "segment": truth}
    for level, expected in groups.items():
        model = Nested(DBSCAN(eps=2, min_samples=5), supergroups=2, floor=5, level=level).fit(X)
        assert_array_equal(model.labels_, expected)
    subgroups = clone(model).set_params(level="subgroup").fit(X).labels_
    assert_array_equal(subgroups < 0, truth < 0)
    levels, inside = model.levels_, np.flatnonzero(truth >= 0)
    assert levels.nodes.groupby("level")["rows"].sum().to_dict() == dict.fromkeys(LEVELS, 130)
    assert levels.codes.index.tolist() == inside.tolist()
    means = {"A1": X[truth == 0], "A2": X[truth == 1], "B1": X[truth == 2], "A": X[np.isin(truth, [0, 1])]}
    for code, rows in means.items():
        np.testing.assert_allclose(levels.centroids.loc[code], rows.mean(axis=0))
    # predict knows no such rows: 300 is nearest to the blob at 60, -90 to that at 0, 80 to that at 60.
    assert model.predict(X[truth < 0], "segment").tolist() == [2, 0, 2]
    assert model.predict(X[truth >= 0], "segment").tolist() == truth[inside].tolist()


def test_a_clusterer_that_puts_no_row_into_a_cluster_is_refused():
    with pytest.raises(ConfigError, match=r"DBSCAN\(eps=1e-06\) puts none of 300 rows into a cluster"):
        Nested(DBSCAN(eps=1e-6)).fit(noise(0))
