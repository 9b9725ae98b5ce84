"""What the evidence says, in a few plain sentences."""

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
    """Return one sentence for each kind of evidence that the run has."""
    if not evidence.get("assessed"):
        return []
    return [
        *_sample(evidence),
        *_null(evidence),
        *_practices(evidence),
        *_agreement(evidence),
        *_made_of(evidence.get("made_of") or {}),
        *_beyond(evidence.get("beyond") or {}),
    ]


def _sample(evidence: Mapping[str, Any]) -> list[str]:
    rows, fitted = evidence.get("rows"), evidence.get("fitted")
    if rows is None or fitted is None or rows == fitted:
        return []
    return [f"The evidence is of {rows:,} of the {fitted:,} fitted practices, drawn at random."]


def _null(evidence: Mapping[str, Any]) -> list[str]:
    rows = {
        row["kind"]: row
        for row in evidence.get("nulls") or []
        if row["k"] == evidence.get("n_clusters") and row.get("mean") is not None
    }
    silhouette = (evidence.get("figures") or {}).get("silhouette")
    if "gaussian" not in rows or silhouette is None:
        return []
    text = (
        f"The silhouette is {silhouette:.3f}. Cutting data without segments gives "
        f"{rows['gaussian']['mean']:.3f} where they have the same correlations"
    )
    if "copula" in rows:
        text += f", {rows['copula']['mean']:.3f} where each figure is spread as it really is, too"
    if "permutation" in rows:
        flattering = rows["permutation"]["mean"]
        text += f", and {flattering:.3f} where correlations are destroyed, a comparison that flatters"
    return [f"{text}."]


def _practices(evidence: Mapping[str, Any]) -> list[str]:
    counts = evidence.get("practices") or {}
    every = sum(counts.values())
    if not every:
        return []
    moved, elsewhere = (counts[name] + counts["both"] for name in ("resamples", "method"))
    return [
        f"{counts['sure']:,} of {every:,} fitted practices ({counts['sure'] / every:.0%}) are sure of their "
        "segment: they stay in it when practices are drawn again, and another method puts them in the same. "
        f"{moved:,} do not stay, {elsewhere:,} are put elsewhere by the other; disputed.csv names them."
    ]


def _agreement(evidence: Mapping[str, Any]) -> list[str]:
    found, figures = evidence.get("agreement") or {}, evidence.get("figures") or {}
    ari = figures.get("ari_kmeans_hierarchical")
    if ari is None or not found:
        return []
    text = f"K-means and Ward's method agree to an adjusted Rand index of {ari:.2f} (1: the same segments)"
    cophenetic = (found.get("cophenetic") or {}).get("ward")
    if cophenetic is not None:
        text += f"; Ward's tree tells distances with a correlation of {cophenetic:.2f}"
    return [f"{text}."]


def _made_of(found: Mapping[str, Any]) -> list[str]:
    blocks, alone = found.get("blocks") or [], found.get("alone") or []
    told = [
        f"{_readable(row['reference'])} {row['ari']:.2f}"
        for row in alone
        if row["reference"] in ("age", "deprivation") and row["ari"] is not None
    ]
    texts = []
    if len(blocks) > 1:
        parts = [
            f"{_readable(row['block'])} {row['share_between']:.0%}"
            for row in blocks
            if row["share_between"] is not None
        ]
        texts.append(f"Differences between segments lie in: {', '.join(parts)}.")
    if told:
        texts.append(
            "Segments made from one thing alone agree with these to an adjusted Rand index of: "
            f"{', '.join(told)}."
        )
    return texts


def _beyond(found: Mapping[str, Any]) -> list[str]:
    means = {name: value for name, value in (found.get("means") or {}).items() if value is not None}
    own = means.pop("segments", None)
    if own is None:
        return []
    others = [f"{GROUPINGS[name]} {value:.1%}" for name, value in means.items() if name in GROUPINGS]
    measures = len({row["measure"] for row in found.get("measures") or []})
    text = (
        f"Of {measures} measures that took no part in making them, the segments explain {own:.1%} of the "
        "variance between practices on average"
    )
    return [f"{text}; {', '.join(others)}." if others else f"{text}."]


def _readable(name: str) -> str:
    return name.replace("_", " ")


def spatial_sentence(found: pd.DataFrame) -> str:
    """Return the join counts in one line; empty when there are none, or one segment."""
    rows = found.dropna(subset=["ratio"])
    if len(rows) < 2:
        return ""
    clustered = rows[(rows["p"] <= 0.05) & (rows["ratio"] > 1)]
    if clustered.empty:
        return "No segment clusters in space: neighbours share one no more often than by chance."
    most = clustered.sort_values("ratio", ascending=False).iloc[0]
    least = rows.sort_values("ratio").iloc[0]
    who = (
        "Every segment clusters"
        if len(clustered) == len(rows)
        else f"{len(clustered)} of {len(rows)} segments cluster"
    )
    return (
        f"{who} in space: most of all segment {most['segment']:.0f}, whose practices are neighbours "
        f"{most['ratio']:.1f} times as often as if segments were dealt at random; least segment "
        f"{least['segment']:.0f}, {least['ratio']:.1f} times (join counts between nearest neighbours, "
        f"p {'≤' if rows['p'].max() <= 0.05 else 'up to'} {rows['p'].max():.3f})."
    )
