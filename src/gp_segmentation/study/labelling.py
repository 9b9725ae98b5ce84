"""Labels for the points of a space: one set of distances, one tree per linkage, other fits side by side."""

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Any, Protocol

from gp_segmentation.clustering import (
    Hierarchical,
    build_tree,
    cluster_labels,
    condensed_distances,
    cut,
    is_plain_kmeans,
    ward_starts,
)
from gp_segmentation.study.space import Point, Space
from gp_segmentation.utils.arrays import Floats, Ints
from gp_segmentation.utils.parallel import count_jobs, parallel_map, start_in_processes

#: ``build(node, **params)`` gives the unfitted estimator of a configuration node.
Build = Callable[..., Any]

#: Rows from which on building trees in other processes is worth starting these.
WORTH_PROCESSES = 3000


class TreeCache(Protocol):
    """Where trees may be kept from one study to the next."""

    def get(self, X: Floats, linkage: str, metric: str) -> Floats | None:
        """Return the tree if it is there."""

    def put(self, X: Floats, linkage: str, metric: str, tree: Floats) -> None:
        """Keep the tree."""


class Labeller:
    """Labels of points on fixed rows; distances and trees are made once and kept.

    Parameters
    ----------
    X : (n, d) rows to cluster.
    space : where the points come from.
    build : ``build(node, **params)`` gives the unfitted estimator of a family's node.
    jobs : fits at once.
    better_starts : whether K-means is fitted from a cut of Ward's tree too (see `fit_kmeans`).
    cache : of trees, or None.
    """

    def __init__(
        self,
        X: Floats,
        space: Space,
        build: Build,
        jobs: int | None = 1,
        *,
        better_starts: bool = True,
        cache: TreeCache | None = None,
    ) -> None:
        self._X, self._space, self._build, self._jobs = X, space, build, jobs
        self._better_starts, self._cache = better_starts, cache
        self._distances: dict[str, Floats] = {}
        self._trees: dict[tuple[str, str], Floats] = {}
        self._coming: tuple[list[tuple[str, str]], Iterator[Floats]] | None = None

    def labels(self, points: Sequence[Point]) -> list[Ints]:
        """Labels (n,) of every point, in order."""
        estimators = [self.estimator(point) for point in points]
        fits = [i for i, estimator in enumerate(estimators) if not isinstance(estimator, Hierarchical)]
        # Many clusters take longest: begun last, one of these would be waited for with the other cores idle.
        fits.sort(key=lambda i: -(getattr(estimators[i], "n_clusters", None) or 0))
        found: dict[int, Ints] = {}
        tasks = [(estimators[i], self._X, self._start(estimators[i])) for i in fits]
        for i, labels in zip(fits, parallel_map(cluster_labels, tasks, self._jobs), strict=True):
            found[i] = labels
        for i, estimator in enumerate(estimators):
            if i not in found:
                found[i] = cut(self.tree(estimator.linkage, estimator.metric), [estimator.n_clusters])[0]
        return [found[i] for i in range(len(points))]

    def estimator(self, point: Point) -> Any:
        """The unfitted estimator of a point."""
        return self._build(self._space.family(point.family).node, **point.values)

    def grow(self, points: Sequence[Point]) -> None:
        """Begin to build the trees that `points` will be cut from, beside whatever else is done meanwhile.

        Nothing happens for few rows or one core: the trees are then built when they are needed.
        """
        if len(self._X) < WORTH_PROCESSES or count_jobs(self._jobs) < 2:
            return
        estimators = [self.estimator(point) for point in points]
        keys = [(str(e.linkage), str(e.metric)) for e in estimators if isinstance(e, Hierarchical)]
        wanted = [key for key in dict.fromkeys(keys) if not self._known(key)]
        if len(wanted) > 1:
            tasks = [(self.distances(metric), linkage, metric) for linkage, metric in wanted]
            self._coming = wanted, start_in_processes(build_tree, tasks, self._jobs)

    def tree(self, linkage: str, metric: str = "euclidean") -> Floats:
        """The tree of a linkage, made on first use."""
        key = (str(linkage), metric)
        if not self._known(key):
            if self._coming is not None and key in self._coming[0]:
                self._gather()
            else:
                task = (self.distances(metric), *key)
                self._keep(key, next(iter(parallel_map(build_tree, [task]))))
        return self._trees[key]

    def trees(self) -> dict[str, Floats]:
        """The trees made so far by linkage (of the first metric, where there are several)."""
        return {linkage: tree for (linkage, _), tree in reversed(self._trees.items())}

    def distances(self, metric: str = "euclidean") -> Floats:
        """Condensed distances of the rows, made on first use."""
        if metric not in self._distances:
            self._distances[metric] = condensed_distances(self._X, metric, self._jobs)
        return self._distances[metric]

    def _known(self, key: tuple[str, str]) -> bool:
        if key not in self._trees and self._cache is not None:
            tree = self._cache.get(self._X, *key)
            if tree is not None:
                self._trees[key] = tree
        return key in self._trees

    def _keep(self, key: tuple[str, str], tree: Floats) -> None:
        self._trees[key] = tree
        if self._cache is not None:
            self._cache.put(self._X, *key, tree)

    def _gather(self) -> None:
        if self._coming is not None:
            for key, tree in zip(*self._coming, strict=True):
                self._keep(key, tree)
            self._coming = None

    @cached_property
    def _starts(self) -> Callable[[int], Floats]:
        return ward_starts(self._X)

    def _start(self, estimator: Any) -> Floats | None:
        if not (self._better_starts and is_plain_kmeans(estimator)):
            return None
        return self._starts(estimator.n_clusters)
