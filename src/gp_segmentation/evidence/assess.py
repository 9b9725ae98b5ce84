"""All the evidence on one segmentation: the contents of evidence.json and the table of practices."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from gp_segmentation.evidence.json_values import json_number, json_records
from gp_segmentation.evidence.labellings import Labellings, by_k_table, clustergram
from gp_segmentation.evidence.mixture import describe_mixture, mixture_membership
from gp_segmentation.evidence.nulls_by_k import gaussian_columns, null_figures, nulls_by_k, of_kind
from gp_segmentation.evidence.practice_certainty import count_disputed, practice_table
from gp_segmentation.evidence.stability_by_k import KnownStability, StabilityResults, measure_stability
from gp_segmentation.evidence.verdict import NO_GAP, judge
from gp_segmentation.utils.parallel import parallel_map
from gp_segmentation.validity import (
    contingency_table,
    cophenetic_correlation,
    lumpy_columns,
    match_labels,
    one_standard_error,
    score_labellings,
    smooth_valley,
    valleys,
)

#: The contents of evidence.json when evidence is switched off.
NOT_ASSESSED: dict[str, Any] = {
    "assessed": False,
    "verdict": None,
    "meaning": "The segments were not assessed.",
    "reasons": ["Evidence was switched off in the configuration (evidence=off)."],
    "beside": [],
    "figures": {},
    "by_k": [],
    "segments": [],
}


@dataclass(frozen=True)
class Assessment:
    """The evidence on a segmentation.

    Attributes
    ----------
    evidence : without NaN: ``assessed``, ``verdict``, ``meaning``, ``reasons``, ``beside``, ``conditions``
        (see `judge`), ``n_clusters``, ``figures`` (one number each, for `run_metrics`), ``by_k``, ``nulls``
        (a row per kind and k, see `nulls_by_k`), ``segments``, ``lumpy`` (columns left out of
        ``valley_smooth``), ``agreement`` (``other``, ``table``, ``cophenetic``), ``mixture`` (see
        `describe_mixture`), ``practices`` (see `count_disputed`), ``clustergram``, ``thresholds``.
    practices : from `practice_table`, indexed by practice; empty when nothing was assessed.
    """

    evidence: dict[str, Any]
    practices: pd.DataFrame = field(default_factory=pd.DataFrame)


def with_noise(told: Mapping[str, Any], noise: int, practices: int) -> dict[str, Any]:
    """Return the contents of evidence.json and say how many practices belong to no segment."""
    reason = (
        f"{noise:,} of {practices:,} practices belong to no segment. All figures leave them out, which "
        "makes the segments look more separate than they are."
    )
    return {**told, "beside": [reason, *told["beside"]], "noise": noise}


def sample_rows(X: pd.DataFrame, most: int, seed: int) -> pd.DataFrame:
    """Return `X`, or `most` of its rows drawn at random without replacement, in their order.

    The evidence compares all pairs of rows: its cost grows with the square of their number.
    """
    if len(X) <= most:
        return X
    return X.iloc[np.sort(np.random.default_rng(seed).choice(len(X), most, replace=False))]


def assess(
    X: pd.DataFrame | ArrayLike,
    labels: ArrayLike,
    clusterer: Any,
    *,
    ks: Sequence[int],
    options: Mapping[str, Any],
    null: pd.DataFrame | None = None,
    null_starts: int | None = None,
    known: KnownStability | None = None,
    membership: pd.DataFrame | None = None,
    seed: int = 0,
    jobs: int | None = 1,
) -> Assessment:
    """Assess a segmentation.

    Parameters
    ----------
    X : (n, d) fitted rows; labels : (n,) their segments.
    clusterer : the unfitted estimator that made them, with every parameter set; it is fitted to resamples.
    ks : numbers of segments for the tables by k; that of `labels` is added.
    options : the node ``conf/evidence``, which explains every key; with ``assess: false`` nothing is
        computed, and 0 draws leave a kind of evidence out.
    null, null_starts : Gaussian draws of the study, and the number of K-means starts of each; used if there
        are at least as many as `options` ask for.
    known : what the study measured of stability; used likewise (see `measure_stability`).
    membership : probabilities of the segments, see `practice_table`.
    seed, jobs : the result depends on `seed` alone.
    """
    if not options.get("assess", True):
        return Assessment(dict(NOT_ASSESSED))
    codes = np.asarray(labels)
    ks = sorted({*ks, len(np.unique(codes))})
    frame = X if isinstance(X, pd.DataFrame) else pd.DataFrame(np.asarray(X))
    labellings = Labellings(np.asarray(X, dtype=np.float64), ks, codes, clusterer, seed, jobs)
    by_k = by_k_table(labellings)
    nulls = nulls_by_k(labellings, by_k["silhouette"], options, null, null_starts)
    stability = measure_stability(labellings, options, known)
    other = match_labels(codes, labellings.other)
    stay_share = float(options["min_stay_share"])
    mixture = mixture_membership(labellings.values, codes)
    practices = practice_table(frame.index, codes, other, mixture, membership, min_stay_share=stay_share)
    by_k = by_k.join(gaussian_columns(nulls)).join(stability.by_k)
    evidence = _evidence(labellings, by_k, nulls, stability, practices, list(frame), options["thresholds"])
    return Assessment(evidence, practices)


def _evidence(
    labellings: Labellings,
    by_k: pd.DataFrame,
    nulls: pd.DataFrame,
    stability: StabilityResults,
    practices: pd.DataFrame,
    columns: list[Any],
    thresholds: Mapping[str, Any],
) -> dict[str, Any]:
    """Put together what was measured, and judge it."""
    values, segments = labellings.values, _segments(labellings, stability)
    cophenetic = _cophenetic(labellings)
    lumpy = lumpy_columns(values, max_tied_share=float(thresholds["max_tied_share"]))
    figures = {
        **_figures(by_k.loc[labellings.k].to_dict(), segments, practices),
        **null_figures(nulls, labellings.k),
        "cophenetic": cophenetic.get(str(getattr(labellings.clusterer, "linkage", "ward"))),
        "valley_smooth": json_number(min(smooth_valley(values, labellings.chosen, lumpy), NO_GAP)),
    }
    table = json_records(contingency_table(labellings.chosen, labellings.other))
    return {
        "assessed": True,
        **asdict(judge(figures, thresholds)),
        "n_clusters": labellings.k,
        "figures": figures,
        "lumpy": [str(columns[place]) for place in lumpy],
        "by_k": json_records(by_k.reset_index()),
        "nulls": json_records(nulls),
        "gap_choice": one_standard_error(of_kind(nulls, "gaussian")[["gap", "se"]]),
        "clustergram": clustergram(values, labellings.own),
        "segments": json_records(segments),
        "agreement": {"other": labellings.other_name, "table": table, "cophenetic": cophenetic},
        "mixture": describe_mixture(practices),
        "practices": count_disputed(practices),
        "thresholds": dict(thresholds),
    }


def _segments(labellings: Labellings, stability: StabilityResults) -> pd.DataFrame:
    """By segment: practices, mean silhouette, the neighbour with the highest valley to it, stability."""
    scores = score_labellings(labellings.values, labellings.chosen, jobs=labellings.jobs)
    columns = {"practices": scores.sizes[0], "silhouette": scores.segments[0]}
    frame = pd.DataFrame({"segment": np.unique(labellings.chosen), **columns})
    neighbours = valleys(labellings.values, labellings.chosen)
    neighbours["valley"] = neighbours["valley"].clip(upper=NO_GAP)
    return frame.merge(neighbours, on="segment", how="left").join(stability.segments, on="segment")


def _cophenetic(labellings: Labellings) -> dict[str, float | None]:
    """Cophenetic correlation by linkage, of Ward's tree and of the tree the segments were cut from."""
    trees = {"ward": labellings.ward_tree}
    if labellings.own_tree is not None and labellings.clusterer.metric == "euclidean":
        trees[str(labellings.clusterer.linkage)] = labellings.own_tree
    tasks = [(tree, labellings.distances) for tree in trees.values()]
    correlations = parallel_map(cophenetic_correlation, tasks)
    return {name: json_number(value) for name, value in zip(trees, correlations, strict=True)}


def _figures(
    at_k: Mapping[Any, float], segments: pd.DataFrame, practices: pd.DataFrame
) -> dict[str, float | None]:
    silhouette = float(np.average(segments["silhouette"], weights=segments["practices"]))
    figures = {
        "silhouette": silhouette,
        "excess_silhouette": silhouette - at_k["null_mean"],
        "gap": at_k["gap"],
        "gap_se": at_k["gap_se"],
        "jaccard_min": segments["jaccard"].min(),
        "jaccard_subsample_min": segments["jaccard_subsample"].min(),
        "prediction_strength": at_k["prediction_strength"],
        "ari_seeds": at_k["ari_seeds"],
        "stay_mean": practices["stays"].mean(),
        "disputed_share": (practices["disputed_by"] != "").mean(),
        "ari_kmeans_hierarchical": at_k["ari_kmeans_ward"],
        "ami_kmeans_hierarchical": at_k["ami_kmeans_ward"],
        "valley_max": segments["valley"].max(),
    }
    return {name: json_number(value) for name, value in figures.items()}
