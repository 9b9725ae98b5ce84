"""Short portraits of segments, written by fixed rules from figures.

Nothing is random, and nothing depends on how segments are numbered. A portrait states a difference only where
its 95% interval leaves out zero. No word says that a segment is good or poor.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from gp_segmentation.insight.portraits.gradient import Gradient
from gp_segmentation.insight.portraits.level_portraits import Apart
from gp_segmentation.insight.portraits.names import Claim
from gp_segmentation.insight.portraits.phrases import worded
from gp_segmentation.insight.portraits.sentences import (
    claim_figures,
    claim_sentence,
    clear_rows,
    counted,
    examples,
    means_of,
    place_sentences,
)
from gp_segmentation.utils.wording import listed


def write_portraits(
    profile: pd.DataFrame,
    segments: pd.DataFrame,
    practices: pd.DataFrame,
    *,
    claims: Mapping[int, Sequence[Claim]] | None = None,
    apart: Mapping[str, Apart] | None = None,
    verdict: str = "",
    gradient: Gradient | None = None,
    top: int = 3,
) -> list[dict[str, Any]]:
    """Return the name, codes, size and two to five sentences of every segment, with the claims of its name.

    Parameters
    ----------
    profile : from `segment_profiles`.
    segments, practices : schemas ``segments`` and ``practices``.
    claims : from `name_claims`. apart : code -> what sets it apart from its siblings, from `set_apart`.
    verdict : of the evidence: ``discrete``, ``continuum`` or ``unstable``; anything else adds no words.
    gradient : from `main_gradient`, used when the verdict is ``continuum``.
    top : differences to state beside those of the name.
    """
    patients = segments["practice_code"].map(practices.set_index("practice_code")["list_size"])
    grouped = segments[segments["segment"] > 0]  # the others belong to none
    portraits = []
    for number, name in sorted(set(zip(grouped["segment"], grouped["segment_name"], strict=True))):
        mine, profiled = (table[table["segment"] == number] for table in (segments, profile))
        claimed, codes = (claims or {}).get(int(number), []), _codes(mine)
        people, siblings = int(patients[mine.index].sum()), (apart or {}).get(codes["code"])
        sentences = [
            f"{counted(len(mine))} ({len(mine) / len(segments):.0%} of all) with {people:,} registered "
            f"patients ({people / max(patients.sum(), 1):.0%}). {place_sentences(mine, segments, profiled)}",
            *_against_england(claimed, profiled, top),
            siblings.sentence if siblings else "",
            f"{_next_sentence(mine, grouped)} {_verdict_sentence(number, verdict, gradient)}".strip(),
        ]
        portraits.append(
            {
                "segment": int(number),
                **codes,
                "name": str(name),
                "sentences": [sentence for sentence in sentences if sentence],
                **_claims(claimed, profiled),
                "apart": siblings.figures() if siblings else None,
                "practices": len(mine),
                "patients": people,
                "share": len(mine) / len(segments),
            }
        )
    return portraits


def _claims(claimed: Sequence[Claim], profiled: pd.DataFrame) -> dict[str, Any]:
    """The claims of a name, and the figures that support them."""
    return {
        "claims": [claim.figures() for claim in claimed],
        "figures": claim_figures(examples(claimed, clear_rows(profiled))),
    }


def _codes(mine: pd.DataFrame) -> dict[str, Any]:
    """The codes of a segment, its supergroup and its subgroups, from its practices."""
    subgroups = sorted(set(mine["subgroup"]), key=lambda code: (len(code), code))
    code, supergroup = (str(mine[column].iloc[0]) for column in ("segment_code", "supergroup"))
    return {"code": code, "supergroup": supergroup, "subgroups": subgroups}


def _against_england(claims: Sequence[Claim], profile: pd.DataFrame, top: int) -> list[str]:
    """The claims with their examples, then `top` other differences."""
    clear = clear_rows(profile)
    supported_by = examples(claims, clear)
    others = clear.drop(index=[i for example in supported_by for i in example.index])
    return [claim_sentence(claims, supported_by), _difference_sentence(others, top, also=bool(claims))]


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
    parts = [f"{worded(label)} ({means})" for label, means in zip(rows["label"], means_of(rows), strict=True)]
    return f"{start} from the England average: {listed(parts)}."


def _next_sentence(mine: pd.DataFrame, everyone: pd.DataFrame) -> str:
    second = mine["second_segment"].dropna()
    if second.empty or everyone["segment"].nunique() < 3:
        return ""
    counts = second.value_counts().sort_index().sort_values(ascending=False, kind="stable")
    share, number = counts.iloc[0] / len(second), int(counts.index[0])
    code = everyone.loc[everyone["segment"] == number, "segment_code"].iloc[0]
    return f"The next nearest segment is segment {number} ({code}) for {share:.0%} of its practices."


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
