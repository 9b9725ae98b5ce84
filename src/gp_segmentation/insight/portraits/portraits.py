"""Short portraits of segments, written by fixed rules from figures.

Nothing is random, and nothing depends on how segments are numbered. A portrait states a difference only where
its 95% interval leaves out zero. No word says that a segment is good or poor.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from gp_segmentation.insight.portraits.gradient import Band
from gp_segmentation.insight.portraits.level_portraits import Apart
from gp_segmentation.insight.portraits.names import AVERAGE, NOTABLE, Claim
from gp_segmentation.insight.portraits.phrases import worded
from gp_segmentation.insight.portraits.sentences import (
    claim_figures,
    claim_sentence,
    clear_rows,
    counted,
    examples,
    means_of,
    place_sentences,
    recorded_conditions,
)
from gp_segmentation.utils.rounding import whole_percent
from gp_segmentation.utils.wording import listed


def write_portraits(
    profile: pd.DataFrame,
    segments: pd.DataFrame,
    practices: pd.DataFrame,
    *,
    claims: Mapping[int, Sequence[Claim]],
    apart: Mapping[str, Apart] | None = None,
    verdict: str = "",
    bands: Mapping[int, Band] | None = None,
    top: int = 3,
) -> list[dict[str, Any]]:
    """Return the name, codes, size and two to five sentences of every segment, with the claims of its name.

    Parameters
    ----------
    profile : from `segment_profiles`.
    segments, practices : schemas ``segments`` and ``practices``.
    claims : from `name_claims`. apart : code -> what sets it apart from its siblings, from `set_apart`.
    verdict : of the evidence: ``discrete``, ``continuum`` or ``unstable``; anything else adds no words.
    bands : from `defining_bands`, used when the verdict is ``continuum``.
    top : differences to state beside those of the name.
    """
    patients = segments["practice_code"].map(practices.set_index("practice_code")["list_size"])
    grouped = segments[segments["segment"] > 0]  # the others belong to none
    portraits = []
    for number, name in sorted(set(zip(grouped["segment"], grouped["segment_name"], strict=True))):
        mine, profiled = (table[table["segment"] == number] for table in (segments, profile))
        claimed, codes, band = claims.get(int(number), []), _codes(mine), (bands or {}).get(int(number))
        people, siblings = int(patients[mine.index].sum()), (apart or {}).get(codes["code"])
        share, of_patients = len(mine) / len(segments), people / max(patients.sum(), 1)
        sentences = [
            f"{_size(len(mine), share, people, of_patients)} {place_sentences(mine, segments, profiled)}",
            *_against_england(claimed, profiled, top),
            siblings.sentence if siblings else "",
            f"{_next_sentence(mine, grouped)} {_verdict_sentence(verdict, band)}".strip(),
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
                "share": share,
            }
        )
    return portraits


def _size(practices: int, share: float, people: int, of_patients: float) -> str:
    """How many practices and patients a segment has."""
    patients = f"{people:,} registered patients ({whole_percent(of_patients)})"
    return f"{counted(practices)} ({whole_percent(share)} of all) with {patients}."


def _claims(claimed: Sequence[Claim], profiled: pd.DataFrame) -> dict[str, Any]:
    """The claims of a name, and the figures that support them."""
    supported_by = examples(claimed, clear_rows(profiled))
    return {
        "claims": [claim.figures() for claim in claimed],
        "figures": claim_figures(claimed, supported_by, profiled),
        "conditions": recorded_conditions(profiled),
    }


def _codes(mine: pd.DataFrame) -> dict[str, Any]:
    """The codes of a segment, its supergroup and its subgroups, from its practices."""
    subgroups = sorted(set(mine["subgroup"]), key=lambda code: (len(code), code))
    code, supergroup = (str(mine[column].iloc[0]) for column in ("segment_code", "supergroup"))
    return {"code": code, "supergroup": supergroup, "subgroups": subgroups}


def _against_england(claims: Sequence[Claim], profile: pd.DataFrame, top: int) -> list[str]:
    """The claims with their examples, then `top` other differences.

    A segment without claims is close to the average, by name and in these words. So nothing of it is called
    clearly different: that needs a claim, and a difference of `NOTABLE` or more.
    """
    clear = clear_rows(profile)
    if not claims:
        differs = f" It differs in {_first(clear, top)}, too little for a name." if len(clear) else ""
        return [f"{AVERAGE}.{differs}"]
    supported_by = examples(claims, clear)
    others = clear.drop(index=[i for example in supported_by for i in example.index])
    others = others[others["difference_sd"].abs() >= NOTABLE]
    also = f"Also clearly different from the England average: {_first(others, top)}." if len(others) else ""
    return [claim_sentence(claims, supported_by), also]


def _first(clear: pd.DataFrame, top: int) -> str:
    """The first `top` differences, at most two of one block where there are several blocks.

    They are the largest as estimated. No word says "most": intervals of neighbours in rank overlap.
    """
    if len(set(clear["block"])) > 1:
        clear = clear[clear.groupby("block").cumcount() < 2]
    rows = clear.head(top)
    means = zip(rows["label"], means_of(rows), strict=True)
    return listed([f"{worded(label)} ({figures})" for label, figures in means])


def _next_sentence(mine: pd.DataFrame, everyone: pd.DataFrame) -> str:
    second = mine["second_segment"].dropna()
    if second.empty or everyone["segment"].nunique() < 3:
        return ""
    counts = second.value_counts().sort_index().sort_values(ascending=False, kind="stable")
    share, number = counts.iloc[0] / len(second), int(counts.index[0])
    code = everyone.loc[everyone["segment"] == number, "segment_code"].iloc[0]
    return (
        f"The next nearest segment is segment {number} ({code}) for {whole_percent(share)} of its practices."
    )


def _verdict_sentence(verdict: str, band: Band | None) -> str:
    if verdict == "unstable":
        return "Its borders move when practices are redrawn, so practices near a border are uncertain."
    if verdict != "continuum":
        return ""
    text = "Practices differ by degree, not by type: this segment is a band along a gradient."
    if band is None:
        return text
    return (
        f"{text} On a scale from {band.low} (0) to {band.high} (100), half of its practices lie between "
        f"{band.lower:.0f} and {band.upper:.0f}."
    )
