"""The same questions for every number of segments: labellings by k, and what they are worth."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.cluster import KMeans

from gp_segmentation.clustering import Hierarchical, build_tree, condensed_distances, cut, fit_labels
from gp_segmentation.utils.arrays import Floats, Ints
from gp_segmentation.utils.parallel import parallel_map
from gp_segmentation.validity import Scores, score_labellings


@dataclass(frozen=True)
class Labellings:
    """Labels of the same rows for every number of segments, by K-means, by Ward and by the clusterer chosen.

    Parameters
    ----------
    values : (n, d) fitted rows.
    ks : numbers of segments, ascending.
    chosen : (n,) the segments; `clusterer` the unfitted estimator that made them.
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
        return next(iter(parallel_map(build_tree, [(self.distances, "ward")])))

    @cached_property
    def own_tree(self) -> Floats | None:
        """The tree the segments were cut from; None where they are not from a tree."""
        if not isinstance(self.clusterer, Hierarchical):
            return None
        linkage, metric = str(self.clusterer.linkage), self.clusterer.metric
        if (linkage, metric) == ("ward", "euclidean"):
            return self.ward_tree
        distances = self.distances if metric == "euclidean" else condensed_distances(self.values, metric)
        return next(iter(parallel_map(build_tree, [(distances, linkage, metric)])))

    @cached_property
    def kmeans(self) -> Ints:
        """K-means' labels: (number of ks, n)."""
        return self.kmeans_from(10)

    def kmeans_from(self, starts: int) -> Ints:
        """K-means' labels from that many starts each: (number of ks, n)."""
        tasks = [(KMeans(k, n_init=starts, random_state=self.seed), self.values) for k in self.ks]
        return np.stack(list(parallel_map(fit_labels, tasks, self.jobs)))

    @cached_property
    def ward(self) -> Ints:
        """Ward's labels: (number of ks, n)."""
        return cut(self.ward_tree, self.ks)

    @cached_property
    def clusterers(self) -> dict[int, Any]:
        """The clusterer chosen, set to every number of segments."""
        name = "n_components" if "n_components" in self.clusterer.get_params() else "n_clusters"
        return {k: clone(self.clusterer).set_params(**{name: k}) for k in self.ks} | {self.k: self.clusterer}

    @cached_property
    def own(self) -> dict[int, NDArray]:
        """Labels by the clusterer chosen; at the chosen k the segments themselves."""
        if isinstance(self.clusterer, KMeans):
            rows = self.kmeans
        elif self.own_tree is not None:
            rows = cut(self.own_tree, self.ks)
        else:
            tasks = [(self.clusterers[k], self.values) for k in self.ks]
            rows = np.stack(list(parallel_map(fit_labels, tasks, self.jobs)))
        return dict(zip(self.ks, rows, strict=True)) | {self.k: self.chosen}

    @cached_property
    def scores(self) -> Scores:
        """Scores of K-means' labels, then of Ward's, in one pass over the distances."""
        every = np.concatenate([self.kmeans, self.ward])
        return score_labellings(self.values, every, distances=self.distances, jobs=self.jobs)

    @property
    def other(self) -> NDArray:
        """Another method at the same k: Ward's labels for K-means' segments, K-means' for others."""
        rows = self.ward if isinstance(self.clusterer, KMeans) else self.kmeans
        return rows[list(self.ks).index(self.k)]

    @property
    def other_name(self) -> str:
        return "hierarchical (Ward)" if isinstance(self.clusterer, KMeans) else "K-means"


def clustergram(values: Floats, labellings: Mapping[int, NDArray]) -> dict[str, list[dict[str, Any]]]:
    """Where segments of every k lie along the first principal component, and who goes where as k grows.

    After Schonlau (2002).

    Returns
    -------
    dict: ``nodes``, list of k, cluster (numbered along the component), practices, position (mean score);
    ``flows``, list of k, cluster, next (cluster at the next k) and practices.
    """
    score = next(iter(parallel_map(_first_component, [(values,)])))
    nodes, flows = [], []
    before: tuple[int, Ints] | None = None
    for k in sorted(labellings):
        _, codes = np.unique(labellings[k], return_inverse=True)
        size = np.bincount(codes)
        position = np.bincount(codes, weights=score) / size
        order = position.argsort(kind="stable")
        codes = order.argsort()[codes]
        for i, old in enumerate(order):
            nodes.append(
                {"k": k, "cluster": i + 1, "practices": int(size[old]), "position": float(position[old])}
            )
        if before is not None:
            pairs, counts = np.unique(np.stack([before[1], codes]), axis=1, return_counts=True)
            flows += [
                {"k": before[0], "cluster": int(a) + 1, "next": int(b) + 1, "practices": int(count)}
                for (a, b), count in zip(pairs.T, counts, strict=True)
            ]
        before = k, codes
    return {"nodes": nodes, "flows": flows}


def _first_component(values: Floats) -> Floats:
    centred = values - values.mean(axis=0)
    _, vectors = np.linalg.eigh(np.atleast_2d(np.cov(centred, rowvar=False)))
    first = vectors[:, -1]
    score: Floats = centred @ (first * np.sign(first[np.abs(first).argmax()]))
    return score


def by_k_table(labellings: Labellings, agreed: pd.DataFrame) -> pd.DataFrame:
    """Silhouettes of K-means and of Ward's tree, K-means' log within sum of squares, and agreement, by k."""
    scores, m = labellings.scores, len(labellings.ks)
    with np.errstate(divide="ignore"):  # as many clusters as distinct rows leave nothing within
        log_within = np.log(scores.within)
    return pd.DataFrame(
        {
            "silhouette": scores.silhouette[:m],
            "silhouette_ward": scores.silhouette[m:],
            "log_within": log_within[:m],
            "ari_kmeans_ward": agreed["ari"],
            "ami_kmeans_ward": agreed["ami"],
        },
        index=agreed.index,
    )
