"""Short portraits of segments, written by rules from figures alone.

Nothing here is random and nothing depends on how segments are numbered. Every claim carries the figures it
rests on, and none is made that the intervals do not bear. No word says that a segment is good or poor.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from gp_segmentation.insight.portraits.gradient import Gradient
from gp_segmentation.insight.portraits.phrases import worded
from gp_segmentation.insight.portraits.profiles import Z95
from gp_segmentation.utils.wording import listed, natural, signed


def write_portraits(
    profile: pd.DataFrame,
    segments: pd.DataFrame,
    practices: pd.DataFrame,
    *,
    claims: Mapping[int, list[dict[str, Any]]] | None = None,
    verdict: str = "",
    gradient: Gradient | None = None,
    top: int = 3,
) -> list[dict[str, Any]]:
    """Return, per segment, its name, size and two to four sentences with the figures they rest on.

    Parameters
    ----------
    profile : from `segment_profiles`.
    segments, practices : schemas ``segments`` and ``practices``.
    claims : what the names claim (`names.claims`).
    verdict : of the evidence: ``discrete``, ``continuum`` or ``unstable``; anything else adds no words.
    gradient : where the segments lie (`gradient.gradient`), told under the verdict ``continuum``.
    top : how many differences to state.
    """
    lists = practices.set_index("practice_code")["list_size"]
    patients = segments["practice_code"].map(lists)
    found = []
    for number, name in sorted(set(zip(segments["segment"], segments["segment_name"], strict=True))):
        mine = segments[segments["segment"] == number]
        rows = profile[(profile["segment"] == number) & profile["used"]]
        claimed = (claims or {}).get(int(number), [])
        people = int(patients[mine.index].sum())
        sentences = [
            _size_sentence(mine, segments, people, int(patients.sum())),
            _claim_sentence(claimed),
            _difference_sentence(rows, top),
            _last_sentences(mine, segments, verdict, gradient),
        ]
        found.append(
            {
                "segment": int(number),
                "name": str(name),
                "sentences": [s for s in sentences if s],
                "claims": claimed,
                "practices": len(mine),
                "patients": people,
                "share": len(mine) / len(segments),
            }
        )
    return found


def _last_sentences(
    mine: pd.DataFrame, everyone: pd.DataFrame, verdict: str, gradient: Gradient | None
) -> str:
    """How near the segment is to others, and what the evidence says of it."""
    number = int(mine["segment"].iloc[0])
    near = _neighbour_sentence(mine, everyone["segment"].nunique())
    return " ".join(filter(None, [near, _verdict_sentence(number, verdict, gradient)]))


def _size_sentence(mine: pd.DataFrame, everyone: pd.DataFrame, people: int, all_people: int) -> str:
    count = len(mine)
    return (
        f"{count:,} {'practice' if count == 1 else 'practices'} ({count / len(everyone):.0%} of all) with "
        f"{people:,} registered patients ({people / max(all_people, 1):.0%}); {_where(mine, everyone)}."
    )


def _where(mine: pd.DataFrame, everyone: pd.DataFrame) -> str:
    """The regions, at most two, that have clearly more of the segment's practices than of all practices.

    Clearly: the 95% interval of the segment's share (Wilson) lies above the region's share of all.
    """
    england = everyone["region_name"].value_counts(normalize=True)
    share = mine["region_name"].value_counts(normalize=True).reindex(england.index).fillna(0.0)
    more = (share - england)[_lowest(share, len(mine)) > england]
    # The same excess: in the order of names.
    first = more.sort_index().round(9).sort_values(ascending=False, kind="stable").index[:2]
    if not len(first):
        return "no region has clearly more of them than of all practices"
    parts = [
        f"{share[name]:.0%} are in {place(str(name))} ({england[name]:.0%} of all are)" for name in first
    ]
    return listed(parts)


def _lowest(share: pd.Series, count: int) -> pd.Series:
    """Lower end of the 95% Wilson interval of shares of `count`."""
    half = Z95 * np.sqrt(share * (1 - share) / count + Z95**2 / (4 * count**2))
    return (share + Z95**2 / (2 * count) - half) / (1 + Z95**2 / count)


def place(region: str) -> str:
    """Return a region as it stands after "in".

    >>> place("North West"), place("London")
    ('the North West', 'London')
    """
    pointed = region.startswith(("North", "South", "East", "West", "Midlands"))
    return f"the {region}" if pointed else region


def _claim_sentence(rows: list[dict[str, Any]]) -> str:
    """What the name says, each phrase with its difference in standard deviations and 95% interval."""
    if not rows:
        return ""
    parts = [
        f"{row['phrase']} ({signed(row['difference_sd'])}, 95% interval {signed(row['low'])} to "
        f"{signed(row['high'])})"
        for row in rows
    ]
    return f"Against England, in standard deviations between practices: {listed(parts)}."


def _difference_sentence(rows: pd.DataFrame, top: int) -> str:
    """The first `top` differences whose interval leaves out 0, at most two of one block where there are more.

    They are the largest as estimated; "most" is not said, since intervals of neighbours in rank overlap.
    """
    clear = rows[(rows["difference_low"] > 0) | (rows["difference_high"] < 0)].sort_values("rank")
    if len(set(rows["block"])) > 1:
        clear = clear[clear.groupby("block").cumcount() < 2]
    if clear.empty:
        return "On no feature does its mean differ clearly from England's."
    columns = [clear.head(top)[c] for c in ("label", "unit", "mean", "england_mean")]
    parts = [
        f"{worded(label)} ({natural(mean, unit)} against {natural(england, unit)})"
        for label, unit, mean, england in zip(*columns, strict=True)
    ]
    return f"Its mean differs clearly from England's in {listed(parts)}."


def _neighbour_sentence(mine: pd.DataFrame, segments_in_all: int) -> str:
    second = mine["second_segment"].dropna()
    if second.empty or segments_in_all < 3:
        return ""
    counts = second.value_counts().sort_index().sort_values(ascending=False, kind="stable")
    share = counts.iloc[0] / len(second)
    return f"For {share:.0%} of its practices the next nearest segment is segment {int(counts.index[0])}."


def _verdict_sentence(number: int, verdict: str, gradient: Gradient | None) -> str:
    if verdict == "continuum":
        return f"It is a band along a gradient, not a group set apart{_along(number, gradient)}."
    if verdict == "unstable":
        return "Its borders move when practices are resampled, so single practices near them are uncertain."
    return ""


def _along(number: int, gradient: Gradient | None) -> str:
    """Between which percentiles of the main gradient the middle half of the segment lies."""
    if gradient is None or number not in gradient.places:
        return ""
    lower, upper = gradient.places[number]
    return (
        f": from {gradient.low} (0) to {gradient.high} (100), the middle half of its practices lies between "
        f"{lower:.0f} and {upper:.0f}"
    )
