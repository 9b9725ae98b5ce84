"""Scores of many labellings at once: silhouette, Davies-Bouldin, Calinski-Harabasz, sums of squares."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import csr_array
from scipy.spatial.distance import cdist

from gp_segmentation.utils.arrays import Floats, Ints
from gp_segmentation.validity.silhouette import Labelling, sample_silhouettes

#: Every score of `Scores`, its lowest and highest possible value, and whether higher is better.
METRICS: dict[str, tuple[float, float, bool]] = {
    "silhouette": (-1.0, 1.0, True),
    "davies_bouldin": (0.0, np.inf, False),
    "calinski_harabasz": (0.0, np.inf, True),
    "within": (0.0, np.inf, False),
    "between": (0.0, np.inf, True),
}


@dataclass(frozen=True)
class Scores:
    """Scores of m labellings of the same n rows; those of a labelling leave out its rows of no cluster.

    Attributes
    ----------
    n_clusters : (m,) clusters found in each labelling.
    silhouette : (m,) mean over rows of ``(b - a) / max(a, b)``, a = mean distance to the row's own
        cluster, b = lowest mean distance to another; 0 for a cluster of one (Rousseeuw 1987).
    davies_bouldin : (m,) mean over clusters of ``max_j (s_i + s_j) / d_ij``, s = mean distance to the
        centroid, d = distance of centroids (Davies & Bouldin 1979). Lower is better.
    calinski_harabasz : (m,) ``(between / (k - 1)) / (within / (n - k))`` (Calinski & Harabasz 1974).
    within : (m,) sum of squared distances to the own centroid, K-means' inertia.
    between : (m,) sum over clusters of size times squared distance of centroid and overall mean;
        ``within + between`` is the total sum of squares.
    samples : (m, n) silhouette of every row; NaN for rows of no cluster.
    segments : m arrays, mean silhouette of each cluster, in ascending order of label.
    sizes : m arrays, rows of each cluster, in ascending order of label.

    Silhouette, Davies-Bouldin and Calinski-Harabasz are NaN for one cluster or n, where scikit-learn does not
    define them.
    """

    n_clusters: Ints
    silhouette: Floats
    davies_bouldin: Floats
    calinski_harabasz: Floats
    within: Floats
    between: Floats
    samples: Floats
    segments: tuple[Floats, ...]
    sizes: tuple[Ints, ...]


#: Figures with a value for each cluster.
PER_CLUSTER = ("segments", "sizes")

#: Scores of a labelling without clusters.
_NO_CLUSTER = Scores(
    n_clusters=np.zeros(1, dtype=np.int64),
    **{name: np.full(1, np.nan) for name in ("silhouette", "davies_bouldin", "calinski_harabasz")},
    within=np.zeros(1),
    between=np.zeros(1),
    samples=np.empty((1, 0)),
    segments=(np.empty(0),),
    sizes=(np.empty(0, dtype=np.int64),),
)


def score_labellings(
    X: ArrayLike,
    labellings: ArrayLike,
    *,
    distances: Floats | None = None,
    jobs: int | None = 1,
    memory: int = 2**28,
    silhouettes: bool = True,
) -> Scores:
    """Score every labelling on the rows of `X`; equal to scikit-learn's scores to 1e-6.

    Parameters
    ----------
    X : (n, d) finite values.
    labellings : (m, n) or (n,) labels of any kind that sorts; a negative integer: the row is in no cluster.
    distances : condensed Euclidean distances of `X` (``scipy.spatial.distance.pdist``), or None.
    jobs : threads; the result does not depend on it.
    memory : about how many bytes the pass over the distances may take.
    silhouettes : False leaves out silhouettes (NaN), the only scores whose cost grows with the square of n.

    Raises
    ------
    ValueError : values that are not finite, or labels that do not match the rows.
    """
    labels = np.atleast_2d(np.asarray(labellings))
    if np.issubdtype(labels.dtype, np.signedinteger) and (labels < 0).any():
        return _score_without_noise(np.asarray(X), labels, distances, jobs, memory, silhouettes)
    values = _centred(X)
    if labels.shape[1] != len(values):
        raise ValueError(f"labels are for {labels.shape[1]} rows, X has {len(values)}")
    items = [Labelling.of(row) for row in labels]
    samples = np.full((len(items), len(values)), np.nan)
    if silhouettes:
        samples = sample_silhouettes(values, items, distances, jobs, memory)
    within, spread, centroids, between = _squares(values, items)
    return Scores(
        n_clusters=np.array([item.k for item in items], dtype=np.int64),
        silhouette=np.array([row.mean() for row in samples]),
        davies_bouldin=np.array(list(map(_davies_bouldin, items, spread, centroids))),
        calinski_harabasz=np.array(list(map(_calinski_harabasz, items, within, between))),
        within=within,
        between=between,
        samples=samples,
        segments=tuple(
            np.bincount(item.codes, weights=row, minlength=item.k) / item.sizes
            for item, row in zip(items, samples, strict=True)
        ),
        sizes=tuple(item.sizes for item in items),
    )


def _score_without_noise(
    X: Floats, labels: Ints, distances: Floats | None, jobs: int | None, memory: int, silhouettes: bool
) -> Scores:
    """Score each labelling on its rows that are in a cluster; those without noise in one pass."""
    noise = labels < 0
    how: dict[str, Any] = {"jobs": jobs, "memory": memory, "silhouettes": silhouettes}
    if labels.shape[1] != len(X):
        raise ValueError(f"labels are for {labels.shape[1]} rows, X has {len(X)}")
    whole = np.flatnonzero(~noise.any(axis=1))
    parts: dict[int, Scores] = {}
    if len(whole):
        together = score_labellings(X, labels[whole], distances=distances, **how)
        parts = {int(j): _one(together, i) for i, j in enumerate(whole)}
    for j in np.flatnonzero(noise.any(axis=1)):
        kept = np.flatnonzero(~noise[j])
        scored = score_labellings(X[kept], labels[j, kept], **how) if len(kept) else _NO_CLUSTER
        samples = np.full((1, len(X)), np.nan)
        samples[0, kept] = scored.samples[0, : len(kept)]
        parts[int(j)] = replace(scored, samples=samples)
    each = [parts[j] for j in range(len(labels))]

    def joined(name: str) -> Any:
        values = [getattr(scores, name) for scores in each]
        return (
            tuple(value for one in values for value in one) if name in PER_CLUSTER else np.concatenate(values)
        )

    return Scores(**{field.name: joined(field.name) for field in fields(Scores)})


def _one(scores: Scores, i: int) -> Scores:
    """The scores of the i-th labelling alone."""
    return Scores(**{field.name: getattr(scores, field.name)[i : i + 1] for field in fields(Scores)})


def silhouette_samples(X: ArrayLike, labels: ArrayLike, *, jobs: int | None = 1) -> Floats:
    """Silhouette of every row under one labelling: (n,), NaN throughout for one cluster or n."""
    return score_labellings(X, labels, jobs=jobs).samples[0]


def _centred(X: ArrayLike) -> Floats:
    values = np.ascontiguousarray(X, dtype=np.float64)
    if values.ndim != 2 or not np.isfinite(values).all():
        raise ValueError("X must be a table of finite numbers. Impute or drop the others first")
    # Twice: with a large offset the first mean is rounded.
    values = values - values.mean(axis=0)
    return values - values.mean(axis=0)


def _squares(values: Floats, items: Sequence[Labelling]) -> tuple[Floats, list[Floats], list[Floats], Floats]:
    """Within sums of squares, mean distance to centroid per cluster, centroids, between sums of squares."""
    within, between = np.empty(len(items)), np.empty(len(items))
    spread, centroids = [], []
    for j, item in enumerate(items):
        centre = _cluster_means(values, item)
        squared = np.square(values - centre[item.codes]).sum(axis=1)
        within[j] = squared.sum()
        between[j] = item.sizes @ np.square(centre).sum(axis=1)
        spread.append(np.bincount(item.codes, weights=np.sqrt(squared), minlength=item.k) / item.sizes)
        centroids.append(centre)
    return within, spread, centroids, between


def _cluster_means(values: Floats, item: Labelling) -> Floats:
    n = len(values)
    order = np.argsort(item.codes, kind="stable")
    starts = np.concatenate([[0], np.cumsum(item.sizes)])
    members = csr_array((np.ones(n), order, starts), shape=(item.k, n))
    return np.asarray(members @ values) / item.sizes[:, None]


def _davies_bouldin(item: Labelling, spread: Floats, centroids: Floats) -> float:
    if not item.defined:
        return float("nan")
    distances = cdist(centroids, centroids)
    if np.allclose(spread, 0) or np.allclose(distances, 0):
        return 0.0  # scikit-learn's convention
    distances[distances == 0] = np.inf
    return float(((spread[:, None] + spread) / distances).max(axis=1).mean())


def _calinski_harabasz(item: Labelling, within: float, between: float) -> float:
    if not item.defined:
        return float("nan")
    # Zero but for rounding: scikit-learn's convention for zero.
    if within <= 1e-30 * between:
        return 1.0
    n = len(item.codes)
    return float(between * (n - item.k) / (within * (item.k - 1)))
