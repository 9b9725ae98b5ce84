"""Labels for points on fixed rows: one set of distances, one tree per linkage, other fits side by side."""

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import Any

from gp_segmentation.clustering import (
    Hierarchical,
    build_tree,
    cluster_labels,
    condensed_distances,
    cut,
    is_plain_kmeans,
    ward_starts,
)
from gp_segmentation.study.inputs import Inputs
from gp_segmentation.study.space import Point
from gp_segmentation.utils.arrays import Floats, Ints
from gp_segmentation.utils.parallel import count_jobs, parallel_map, start_in_threads

#: Linkage and metric.
TreeKey = tuple[str, str]


class Labeller:
    """Labels of points on the rows `X` (n, d); distances and trees are made once and kept."""

    def __init__(self, inputs: Inputs, X: Floats) -> None:
        self._inputs, self._X = inputs, X
        self._distances: dict[str, Floats] = {}
        self._trees: dict[TreeKey, Floats] = {}
        self._started: Iterable[tuple[TreeKey, Floats]] = ()

    def labels(self, points: Sequence[Point]) -> list[Ints]:
        """Labels (n,) of every point, in order."""
        estimators = [self._inputs.estimator(point) for point in points]
        fits = [i for i, estimator in enumerate(estimators) if not isinstance(estimator, Hierarchical)]
        # Many clusters take longest: fitted last, one of them would keep the other cores waiting.
        fits.sort(key=lambda i: -(getattr(estimators[i], "n_clusters", None) or 0))
        tasks = [(estimators[i], self._X, self._start(estimators[i])) for i in fits]
        labels = dict(zip(fits, parallel_map(cluster_labels, tasks, self._inputs.jobs), strict=True))
        for i, estimator in enumerate(estimators):
            if i not in labels:
                labels[i] = cut(self.tree(estimator.linkage, estimator.metric), [estimator.n_clusters])[0]
        return [labels[i] for i in range(len(points))]

    def grow(self, points: Sequence[Point]) -> None:
        """Start building the trees of `points` in other threads; with one core each is built when needed."""
        if count_jobs(self._inputs.jobs) < 2:
            return
        estimators = [self._inputs.estimator(point) for point in points]
        keys = [(str(e.linkage), str(e.metric)) for e in estimators if isinstance(e, Hierarchical)]
        missing = [key for key in dict.fromkeys(keys) if not self._known(key)]
        if len(missing) > 1:
            tasks = [(self.distances(metric), linkage, metric) for linkage, metric in missing]
            trees = start_in_threads(build_tree, tasks, self._inputs.jobs)
            self._started = zip(missing, trees, strict=True)

    def tree(self, linkage: str, metric: str = "euclidean") -> Floats:
        """The tree of a linkage, made on first use."""
        key = (str(linkage), metric)
        if not self._known(key):
            for started, tree in self._started:
                self._keep(started, tree)
            self._started = ()
        if key not in self._trees:
            self._keep(key, next(iter(parallel_map(build_tree, [(self.distances(metric), *key)]))))
        return self._trees[key]

    def trees(self) -> dict[str, Floats]:
        """The trees made so far by linkage (of the first metric, where there are several)."""
        return {linkage: tree for (linkage, _), tree in reversed(self._trees.items())}

    def distances(self, metric: str = "euclidean") -> Floats:
        """Condensed distances of the rows, made on first use."""
        if metric not in self._distances:
            self._distances[metric] = condensed_distances(self._X, metric, self._inputs.jobs)
        return self._distances[metric]

    def _known(self, key: TreeKey) -> bool:
        """Whether the tree is in memory, into which it is read from the cache."""
        if key not in self._trees and self._inputs.cache is not None:
            tree = self._inputs.cache.get(self._X, *key)
            if tree is not None:
                self._trees[key] = tree
        return key in self._trees

    def _keep(self, key: TreeKey, tree: Floats) -> None:
        self._trees[key] = tree
        if self._inputs.cache is not None:
            self._inputs.cache.put(self._X, *key, tree)

    @cached_property
    def _ward_starts(self) -> Callable[[int], Floats]:
        return ward_starts(self._X)

    def _start(self, estimator: Any) -> Floats | None:
        """K-means' start from a cut of Ward's tree (see `fit_kmeans`); None for other estimators."""
        if self._inputs.limits.better_starts and is_plain_kmeans(estimator):
            return self._ward_starts(estimator.n_clusters)
        return None
