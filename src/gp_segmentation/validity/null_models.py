"""Null models: what K-means finds where there are no segments to be found.

Correlated columns alone give K-means something to cut. What is said for segments is the silhouette in
excess of what the same cutting finds in a cloud without clusters. Which cloud, is the question:

* ``gaussian``: one Gaussian with the data's own covariance. The honest one, on which the verdict rests.
* ``copula``: a Gaussian copula with the data's own marginals, value by value. It has skew and heavy tails as
  the data have them. It also has their lumps: groups that show in single columns are partly in the null.
* ``permutation``: every column shuffled by itself. It has no correlation, so almost anything beats it; it
  is shown as the flattering one.
* ``uniform``: evenly filled box along the principal axes, the reference (b) of Tibshirani et al. (2001).
"""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import ndtri
from scipy.stats import rankdata
from sklearn.cluster import KMeans

from gp_segmentation.clustering import fit_labels
from gp_segmentation.utils.arrays import Floats
from gp_segmentation.utils.parallel import parallel_map
from gp_segmentation.utils.progress import progress_bar
from gp_segmentation.validity.scores import score_labellings

#: Draws a cloud of as many rows and columns as the data have.
Sampler = Callable[[np.random.Generator], Floats]


def draw_null(
    X: ArrayLike,
    ks: Sequence[int],
    *,
    kind: str,
    draws: int = 5,
    n_init: int = 4,
    seed: int = 0,
    jobs: int | None = 1,
) -> pd.DataFrame:
    """Silhouettes and sums of squares of K-means on draws of a null model, as many rows as `X`.

    Parameters
    ----------
    X : (n, d) fitted rows; columns may be linearly dependent.
    ks : numbers of clusters; 1 is allowed (its silhouette is NaN).
    kind : one of `NULLS`.
    draws : independent clouds.
    n_init : starts of each K-means.
    seed, jobs : the result depends on `seed` alone; with the same seed, the same clouds for any `ks`.

    Returns
    -------
    frame draw, k, silhouette, log_within (natural logarithm of the within-cluster sum of squares); one row
    per draw and k.
    """
    values = np.asarray(X, dtype=np.float64)
    # The first kind keeps the plain seed, the others branch off, so that no two share their clouds.
    place = list(NULLS).index(kind)
    seeds = np.random.SeedSequence(seed, spawn_key=(place,) if place else ()).spawn(draws)
    tasks = [(kind, values, tuple(ks), n_init, child) for child in seeds]
    found = progress_bar(parallel_map(_one_draw, tasks, jobs), len(tasks), f"null: {kind}")
    rows = [(draw, *row) for draw, of_draw in enumerate(found) for row in of_draw]
    frame = pd.DataFrame(rows, columns=["draw", "k", "silhouette", "log_within"])
    return frame.astype({"draw": "int64", "k": "int64", "silhouette": float, "log_within": float})


def null_table(null: pd.DataFrame) -> pd.DataFrame:
    """Summarise draws by k: index k; mean, low and high (lowest and highest draw), sd (NaN for one draw)."""
    by_k = null.groupby("k")["silhouette"]
    return pd.DataFrame({"mean": by_k.mean(), "low": by_k.min(), "high": by_k.max(), "sd": by_k.std()})


def null_means(null: pd.DataFrame) -> dict[int, float]:
    """Mean null silhouette by number of clusters, as the study takes it."""
    return {int(str(k)): float(mean) for k, mean in null_table(null)["mean"].items()}


