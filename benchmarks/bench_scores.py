"""Scores of 70 labellings of one matrix: ours in one pass, against scikit-learn's functions one by one.

python benchmarks/bench_scores.py [--rows 6200] [--columns 30] [--every 5]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import TypeVar

import numpy as np
from sklearn import metrics
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

from gp_segmentation.clustering import build_tree, condensed_distances, cut
from gp_segmentation.clustering.hierarchical import LINKAGES
from gp_segmentation.validity import score_labellings

KS = range(2, 16)
T = TypeVar("T")


def labellings_of(X: np.ndarray) -> np.ndarray:
    distances = condensed_distances(X)
    cuts = [cut(build_tree(distances, linkage), KS) for linkage in LINKAGES]
    return np.vstack([*cuts, *(KMeans(k, n_init=1, random_state=0).fit(X).labels_ for k in KS)])


def one_by_one(X: np.ndarray, labellings: np.ndarray) -> np.ndarray:
    scores = (
        metrics.silhouette_score,
        metrics.davies_bouldin_score,
        metrics.calinski_harabasz_score,
    )
    return np.array([[score(X, labels) for score in scores] for labels in labellings])


def timed(function: Callable[..., T], *arguments: object) -> tuple[float, T]:
    start = time.perf_counter()
    result = function(*arguments)
    return time.perf_counter() - start, result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=6200)
    parser.add_argument("--columns", type=int, default=30)
    parser.add_argument("--every", type=int, default=5, help="scikit-learn scores every so many labellings")
    options = parser.parse_args()
    rng = np.random.default_rng(0)
    X = rng.normal(size=(options.rows, options.columns)) @ rng.normal(size=(options.columns, options.columns))
    with threadpool_limits(1):
        labellings = labellings_of(X)
        ours, found = timed(score_labellings, X, labellings)
        theirs, expected = timed(one_by_one, X, labellings[:: options.every])
    theirs *= len(labellings) / len(expected)
    names = ("silhouette", "davies_bouldin", "calinski_harabasz")
    got = np.stack([getattr(found, name) for name in names], axis=1)[:: options.every]
    difference = np.max(np.abs(got - expected) / np.maximum(1, np.abs(expected)))
    print(
        f"scores: {theirs / ours:.0f} x faster than scikit-learn's functions one by one "
        f"({len(labellings)} labellings of {options.rows:,} x {options.columns}, one core each: "
        f"{ours:.2f} s; {theirs:.1f} s, from every {options.every}th labelling); "
        f"largest difference {difference:.1e}"
    )


if __name__ == "__main__":
    main()
