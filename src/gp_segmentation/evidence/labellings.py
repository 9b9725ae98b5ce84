"""Labels of the same rows for every number of segments, by several methods, and their scores."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

from gp_segmentation.clustering import (
    Hierarchical,
    build_tree,
    condensed_distances,
    cut,
    finds_number,
    fit_labels,
)
from gp_segmentation.utils.arrays import Floats, Ints
from gp_segmentation.utils.parallel import parallel_map
from gp_segmentation.utils.progress import progress_bar
from gp_segmentation.validity import Scores, agreement_by_k, score_labellings


@dataclass(frozen=True)
class Labellings:
    """Labels of the same rows for every number of segments, by K-means, by Ward and by the chosen clusterer.

    Parameters
    ----------
    values : (n, d) fitted rows.
    ks : numbers of segments, ascending.
    chosen : (n,) the segments. clusterer : the unfitted estimator that made them.
    """

    values: Floats
    ks: Sequence[int]
    chosen: NDArray
    clusterer: Any
    seed: int = 0
    jobs: int | None = 1

    @property
    def k(self) -> int:
        return len(np.unique(self.chosen))

    @cached_property
    def distances(self) -> Floats:
        """Condensed Euclidean distances."""
        return condensed_distances(self.values)

    @cached_property
    def ward_tree(self) -> Floats:
        return build_tree(self.distances, "ward")

    @cached_property
    def own_tree(self) -> Floats | None:
        """The tree the segments were cut from; None if they are not from a tree."""
        if not isinstance(self.clusterer, Hierarchical):
            return None
        linkage, metric = str(self.clusterer.linkage), self.clusterer.metric
        if (linkage, metric) == ("ward", "euclidean"):
            return self.ward_tree
        distances = self.distances if metric == "euclidean" else condensed_distances(self.values, metric)
        return build_tree(distances, linkage, metric)

    @cached_property
    def kmeans(self) -> Ints:
        """Labels by K-means from ten starts: (number of ks, n)."""
        return self.kmeans_with(n_init=10)

    def kmeans_with(self, *, n_init: int) -> Ints:
        """Labels by K-means from `n_init` starts: (number of ks, n)."""
        return self._fit_each([KMeans(k, n_init=n_init, random_state=self.seed) for k in self.ks])

    def _fit_each(self, clusterers: Sequence[Any]) -> Ints:
        tasks = [(clusterer, self.values) for clusterer in clusterers]
        found = progress_bar(parallel_map(fit_labels, tasks, self.jobs), len(tasks), "numbers of segments")
        return np.stack(list(found))

    @cached_property
    def ward(self) -> Ints:
        """Labels by Ward's method: (number of ks, n)."""
        return cut(self.ward_tree, self.ks)

    @cached_property
    def clusterers(self) -> dict[int, Any]:
        """The chosen clusterer, set to every number of segments.

        One that finds the number by itself cannot be set to others: K-means takes its place there.
        """
        if finds_number(self.clusterer):
            others = {k: KMeans(k, n_init=10, random_state=self.seed) for k in self.ks}
            return others | {self.k: self.clusterer}
        name = "n_components" if "n_components" in self.clusterer.get_params() else "n_clusters"
        return {k: clone(self.clusterer).set_params(**{name: k}) for k in self.ks} | {self.k: self.clusterer}

    @cached_property
    def own(self) -> dict[int, NDArray]:
        """Labels by the chosen clusterer, by k; at the chosen k the segments themselves."""
        if isinstance(self.clusterer, KMeans) or finds_number(self.clusterer):
            rows = self.kmeans
        elif self.own_tree is not None:
            rows = cut(self.own_tree, self.ks)
        else:
            rows = self._fit_each([self.clusterers[k] for k in self.ks])
        return dict(zip(self.ks, rows, strict=True)) | {self.k: self.chosen}

    @cached_property
    def scores(self) -> Scores:
        """Scores of the labels by K-means, then of those by Ward's method, in one pass over the distances."""
        both = np.concatenate([self.kmeans, self.ward])
        return score_labellings(self.values, both, distances=self.distances, jobs=self.jobs)

    @property
    def other(self) -> NDArray:
        """Labels by another method at the same k: Ward for segments of K-means, K-means for all others."""
        rows = self.ward if isinstance(self.clusterer, KMeans) else self.kmeans
        return rows[list(self.ks).index(self.k)]

    @property
    def other_name(self) -> str:
        return "hierarchical (Ward)" if isinstance(self.clusterer, KMeans) else "K-means"


def clustergram(values: Floats, labellings: Mapping[int, NDArray]) -> dict[str, list[dict[str, Any]]]:
    """Place the clusters of every k along the first principal component, and count moves as k grows.

    Source: Schonlau (2002).

    Returns
    -------
    dict: ``nodes``, list of k, cluster (numbered along the component), practices, position (mean score);
    ``flows``, list of k, cluster, next (cluster at the next k) and practices.
    """
    score = _first_component(values)
    nodes, flows = [], []
    previous: tuple[int, Ints] | None = None
    for k in sorted(labellings):
        _, codes = np.unique(labellings[k], return_inverse=True)
        size = np.bincount(codes)
        position = np.bincount(codes, weights=score) / size
        order = position.argsort(kind="stable")
        codes = order.argsort()[codes]
        nodes += [
            {"k": k, "cluster": i + 1, "practices": int(size[code]), "position": float(position[code])}
            for i, code in enumerate(order)
        ]
        if previous is not None:
            pairs, counts = np.unique(np.stack([previous[1], codes]), axis=1, return_counts=True)
            flows += [
                {"k": previous[0], "cluster": int(a) + 1, "next": int(b) + 1, "practices": int(count)}
                for (a, b), count in zip(pairs.T, counts, strict=True)
            ]
        previous = k, codes
    return {"nodes": nodes, "flows": flows}


def _first_component(values: Floats) -> Floats:
    """Scores on the first principal component; its largest loading is positive."""
    # Sums of linear algebra may change with the number of threads; one thread keeps every byte.
    with threadpool_limits(1):
        centred = values - values.mean(axis=0)
        _, vectors = np.linalg.eigh(np.atleast_2d(np.cov(centred, rowvar=False)))
        first = vectors[:, -1]
        score: Floats = centred @ (first * np.sign(first[np.abs(first).argmax()]))
    return score


def by_k_table(labellings: Labellings) -> pd.DataFrame:
    """Silhouettes of K-means and Ward, log sum of squares within clusters of K-means, agreement, by k."""
    agreement = agreement_by_k(labellings.ks, labellings.kmeans, labellings.ward)
    scores, m = labellings.scores, len(labellings.ks)
    with np.errstate(divide="ignore"):  # with as many clusters as distinct rows, the sum is zero
        log_within = np.log(scores.within)
    return pd.DataFrame(
        {
            "silhouette": scores.silhouette[:m],
            "silhouette_ward": scores.silhouette[m:],
            "log_within": log_within[:m],
            "ari_kmeans_ward": agreement["ari"],
            "ami_kmeans_ward": agreement["ami"],
        },
        index=agreement.index,
    )
