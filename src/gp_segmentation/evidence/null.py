"""The null: one Gaussian cloud with the data's own covariance, clustered as the data are.

Correlated columns alone give K-means something to cut. What is said for segments is the silhouette in
excess of what the same cutting finds in a cloud that has the correlations and no clusters. (Shuffled columns
would destroy the correlations, and almost anything beats them.)
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.cluster import KMeans

from gp_segmentation.parallel import ordered_map
from gp_segmentation.scores import score_labellings


def gaussian_null(
    X: ArrayLike, ks: Sequence[int], *, draws: int = 5, n_init: int = 4, seed: int = 0, jobs: int | None = 1
) -> pd.DataFrame:
    """Silhouettes of K-means on Gaussian draws with the mean and covariance of `X`, as many rows as `X`.

    Parameters
    ----------
    X : (n, d) fitted rows.
    ks : numbers of clusters.
    draws : independent clouds.
    n_init : starts of each K-means.
    seed, jobs : the result depends on `seed` alone.

    Returns
    -------
    frame draw, k, silhouette; one row per draw and k.
    """
    values = np.asarray(X, dtype=np.float64)
    root = _covariance_root(values)
    seeds = np.random.SeedSequence(seed).spawn(draws)
    tasks = [(root, len(values), tuple(ks), n_init, child) for child in seeds]
    found = list(ordered_map(_one_draw, tasks, jobs))
    return pd.DataFrame(
        [
            (draw, k, silhouette)
            for draw, row in enumerate(found)
            for k, silhouette in zip(ks, row, strict=True)
        ],
        columns=["draw", "k", "silhouette"],
    ).astype({"draw": "int64", "k": "int64", "silhouette": float})


def null_table(null: pd.DataFrame) -> pd.DataFrame:
    """Summarise draws by k: index k; mean, low and high (lowest and highest draw), sd (NaN for one draw)."""
    by_k = null.groupby("k")["silhouette"]
    return pd.DataFrame({"mean": by_k.mean(), "low": by_k.min(), "high": by_k.max(), "sd": by_k.std()})


def null_means(null: pd.DataFrame) -> dict[int, float]:
    """Mean null silhouette by number of clusters, as the study takes it."""
    return {int(str(k)): float(mean) for k, mean in null_table(null)["mean"].items()}


def _covariance_root(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """A (d, d) matrix R with ``R R' = cov(values)``; a singular covariance is no obstacle."""
    covariance = np.atleast_2d(np.cov(values, rowvar=False))
    eigenvalues, vectors = np.linalg.eigh(covariance)
    root: NDArray[np.float64] = vectors * np.sqrt(np.clip(eigenvalues, 0, None))
    return root


def _one_draw(
    root: NDArray[np.float64], rows: int, ks: tuple[int, ...], n_init: int, seed: np.random.SeedSequence
) -> list[float]:
    generator = np.random.default_rng(seed)
    cloud = generator.standard_normal((rows, len(root))) @ root.T
    state = int(generator.integers(2**31))
    labels = [KMeans(k, n_init=n_init, random_state=state).fit(cloud).labels_ for k in ks]
    silhouettes: list[float] = score_labellings(cloud, np.stack(labels)).silhouette.tolist()
    return silhouettes
