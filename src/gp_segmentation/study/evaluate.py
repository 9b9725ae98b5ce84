"""Labels and scores of points, one group at a time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gp_segmentation.clustering import NOISE, finds_number
from gp_segmentation.errors import ConfigError
from gp_segmentation.study.inputs import Inputs
from gp_segmentation.study.labelling import Labeller
from gp_segmentation.study.large_n import LargeLabeller, sampled_scores
from gp_segmentation.study.space import Point
from gp_segmentation.utils.arrays import Floats, Ints
from gp_segmentation.utils.wording import listed
from gp_segmentation.validity import Scores, score_labellings

#: Preparations whose distances stay in memory: a sampler that learns goes back and forth between them.
KEPT = 2


@dataclass(frozen=True)
class Evaluation:
    """The labels (n,) of one point, and its row of the table of trials."""

    labels: Ints
    row: dict[str, Any]


class Evaluator:
    """Fits and scores points on the rows of one preparation.

    Parameters
    ----------
    null : number of clusters -> silhouette expected of rows without clusters.
    """

    def __init__(self, inputs: Inputs, preparation: str | None, null: Mapping[int, float]) -> None:
        self._inputs, self._X, self._null = inputs, inputs.matrices[preparation], null
        self.exact = inputs.exact(preparation)
        self.labeller = (Labeller if self.exact else LargeLabeller)(inputs, self._X)

    def evaluate(self, points: Sequence[Point]) -> list[Evaluation]:
        """Label and score `points` together, in order."""
        labels = self.labeller.labels(points)
        for point, own in zip(points, labels, strict=True):
            self._check_clusters(point, own)
        scores, errors, rows = self._scores(np.stack(labels))
        sampling = [{"silhouette_rows": rows, "silhouette_se": _finite(error)} for error in errors]
        return [
            Evaluation(labels[i], self._row(point, scores, i) | sampling[i]) for i, point in enumerate(points)
        ]

    def _scores(self, labels: Ints) -> tuple[Scores, Floats, int]:
        """Scores of labellings (m, n), standard errors of their silhouettes (m,), and rows behind these."""
        jobs = self._inputs.jobs
        if not self.exact:
            rows, seed = self._inputs.limits.sample_rows, self._inputs.seed
            return sampled_scores(self._X, labels, rows=rows, seed=seed, jobs=jobs)
        # The distances that the trees are built from serve the scores too.
        scores = score_labellings(self._X, labels, distances=self.labeller.distances(), jobs=jobs)
        return scores, np.full(len(labels), np.nan), len(self._X)

    def _check_clusters(self, point: Point, labels: Ints) -> None:
        """Raise ConfigError where a clusterer that finds the number of clusters finds fewer than two."""
        found = int(labels.max(initial=NOISE)) + 1
        if found >= 2 or not finds_number(self._inputs.estimator(point)):
            return
        node = self._inputs.space.node_of(point)
        options = [f"clusterer.{name}" for name in node if name not in ("name", "_target_")]
        noise = int((labels < 0).sum())
        raise ConfigError(
            f"clusterer={point.family} finds {found or 'no'} cluster{'' if found else 's'} among "
            f"{len(labels):,} practices ({noise:,} belong to none); segments need two clusters or more. "
            f"Change {listed(options) or 'its parameters'}, "
            "or take a clusterer with a number of clusters: clusterer=kmeans"
        )

    def _row(self, point: Point, scores: Scores, i: int) -> dict[str, Any]:
        sizes = sorted(scores.sizes[i].tolist(), reverse=True)
        silhouette = _finite(scores.silhouette[i])
        noise = len(self._X) - sum(sizes)
        # Segments look the more separate, the more rows belong to none: the null leaves out no row.
        expected = None if noise else _finite(self._null.get(int(scores.n_clusters[i]), np.nan))
        return {
            "preparation": point.preparation,
            "clusterer": point.family,
            "linkage": getattr(self._inputs.estimator(point), "linkage", None),
            "n_clusters": int(scores.n_clusters[i]),
            "silhouette": silhouette,
            "davies_bouldin": _finite(scores.davies_bouldin[i]),
            "calinski_harabasz": _finite(scores.calinski_harabasz[i]),
            "inertia": float(scores.within[i]),
            "smallest_segment": sizes[-1],
            "largest_segment": sizes[0],
            "sizes": " ".join(map(str, sizes)),
            "noise": noise,
            "null_silhouette": expected,
            "excess_silhouette": None if silhouette is None or expected is None else silhouette - expected,
        }


class Evaluators:
    """The evaluator of each preparation, made by `make` when it is first needed.

    An evaluator holds the distances of all pairs of rows, so only the last `KEPT` are kept. Trees are small,
    and all are kept.
    """

    def __init__(self, make: Callable[[str | None], Evaluator]) -> None:
        self._make = make
        self._kept: dict[str | None, Evaluator] = {}
        self._trees: dict[tuple[str | None, str], Floats] = {}

    def of(self, preparation: str | None, coming: Sequence[Point] = ()) -> Evaluator:
        """The evaluator of a preparation; a new one starts building the trees of the points `coming`."""
        evaluator = self._kept.pop(preparation, None)
        if evaluator is None:
            evaluator = self._make(preparation)
            evaluator.labeller.grow([point for point in coming if point.preparation == preparation])
        self._kept[preparation] = evaluator  # the most recently used stands last
        if len(self._kept) > KEPT:
            oldest = next(iter(self._kept))
            self._keep_trees(oldest, self._kept.pop(oldest))
        return evaluator

    def trees(self) -> dict[tuple[str | None, str], Floats]:
        """Preparation and linkage -> the tree of all rows, for every tree that was built."""
        for preparation, evaluator in self._kept.items():
            self._keep_trees(preparation, evaluator)
        return self._trees

    def _keep_trees(self, preparation: str | None, evaluator: Evaluator) -> None:
        if evaluator.exact:
            trees = evaluator.labeller.trees()
            self._trees |= {(preparation, linkage): tree for linkage, tree in trees.items()}


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