def beside_null(observed: pd.Series, null: pd.DataFrame) -> pd.DataFrame:
    """Set observed silhouettes beside the draws of a null.

    Parameters
    ----------
    observed : silhouette by number of clusters (index k).
    null : from `draw_null`.

    Returns
    -------
    frame with the index of `observed`: ``draws``; ``mean``, ``low``, ``high``, ``sd`` of the null;
    ``excess`` = observed - mean; ``effect`` = excess / sd; ``exceedance`` = share of draws below the
    observed; ``p`` = (1 + draws at or above the observed) / (1 + draws), the one-sided Monte Carlo p-value.
    """
    table = null_table(null).reindex(observed.index).astype(float)
    found = pd.DataFrame({"draws": null.groupby("k").size().reindex(observed.index, fill_value=0)})
    found = found.join(table)
    found["excess"] = observed - found["mean"]
    found["effect"] = found["excess"] / found["sd"].where(found["sd"] > 0)
    below = [int((null.loc[null["k"] == k, "silhouette"] < value).sum()) for k, value in observed.items()]
    draws = found["draws"].where(found["mean"].notna())
    found["exceedance"] = below / draws
    found["p"] = (1 + draws - below) / (1 + draws)
    return found


def gap_beside_null(log_within: pd.Series, null: pd.DataFrame) -> pd.DataFrame:
    """Set observed log within sums of squares beside the draws of a null.

    Returns
    -------
    frame with the index of `log_within`: ``gap_effect`` = (null's mean - observed) / null's standard
    deviation; ``gap_exceedance`` = share of draws above the observed, that is less tightly clustered.
    """
    draws = null.groupby("k")["log_within"]
    spread = draws.std().reindex(log_within.index)
    above = [float((null.loc[null["k"] == k, "log_within"] > w).sum()) for k, w in log_within.items()]
    return pd.DataFrame(
        {
            "gap_effect": (draws.mean().reindex(log_within.index) - log_within) / spread.where(spread > 0),
            "gap_exceedance": above / draws.size().reindex(log_within.index),
        }
    )


def _gaussian(values: Floats) -> Sampler:
    root = _root(np.atleast_2d(np.cov(values, rowvar=False)))
    return lambda generator: generator.standard_normal(values.shape) @ root.T


def _copula(values: Floats) -> Sampler:
    scores = ndtri((rankdata(values, axis=0) - 0.5) / len(values))
    scores -= scores.mean(axis=0)
    spread = np.sqrt(np.square(scores).mean(axis=0))
    scores /= np.where(spread > 0, spread, 1.0)
    root = _root(scores.T @ scores / len(values))
    ordered = np.sort(values, axis=0)

    def draw(generator: np.random.Generator) -> Floats:
        cloud = generator.standard_normal(values.shape) @ root.T
        ranks = cloud.argsort(axis=0, kind="stable").argsort(axis=0, kind="stable")
        return np.take_along_axis(ordered, ranks, axis=0)

    return draw


def _permutation(values: Floats) -> Sampler:
    return lambda generator: generator.permuted(values, axis=0)


def _uniform(values: Floats) -> Sampler:
    centred = values - values.mean(axis=0)
    _, axes = np.linalg.eigh(np.atleast_2d(np.cov(centred, rowvar=False)))
    turned = centred @ axes
    low, high = turned.min(axis=0), turned.max(axis=0)
    return lambda generator: generator.uniform(low, high, values.shape) @ axes.T


#: kind -> what prepares its sampler.
NULLS: dict[str, Callable[[Floats], Sampler]] = {
    "gaussian": _gaussian,
    "copula": _copula,
    "permutation": _permutation,
    "uniform": _uniform,
}


def _root(covariance: Floats) -> Floats:
    """A matrix R with ``R R' = covariance``; a singular one is no obstacle."""
    eigenvalues, vectors = np.linalg.eigh(covariance)
    root: Floats = vectors * np.sqrt(np.clip(eigenvalues, 0, None))
    return root


def _one_draw(
    kind: str, values: Floats, ks: tuple[int, ...], n_init: int, seed: np.random.SeedSequence
) -> list[tuple[int, float, float]]:
    generator = np.random.default_rng(seed)
    cloud = NULLS[kind](values)(generator)
    state = int(generator.integers(2**31))
    labels = [fit_labels(KMeans(k, n_init=n_init, random_state=state), cloud) for k in ks]
    scores = score_labellings(cloud, np.stack(labels))
    with np.errstate(divide="ignore"):  # as many clusters as distinct rows leave nothing within
        log_within = np.log(scores.within)
    return list(zip(ks, scores.silhouette.tolist(), log_within.tolist(), strict=True))
