"""Nested levels: supergroups of segments, and subgroups within them, so that every group has one parent.

The segments are given and never change. Coarser levels come by merging segments, finer ones by splitting each
segment on its own: a practice's subgroup tells its segment, and its segment its supergroup.
"""

from dataclasses import replace
from functools import partial
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.spatial.distance import cdist
from sklearn.base import BaseEstimator, ClusterMixin, clone
from sklearn.metrics import silhouette_score
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from gp_segmentation.clustering.fitting import fit_labels, singletons
from gp_segmentation.clustering.hierarchical import Hierarchical, cut
from gp_segmentation.clustering.levels import LEVELS, Levels, assign_levels, describe_levels
from gp_segmentation.clustering.partition import NOISE, canonical_order, centroids
from gp_segmentation.clustering.splitting import descend_tree, split_segments
from gp_segmentation.errors import ConfigError
from gp_segmentation.utils.arrays import Floats, Ints
from gp_segmentation.utils.parallel import parallel_map

#: Most rows, drawn at random from more, whose silhouettes choose the number of supergroups.
SCORED_ROWS = 10_000


def nest(
    X: pd.DataFrame | ArrayLike,
    labels: ArrayLike,
    *,
    supergroups: int | None,
    most_subgroups: int,
    floor: int,
    tree: Floats | None = None,
    keys: ArrayLike | None = None,
    seed: int = 0,
    jobs: int | None = 1,
) -> Levels:
    """Merge segments into supergroups (`merge_segments`) and split them into subgroups.

    With the tree that the segments are cut from, subgroups are nodes of it (`descend_tree`). Without, they
    are clusters of K-means within the segments (`split_segments`).

    Parameters
    ----------
    X : (n, d) finite rows. labels : (n,) segments, of any type that sorts.
    supergroups : how many; from the number of segments on, each segment is its own supergroup. None: that
        of `merge_segments` with the highest silhouette (about 0.8 s each for 6,000 rows).
    most_subgroups : subgroups of all segments together at most; a segment has one in any case.
    floor : rows of a subgroup at least; a segment with fewer stays whole.
    tree : scipy's linkage matrix of the rows, or None.
    keys : (n,) unique values that order the rows, as practice codes; by default their positions.
    seed, jobs : the result depends on `seed` alone.

    Raises
    ------
    ConfigError : a number below one. ValueError : `labels` are no cut of `tree`, or not one for each row.
    """
    _check_numbers(supergroups=supergroups, most_subgroups=most_subgroups, floor=floor)
    frame = X if isinstance(X, pd.DataFrame) else pd.DataFrame(np.asarray(X))
    # Sums and random starts depend on the order of rows: everything is computed in that of the keys.
    order = np.arange(len(frame)) if keys is None else np.argsort(np.asarray(keys))
    frame, names = frame.iloc[order], _checked(labels, len(frame))
    rows, segment = np.ascontiguousarray(frame, dtype=np.float64), canonical_order(names[order]) - 1
    size = {"most": most_subgroups, "floor": floor}
    if tree is None:
        merged = merge_segments(rows, segment)
        subgroup = split_segments(rows, segment, **size, seed=seed, jobs=jobs)
    else:
        merged = {m: groups[order] for m, groups in merge_segments(X, names, tree).items()}
        subgroup = descend_tree(tree, int(segment.max()) + 1, **size)[order]
    supergroups = supergroups or _most_separate(rows, merged, seed, jobs)
    supergroup = np.zeros_like(segment) if supergroups == 1 else merged.get(supergroups, segment)
    found = describe_levels(frame, supergroup, segment, subgroup)
    back = np.argsort(order)
    return replace(found, codes=found.codes.iloc[back], **{one: getattr(found, one)[back] for one in LEVELS})


def _most_separate(rows: Floats, merged: dict[int, Ints], seed: int, jobs: int | None) -> int:
    """The number of groups with the highest silhouette (of a sample of many rows); 0 where there is none."""
    if not merged:
        return 0
    score = partial(silhouette_score, sample_size=min(len(rows), SCORED_ROWS), random_state=seed % 2**31)
    silhouettes = list(parallel_map(score, [(rows, groups) for groups in merged.values()], jobs))
    return list(merged)[int(np.argmax(silhouettes))]


