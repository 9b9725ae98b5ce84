"""All the evidence on one segmentation: what becomes evidence.json and the table of practices."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from gp_segmentation.evidence.json_values import json_number, json_records
from gp_segmentation.evidence.labellings import Labellings, by_k_table, clustergram
from gp_segmentation.evidence.nulls_by_k import figures_of_nulls, gaussian_columns, nulls_by_k, of_kind
from gp_segmentation.evidence.practice_certainty import counted, practice_table
from gp_segmentation.evidence.stability_by_k import Stability, measure_stability
from gp_segmentation.evidence.verdict import judge
from gp_segmentation.utils.parallel import parallel_map
from gp_segmentation.validity import (
    agreement_by_k,
    contingency_table,
    cophenetic_correlation,
    lumpy_columns,
    matched,
    one_standard_error,
    score_labellings,
    smooth_valley,
    valleys,
)

#: The highest valley told: where centroids coincide, or no column is left to look for a gap in.
NO_GAP = 999.0
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


@dataclass(frozen=True)
class Assessment:
    """What was found.

    Attributes
    ----------
    evidence : without NaN: ``assessed``, ``verdict``, ``meaning``, ``reasons``, ``n_clusters``,
        ``figures`` (one number each, for `metrics`), ``by_k``, ``nulls`` (a row per kind and k, see
        `nulls_by_k`), ``segments``, ``lumpy`` (columns set aside when gaps are looked for), ``agreement``
        (``other``, ``table``, ``cophenetic``), ``practices`` (how many are sure), ``clustergram``,
        ``thresholds``.
    practices : from `practice_table`, indexed by practice; empty when nothing was assessed.
    """

    evidence: dict[str, Any]
    practices: pd.DataFrame = field(default_factory=pd.DataFrame)


def assess(
    X: pd.DataFrame | ArrayLike,
    labels: ArrayLike,
    clusterer: Any,
    *,
    ks: Sequence[int],
    options: Mapping[str, Any],
    null: pd.DataFrame | None = None,
    null_starts: int | None = None,
    seed: int = 0,
    jobs: int | None = 1,
) -> Assessment:
    """Assess a segmentation.

    Parameters
    ----------
    X : (n, d) fitted rows; labels : (n,) their segments.
    clusterer : unfitted estimator, every parameter set, that made them; it is fitted to resamples.
    ks : numbers of segments for the tables by k; that of `labels` joins them.
    options : the node ``conf/evidence``, where every key is explained; with ``assess: false`` nothing is
        computed, and 0 draws leave a kind out.
    null, null_starts : Gaussian draws the study already made, and from how many starts of K-means each; used
        if they are as many as `options` ask for.
    seed, jobs : the result depends on `seed` alone.
    """
    if not options.get("assess", True):
        return Assessment(dict(NOT_ASSESSED))
    values = np.asarray(X, dtype=np.float64)
    codes = np.asarray(labels)
    labellings = Labellings(values, sorted({*ks, len(np.unique(codes))}), codes, clusterer, seed, jobs)
    by_k = by_k_table(labellings, agreement_by_k(labellings.ks, labellings.kmeans, labellings.ward))
    nulls = nulls_by_k(labellings, by_k["silhouette"], options, null, null_starts)
    stable = measure_stability(labellings, options)
    return _assessed(X, labellings, by_k, nulls, stable, options)


def _assessed(
    X: Any,
    labellings: Labellings,
    by_k: pd.DataFrame,
    nulls: pd.DataFrame,
    stable: Stability,
    options: Mapping[str, Any],
) -> Assessment:
    """Put together what was measured, and judge it."""
    values, codes = labellings.values, labellings.chosen
    by_k = by_k.join(gaussian_columns(nulls)).join(stable.by_k)
    segments = _segments(labellings, stable)
    practices = _practices(X, labellings, codes, stable, options)
    cophenetic = _cophenetic(labellings)
    lumpy = lumpy_columns(values, max_tied_share=float(options["thresholds"]["max_tied_share"]))
    figures = {
        **_figures(labellings, by_k, segments, practices),
        **figures_of_nulls(nulls, labellings.k),
        "cophenetic": cophenetic.get(str(getattr(labellings.clusterer, "linkage", "ward"))),
        "valley_smooth": json_number(min(smooth_valley(values, codes, lumpy), NO_GAP)),
    }
    found = {
        "assessed": True,
        **asdict(judge(figures, options["thresholds"])),
        "n_clusters": labellings.k,
        "figures": figures,
        "lumpy": _names(X, lumpy),
        **_by_k(by_k, nulls, labellings),
        "segments": json_records(segments),
        "agreement": _agreement(labellings, codes, cophenetic),
        "practices": counted(practices),
        "thresholds": dict(options["thresholds"]),
    }
    return Assessment(found, practices)


def _by_k(by_k: pd.DataFrame, nulls: pd.DataFrame, labellings: Labellings) -> dict[str, Any]:
    """What there is for every number of segments."""
    return {
        "by_k": json_records(by_k.reset_index()),
        "nulls": json_records(nulls),
        "gap_choice": one_standard_error(of_kind(nulls, "gaussian")[["gap", "se"]]),
        "clustergram": clustergram(labellings.values, labellings.own),
    }


def _names(X: Any, places: Sequence[int]) -> list[str]:
    columns = X.columns if isinstance(X, pd.DataFrame) else range(np.shape(X)[1])
    return [str(columns[place]) for place in places]


def _practices(
    X: Any, labellings: Labellings, codes: NDArray, stable: Stability, options: Mapping[str, Any]
) -> pd.DataFrame:
    other = matched(codes, labellings.other)
    index = X.index if isinstance(X, pd.DataFrame) else pd.RangeIndex(len(codes))
    return practice_table(index, codes, other, stable.votes, min_stay_share=float(options["min_stay_share"]))


def _agreement(labellings: Labellings, codes: NDArray, cophenetic: Any) -> dict[str, Any]:
    table = json_records(contingency_table(codes, labellings.other))
    return {"other": labellings.other_name, "table": table, "cophenetic": cophenetic}


def _segments(labellings: Labellings, stable: Stability) -> pd.DataFrame:
    """By segment: practices, mean silhouette, the neighbour it runs into, the valley to it, stability."""
    scores = score_labellings(labellings.values, labellings.chosen, jobs=labellings.jobs)
    frame = pd.DataFrame(
        {
            "segment": np.unique(labellings.chosen),
            "practices": scores.sizes[0],
            "silhouette": scores.segments[0],
        }
    )
    found = valleys(labellings.values, labellings.chosen)
    found["valley"] = found["valley"].clip(upper=NO_GAP)
    return frame.merge(found, on="segment", how="left").join(stable.segments, on="segment")


def _cophenetic(labellings: Labellings) -> dict[str, float | None]:
    trees = {"ward": labellings.ward_tree}
    if labellings.own_tree is not None and labellings.clusterer.metric == "euclidean":
        trees[str(labellings.clusterer.linkage)] = labellings.own_tree
    tasks = [(tree, labellings.distances) for tree in trees.values()]
    found = parallel_map(cophenetic_correlation, tasks)
    return {name: json_number(value) for name, value in zip(trees, found, strict=True)}


def _figures(
    labellings: Labellings,
    by_k: pd.DataFrame,
    segments: pd.DataFrame,
    practices: pd.DataFrame,
) -> dict[str, float | None]:
    row = by_k.loc[labellings.k]
    silhouette = float(np.average(segments["silhouette"], weights=segments["practices"]))
    return {
        "silhouette": json_number(silhouette),
        "excess_silhouette": json_number(silhouette - row["null_mean"]),
        "gap": json_number(row["gap"]),
        "gap_se": json_number(row["gap_se"]),
        "jaccard_min": json_number(segments["jaccard"].min()),
        "jaccard_subsample_min": json_number(segments["jaccard_subsample"].min()),
        "prediction_strength": json_number(row["prediction_strength"]),
        "ari_seeds": json_number(row["ari_seeds"]),
        "stay_mean": json_number(practices["stays"].mean()),
        "disputed_share": json_number((practices["disputed_by"] != "").mean()),
        "ari_kmeans_hierarchical": json_number(row["ari_kmeans_ward"]),
        "ami_kmeans_hierarchical": json_number(row["ami_kmeans_ward"]),
        "valley_max": json_number(segments["valley"].max()),
    }
