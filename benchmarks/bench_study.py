"""The whole study against the plain scikit-learn loop an analyst would write, in one run on one matrix.

python benchmarks/bench_study.py [--rows 6200] [--columns 30] [--most 20] [--largest 100000] [--no-scaling]

Both try K-means and four linkages with 2 to 20 clusters (`--most`) and take silhouette, Davies-Bouldin,
Calinski-Harabasz and inertia of each. Each runs in a fresh process, so that its
peak memory is its own. Ours is what the `study` stage runs, stored in memory, without the null and the rule,
which the loop has not either.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn import metrics
from sklearn.cluster import AgglomerativeClustering, KMeans

from gp_segmentation import config
from gp_segmentation.clustering import Hierarchical
from gp_segmentation.study import Limits, Setup, open_space, run_trials

LINKAGES = ("ward", "average", "complete", "single")
SCORES = ("silhouette", "davies_bouldin", "calinski_harabasz", "inertia")
KEY = ["clusterer", "linkage", "n_clusters"]
SIZES = (1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000)


def practices(rows: int, columns: int) -> np.ndarray:
    """Overlapping groups with correlated columns, as practices are."""
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(8, columns))
    noise = rng.normal(size=(rows, columns)) @ rng.normal(scale=0.35, size=(columns, columns))
    return centres[rng.integers(0, len(centres), rows)] + noise


def plain_loop(X: np.ndarray, most: int) -> pd.DataFrame:
    found = []
    for k in range(2, most + 1):
        for linkage in (None, *LINKAGES):
            if linkage is None:
                model = KMeans(n_clusters=k, n_init=10, random_state=0)
            else:
                model = AgglomerativeClustering(n_clusters=k, linkage=linkage)
            labels = model.fit_predict(X)
            means = np.stack([X[labels == j].mean(axis=0) for j in range(k)])
            found.append(
                {
                    "clusterer": "kmeans" if linkage is None else "hierarchical",
                    "linkage": linkage,
                    "n_clusters": k,
                    "silhouette": metrics.silhouette_score(X, labels),
                    "davies_bouldin": metrics.davies_bouldin_score(X, labels),
                    "calinski_harabasz": metrics.calinski_harabasz_score(X, labels),
                    "inertia": ((X - means[labels]) ** 2).sum(),
                    "labels": labels,
                }
            )
    return pd.DataFrame(found)


def build(node: dict, **open_parameters: object) -> object:
    kinds = {"kmeans": KMeans, "hierarchical": Hierarchical}
    settings = {name: value for name, value in node.items() if name != "_target_"} | open_parameters
    return kinds[node["_target_"]](**settings)


def opened(most: int) -> object:
    nodes = {
        "kmeans": {"_target_": "kmeans", "n_clusters": None, "n_init": 10, "random_state": 0},
        "hierarchical": {"_target_": "hierarchical", "n_clusters": None, "linkage": None},
    }
    return open_space(
        {"candidates": nodes}, {"n_clusters": list(range(2, most + 1)), "linkage": list(LINKAGES)}
    )


def ours(X: np.ndarray, most: int, options: dict[str, object]) -> pd.DataFrame:
    setup = Setup(limits=Limits(**options))
    result = run_trials(X, opened(most), build, jobs=None, setup=setup)
    return result.trials.assign(labels=[result.labels[trial] for trial in result.trials["trial"]])


def limits() -> dict[str, object]:
    options = config.compose_config(Path(__file__).resolve().parents[1])["study"]
    return {name: options[name] for name in ("exact_up_to", "sample_rows", "better_starts")}


def measured(way: str, rows: int, columns: int, most: int, pipe: object) -> None:
    X = practices(rows, columns)
    options = limits()  # read beforehand: both ways have their settings
    began = time.perf_counter()
    table = ours(X, most, options) if way == "ours" else plain_loop(X, most)
    seconds = time.perf_counter() - began
    # Ours builds trees in processes of its own: the largest of them, now ended, counts too.
    both = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    peak = sum(resource.getrusage(who).ru_maxrss for who in both) / 1024
    pipe.send((seconds, peak, table))


def in_a_process(way: str, rows: int, columns: int, most: int) -> tuple[float, float, pd.DataFrame]:
    context = multiprocessing.get_context("spawn")
    receive, send = context.Pipe(duplex=False)
    process = context.Process(target=measured, args=(way, rows, columns, most, send))
    process.start()
    send.close()
    try:
        found = receive.recv()
    except EOFError:
        sys.exit(f"{way} on {rows:,} rows ended without a result")
    process.join()
    return found


def same_partition(one: np.ndarray, other: np.ndarray) -> bool:
    return metrics.adjusted_rand_score(one, other) == 1.0


def compare(rows: int, columns: int, most: int) -> None:
    seconds, peaks, tables = {}, {}, {}
    # Code is compiled once for an installation and kept: a small study sees to that before the clock runs.
    compiling, _, _ = in_a_process("ours", 300, columns, most)
    for way in ("ours", "plain"):
        seconds[way], peaks[way], tables[way] = in_a_process(way, rows, columns, most)
    both = (
        tables["ours"]
        .fillna({"linkage": ""})
        .merge(tables["plain"].fillna({"linkage": ""}), on=KEY, suffixes=("", "_plain"), validate="1:1")
    )
    same = both[[same_partition(a, b) for a, b in zip(both["labels"], both["labels_plain"], strict=True)]]
    difference = max(largest_difference(same[score], same[f"{score}_plain"]) for score in SCORES)
    kmeans = both[both["clusterer"] == "kmeans"]
    ratio = kmeans["inertia"] / kmeans["inertia_plain"] - 1
    times, memory = (
        f"{found['ours']:,.1f} {unit} against {found['plain']:,.1f} {unit}"
        for found, unit in ((seconds, "s"), (peaks, "MiB"))
    )
    print(f"study: {seconds['plain'] / seconds['ours']:.0f} x faster than the plain scikit-learn loop")
    print(f"  {rows:,} x {columns}, {len(both)} trials: {times}; peak memory {memory}")
    print(f"  before that, a study of 300 rows, with compiling where it is the first: {compiling:.1f} s")
    print(f"  largest difference of scores: {difference:.1e} (over {len(same)} trials of the same partition)")
    print(f"  K-means' inertia beside the loop's: {ratio.min():+.1e} to {ratio.max():+.1e}")
    if ratio.max() > 1e-9 or difference > 1e-6:
        sys.exit("scores differ, or an inertia is worse")


def largest_difference(ours: pd.Series, theirs: pd.Series) -> float:
    """Absolute below 1, relative above."""
    return float(((ours - theirs).abs() / theirs.abs().clip(lower=1)).max())


def scaling(columns: int, most: int, largest: int) -> None:
    exact = limits()["exact_up_to"]
    print(
        f"  {'rows':>8} {'seconds':>8} {'MiB':>6}  silhouette of K-means with 8 clusters, "
        f"of all pairs up to {exact:,} rows"
    )
    for rows in (size for size in SIZES if size <= largest):
        seconds, peak, table = in_a_process("ours", rows, columns, most)
        row = table[(table["clusterer"] == "kmeans") & (table["n_clusters"] == 8)].iloc[0]
        drawn = f"{row['silhouette_rows']:,} rows"
        error = "" if pd.isna(row["silhouette_se"]) else f" ± {row['silhouette_se']:.3f} ({drawn})"
        print(f"  {rows:>8,} {seconds:>8.1f} {peak:>6.0f}  {row['silhouette']:.3f}{error}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=6200)
    parser.add_argument("--columns", type=int, default=30)
    parser.add_argument("--most", type=int, default=20, help="clusters at most")
    parser.add_argument("--largest", type=int, default=100_000, help="rows at the end of the scaling table")
    parser.add_argument("--no-scaling", action="store_true")
    options = parser.parse_args()
    compare(options.rows, options.columns, options.most)
    if not options.no_scaling:
        scaling(options.columns, options.most, options.largest)


if __name__ == "__main__":
    main()
