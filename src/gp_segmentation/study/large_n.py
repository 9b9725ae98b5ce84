"""The study of more rows than all pairs can be looked at of.

* K-means is replaced by mini-batch K-means (Sculley 2010) with the same number of clusters and seed.
* A hierarchical clusterer builds its tree of the centroids of `MICRO` micro-clusters, made by mini-batch
  K-means; every row goes where its micro-cluster goes. The micro-clusters count alike whatever their size.
* Silhouettes are those of rows drawn at random, each compared with the other rows drawn, and come with
  their standard error. The other scores need no pairs and are of all rows. A segment so small that no row
  of it is drawn is missed; the rule's floor on segment size is what keeps such segments out.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.cluster import KMeans, MiniBatchKMeans

from gp_segmentation.clustering import Hierarchical, build_tree, cut
from gp_segmentation.study.labelling import Labeller
from gp_segmentation.study.space import Point
from gp_segmentation.utils.arrays import Floats, Ints
from gp_segmentation.utils.parallel import parallel_map
from gp_segmentation.validity import Scores, score_labellings

#: Micro-clusters of which trees are built, and rows of one mini-batch.
MICRO, BATCH = 2000, 4096


class LargeLabeller(Labeller):
    """Labels of points on many rows; see the module for what differs."""

    _micro: Ints | None = None

    def labels(self, points: Sequence[Point]) -> list[Ints]:
        """Labels (n,) of every point, in order."""
        estimators = [self.estimator(point) for point in points]
        tasks = [(in_batches(e), self._X) for e in estimators if not isinstance(e, Hierarchical)]
        fits = iter(parallel_map(_fit, tasks, self._jobs))
        return [
            self._cut_micro(estimator) if isinstance(estimator, Hierarchical) else next(fits)
            for estimator in estimators
        ]

    def grow(self, points: Sequence[Point]) -> None:
        """Nothing: trees of micro-clusters are quick."""

    def _cut_micro(self, estimator: Hierarchical) -> Ints:
        micro = self._micro_clusters()
        tree = self.tree(str(estimator.linkage), estimator.metric)
        return cut(tree, [int(estimator.n_clusters or 0)])[0][micro]

    def _micro_clusters(self) -> Ints:
        if self._micro is None:
            model = MiniBatchKMeans(MICRO, batch_size=BATCH, n_init=1, random_state=0)
            labels = next(iter(parallel_map(_fit, [(model, self._X)])))
            _, self._micro = np.unique(labels, return_inverse=True)  # some may be empty
        return self._micro

    def tree(self, linkage: str, metric: str = "euclidean") -> Floats:
        """The tree of the micro-clusters' centroids."""
        key = (linkage, metric)
        if key not in self._trees:
            micro = self._micro_clusters()
            sums = np.stack([np.bincount(micro, weights=column) for column in self._X.T], axis=1)
            centres = sums / np.bincount(micro)[:, None]
            self._trees[key] = next(iter(parallel_map(build_tree, [(centres, linkage, metric)])))
        return self._trees[key]


def in_batches(estimator: Any) -> Any:
    """Return mini-batch K-means in place of K-means; any other estimator as it is."""
    if type(estimator) is not KMeans:
        return estimator
    return MiniBatchKMeans(
        estimator.n_clusters, batch_size=BATCH, n_init=3, random_state=estimator.random_state
    )


def sampled_silhouette(
    X: Floats, labels: Ints, *, rows: int, seed: int, jobs: int | None
) -> tuple[Scores, Floats, Floats, int]:
    """Score labellings, their silhouettes from `rows` rows drawn without replacement.

    Returns
    -------
    scores of all rows (silhouettes NaN), mean silhouettes (m,), their standard errors (m,) (standard
    deviation over the rows drawn divided by the root of their number), and the number drawn.
    """
    drawn = np.sort(np.random.default_rng(seed).choice(len(X), min(rows, len(X)), replace=False))
    sample = score_labellings(X[drawn], labels[:, drawn], jobs=jobs)
    errors = sample.samples.std(axis=1, ddof=1) / np.sqrt(len(drawn))
    whole = score_labellings(X, labels, jobs=jobs, silhouettes=False)
    return whole, sample.silhouette, errors, len(drawn)


def _fit(estimator: Any, X: Floats) -> Ints:
    return np.asarray(estimator.fit_predict(X), dtype=np.int64)
