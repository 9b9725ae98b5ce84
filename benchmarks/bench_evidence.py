"""The whole evidence (20 draws of each null, 100 bootstraps, k = 2..10) against scikit-learn called plainly.

python benchmarks/bench_evidence.py [--rows 6200] [--columns 30] [--jobs 2] [--plain 1]

The plain way does `--plain` draws of each null and as many bootstraps, halvings and seeds, and its time is
multiplied up to what conf/evidence/full.yaml asks for. It uses every core that scikit-learn itself uses. What
both have little of (agreement, cophenetic correlation, gaps) is in ours only.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from scipy.stats import norm, rankdata
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, pairwise_distances_argmin, silhouette_score

from gp_segmentation import config
from gp_segmentation.clustering import canonical_order
from gp_segmentation.evidence import assess

ROOT = Path(__file__).resolve().parents[1]
KS = range(2, 11)
CHOSEN = 5
LIMIT = 60.0


def rows_of(rows: int, columns: int) -> np.ndarray:
    """Correlated columns with five groups that overlap, scaled."""
    rng = np.random.default_rng(0)
    mix = rng.normal(size=(columns, columns)) * np.exp(-np.arange(columns) / 8)[:, None]
    groups = rng.normal(size=(CHOSEN, columns))[rng.integers(CHOSEN, size=rows)]
    X = rng.normal(size=(rows, columns)) @ mix + 0.7 * rng.normal(size=(rows, columns)) + groups
    return (X - X.mean(axis=0)) / X.std(axis=0)


def clouds(X: np.ndarray, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """One draw of each null."""
    n, d = X.shape
    yield rng.multivariate_normal(X.mean(axis=0), np.cov(X, rowvar=False), size=n)
    scores = norm.ppf((rankdata(X, axis=0) - 0.5) / n)
    cloud = rng.multivariate_normal(np.zeros(d), np.corrcoef(scores, rowvar=False), size=n)
    ranks = cloud.argsort(axis=0).argsort(axis=0)
    yield np.take_along_axis(np.sort(X, axis=0), ranks, axis=0)
    yield rng.permuted(X, axis=0)


def nulls(X: np.ndarray, rng: np.random.Generator, n_init: int) -> None:
    for cloud in clouds(X, rng):
        for k in KS:
            silhouette_score(cloud, KMeans(k, n_init=n_init, random_state=0).fit_predict(cloud))


def bootstrap(X: np.ndarray, rng: np.random.Generator, labels: dict[int, np.ndarray], starts: int) -> None:
    rows = np.unique(rng.integers(len(X), size=len(X)))
    for k in KS:
        again = KMeans(k, n_init=10 if k == CHOSEN else starts, random_state=0).fit_predict(X[rows])
        for segment in range(k):
            inside = labels[k][rows] == segment
            max((inside & (again == j)).sum() / (inside | (again == j)).sum() for j in range(k))


def subsample(X: np.ndarray, rng: np.random.Generator) -> None:
    KMeans(CHOSEN, n_init=10, random_state=0).fit(X[rng.permutation(len(X))[: len(X) * 4 // 5]])


def halving(X: np.ndarray, rng: np.random.Generator, starts: int) -> None:
    order = rng.permutation(len(X))
    first, second = X[order[: len(X) // 2]], X[order[len(X) // 2 :]]
    for k in KS:
        n_init = 10 if k == CHOSEN else starts
        fitted = KMeans(k, n_init=n_init, random_state=0).fit(first)
        labels = KMeans(k, n_init=n_init, random_state=0).fit_predict(second)
        predicted = pairwise_distances_argmin(second, fitted.cluster_centers_)
        for segment in range(k):
            np.bincount(predicted[labels == segment])


def seed(X: np.ndarray, rng: np.random.Generator, starts: int) -> None:
    state = int(rng.integers(2**31))
    for k in KS:
        fits = KMeans(k, n_init=10 if k == CHOSEN else starts, random_state=state).fit_predict(X)
        adjusted_rand_score(fits, fits)


def plain(X: np.ndarray, options: dict, times: int) -> float:
    """Seconds the plain way would take for `options`, from `times` rounds of each part."""
    labels = {k: KMeans(k, n_init=10, random_state=0).fit_predict(X) for k in KS}
    starts = options["n_init"]["by_k"]
    rng = np.random.default_rng(1)
    parts: list[tuple[int, Callable[[], None]]] = [
        (options["nulls"]["gaussian"], lambda: nulls(X, rng, options["n_init"]["nulls"])),
        (options["bootstraps"], lambda: bootstrap(X, rng, labels, starts)),
        (options["subsamples"], lambda: subsample(X, rng)),
        (options["splits"], lambda: halving(X, rng, starts)),
        (options["seeds"], lambda: seed(X, rng, starts)),
    ]
    total = 0.0
    for wanted, part in parts:
        start = time.perf_counter()
        for _ in range(times):
            part()
        total += (time.perf_counter() - start) / times * wanted
    return total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=6200)
    parser.add_argument("--columns", type=int, default=30)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--plain", type=int, default=1, help="rounds of each part done the plain way")
    asked = parser.parse_args()
    options = config.compose_config(ROOT, ["evidence=full"])["evidence"]
    X = rows_of(asked.rows, asked.columns)
    clusterer = KMeans(CHOSEN, n_init=10, random_state=0)
    labels = canonical_order(clusterer.fit_predict(X))
    start, processor = time.perf_counter(), time.process_time()
    assess(X, labels, clusterer, ks=KS, options=options, seed=0, jobs=asked.jobs)
    ours, used = time.perf_counter() - start, time.process_time() - processor
    theirs = plain(X, options, asked.plain)
    print(f"{asked.rows:,} rows x {asked.columns}, k = {KS.start}..{KS.stop - 1}, {asked.jobs} at once")
    print(f"plain scikit-learn {theirs:7.1f} s (extrapolated from {asked.plain} of each)")
    print(f"evidence=full      {ours:7.1f} s ({used:.1f} s of processor time; limit {LIMIT:g} s)")
    print(f"ratio              {theirs / ours:7.1f}")


if __name__ == "__main__":
    main()
