"""Labels and scores where there are too many rows to compare all pairs.

* Mini-batch K-means (Sculley 2010) takes the place of K-means, with the same number of clusters and seed.
* A hierarchical clusterer builds its tree on the centroids of `MICRO` micro-clusters, made by mini-batch
  K-means; every row follows its micro-cluster. Micro-clusters count the same whatever their size.
* Silhouettes are of rows drawn at random, each compared with the other rows drawn, and have a standard
  error. The other scores need no pairs and are of all rows. A segment so small that none of its rows is
  drawn is missed; the rule's minimum segment size keeps such segments out.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
from sklearn.cluster import KMeans, MiniBatchKMeans

from gp_segmentation.clustering import Hierarchical, build_tree, cluster_labels, cut
from gp_segmentation.study.labelling import Labeller
from gp_segmentation.study.space import Point
from gp_segmentation.utils.arrays import Floats, Ints
from gp_segmentation.utils.parallel import parallel_map
from gp_segmentation.validity import Scores, score_labellings

#: Micro-clusters under each tree, and rows of one mini-batch.
MICRO, BATCH = 2000, 4096


class LargeLabeller(Labeller):
    """Labels of points on many rows; the module says what differs."""

    def labels(self, points: Sequence[Point]) -> list[Ints]:
        """Labels (n,) of every point, in order."""
        estimators = [self._inputs.estimator(point) for point in points]
        tasks = [(_in_batches(e), self._X) for e in estimators if not isinstance(e, Hierarchical)]
        fits = iter(parallel_map(cluster_labels, tasks, self._inputs.jobs))
        return [self._cut_micro(e) if isinstance(e, Hierarchical) else next(fits) for e in estimators]

    def grow(self, points: Sequence[Point]) -> None:
        """Do nothing: trees of micro-clusters are quick."""

    def tree(self, linkage: str, metric: str = "euclidean") -> Floats:
        """The tree of the micro-clusters' centroids."""
        key = (linkage, metric)
        if key not in self._trees:
            sums = np.stack([np.bincount(self._micro, weights=column) for column in self._X.T], axis=1)
            centres = sums / np.bincount(self._micro)[:, None]
            self._trees[key] = next(iter(parallel_map(build_tree, [(centres, linkage, metric)])))
        return self._trees[key]

    def _cut_micro(self, estimator: Hierarchical) -> Ints:
        tree = self.tree(str(estimator.linkage), estimator.metric)
        return cut(tree, [int(estimator.n_clusters or 0)])[0][self._micro]

    @cached_property
    def _micro(self) -> Ints:
        """The micro-cluster of each row: (n,)."""
        model = MiniBatchKMeans(MICRO, batch_size=BATCH, n_init=1, random_state=0)
        labels = next(iter(parallel_map(cluster_labels, [(model, self._X)])))
        return np.unique(labels, return_inverse=True)[1]  # numbered without empty ones


def _in_batches(estimator: Any) -> Any:
    """Mini-batch K-means in place of K-means; any other estimator as it is."""
    if type(estimator) is not KMeans:
        return estimator
    return MiniBatchKMeans(
        estimator.n_clusters, batch_size=BATCH, n_init=3, random_state=estimator.random_state
    )


def sampled_scores(
    X: Floats, labels: Ints, *, rows: int, seed: int, jobs: int | None
) -> tuple[Scores, Floats, int]:
    """Score labellings (m, n), their silhouettes on `rows` rows drawn without replacement.

    Returns
    -------
    scores (``samples`` and ``segments`` NaN), standard errors of the silhouettes (m,) (standard deviation
    over the rows drawn divided by the root of their number), and the number of rows drawn.
    """
    drawn = np.sort(np.random.default_rng(seed).choice(len(X), min(rows, len(X)), replace=False))
    sample = score_labellings(X[drawn], labels[:, drawn], jobs=jobs)
    errors = sample.samples.std(axis=1, ddof=1) / np.sqrt(len(drawn))
    scores = score_labellings(X, labels, jobs=jobs, silhouettes=False)
    return replace(scores, silhouette=sample.silhouette), errors, len(drawn)
