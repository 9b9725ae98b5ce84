"""All the evidence on one segmentation, as the dictionary that becomes evidence.json."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.cluster import KMeans

from gp_segmentation.clustering import build_tree, condensed_distances, cut
from gp_segmentation.evidence.agreement import agreement
from gp_segmentation.evidence.null import gaussian_null, null_table
from gp_segmentation.evidence.separation import valleys
from gp_segmentation.evidence.stability import bootstrap_jaccard, prediction_strength
from gp_segmentation.evidence.verdict import judge
from gp_segmentation.parallel import ordered_map
from gp_segmentation.scores import score_labellings

#: What stands in evidence.json when evidence is switched off.
NOT_ASSESSED: dict[str, Any] = {
    "assessed": False,
    "verdict": None,
    "meaning": "The segments were not assessed.",
    "reasons": ["Evidence was switched off in the configuration (evidence=off)."],
    "figures": {},
    "by_k": [],
    "segments": [],
}


def assess(
    X: pd.DataFrame | ArrayLike,
    labels: ArrayLike,
    clusterer: Any,
    *,
    ks: Sequence[int],
    options: Mapping[str, Any],
    null: pd.DataFrame | None = None,
    seed: int = 0,
    jobs: int | None = 1,
) -> dict[str, Any]:
    """Assess a segmentation.

    Parameters
    ----------
    X : (n, d) fitted rows; labels : (n,) their segments.
    clusterer : unfitted estimator, every parameter set, that made them; it is fitted to resamples.
    ks : numbers of segments for the table by k; that of `labels` joins them.
    options : ``assess`` (false: nothing is computed), ``null_draws``, ``null_n_init``, ``bootstraps``,
        ``splits``, ``thresholds`` (see `judge`).
    null : the draws of `gaussian_null` the study already made; those for missing k are made here.
    seed, jobs : the result depends on `seed` alone.

    Returns
    -------
    dict, without NaN: ``assessed``, ``verdict``, ``meaning``, ``reasons``, ``n_clusters``, ``figures``,
    ``by_k`` (see `_by_k`), ``segments`` (see `_segments`), ``thresholds``.
    """
    if not options.get("assess", True):
        return dict(NOT_ASSESSED)
    values = np.asarray(X, dtype=np.float64)
    codes = np.asarray(labels)
    k = len(np.unique(codes))
    every_k = sorted({*ks, k})
    null = _completed_null(null, values, every_k, options, seed, jobs)
    by_k = _by_k(values, every_k, null, seed, jobs)
    segments = _segments(values, codes, clusterer, options, seed, jobs)
    strength = prediction_strength(values, clusterer, splits=int(options["splits"]), seed=seed, jobs=jobs)
    figures = _figures(by_k.to_dict("index")[k], segments, strength)
    return {
        "assessed": True,
        **asdict(judge(figures, options["thresholds"])),
        "n_clusters": k,
        "figures": figures,
        "by_k": _records(by_k.reset_index()),
        "segments": _records(segments),
        "thresholds": dict(options["thresholds"]),
    }


def metrics(trial: Mapping[str, Any] | pd.Series, evidence: Mapping[str, Any]) -> dict[str, float | None]:
    """Flat figures of the chosen trial and its evidence for metrics.json; None where not known."""
    from_trial = (
        "n_clusters",
        "silhouette",
        "davies_bouldin",
        "calinski_harabasz",
        "inertia",
        "smallest_segment",
        "largest_segment",
        "null_silhouette",
        "excess_silhouette",
    )
    found = {name: _number(trial[name]) for name in from_trial}
    figures = evidence.get("figures", {})
    for name in ("null_silhouette", "excess_silhouette"):
        if found[name] is None:
            found[name] = figures.get(name)
    names = (
        "jaccard_min",
        "prediction_strength",
        "ari_kmeans_hierarchical",
        "ami_kmeans_hierarchical",
        "valley_max",
    )
    return found | {name: figures.get(name) for name in names}


def _completed_null(
    null: pd.DataFrame | None,
    values: NDArray[np.float64],
    ks: Sequence[int],
    options: Mapping[str, Any],
    seed: int,
    jobs: int | None,
) -> pd.DataFrame:
    known = set() if null is None else set(null["k"])
    missing = [k for k in ks if k not in known and k > 1]
    draws = int(options["null_draws"])
    if not missing or draws == 0:
        return pd.DataFrame(columns=["draw", "k", "silhouette"]) if null is None else null
    made = gaussian_null(
        values, missing, draws=draws, n_init=int(options["null_n_init"]), seed=seed, jobs=jobs
    )
    return made if null is None else pd.concat([null, made], ignore_index=True)


def _by_k(
    values: NDArray[np.float64], ks: Sequence[int], null: pd.DataFrame, seed: int, jobs: int | None
) -> pd.DataFrame:
    """By k: silhouettes of K-means and of Ward's tree, the null's band, K-means' excess, and agreement."""
    distances = condensed_distances(values)
    kmeans = np.stack(list(ordered_map(_kmeans, [(values, k, seed) for k in ks], jobs)))
    ward = cut(next(iter(ordered_map(build_tree, [(distances, "ward")]))), ks)
    scores = score_labellings(values, np.concatenate([kmeans, ward]), distances=distances, jobs=jobs)
    agreed = agreement(ks, kmeans, ward)
    band = null_table(null).reindex(agreed.index).astype(float)
    silhouette = scores.silhouette[: len(ks)]
    return pd.DataFrame(
        {
            "silhouette": silhouette,
            "silhouette_ward": scores.silhouette[len(ks) :],
            "null_mean": band["mean"],
            "null_low": band["low"],
            "null_high": band["high"],
            "excess": silhouette - band["mean"],
            "ari_kmeans_ward": agreed["ari"],
            "ami_kmeans_ward": agreed["ami"],
        }
    )


