"""Clustering resamples of the practices, for every number of segments at once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.base import clone

from gp_segmentation.clustering import (
    NOISE,
    Hierarchical,
    build_tree,
    cut,
    fit_labels,
    number_clusters,
    singletons,
)
from gp_segmentation.utils.arrays import Floats, Ints
from gp_segmentation.utils.parallel import parallel_map
from gp_segmentation.utils.progress import progress_bar
from gp_segmentation.validity.agreement import adjusted_rand, contingency, jaccard_of_pairs, matching

#: How rows are drawn, and what the bar says meanwhile.
WORDS = {"bootstrap": "practices redrawn", "subsample": "smaller samples"}

#: Number of segments -> labels.
Labels = dict[int, Ints]


@dataclass(frozen=True)
class Resamples:
    """How well the segments return in resamples.

    Attributes
    ----------
    jaccard : frame draw, k, segment, jaccard: highest Jaccard coefficient of each segment over the new
        clusters, among the drawn rows.
    ari : frame draw, k, ari: adjusted Rand index of new clusters and segments on the drawn rows that are in
        one of each.
    centroids : by k, (draws, k, d) mean of the new cluster matched with each segment, over the drawn rows;
        NaN where none matched it.
    """

    jaccard: pd.DataFrame
    ari: pd.DataFrame
    centroids: dict[int, Floats]


def resample(
    X: ArrayLike,
    labellings: Mapping[int, ArrayLike],
    clusterers: Mapping[int, Any],
    *,
    scheme: str = "bootstrap",
    draws: int,
    skip: int = 0,
    share: float = 0.8,
    trace: Iterable[int] = (),
    seed: int = 0,
    jobs: int | None = 1,
) -> Resamples:
    """Cluster resamples of the rows and match the new clusters with the segments.

    A row that is in no cluster of a resample counts as outside every cluster.
    Every fit starts afresh. K-means started from the segments' own means is four times as fast but hides
    instability: of four segments of crude prevalence, the least stable then has a Jaccard of .96, not .72.

    Parameters
    ----------
    X : (n, d) fitted rows. labellings : number of segments, or another whole number that names
        a labelling -> (n,) segments of the rows; negative: the row is in none.
    clusterers : the same numbers -> unfitted estimator. Those of one linkage share a tree per resample.
    scheme : ``bootstrap`` (n rows with replacement, each drawn row once; Hennig 2007) or ``subsample``
        (`share` of the rows without replacement; Hennig's "subset").
    draws : resamples, after the first `skip` of the seed; in tiny ones every distinct row is a cluster.
    trace : numbers of segments whose centroids are kept.
    seed, jobs : the result depends on `seed` alone.
    """
    values = np.asarray(X, dtype=np.float64)
    numbered = {k: number_clusters(labels) for k, labels in labellings.items()}
    codes = {k: own for k, (_, own) in numbered.items()}
    traced: dict[int, list[Floats]] = {k: [] for k in trace if k in codes}
    fresh = {k: clone(clusterers[k]) for k in codes}
    seeds = np.random.SeedSequence(seed).spawn(skip + draws)[skip:]
    drawn = [_draw_rows(len(values), scheme, share, one) for one in seeds]
    found = parallel_map(_match, [(values, codes, fresh, rows) for rows in drawn], jobs)
    jaccards, aris = [], []
    for draw, result in enumerate(progress_bar(found, draws, WORDS[scheme]), start=skip):
        for k, (best, ari, means) in result.items():
            pairs = zip(numbered[k][0].tolist(), best.tolist(), strict=True)
            jaccards += [(draw, k, name, value) for name, value in pairs]
            aris.append((draw, k, ari))
            if k in traced:
                traced[k].append(means)
    by_segment = pd.DataFrame(jaccards, columns=["draw", "k", "segment", "jaccard"])
    means_of = {k: np.stack(own) if own else np.empty((0, 0, 0)) for k, own in traced.items()}
    return Resamples(by_segment, pd.DataFrame(aris, columns=["draw", "k", "ari"]), means_of)


def _draw_rows(n: int, scheme: str, share: float, seed: np.random.SeedSequence) -> Ints:
    generator = np.random.default_rng(seed)
    if scheme == "bootstrap":
        return np.unique(generator.integers(n, size=n))
    if scheme == "subsample":
        return np.sort(generator.permutation(n)[: max(2, round(share * n))])
    raise ValueError(f"scheme is {scheme!r}. Use bootstrap or subsample")


def _match(
    values: Floats, codes: Labels, clusterers: dict[int, Any], rows: Ints
) -> dict[int, tuple[Floats, float, Floats]]:
    """By k: Jaccard of each segment, adjusted Rand index, and the mean of each segment's cluster or NaN."""
    results = {}
    for k, labels in _cluster(values[rows], clusterers).items():
        segments = codes[k][rows]
        counts = contingency(segments + 1, labels + 1, int(codes[k].max()) + 2)  # first row and column: noise
        best = jaccard_of_pairs(counts)[1:, 1:].max(axis=1, initial=0.0)
        results[k] = (best, adjusted_rand(segments, labels), _means(values[rows], labels, counts[1:, 1:]))
    return results


def _means(sample: Floats, labels: Ints, counts: Floats) -> Floats:
    """Mean (k, d) of the cluster matched with each segment by `counts` (segments, clusters), or NaN."""
    means = np.full((len(counts), sample.shape[1]), np.nan)
    for cluster, segment in enumerate(matching(counts)):
        if segment != NOISE:
            means[segment] = sample[labels == cluster].mean(axis=0)
    return means


def _cluster(sample: Floats, clusterers: dict[int, Any]) -> Labels:
    trees: dict[tuple[str | None, str], Floats] = {}
    results = {}
    for k, clusterer in clusterers.items():
        if not isinstance(clusterer, Hierarchical):
            results[k] = fit_labels(clusterer, sample)
            continue
        n_clusters, key = int(clusterer.n_clusters or k), (clusterer.linkage, clusterer.metric)
        labels = singletons(sample, n_clusters)
        if labels is None:
            if key not in trees:
                trees[key] = build_tree(sample, str(clusterer.linkage), clusterer.metric)
            labels = cut(trees[key], [n_clusters])[0]
        results[k] = labels
    return results
