"""All the evidence on one segmentation: what becomes evidence.json and the table of practices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone

from gp_segmentation.clustering import Hierarchical
from gp_segmentation.evidence.agreement import agreement, contingency_table, cophenetic_correlation, matched
from gp_segmentation.evidence.by_k import Labellings, by_k_table, clustergram
from gp_segmentation.evidence.disputed import consensus, counted, practice_table
from gp_segmentation.evidence.gap import gap_statistic, one_standard_error
from gp_segmentation.evidence.null import NULLS, beside_null, draw_null
from gp_segmentation.evidence.plain import number, records
from gp_segmentation.evidence.resampling import resample
from gp_segmentation.evidence.separation import valleys
from gp_segmentation.evidence.stability import prediction_strength, seed_agreement
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


@dataclass(frozen=True)
class Assessment:
    """What was found.

    Attributes
    ----------
    evidence : without NaN: ``assessed``, ``verdict``, ``meaning``, ``reasons``, ``n_clusters``,
        ``figures`` (one number each, for `metrics`), ``by_k``, ``nulls`` (a row per kind and k, see
        `beside_null`, with the gap), ``segments``, ``agreement`` (``other``, ``table``, ``cophenetic``),
        ``practices`` (how many are sure), ``consensus``, ``clustergram``, ``thresholds``.
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
    null : Gaussian draws the study already made; those for missing k are made here. `seed` alone decides.
    """
    if not options.get("assess", True):
        return Assessment(dict(NOT_ASSESSED))
    values = np.asarray(X, dtype=np.float64)
    codes = np.asarray(labels)
    labellings = Labellings(values, sorted({*ks, len(np.unique(codes))}), codes, clusterer, seed, jobs)
    by_k = by_k_table(labellings, agreement(labellings.ks, labellings.kmeans, labellings.ward))
    nulls = _nulls(labellings, by_k, null, options)
    stability, segments, votes = _stability(labellings, options)
    by_k = by_k.join(_gaussian_columns(nulls)).join(stability)
    practices = _practices(X, labellings, codes, votes, float(options["stays_below"]))
    cophenetic = _cophenetic(labellings)
    figures = _figures(labellings, by_k, nulls, segments, practices, cophenetic)
    found = {
        "assessed": True,
        **asdict(judge(figures, options["thresholds"])),
        "n_clusters": labellings.k,
        "figures": figures,
        "by_k": records(by_k.reset_index()),
        "nulls": records(nulls),
        "gap_choice": one_standard_error(_kind(nulls, "gaussian").set_index("k")[["gap", "se"]]),
        "segments": records(segments),
        "agreement": _agreement(labellings, codes, cophenetic),
        "practices": counted(practices),
        "consensus": consensus(codes, votes) if votes.any() else None,
        "clustergram": clustergram(values, labellings.own),
        "thresholds": dict(options["thresholds"]),
    }
    return Assessment(found, practices)


def _practices(
    X: Any, labellings: Labellings, codes: NDArray, votes: NDArray, stays_below: float
) -> pd.DataFrame:
    other = matched(codes, labellings.other)
    index = X.index if isinstance(X, pd.DataFrame) else pd.RangeIndex(len(codes))
    return practice_table(index, codes, other, votes, stays_below=stays_below)


def _agreement(labellings: Labellings, codes: NDArray, cophenetic: Any) -> dict[str, Any]:
    table = records(contingency_table(codes, labellings.other))
    return {"other": labellings.other_name, "table": table, "cophenetic": cophenetic}


def _nulls(
    labellings: Labellings, by_k: pd.DataFrame, given: pd.DataFrame | None, options: Mapping[str, Any]
) -> pd.DataFrame:
    """Every null of the options beside K-means on the data: a row per kind and k, from k = 1 for the gap."""
    values = labellings.values
    total = np.log(np.square(values - values.mean(axis=0)).sum())
    within = pd.concat([pd.Series({1: total}), by_k["log_within"].drop(1, errors="ignore")])
    parts = []
    for kind in NULLS:
        draws = int(options["nulls"].get(kind, 0))
        known = given if kind == "gaussian" and given is not None else pd.DataFrame(columns=["k"])
        missing = [k for k in within.index if k not in set(known["k"])]
        made = draw_null(
            values,
            missing if draws else [],
            kind=kind,
            draws=draws if missing else 0,
            n_init=int(options["null_n_init"]),
            seed=labellings.seed,
            jobs=labellings.jobs,
        )
        drawn = pd.concat([part for part in (known, made) if len(part)] or [made], ignore_index=True)
        if len(drawn):
            beside = beside_null(by_k["silhouette"].reindex(within.index), drawn)
            if "log_within" in drawn:
                beside = beside.join(gap_statistic(within, drawn))
            parts.append(beside.rename_axis("k").reset_index().assign(kind=kind))
    names = ["kind", "k", "draws", "mean", "low", "high", "sd", "excess", "effect", "exceedance", "p"]
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=names)
    return table.reindex(columns=[*names, "gap", "se"])


def _kind(nulls: pd.DataFrame, kind: str) -> pd.DataFrame:
    return nulls[nulls["kind"] == kind]


def _gaussian_columns(nulls: pd.DataFrame) -> pd.DataFrame:
    """The columns of the covariance null that stand in the table by k."""
    names = {"mean": "null_mean", "low": "null_low", "high": "null_high", "excess": "excess"}
    names |= {"effect": "effect", "exceedance": "exceedance", "gap": "gap", "se": "gap_se"}
    table = _kind(nulls, "gaussian").set_index("k")[list(names)].rename(columns=names)
    return table.astype(float)


def _stability(
    labellings: Labellings, options: Mapping[str, Any]
) -> tuple[pd.DataFrame, pd.DataFrame, NDArray[np.int64]]:
    """Stability by k, by segment, and the votes on the practices."""
    k = labellings.k
    others = [i for i in labellings.ks if i not in (1, k)]
    common: dict[str, Any] = {"seed": labellings.seed, "jobs": labellings.jobs}
    here: tuple[Any, ...] = (labellings.values, {k: labellings.chosen}, {k: labellings.clusterer})
    boot = resample(*here, draws=int(options["bootstraps"]), vote=[k], **common)
    part = resample(
        *here,
        scheme="subsample",
        share=float(options["subsample_share"]),
        draws=int(options["subsamples"]),
        **common,
    )
    beside = resample(
        labellings.values,
        {i: labellings.own[i] for i in others},
        {i: _lighter(labellings, i, options) for i in others},
        draws=int(options["bootstraps_by_k"]) if others else 0,
        **common,
    )
    drawn = pd.concat([boot.jaccard, beside.jaccard]).astype({"jaccard": float})
    means = drawn.groupby(["k", "segment"])["jaccard"].mean().groupby("k")
    by_k = pd.DataFrame({"jaccard_min": means.min(), "jaccard_mean": means.mean()})
    by_k = by_k.reindex(pd.Index(labellings.ks, name="k"))
    several = sorted({*others, k})
    by_k["prediction_strength"] = pd.Series({i: _mean(_strength(labellings, i, options)) for i in several})
    by_k["ari_seeds"] = pd.Series({i: _mean(_seeds(labellings, i, options)) for i in several})
    segments = _segments(labellings)
    for name, found in (("jaccard", boot), ("jaccard_subsample", part)):
        segments[name] = segments["segment"].map(found.jaccard.groupby("segment")["jaccard"].mean())
    return by_k.astype(float), segments, boot.votes[k]


def _lighter(labellings: Labellings, k: int, options: Mapping[str, Any]) -> Any:
    """The clusterer of k; away from the chosen k with fewer starts, where many are only for a figure."""
    clusterer = labellings.clusterers[k]
    if k == labellings.k or "n_init" not in clusterer.get_params():
        return clusterer
    return clone(clusterer).set_params(n_init=int(options["starts_by_k"]))


def _strength(labellings: Labellings, k: int, options: Mapping[str, Any]) -> NDArray[np.float64]:
    if k != labellings.k and isinstance(labellings.clusterer, Hierarchical):
        return np.empty(0)  # a tree per half and k is too dear for a figure
    return prediction_strength(
        labellings.values,
        _lighter(labellings, k, options),
        splits=int(options["splits"]),
        seed=labellings.seed,
        jobs=labellings.jobs,
    )


def _seeds(labellings: Labellings, k: int, options: Mapping[str, Any]) -> NDArray[np.float64]:
    return seed_agreement(
        labellings.values,
        _lighter(labellings, k, options),
        runs=int(options["seeds"]),
        seed=labellings.seed,
        jobs=labellings.jobs,
    )


def _segments(labellings: Labellings) -> pd.DataFrame:
    """By segment: practices, mean silhouette, nearest neighbour and the valley to it."""
    scores = score_labellings(labellings.values, labellings.chosen, jobs=labellings.jobs)
    frame = pd.DataFrame(
        {
            "segment": np.unique(labellings.chosen),
            "practices": scores.sizes[0],
            "silhouette": scores.segments[0],
        }
    )
    return frame.merge(valleys(labellings.values, labellings.chosen), on="segment", how="left")


def _cophenetic(labellings: Labellings) -> dict[str, float | None]:
    trees = {"ward": labellings.ward_tree}
    if labellings.own_tree is not None and labellings.clusterer.metric == "euclidean":
        trees[str(labellings.clusterer.linkage)] = labellings.own_tree
    tasks = [(tree, labellings.distances) for tree in trees.values()]
    found = ordered_map(cophenetic_correlation, tasks)
    return {name: number(value) for name, value in zip(trees, found, strict=True)}


def _figures(
    labellings: Labellings,
    by_k: pd.DataFrame,
    nulls: pd.DataFrame,
    segments: pd.DataFrame,
    practices: pd.DataFrame,
    cophenetic: Mapping[str, float | None],
) -> dict[str, float | None]:
    row = by_k.loc[labellings.k]
    silhouette = float(np.average(segments["silhouette"], weights=segments["practices"]))
    at_k = nulls[nulls["k"] == labellings.k].set_index("kind")["mean"].astype(float)
    own = str(getattr(labellings.clusterer, "linkage", "ward"))
    return {
        "silhouette": number(silhouette),
        "null_silhouette": number(row["null_mean"]),
        "excess_silhouette": number(silhouette - row["null_mean"]),
        "copula_null_silhouette": number(at_k.get("copula")),
        "permutation_null_silhouette": number(at_k.get("permutation")),
        "jaccard_min": number(segments["jaccard"].min()),
        "jaccard_subsample_min": number(segments["jaccard_subsample"].min()),
        "prediction_strength": number(row["prediction_strength"]),
        "ari_seeds": number(row["ari_seeds"]),
        "stay_mean": number(practices["stays"].mean()),
        "disputed_share": number((practices["disputed_by"] != "").mean()),
        "ari_kmeans_hierarchical": number(row["ari_kmeans_ward"]),
        "ami_kmeans_hierarchical": number(row["ami_kmeans_ward"]),
        "cophenetic": cophenetic.get(own),
        "valley_max": number(segments["valley"].max()),
    }


def _mean(values: NDArray[np.float64]) -> float:
    return float(values.mean()) if len(values) else float("nan")
