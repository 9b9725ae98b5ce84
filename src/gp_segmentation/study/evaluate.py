"""Labels and scores of points, a group of them at a time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gp_segmentation.study.labelling import Build, Labeller, TreeCache
from gp_segmentation.study.large_n import LargeLabeller, sampled_silhouette
from gp_segmentation.study.space import Point, Space
from gp_segmentation.utils.arrays import Floats, Ints
from gp_segmentation.validity import Scores, score_labellings

#: Preparations whose distances are kept: a sampler that learns goes to and fro between them.
KEPT = 2


@dataclass(frozen=True)
class Limits:
    """How much work a study may make of its rows.

    Attributes
    ----------
    exact_up_to : rows up to which every pair of rows is looked at; beyond, see `large`.
    sample_rows : rows whose silhouettes are taken beyond.
    better_starts : whether K-means is fitted from a cut of Ward's tree too.
    """

    exact_up_to: int = 12_000
    sample_rows: int = 5_000
    better_starts: bool = True


@dataclass(frozen=True)
class Found:
    """One evaluated point: its labels, and its row of the table of trials."""

    labels: Ints
    row: dict[str, Any]


class Evaluator:
    """Fits and scores points on fixed rows, those of one preparation.

    Parameters
    ----------
    X : (n, d) rows; space, build, jobs, cache : as for `Labeller`.
    null : number of clusters -> silhouette expected of rows without clusters.
    """

    def __init__(
        self,
        X: Floats,
        space: Space,
        build: Build,
        null: Mapping[int, float],
        jobs: int | None,
        limits: Limits,
        cache: TreeCache | None = None,
        seed: int = 0,
    ) -> None:
        self._X, self._null, self._jobs, self._limits, self._seed = X, null, jobs, limits, seed
        self.exact = len(X) <= limits.exact_up_to
        make = Labeller if self.exact else LargeLabeller
        self.labeller = make(X, space, build, jobs, better_starts=limits.better_starts, cache=cache)

    def evaluate(self, points: Sequence[Point]) -> list[Found]:
        """Label and score `points` together, in order."""
        labels = self.labeller.labels(points)
        stacked = np.stack(labels)
        rows = self._exact_rows(stacked) if self.exact else self._sampled_rows(stacked)
        for point, row in zip(points, rows, strict=True):
            linkage = getattr(self.labeller.estimator(point), "linkage", None)
            row |= {"preparation": point.preparation, "clusterer": point.family, "linkage": linkage}
        return [Found(found, row) for found, row in zip(labels, rows, strict=True)]

    def _exact_rows(self, labels: NDArray) -> list[dict[str, Any]]:
        # The distances the trees are made of serve the scores too.
        distances = self.labeller.distances()
        scores = score_labellings(self._X, labels, distances=distances, jobs=self._jobs)
        return [self._row(scores, i) for i in range(len(labels))]

    def _sampled_rows(self, labels: NDArray) -> list[dict[str, Any]]:
        scores, means, errors, rows = sampled_silhouette(
            self._X, labels, rows=self._limits.sample_rows, seed=self._seed, jobs=self._jobs
        )
        return [
            self._row(scores, i, means[i]) | {"silhouette_rows": rows, "silhouette_se": _known(errors[i])}
            for i in range(len(labels))
        ]

    def _row(self, scores: Scores, i: int, silhouette: float | None = None) -> dict[str, Any]:
        sizes = sorted(scores.sizes[i].tolist(), reverse=True)
        mean = _known(scores.silhouette[i] if silhouette is None else silhouette)
        expected = _known(self._null.get(int(scores.n_clusters[i]), np.nan))
        return {
            "n_clusters": int(scores.n_clusters[i]),
            "silhouette": mean,
            "davies_bouldin": _known(scores.davies_bouldin[i]),
            "calinski_harabasz": _known(scores.calinski_harabasz[i]),
            "inertia": float(scores.within[i]),
            "smallest_segment": sizes[-1],
            "largest_segment": sizes[0],
            "sizes": " ".join(map(str, sizes)),
            "null_silhouette": expected,
            "excess_silhouette": None if mean is None or expected is None else mean - expected,
            "silhouette_rows": len(self._X),
            "silhouette_se": None,
        }


class Evaluators:
    """An evaluator for each preparation of the matrix, made when its turn comes.

    One holds the distances of all pairs of rows, so only the last `KEPT` are kept; their trees, which are
    small, all are.

    Parameters
    ----------
    make : preparation -> its evaluator.
    """

    def __init__(self, make: Callable[[str | None], Evaluator]) -> None:
        self._make = make
        self._kept: dict[str | None, Evaluator] = {}
        self._trees: dict[tuple[str | None, str], Floats] = {}

    def of(self, preparation: str | None, coming: Sequence[Point] = ()) -> Evaluator:
        """The evaluator of a preparation; where it is new, it begins to grow the trees of points `coming`."""
        evaluator = self._kept.pop(preparation, None)
        if evaluator is None:
            evaluator = self._make(preparation)
            evaluator.labeller.grow([point for point in coming if point.preparation == preparation])
        self._kept[preparation] = evaluator  # the last used is the last
        if len(self._kept) > KEPT:
            oldest = next(iter(self._kept))
            self._keep_trees(oldest, self._kept.pop(oldest))
        return evaluator

    def trees(self) -> dict[tuple[str | None, str], Floats]:
        """Preparation and linkage -> the tree of all rows, of those that were built."""
        for preparation, evaluator in self._kept.items():
            self._keep_trees(preparation, evaluator)
        return self._trees

    def _keep_trees(self, preparation: str | None, evaluator: Evaluator) -> None:
        if evaluator.exact:
            trees = evaluator.labeller.trees()
            self._trees |= {(preparation, linkage): tree for linkage, tree in trees.items()}


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
