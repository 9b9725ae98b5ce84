"""Null models: how well K-means separates data without clusters.

K-means cuts correlated columns into segments even where there are none. Evidence of segments is therefore the
silhouette in excess of what K-means reaches on random data without clusters. There are several kinds:

* ``gaussian``: one Gaussian with the data's covariance. The fair comparison, on which the verdict rests.
* ``gradient``: like ``gaussian``, but spread evenly along the first principal component: a gradient without a
  gap. Of data with one mode these look most like clusters (Tibshirani et al. 2001).
* ``copula``: a Gaussian copula with the data's own values in each column. It has the data's skew and heavy
  tails, but also their lumps: groups that show in single columns are partly in this null.
* ``permutation``: every column shuffled by itself. Having no correlation, it flatters almost any data.
* ``uniform``: an evenly filled box along the principal axes, reference (b) of Tibshirani et al. (2001).
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

#: Draws random data with as many rows and columns as the data have.
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
    """Silhouettes and sums of squares of K-means on draws of a null model with as many rows as `X`.

    Parameters
    ----------
    X : (n, d) fitted rows; columns may be linearly dependent.
    ks : numbers of clusters; 1 is allowed (its silhouette is NaN).
    kind : one of `NULLS`.
    n_init : starts of each K-means.
    seed, jobs : the result depends on `seed` alone; the draws are the same for any `ks`.

    Returns
    -------
    frame draw, k, silhouette, log_within (natural logarithm of the within-cluster sum of squares); one row
    per draw and k.
    """
    values = np.asarray(X, dtype=np.float64)
    # The first kind uses the seed itself and the others branch off, so that no two kinds share their draws.
    place = list(NULLS).index(kind)
    seeds = np.random.SeedSequence(seed, spawn_key=(place,) if place else ()).spawn(draws)
    tasks = [(kind, values, tuple(ks), n_init, child) for child in seeds]
    results = progress_bar(parallel_map(_one_draw, tasks, jobs), len(tasks), f"random data ({kind})")
    rows = [(draw, *row) for draw, result in enumerate(results) for row in result]
    frame = pd.DataFrame(rows, columns=["draw", "k", "silhouette", "log_within"])
    return frame.astype({"draw": "int64", "k": "int64", "silhouette": float, "log_within": float})


def null_means(null: pd.DataFrame) -> dict[int, float]:
    """Mean silhouette of the draws by number of clusters."""
    return {int(str(k)): float(mean) for k, mean in null.groupby("k")["silhouette"].mean().items()}


def compare_with_null(observed: pd.Series, null: pd.DataFrame) -> pd.DataFrame:
    """Compare observed silhouettes with the draws of a null.

    Parameters
    ----------
    observed : silhouette by number of clusters (index k).
    null : from `draw_null`.

    Returns
    -------
    frame with the index of `observed`: ``draws``; ``mean``, ``low``, ``high``, ``sd`` of the draws;
    ``excess`` = observed - mean; ``effect`` = excess / sd; ``exceedance`` = share of draws below the
    observed; ``p`` = (1 + draws at or above the observed) / (1 + draws), the one-sided Monte Carlo p-value.
    """
    by_k = null.groupby("k")["silhouette"]
    summary = pd.DataFrame({"mean": by_k.mean(), "low": by_k.min(), "high": by_k.max(), "sd": by_k.std()})
    table = pd.DataFrame({"draws": null.groupby("k").size().reindex(observed.index, fill_value=0)})
    table = table.join(summary.reindex(observed.index).astype(float))
    table["excess"] = observed - table["mean"]
    table["effect"] = table["excess"] / table["sd"].where(table["sd"] > 0)
    below = [int((null.loc[null["k"] == k, "silhouette"] < value).sum()) for k, value in observed.items()]
    draws = table["draws"].where(table["mean"].notna())
    table["exceedance"] = below / draws
    table["p"] = (1 + draws - below) / (1 + draws)
    return table


def joint_exceedance(
    silhouettes: ArrayLike, ks: ArrayLike, observed: pd.Series, null: pd.DataFrame
) -> Floats:
    """Share of random data sets that each labelling is more separate than, over all k at once.

    Fourteen separate tests at 5% find something in half of all random data sets. Here every silhouette is
    standardised by mean and standard deviation of its number of clusters over the draws and the data
    together, and compared with the highest standardised silhouette of each draw (the single-step maximum
    of Westfall & Young 1993). With B draws the result is ``1 - (1 + draws that reach it) / (B + 1)``: one
    minus a Monte Carlo p-value, at most .95 with 19 draws. Data from the null reach .95 with any number of
    clusters at a chance of 5%.

    Parameters
    ----------
    silhouettes, ks : (m,) silhouettes of labellings and their numbers of clusters.
    observed : silhouette by number of clusters (index) of K-means on the data, from as many starts as on the
        draws.
    null : from `draw_null`, for all numbers of clusters that were tried.

    Returns
    -------
    (m,) shares; NaN where a silhouette is not known or its number of clusters was not drawn.
    """
    drawn = null.pivot_table(index="draw", columns="k", values="silhouette")
    pooled = pd.concat([drawn, observed.to_frame().T.reindex(columns=drawn.columns)], ignore_index=True)
    centre, spread = pooled.mean(), pooled.std()
    spread = spread.where(spread > 0)
    highest = ((drawn - centre) / spread).max(axis=1).to_numpy()
    numbers = np.asarray(ks)
    values = np.asarray(silhouettes, dtype=np.float64)
    values = (values - centre.reindex(numbers).to_numpy()) / spread.reindex(numbers).to_numpy()
    reached = (highest >= values[:, None]).sum(axis=1)
    share: Floats = np.where(np.isfinite(values), 1 - (1 + reached) / (len(drawn) + 1), np.nan)
    return share


def compare_gap_with_null(log_within: pd.Series, null: pd.DataFrame) -> pd.DataFrame:
    """Compare observed log within-cluster sums of squares (index k) with the draws of a null.

    Returns
    -------
    frame with the index of `log_within`: ``gap_effect`` = (null's mean - observed) / null's standard
    deviation; ``gap_exceedance`` = share of draws above the observed, so less tightly clustered.
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


def _gradient(values: Floats) -> Sampler:
    spread, axes = np.linalg.eigh(np.atleast_2d(np.cov(values, rowvar=False)))
    root = axes * np.sqrt(np.maximum(spread, 0))

    def draw(generator: np.random.Generator) -> Floats:
        scores = generator.standard_normal(values.shape)
        scores[:, -1] = generator.uniform(-np.sqrt(3), np.sqrt(3), len(values))  # variance 1, too
        return scores @ root.T

    return draw


def _uniform(values: Floats) -> Sampler:
    centred = values - values.mean(axis=0)
    _, axes = np.linalg.eigh(np.atleast_2d(np.cov(centred, rowvar=False)))
    rotated = centred @ axes
    low, high = rotated.min(axis=0), rotated.max(axis=0)
    return lambda generator: generator.uniform(low, high, values.shape) @ axes.T


#: Kind -> the function that prepares its sampler.
NULLS: dict[str, Callable[[Floats], Sampler]] = {
    "gaussian": _gaussian,
    "copula": _copula,
    "permutation": _permutation,
    "uniform": _uniform,
    "gradient": _gradient,
}


def _root(covariance: Floats) -> Floats:
    """A matrix R with ``R R' = covariance``, which may be singular."""
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
    with np.errstate(divide="ignore"):  # log 0 where every distinct row is a cluster
        log_within = np.log(scores.within)
    return list(zip(ks, scores.silhouette.tolist(), log_within.tolist(), strict=True))