def _kmeans(values: NDArray[np.float64], k: int, seed: int) -> NDArray[np.int64]:
    return np.asarray(KMeans(k, n_init=10, random_state=seed).fit(values).labels_, dtype=np.int64)


def _segments(
    values: NDArray[np.float64],
    codes: NDArray,
    clusterer: Any,
    options: Mapping[str, Any],
    seed: int,
    jobs: int | None,
) -> pd.DataFrame:
    """By segment: practices, mean silhouette, mean bootstrap Jaccard, nearest neighbour and valley to it."""
    scores = score_labellings(values, codes, jobs=jobs)
    frame = pd.DataFrame(
        {"segment": np.unique(codes), "practices": scores.sizes[0], "silhouette": scores.segments[0]}
    )
    draws = int(options["bootstraps"])
    found = bootstrap_jaccard(values, codes, clusterer, draws=draws, seed=seed, jobs=jobs)
    frame["jaccard"] = frame["segment"].map(found.groupby("segment")["jaccard"].mean())
    return frame.merge(valleys(values, codes), on="segment", how="left")


def _figures(
    row: Mapping[Any, float],
    segments: pd.DataFrame,
    strength: NDArray[np.float64],
) -> dict[str, float | None]:
    silhouette = float(np.average(segments["silhouette"], weights=segments["practices"]))
    return {
        "silhouette": _number(silhouette),
        "null_silhouette": _number(row["null_mean"]),
        "excess_silhouette": _number(silhouette - row["null_mean"]),
        "jaccard_min": _number(segments["jaccard"].min()),
        "prediction_strength": _number(strength.mean() if len(strength) else np.nan),
        "ari_kmeans_hierarchical": _number(row["ari_kmeans_ward"]),
        "ami_kmeans_hierarchical": _number(row["ami_kmeans_ward"]),
        "valley_max": _number(segments["valley"].max()),
    }


def _number(value: Any) -> float | None:
    return float(value) if pd.notna(value) and np.isfinite(value) else None


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    whole = {"k", "segment", "practices", "neighbour"}
    return [
        {
            str(name): None
            if (number := _number(value)) is None
            else int(number)
            if name in whole
            else number
            for name, value in row.items()
        }
        for row in frame.to_dict("records")
    ]
