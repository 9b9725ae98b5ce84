"""What sets groups apart from their siblings, and short portraits of supergroups and subgroups."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from gp_segmentation.insight.portraits.names import Claim
from gp_segmentation.insight.portraits.sentences import (
    apart_sentence,
    claim_sentence,
    clear_rows,
    counted,
    examples,
    place_sentences,
)
from gp_segmentation.schemas import LEVEL_COLUMNS
from gp_segmentation.utils.rounding import whole_percent
from gp_segmentation.utils.wording import inline, listed

BORDERS = "Its borders are not found again when practices are redrawn: use it to find similar practices."


@dataclass(frozen=True)
class Apart:
    """What sets a group apart from the other groups of its parent.

    Attributes
    ----------
    siblings : their codes, at least one. claims : against the parent. sentence : the same in words.
    """

    siblings: list[str]
    claims: Sequence[Claim]
    sentence: str

    def figures(self) -> dict[str, Any]:
        """The siblings, and the claims with their figures, for JSON."""
        return {"siblings": self.siblings, "claims": [claim.figures() for claim in self.claims]}


def set_apart(
    profile: pd.DataFrame, levels: pd.DataFrame, claims: Mapping[str, Sequence[Claim]]
) -> dict[str, Apart]:
    """Return code -> what sets the group apart, for every segment and subgroup that has siblings.

    Parameters
    ----------
    profile : schema ``profiles_by_level``. levels : schema ``levels``.
    claims : code -> claims against the parent, from `level_claims`.
    """
    rows = dict(iter(profile[profile["used"].astype(bool)].groupby("code")))
    found = {}
    for parent, children in levels.groupby("parent"):
        for code in children["code"]:
            siblings = [str(other) for other in children["code"] if other != code]
            if siblings:
                sentence = apart_sentence(claims[code], rows[code], rows[parent], siblings)
                found[str(code)] = Apart(siblings, claims[code], sentence)
    return found


def write_level_portraits(
    profile: pd.DataFrame,
    segments: pd.DataFrame,
    levels: pd.DataFrame,
    claims: Mapping[str, Sequence[Claim]],
    apart: Mapping[str, Apart],
) -> list[dict[str, Any]]:
    """Return name, codes, size and a few sentences of every supergroup and subgroup, with their claims.

    Parameters
    ----------
    profile : schema ``profiles_by_level``. segments, levels : tables of those schemas.
    claims : code -> claims against England, from `level_claims`. apart : from `set_apart`.
    """
    portraits = []
    for group in levels[levels["level"] != "segment"].to_dict("records"):
        code, level = str(group["code"]), str(group["level"])
        mine = segments[segments[LEVEL_COLUMNS[level]] == code]
        profiled = profile[profile["code"] == code]
        clear = clear_rows(profiled)
        against_england = claim_sentence(claims[code], examples(claims[code], clear))
        children = levels[levels["parent"] == code]
        if level == "supergroup":
            told = [against_england, _made_of(children)]
        elif code in apart:
            told = [apart[code].sentence, against_england, BORDERS]
        else:
            told = [against_england, f"It is all of segment {group['parent']}."]
        size = f"{_size(group, levels, segments)} {place_sentences(mine, segments, profiled)}"
        portraits.append(
            {
                "level": level,
                "code": code,
                "parent": None if level == "supergroup" else str(group["parent"]),
                "children": [str(child) for child in children["code"]],
                "name": str(group["name"]),
                "compared_with": str(group["compared_with"]),
                "sentences": [sentence for sentence in (size, *told) if sentence],
                "claims": [claim.figures() for claim in claims[code]],
                "apart": apart[code].figures() if code in apart else None,
                "practices": int(group["practices"]),
                "patients": int(group["patients"]),
                "share": group["practices"] / len(segments),
            }
        )
    return portraits


def _size(group: Mapping[Any, Any], levels: pd.DataFrame, segments: pd.DataFrame) -> str:
    practices, patients = int(group["practices"]), int(group["patients"])
    of_all = f"{whole_percent(practices / len(segments))} of all"
    above = levels.loc[levels["code"] == group["parent"], "practices"]
    of_parent = "" if above.empty else f"{whole_percent(practices / above.iloc[0])} of {group['parent']}, "
    share = patients / max(int(segments["list_size"].sum()), 1)
    people = f"{patients:,} registered patients ({whole_percent(share)})"
    return f"{counted(practices)} ({of_parent}{of_all}) with {people}."


def _made_of(segments: pd.DataFrame) -> str:
    if len(segments) == 1:
        return f"It is segment {segments['code'].iloc[0]} itself."
    codes_and_names = zip(segments["code"], segments["name"], strict=True)
    return f"It is made of segments {listed([f'{code} ({inline(name)})' for code, name in codes_and_names])}."
