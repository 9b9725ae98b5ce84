"""Labels for the points of a space: one set of distances, one tree per linkage, other fits side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gp_segmentation.clustering import Hierarchical, build_tree, condensed_distances, cut
from gp_segmentation.parallel import ordered_map
from gp_segmentation.study.space import Point, Space

#: ``build(node, **params)`` gives the unfitted estimator of a configuration node.
Build = Callable[..., Any]


class Labeller:
    """Labels of points on fixed rows; distances and trees are made once and kept.

    Parameters
    ----------
    X : (n, d) rows to cluster.
    space : where the points come from.
    build : ``build(node, **params)`` gives the unfitted estimator of a family's node.
    jobs : fits at once.
    """

    def __init__(self, X: NDArray[np.float64], space: Space, build: Build, jobs: int | None = 1) -> None:
        self._X, self._space, self._build, self._jobs = X, space, build, jobs
        self._distances: dict[str, NDArray[np.float64]] = {}
        self._trees: dict[tuple[str, str], NDArray[np.float64]] = {}

    def labels(self, points: Sequence[Point]) -> list[NDArray[np.int64]]:
        """Labels (n,) of every point, in order."""
        estimators = [self.estimator(point) for point in points]
        fits = [i for i, estimator in enumerate(estimators) if not isinstance(estimator, Hierarchical)]
        found: dict[int, NDArray[np.int64]] = {}
        tasks = [(estimators[i], self._X) for i in fits]
        for i, labels in zip(fits, ordered_map(_fit, tasks, self._jobs), strict=True):
            found[i] = labels
        for i, estimator in enumerate(estimators):
            if i not in found:
                found[i] = cut(self.tree(estimator), [estimator.n_clusters])[0]
        return [found[i] for i in range(len(points))]

    def estimator(self, point: Point) -> Any:
        """The unfitted estimator of a point."""
        return self._build(self._space.family(point.family).node, **point.values)

    def tree(self, estimator: Hierarchical) -> NDArray[np.float64]:
        """The tree `estimator` would cut, made on first use."""
        key = (str(estimator.linkage), estimator.metric)
        if key not in self._trees:
            tasks = [(self.distances(estimator.metric), *key)]
            self._trees[key] = next(iter(ordered_map(build_tree, tasks)))
        return self._trees[key]

    def trees(self) -> dict[str, NDArray[np.float64]]:
        """The trees made so far by linkage (of the first metric, where there are several)."""
        return {linkage: tree for (linkage, _), tree in reversed(self._trees.items())}

    def known_distances(self) -> NDArray[np.float64] | None:
        """Euclidean distances if a tree needed them already."""
        return self._distances.get("euclidean")

    def distances(self, metric: str = "euclidean") -> NDArray[np.float64]:
        """Condensed distances of the rows, made on first use."""
        if metric not in self._distances:
            self._distances[metric] = condensed_distances(self._X, metric)
        return self._distances[metric]


def _fit(estimator: Any, X: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.asarray(estimator.fit_predict(X), dtype=np.int64)
