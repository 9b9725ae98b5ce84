"""The evidence in plain sentences."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

GROUPINGS = {
    "deprivation": "fifths of deprivation",
    "icb": "integrated care boards",
    "list_size": "bands of list size",
    "rurality": "rurality",
}


def evidence_sentences(evidence: Mapping[str, Any]) -> list[str]:
    """Return one sentence for each kind of evidence in the run."""
    if not evidence.get("assessed"):
        return []
    figures = evidence.get("figures") or {}
    return [
        *_sample(evidence),
        *_nulls(evidence, figures.get("silhouette")),
        *_practices(evidence.get("practices") or {}),
        *_agreement(evidence.get("agreement") or {}, figures.get("ari_kmeans_hierarchical")),
        *_composition(evidence.get("made_of") or {}),
        *_external(evidence.get("beyond") or {}),
    ]


def _sample(evidence: Mapping[str, Any]) -> list[str]:
    rows, fitted = evidence.get("rows"), evidence.get("fitted")
    if rows is None or fitted is None or rows == fitted:
        return []
    return [f"The evidence uses a random sample of {rows:,} of the {fitted:,} fitted practices."]


def _nulls(evidence: Mapping[str, Any], silhouette: float | None) -> list[str]:
    means = {
        row["kind"]: row["mean"]
        for row in evidence.get("nulls") or []
        if row["k"] == evidence.get("n_clusters") and row.get("mean") is not None
    }
    if "gaussian" not in means or silhouette is None:
        return []
    text = (
        f"The silhouette is {silhouette:.3f}. Random data with the same correlations give "
        f"{means['gaussian']:.3f}"
    )
    if "copula" in means:
        text += f"; with the same distributions as well, {means['copula']:.3f}"
    if "permutation" in means:
        text += f"; without correlations, {means['permutation']:.3f} (this comparison flatters the segments)"
    return [f"{text}."]


def _practices(counts: Mapping[str, int]) -> list[str]:
    total = sum(counts.values())
    if not total:
        return []
    moved, elsewhere = (counts[name] + counts["both"] for name in ("resamples", "method"))
    return [
        f"For {counts['sure']:,} of {total:,} fitted practices ({counts['sure'] / total:.0%}) the segment is "
        "certain: they stay in it when practices are redrawn, and another method agrees. "
        f"{moved:,} practices do not stay. The other method puts {elsewhere:,} in another segment. "
        "The file disputed.csv lists them."
    ]


def _agreement(agreement: Mapping[str, Any], ari: float | None) -> list[str]:
    if ari is None or not agreement:
        return []
    text = f"K-means and Ward's method agree with an adjusted Rand index of {ari:.2f} (1: the same segments)."
    cophenetic = (agreement.get("cophenetic") or {}).get("ward")
    if cophenetic is not None:
        text += f" Distances in Ward's tree correlate with the real distances ({cophenetic:.2f})."
    return [text]


def _composition(composition: Mapping[str, Any]) -> list[str]:
    blocks = composition.get("blocks") or []
    shares = [(row["block"], row["share_between"]) for row in blocks if row["share_between"] is not None]
    single = [
        f"{row['reference'].replace('_', ' ')} {row['ari']:.2f}"
        for row in composition.get("alone") or []
        if row["reference"] in ("age", "deprivation") and row["ari"] is not None
    ]
    texts = []
    if len(blocks) > 1:
        parts = ", ".join(f"{name.replace('_', ' ')} {share:.0%}" for name, share in shares)
        texts.append(f"The differences between segments lie in these blocks of features: {parts}.")
    if single:
        texts.append(
            "Segments made from a single kind of feature agree with these as follows (adjusted Rand index): "
            f"{', '.join(single)}."
        )
    return texts


def _external(external: Mapping[str, Any]) -> list[str]:
    means = {name: value for name, value in (external.get("means") or {}).items() if value is not None}
    own = means.pop("segments", None)
    if own is None:
        return []
    count = len({row["measure"] for row in external.get("measures") or []})
    text = f"On average the segments explain {own:.1%} of the variance in other measures ({count} of them)."
    others = [f"{GROUPINGS[name]} {value:.1%}" for name, value in means.items() if name in GROUPINGS]
    return [f"{text} Other groupings explain: {', '.join(others)}." if others else text]


def spatial_sentence(joins: pd.DataFrame) -> str:
    """Return the join counts in words; empty when there are none, or one segment."""
    rows = joins.dropna(subset=["ratio"]).sort_values("ratio")
    if len(rows) < 2:
        return ""
    clustered = rows[(rows["p"] <= 0.05) & (rows["ratio"] > 1)].sort_values("ratio", ascending=False)
    if clustered.empty:
        return "No segment clusters in space: neighbours share a segment no more often than by chance."
    most, least = clustered.iloc[0], rows.iloc[0]
    every = len(clustered) == len(rows)
    subject = "Every segment clusters" if every else f"{len(clustered)} of {len(rows)} segments cluster"
    return (
        f"{subject} in space: its practices are neighbours more often than in a random arrangement, most of "
        f"all in segment {most['segment']:.0f} ({most['ratio']:.1f} times as often), least in segment "
        f"{least['segment']:.0f} ({least['ratio']:.1f} times; join counts of nearest neighbours, "
        f"p {'≤' if rows['p'].max() <= 0.05 else 'up to'} {rows['p'].max():.3f})."
    )
