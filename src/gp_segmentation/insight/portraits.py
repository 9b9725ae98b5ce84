"""Short portraits of segments, written by rules from figures alone.

Nothing here is random and nothing depends on how segments are numbered. Every claim carries the figures it
rests on, and none is made that the intervals do not bear. No word says that a segment is good or poor.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from gp_segmentation.insight.concepts import inline
from gp_segmentation.insight.names import AVERAGE


def portraits(
    profile: pd.DataFrame,
    segments: pd.DataFrame,
    practices: pd.DataFrame,
    *,
    claims: Mapping[int, list[dict[str, Any]]] | None = None,
    verdict: str = "",
    top: int = 3,
) -> list[dict[str, Any]]:
    """Return, per segment, its name, size and two to four sentences with the figures they rest on.

    Parameters
    ----------
    profile : from `profiles`.
    segments, practices : schemas ``segments`` and ``practices``.
    claims : what the names claim (`names.claims`).
    verdict : of the evidence: ``discrete``, ``continuum`` or ``unstable``; anything else adds no words.
    top : how many differences to state.
    """
    lists = practices.set_index("practice_code")["list_size"]
    patients = segments["practice_code"].map(lists)
    found = []
    for number, name in sorted(set(zip(segments["segment"], segments["segment_name"], strict=True))):
        mine = segments[segments["segment"] == number]
        rows = profile[(profile["segment"] == number) & profile["used"]]
        last = [
            _neighbour_sentence(mine, segments["segment"].nunique()),
            _verdict_sentence(str(name), verdict),
        ]
        count, people = len(mine), int(patients[mine.index].sum())
        sentences = [
            _size_sentence(mine, segments, people, int(patients.sum())),
            _claim_sentence((claims or {}).get(int(number), [])),
            _difference_sentence(rows, top),
            " ".join(filter(None, last)),
        ]
        found.append(
            {
                "segment": int(number),
                "name": str(name),
                "sentences": [s for s in sentences if s],
                "claims": (claims or {}).get(int(number), []),
                "practices": count,
                "patients": people,
                "share": count / len(segments),
            }
        )
    return found


def _size_sentence(mine: pd.DataFrame, everyone: pd.DataFrame, people: int, all_people: int) -> str:
    england = dict(everyone["region_name"].value_counts(normalize=True).items())
    regions = mine["region_name"].value_counts()
    regions = regions.sort_index().sort_values(ascending=False, kind="stable").head(2)
    where = " and ".join(
        f"{count / len(mine):.0%} of them in {region} ({england[region]:.0%} of all)"
        for region, count in regions.items()
    )
    return (
        f"{len(mine):,} practices ({len(mine) / len(everyone):.0%} of all) with {people:,} registered "
        f"patients ({people / max(all_people, 1):.0%}), {where}."
    )


def _claim_sentence(rows: list[dict[str, Any]]) -> str:
    """What the name says, each phrase with its difference in standard deviations and 95% interval."""
    if not rows:
        return ""
    parts = [
        f"{row['phrase']} ({row['difference_sd']:+.1f}, 95% interval {row['low']:+.1f} to {row['high']:+.1f})"
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
        f"{inline(label)} ({natural(mean, unit)} against {natural(england, unit)})"
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


def _verdict_sentence(name: str, verdict: str) -> str:
    if verdict == "continuum":
        if name.startswith(AVERAGE):
            return "It is the middle of a gradient along which practices lie, not a group set apart."
        return f"It is a band towards one end of a gradient ({inline(name)}), not a group set apart."
    if verdict == "unstable":
        return "Its borders move when practices are resampled, so single practices near them are uncertain."
    return ""


def listed(parts: list[str]) -> str:
    """Join `parts` as in a sentence: "a, b and c"."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else "".join(parts)


def natural(value: float, unit: str) -> str:
    """Return `value` in its unit as written in a sentence: "24.1%", "9,843", "21.8"."""
    if not np.isfinite(value):
        return "not known"
    if unit == "%":
        return f"{value:.1f}%" if abs(value) >= 1 else f"{value:.2f}%"
    if unit in ("patients", "people", "count") or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 1 else f"{value:.3g}"
