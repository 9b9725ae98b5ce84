"""Short portraits of segments, written by fixed rules from figures.

Nothing is random, and nothing depends on how segments are numbered. A portrait states a difference only where
its 95% interval leaves out zero. No word says that a segment is good or poor.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from gp_segmentation.insight.portraits.gradient import Gradient
from gp_segmentation.insight.portraits.names import Claim
from gp_segmentation.insight.portraits.phrases import short, worded
from gp_segmentation.insight.portraits.profiles import Z95
from gp_segmentation.utils.wording import listed, natural


def write_portraits(
    profile: pd.DataFrame,
    segments: pd.DataFrame,
    practices: pd.DataFrame,
    *,
    claims: Mapping[int, Sequence[Claim]] | None = None,
    verdict: str = "",
    gradient: Gradient | None = None,
    top: int = 3,
) -> list[dict[str, Any]]:
    """Return the name, size and two to four sentences of every segment, with the claims of its name.

    Parameters
    ----------
    profile : from `segment_profiles`.
    segments, practices : schemas ``segments`` and ``practices``.
    claims : from `name_claims`.
    verdict : of the evidence: ``discrete``, ``continuum`` or ``unstable``; anything else adds no words.
    gradient : from `main_gradient`, used when the verdict is ``continuum``.
    top : differences to state beside those of the name.
    """
    patients = segments["practice_code"].map(practices.set_index("practice_code")["list_size"])
    portraits = []
    for number, name in sorted(set(zip(segments["segment"], segments["segment_name"], strict=True))):
        mine = segments[segments["segment"] == number]
        rows = profile[(profile["segment"] == number) & profile["used"]].sort_values("rank")
        clear = rows[(rows["difference_low"] > 0) | (rows["difference_high"] < 0)]
        claimed = (claims or {}).get(int(number), [])
        examples = _examples(claimed, clear)
        others = clear.drop(index=[i for example in examples for i in example.index])
        people, practice = int(patients[mine.index].sum()), "practice" if len(mine) == 1 else "practices"
        sentences = [
            f"{len(mine):,} {practice} ({len(mine) / len(segments):.0%} of all) with {people:,} registered "
            f"patients ({people / max(patients.sum(), 1):.0%}). {_region_sentence(mine, segments)}",
            _name_sentence(claimed, examples),
            _difference_sentence(others, top, also=bool(claimed)),
            f"{_next_sentence(mine, segments)} {_verdict_sentence(number, verdict, gradient)}".strip(),
        ]
        portraits.append(
            {
                "segment": int(number),
                "name": str(name),
                "sentences": [sentence for sentence in sentences if sentence],
                "claims": [{k: v for k, v in vars(claim).items() if k != "members"} for claim in claimed],
                "practices": len(mine),
                "patients": people,
                "share": len(mine) / len(segments),
            }
        )
    return portraits


def _examples(claims: Sequence[Claim], clear: pd.DataFrame) -> list[pd.DataFrame]:
    """Per claim the profile row that supports it most, of `clear` ones; no row where none does."""
    single = {feature for claim in claims if len(claim.members) == 1 for feature in claim.members}
    examples = []
    for claim in claims:
        # The feature that another claim is about is no example of a claim about many features.
        features = set(claim.members) if len(claim.members) == 1 else set(claim.members) - single
        rows = clear[clear["feature"].isin(features)]
        support = rows["difference_sd"] * rows["feature"].map(claim.members)
        best = support[support > 0].sort_values(ascending=False, kind="stable").index[:1]
        examples.append(rows.loc[best])
    return examples


def _region_sentence(mine: pd.DataFrame, everyone: pd.DataFrame) -> str:
    """The regions, at most two, that have clearly more of the segment's practices than of all practices.

    Clearly: the 95% interval of the segment's share (Wilson) lies above the region's share of all.
    """
    england = everyone["region_name"].value_counts(normalize=True)
    share = mine["region_name"].value_counts(normalize=True).reindex(england.index).fillna(0.0)
    more = (share - england)[_wilson_low(share, len(mine)) > england]
    # Ties are broken by name.
    first = more.sort_index().round(9).sort_values(ascending=False, kind="stable").index[:2]
    if not len(first):
        return "No region has clearly more than its share of them."
    parts = [f"{share[r]:.0%} are in {place(str(r))} ({england[r]:.0%} of all practices)" for r in first]
    return f"{listed(parts)}."


def _wilson_low(share: pd.Series, count: int) -> pd.Series:
    """Lower end of the 95% Wilson interval of shares of `count`."""
    half = Z95 * np.sqrt(share * (1 - share) / count + Z95**2 / (4 * count**2))
    return (share + Z95**2 / (2 * count) - half) / (1 + Z95**2 / count)


def place(region: str) -> str:
    """Return a region as it stands after "in".

    >>> place("North West"), place("London")
    ('the North West', 'London')
    """
    return f"the {region}" if region.startswith(("North", "South", "East", "West", "Midlands")) else region


def _name_sentence(claims: Sequence[Claim], examples: list[pd.DataFrame]) -> str:
    """The phrases of the name, each with the example that supports it most."""
    if not claims:
        return ""
    parts = []
    for claim, example in zip(claims, examples, strict=True):
        text = f"{claim.phrase} than average"
        for label, means in zip(example["label"], _means(example), strict=True):
            named = short(label) in claim.phrase
            text += f" ({means})" if named else f" ({worded(label)}: {means})"
        parts.append(text)
    text = listed(parts)
    return f"{text[:1].upper()}{text[1:]}. Intervals are in the table of profiles."


def _difference_sentence(clear: pd.DataFrame, top: int, *, also: bool) -> str:
    """The first `top` differences, at most two of one block where there are several blocks.

    They are the largest as estimated. The sentence does not say "most": intervals of neighbours in rank
    overlap.
    """
    if clear.empty:
        return "" if also else "No feature differs clearly from the England average."
    if len(set(clear["block"])) > 1:
        clear = clear[clear.groupby("block").cumcount() < 2]
    start = "Also clearly different" if also else "Clearly different"
    rows = clear.head(top)
    parts = [f"{worded(label)} ({means})" for label, means in zip(rows["label"], _means(rows), strict=True)]
    return f"{start} from the England average: {listed(parts)}."


def _means(rows: pd.DataFrame) -> list[str]:
    """The mean of the segment and of England, such as "11,445; England 9,019"."""
    columns = (rows[c] for c in ("mean", "england_mean", "unit"))
    return [
        f"{natural(mean, unit)}; England {natural(england, unit)}"
        for mean, england, unit in zip(*columns, strict=True)
    ]


def _next_sentence(mine: pd.DataFrame, everyone: pd.DataFrame) -> str:
    second = mine["second_segment"].dropna()
    if second.empty or everyone["segment"].nunique() < 3:
        return ""
    counts = second.value_counts().sort_index().sort_values(ascending=False, kind="stable")
    share = counts.iloc[0] / len(second)
    return f"The next nearest segment is segment {int(counts.index[0])} for {share:.0%} of its practices."


def _verdict_sentence(number: int, verdict: str, gradient: Gradient | None) -> str:
    if verdict == "unstable":
        return "Its borders move when practices are redrawn, so practices near a border are uncertain."
    if verdict != "continuum":
        return ""
    text = "Practices differ by degree, not by type: this segment is a band along a gradient."
    if gradient is None or number not in gradient.places:
        return text
    lower, upper = gradient.places[number]
    return (
        f"{text} On a scale from {gradient.low} (0) to {gradient.high} (100), half of its practices lie "
        f"between {lower:.0f} and {upper:.0f}."
    )
