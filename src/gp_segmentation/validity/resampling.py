"""Clustering resamples of the practices again, for every number of segments at once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.optimize import linear_sum_assignment
from sklearn.base import clone
from sklearn.metrics import adjusted_rand_score

from gp_segmentation.clustering import Hierarchical, build_tree, cut, fit_labels, singletons
from gp_segmentation.utils.arrays import Floats, Ints
from gp_segmentation.utils.parallel import parallel_map
from gp_segmentation.utils.progress import progress_bar

#: Labels of a resample by number of segments, from its rows and the labels those rows have in the whole.
Labels = dict[int, Ints]


@dataclass(frozen=True)
class Resamples:
    """What became of the segments in resamples.

    Attributes
    ----------
    jaccard : frame draw, k, segment, jaccard: highest Jaccard coefficient of each segment over the new
        clusters, among the drawn rows.
    ari : frame draw, k, ari: adjusted Rand index of new clusters and segments on the drawn rows.
    votes : by k, (n, k) how often each row, when drawn, came to lie in the new cluster matched with each
        segment; its rows sum to the number of times the row was drawn (less where no cluster was matched).
    """

    jaccard: pd.DataFrame
    ari: pd.DataFrame
    votes: dict[int, Ints]


def resample(
    X: ArrayLike,
    labellings: Mapping[int, ArrayLike],
    clusterers: Mapping[int, Any],
    *,
    scheme: str = "bootstrap",
    draws: int,
    share: float = 0.8,
    vote: Iterable[int] = (),
    seed: int = 0,
    jobs: int | None = 1,
) -> Resamples:
    """Cluster resamples of the rows and match the new clusters with the segments.

    Every fit starts afresh. Started from the segments' own means K-means is four times as fast, and says
    little: of four segments of crude prevalence, the least stable then has a Jaccard of .96, not .72.

    Parameters
    ----------
    X : (n, d) fitted rows. labellings : number of segments -> (n,) segments of them.
    clusterers : number of segments -> unfitted estimator that made them. Hierarchical ones of one linkage
        share a tree per resample.
    scheme : ``bootstrap`` (n rows with replacement, each drawn row once; Hennig 2007) or ``subsample``
        (`share` of the rows without replacement; Hennig's "subset").
    draws : resamples; one with no more distinct rows than clusters leaves each by itself.
    vote : numbers of segments whose votes are counted.
    seed, jobs : the result depends on `seed` alone.
    """
    values = np.asarray(X, dtype=np.float64)
    found = {k: np.unique(np.asarray(labels), return_inverse=True) for k, labels in labellings.items()}
    codes = {k: inverse.astype(np.int64) for k, (_, inverse) in found.items()}
    votes = {k: np.zeros((len(values), len(found[k][0])), dtype=np.int64) for k in vote if k in codes}
    plans = {k: clone(clusterers[k]) for k in codes}
    drawn = [_rows(len(values), scheme, share, s) for s in np.random.SeedSequence(seed).spawn(draws)]
    # Trees hold Python's lock while they grow, so they grow in processes.
    processes = any(isinstance(plan, Hierarchical) for plan in plans.values())
    jaccards, ris = [], []
    tasks = [(values, codes, plans, rows) for rows in drawn]
    results = progress_bar(parallel_map(_one, tasks, jobs, processes=processes), draws, scheme)
    for draw, (rows, result) in enumerate(zip(drawn, results, strict=True)):
        for k, (best, ri, partner, new) in result.items():
            jaccards += [(draw, k, s, j) for s, j in zip(found[k][0].tolist(), best.tolist(), strict=True)]
            ris.append((draw, k, ri))
            if k in votes:
                _count(votes[k], rows, partner[new])
    by_segment = pd.DataFrame(jaccards, columns=["draw", "k", "segment", "jaccard"])
    return Resamples(by_segment, pd.DataFrame(ris, columns=["draw", "k", "ari"]), votes)


def _count(votes: Ints, rows: Ints, matched: Ints) -> None:
    """Add one vote for the segment each row came to lie in; none where no cluster was matched."""
    sure = matched >= 0
    votes[rows[sure], matched[sure]] += 1


def _rows(n: int, scheme: str, share: float, seed: np.random.SeedSequence) -> Ints:
    generator = np.random.default_rng(seed)
    if scheme == "bootstrap":
        return np.unique(generator.integers(n, size=n))
    if scheme == "subsample":
        return np.sort(generator.permutation(n)[: max(2, round(share * n))])
    raise ValueError(f"scheme is {scheme!r}. Use bootstrap or subsample")


def _one(
    values: Floats, codes: Labels, plans: dict[int, Any], rows: Ints
) -> dict[int, tuple[Floats, float, Ints, Ints]]:
    """By k: Jaccard of each segment, adjusted Rand index, segment matched with each new cluster, labels."""
    again = _fit(values[rows], plans)
    found = {}
    for k, new in again.items():
        old = codes[k][rows]
        size = int(codes[k].max()) + 1
        both = contingency(old, new, size)
        partner = matching(both)
        found[k] = (jaccard(old, new, size), float(adjusted_rand_score(old, new)), partner, new)
    return found


def _fit(sample: Floats, plans: dict[int, Any]) -> Labels:
    trees: dict[tuple[str | None, str], Floats] = {}
    found = {}
    for k, plan in plans.items():
        if isinstance(plan, Hierarchical):
            alone = singletons(sample, int(plan.n_clusters or k))
            if alone is not None:
                found[k] = alone
                continue
            key = (plan.linkage, plan.metric)
            if key not in trees:
                trees[key] = build_tree(sample, str(plan.linkage), plan.metric)
            found[k] = cut(trees[key], [int(plan.n_clusters or k)])[0]
        else:
            found[k] = fit_labels(plan, sample)
    return found


def contingency(codes: Ints, again: Ints, k: int) -> Floats:
    """Rows in each of the k clusters of `codes` and each of `again`: (k, number of new clusters)."""
    both = np.zeros((k, int(again.max()) + 1))
    np.add.at(both, (codes, again), 1)
    return both


def matching(both: Floats) -> Ints:
    """Pair columns with rows one to one so that most is on the pairs (Kuhn 1955, the Hungarian method).

    Returns the row paired with each column, -1 for a column left over.
    """
    rows, columns = linear_sum_assignment(both, maximize=True)
    partner = np.full(both.shape[1], -1, dtype=np.int64)
    partner[columns] = rows
    return partner


def jaccard(codes: Ints, again: Ints, k: int) -> Floats:
    """Highest Jaccard coefficient of each of the k clusters in `codes` over the clusters in `again`: (k,)."""
    both = contingency(codes, again, k)
    either = both.sum(axis=1)[:, None] + both.sum(axis=0) - both
    best: Floats = np.divide(both, either, out=np.zeros_like(both), where=either > 0).max(axis=1)
    return best
