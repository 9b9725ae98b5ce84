"""The evidence in plain sentences."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from gp_segmentation.schemas import Results
from gp_segmentation.utils.labels import BLOCKS, in_words
from gp_segmentation.utils.rounding import (
    p_value,
    percent,
    percent_reached,
    score,
    score_reached,
    whole_percent,
)
from gp_segmentation.utils.wording import listed

NO_VERDICT = "This run did not assess how far the segments can be trusted."
NO_SUPPORT = "No number of segments is supported by the data"
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
        *_mixture(evidence.get("mixture") or {}),
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
        f"The silhouette is {score(silhouette)}. Random data with the same correlations give "
        f"{score(means['gaussian'])}"
    )
    if "copula" in means:
        text += f"; with the same distributions as well, {score(means['copula'])}"
    if "permutation" in means:
        text += (
            f"; without correlations, {score(means['permutation'])} (this comparison flatters the segments)"
        )
    return [f"{text}."]


def verdict_text(results: Results, *, fixed: bool) -> dict[str, Any]:
    """Return what the segments are worth, for the first screen.

    Keys: supported (False where the data support no number of segments), sentence, reasons (for the verdict),
    beside (what else was found, which does not argue for it), elsewhere (areas and years), sure (share of
    fitted practices whose segment nothing disputes, or None), certainty (sentences, where the number of
    segments was `fixed`).
    """
    evidence = results.evidence
    counts, share = evidence.get("practices") or {}, sure_share(evidence)
    return {
        "supported": _is_supported(results.choice, evidence),
        "sentence": verdict_sentence(results.choice, evidence),
        **{name: [str(reason) for reason in evidence.get(name) or []] for name in ("reasons", "beside")},
        "elsewhere": [
            str(reason)
            for part in ("transport", "years")
            for reason in (evidence.get(part) or {}).get("reasons", [])
        ],
        "sure": None if share is None else whole_percent(share),
        "certainty": _certainty(counts, results.segments) if fixed else [],
    }


def sure_share(evidence: Mapping[str, Any]) -> float | None:
    """Return the share of fitted practices whose segment nothing disputes; None where it was not measured."""
    counts = evidence.get("practices") or {}
    total = sum(counts.values())
    return counts["sure"] / total if total else None


def verdict_sentence(choice: Mapping[str, Any], evidence: Mapping[str, Any]) -> str:
    """Return what the segments are worth, in a sentence or two."""
    sentence = str(evidence.get("meaning") or NO_VERDICT)
    if not _is_supported(choice, evidence) and not sentence.startswith(NO_SUPPORT):
        return f"{NO_SUPPORT}. {sentence}"
    return sentence


def _is_supported(choice: Mapping[str, Any], evidence: Mapping[str, Any]) -> bool:
    return choice.get("supported") is not False and evidence.get("supported") is not False


def _certainty(counts: Mapping[str, int], segments: pd.DataFrame) -> list[str]:
    """For how many practices the segment is certain, as far as that was measured."""
    known = segments.get("certainty", pd.Series(dtype=float)).dropna()
    sentences = [_sure(counts)] if sum(counts.values()) else []
    if len(known):
        sentences.append(
            "The probability that a practice belongs to its segment is "
            f"{percent_reached(known.mean())} on average."
        )
    return sentences


def _sure(counts: Mapping[str, int]) -> str:
    total = sum(counts.values())
    return (
        f"For {counts['sure']:,} of {total:,} fitted practices ({whole_percent(counts['sure'] / total)}) "
        "nothing disputes the segment: they stay in it when counts and practices are drawn again, and "
        "another method agrees."
    )


def _practices(counts: Mapping[str, int]) -> list[str]:
    total = sum(counts.values())
    if not total:
        return []
    moved, elsewhere = (counts[name] + counts["both"] for name in ("draws", "method"))
    return [
        f"{_sure(counts)} {moved:,} practices do not stay. The other method puts {elsewhere:,} in another "
        "segment. The file disputed.csv lists them."
    ]


def _agreement(agreement: Mapping[str, Any], ari: float | None) -> list[str]:
    if ari is None or not agreement:
        return []
    index = f"adjusted Rand index of {score_reached(ari)} (1: the same segments)"
    text = f"K-means and Ward's method agree with an {index}."
    cophenetic = (agreement.get("cophenetic") or {}).get("ward")
    if cophenetic is not None:
        text += f" Distances in Ward's tree correlate with the real distances ({score(cophenetic)})."
    return [text]


def _mixture(mixture: Mapping[str, Any]) -> list[str]:
    if mixture.get("same") is None:
        return []
    return [
        f"A Gaussian mixture that starts from the segments puts {whole_percent(mixture['same'])} of "
        f"practices into the same one, and is sure of {whole_percent(mixture['surest'])} (probability of 90% "
        "or more). It takes every figure as known."
    ]


def _composition(composition: Mapping[str, Any]) -> list[str]:
    blocks = composition.get("blocks") or []
    shares = [(row["block"], row["share_between"]) for row in blocks if row["share_between"] is not None]
    single = [
        f"{in_words(row['reference'], BLOCKS)} {score_reached(row['ari'])}"
        for row in composition.get("alone") or []
        if row["reference"] in ("age", "deprivation") and row["ari"] is not None
    ]
    texts = []
    if len(blocks) > 1:
        parts = ", ".join(f"{in_words(name, BLOCKS)} {whole_percent(share)}" for name, share in shares)
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
    count = _tested_by_all(external.get("measures") or [])
    text = (
        f"On average the segments explain {percent(own)} of the variance in other measures ({count} of them)."
    )
    others = [f"{GROUPINGS[name]} {percent(value)}" for name, value in means.items() if name in GROUPINGS]
    return [f"{text} Other groupings explain: {', '.join(others)}." if others else text]


def _tested_by_all(rows: Sequence[Mapping[str, Any]]) -> int:
    """How many measures every grouping is tested on: those that the means are of."""
    tested = Counter(row["measure"] for row in rows if row["cv"] is not None)
    groupings = len({row["grouping"] for row in rows})
    return sum(count == groupings for count in tested.values())


def usefulness_sentences(evidence: Mapping[str, Any]) -> list[str]:
    """Return what fewer and more groups tell of measures not used: levels, or the fewest and most tried."""
    by_k = {row["k"]: row for row in evidence.get("beyond_by_k") or []}
    own = by_k.get(evidence.get("n_clusters"))
    if own is None or own["cv"] is None:
        return []
    levels = [(f"{row['k']} {row['level']}s", row) for row in evidence.get("beyond_levels") or []]
    others = levels or [(str(k), by_k[k]) for k in (min(by_k), max(by_k))]
    parts, intervals = [], []
    for name, row in others:
        if row["k"] != own["k"] and row["added_low"] is not None:
            text, interval = _added(name, row, fewer=row["k"] < own["k"])
            parts.append(text)
            intervals.append(interval)
    count = len(own["measures"])
    text = (
        f"With {own['k']} segments, {percent(own['cv'])} of the variance of {count} "
        f"measure{'s' * (count != 1)} not used is explained{''.join(parts)}"
    )
    if intervals:
        text += f" (95% interval{'s' * (len(intervals) > 1)}: {listed(intervals)} points)"
    ceiling = (evidence.get("ceiling") or {}).get("cv")
    if ceiling is not None:
        text += f". A linear model of the features themselves explains {percent(ceiling)}"
    return [f"{text}."]


def _added(name: str, row: Mapping[str, Any], *, fewer: bool) -> tuple[str, str]:
    """Compare the segments with a row of fewer or of more groups: part of a sentence, and the interval."""
    low, points, high = (100 * row[key] for key in ("added_low", "added", "added_high"))
    if fewer:
        low, points, high = -high, -points, -low
    amount = f"{abs(points):.1f} points" if abs(points) >= 0.05 else "less than 0.1 points"
    interval = f"{low:.1f} to {high:.1f}".replace("-", "−")
    if low <= 0 <= high:
        text = f", no more for certain than with {name}" if fewer else f"; {name} would add nothing certain"
    elif fewer:
        text = f", {amount} {'more' if points > 0 else 'less'} than with {name}"
    else:
        text = f"; {name} would {'add' if points > 0 else 'take away'} {amount}"
    return text, interval


def spatial_sentence(joins: pd.DataFrame, codes: Mapping[int, str]) -> str:
    """Return the join counts in words; empty when there are none, or one segment.

    `codes` are those of the segments, by number.
    """
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
        f"all in segment {codes[int(most['segment'])]} ({most['ratio']:.1f} times as often), least in "
        f"segment {codes[int(least['segment'])]} ({least['ratio']:.1f} times; join counts of nearest "
        f"neighbours, p up to {p_value(rows['p'].max())})."
    )