def merge_segments(
    X: pd.DataFrame | ArrayLike, labels: ArrayLike, tree: Floats | None = None
) -> dict[int, Ints]:
    """Return m -> (n,) groups 0..m-1 of merged segments, for every m from two to one fewer than segments.

    With the tree that the segments are cut from, they are its coarser cuts. Without, each step merges the
    groups a and b, sizes n and means c, for which ``n_a n_b / (n_a + n_b) |c_a - c_b|²`` is lowest. By so
    much the sum of squares within groups rises (Ward 1963).

    Parameters
    ----------
    X : (n, d) rows. labels : (n,) segments, of any type that sorts. tree : scipy's linkage matrix, or None.

    Raises
    ------
    ValueError : `labels` are not a cut of `tree`, or not one for each row.
    """
    values = np.asarray(X, dtype=np.float64)
    segment = canonical_order(_checked(labels, len(values))) - 1
    k = int(segment.max()) + 1
    if tree is not None:
        if len(tree) + 1 != len(values) or (canonical_order(cut(tree, [k])[0]) - 1 != segment).any():
            raise ValueError(f"the {k} segments are not a cut of this tree. Give the tree they are cut from")
        return {m: cut(tree, [m])[0] for m in range(2, k)}
    means, sizes = centroids(values, segment).to_numpy(copy=True), np.bincount(segment).astype(np.float64)
    group, merged = np.arange(k), {}
    for m in range(k - 1, 1, -1):
        cost = np.outer(sizes, sizes) / np.add.outer(sizes, sizes) * cdist(means, means, "sqeuclidean")
        np.fill_diagonal(cost, np.inf)
        a, b = divmod(int(cost.argmin()), len(sizes))  # a < b: the first of the pair's two places
        means[a] = (sizes[a] * means[a] + sizes[b] * means[b]) / (sizes[a] + sizes[b])
        sizes[a] += sizes[b]
        means, sizes = np.delete(means, b, axis=0), np.delete(sizes, b)
        group = np.where(group == b, a, group - (group > b))
        merged[m] = group[segment]
    return dict(sorted(merged.items()))


class Nested(ClusterMixin, BaseEstimator):  # type: ignore[misc]  # sklearn is untyped
    """Segments of any clusterer, with supergroups above them and subgroups within.

    Rows that the clusterer puts into no cluster (-1, as of DBSCAN) are in no group of any level and count for
    no centroid. `predict` knows no such rows: it gives every row, these too, the nearest group.

    Parameters
    ----------
    clusterer : unfitted; it makes the segments.
    n_clusters : number of segments; None: as `clusterer` has it.
    supergroups, most_subgroups, floor : see `nest`.
    level : which groups `labels_` and `predict` give: supergroup, segment or subgroup.
    random_state : of the splits, and of `clusterer` if it has one; None: as `clusterer` has it.

    Attributes
    ----------
    levels_ : the `Levels` of the fitted rows that are in a cluster; its ``codes`` are indexed by position.
    labels_ : (n,) groups of the fitted rows at `level`, 0-based, and -1.
    """

    def __init__(
        self,
        clusterer: Any,
        n_clusters: int | None = None,
        supergroups: int | None = None,
        most_subgroups: int = 12,
        floor: int = 30,
        level: str = "segment",
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.clusterer = clusterer
        self.n_clusters = n_clusters
        self.supergroups = supergroups
        self.most_subgroups = most_subgroups
        self.floor = floor
        self.level = level
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Fit the clusterer to the rows of `X`, merge and split its clusters; `y` is ignored.

        Raises
        ------
        ConfigError : the clusterer puts no row into a cluster.
        """
        values = validate_data(self, X, dtype=np.float64)
        level, clusterer = _check_level(self.level), self._fresh_clusterer()
        tree = None
        if isinstance(clusterer, Hierarchical) and singletons(values, clusterer.n_clusters or 1) is None:
            labels, tree = clusterer.fit(values).labels_, clusterer.tree_
        else:
            labels = fit_labels(clusterer, values)
        grouped = labels != NOISE
        if not grouped.any():
            raise ConfigError(
                f"{clusterer} puts none of {len(values)} rows into a cluster. Change its parameters"
            )
        self.levels_ = nest(
            pd.DataFrame(values)[grouped],
            labels[grouped],
            supergroups=self.supergroups,
            most_subgroups=self.most_subgroups,
            floor=self.floor,
            tree=tree,
            seed=check_random_state(self.random_state).randint(2**31 - 1),
        )
        self.labels_ = np.full(len(values), NOISE)
        self.labels_[grouped] = getattr(self.levels_, level)
        return self

    def predict(self, X: ArrayLike, level: str | None = None) -> Ints:
        """Return the groups (m,) of any rows at a level, by default `level`, as `assign_levels` does."""
        check_is_fitted(self)
        level = _check_level(level or self.level)
        values = validate_data(self, X, dtype=np.float64, reset=False)
        codes = assign_levels(values, self.levels_.centroids)[level]
        nodes = self.levels_.nodes
        return pd.Index(nodes.loc[nodes["level"] == level, "code"]).get_indexer(codes).astype(np.int64)

    def _fresh_clusterer(self) -> Any:
        fresh = clone(self.clusterer)
        parameters = fresh.get_params()
        count = "n_components" if "n_components" in parameters else "n_clusters"
        wanted = {count: self.n_clusters, "random_state": self.random_state}
        return fresh.set_params(**{k: v for k, v in wanted.items() if v is not None and k in parameters})


def _check_numbers(**numbers: int | None) -> None:
    for name, number in numbers.items():
        if number is not None and number < 1:
            raise ConfigError(f"{name} is {number}. Set it to 1 or more")


def _check_level(level: str) -> str:
    if level not in LEVELS:
        raise ConfigError(f"level is {level!r}. Set it to one of {', '.join(LEVELS)}")
    return level


def _checked(labels: ArrayLike, rows: int) -> np.ndarray:
    given = np.asarray(labels)
    if given.shape != (rows,):
        raise ValueError(f"labels have the shape {given.shape}, for {rows} rows")
    return given
