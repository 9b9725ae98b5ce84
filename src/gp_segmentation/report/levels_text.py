"""Supergroups, segments and subgroups in words and tables."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from gp_segmentation.figures import SUBGROUPS_ARE_FOR, Group, groups_by_level, parts_of
from gp_segmentation.schemas import Results
from gp_segmentation.utils.rounding import whole_percent
from gp_segmentation.utils.wording import inline, short_icb

#: One subgroup with more than this share of a board's practices leaves little to compare within the board.
MOST = 0.5
#: Boards named in a sentence.
NAMED = 3


def levels_text(results: Results) -> dict[str, Any]:
    """Return the groups as the page shows them.

    Keys: levels (name, plural and groups of each level shown), groups (all, those of a group below it),
    outside (practices of no group, with practices, share and patients; None where there are none) and
    sentences. A group has level, code, number, name, about, compared, apart, practices, share, patients and
    colour.
    """
    found = groups_by_level(results)
    by_code = {group.code: group for groups in found.values() for group in groups}
    portraits = {portrait["code"]: portrait["sentences"] for portrait in results.level_portraits}
    numbers = {portrait["segment"]: portrait["sentences"] for portrait in results.portraits}
    portraits |= {group.code: numbers.get(group.number, []) for group in found["segment"]}
    practices, outside = len(results.everyone), results.unsegmented
    shown = {code: _shown(group, portraits.get(code, []), practices) for code, group in by_code.items()}
    return {
        "levels": [
            {"name": level, "plural": f"{level}s", "groups": [shown[g.code] for g in groups]}
            for level, groups in found.items()
        ],
        "groups": [shown[group.code] for group in in_tree_order(found)],
        "outside": {
            "practices": len(outside),
            "share": len(outside) / max(practices, 1),
            "patients": int(outside["list_size"].sum()),
        }
        if len(outside)
        else None,
        "sentences": _sentences(found, results.everyone),
    }


def in_tree_order(found: Mapping[str, Sequence[Group]]) -> list[Group]:
    """Return all groups, each before the groups it is made of."""

    def with_parts(group: Group) -> list[Group]:
        return [group, *(g for child in parts_of(group, found) for g in with_parts(child))]

    return [g for group in next(iter(found.values())) for g in with_parts(group)]


def _shown(group: Group, sentences: Sequence[str], practices: int) -> dict[str, Any]:
    return {
        "level": group.level,
        "code": group.code,
        "number": group.number or "",
        "name": group.name,
        "about": _about(group, sentences),
        "compared": f"the rest of {group.parent}" if group.level == "subgroup" else "England",
        # What sets a subgroup apart is its name.
        "apart": "" if group.apart == group.name else group.apart,
        "practices": group.practices,
        "share": group.practices / max(practices, 1),
        "patients": group.patients,
        "colour": group.colour,
    }


def _about(group: Group, sentences: Sequence[str]) -> str:
    """A portrait without the size, which stands beside it; of a segment, whose portrait the page has below,
    and of a subgroup what sets it apart.
    """
    whole = group.level == "supergroup" or len(sentences) < 2
    return " ".join(sentences[1:] or sentences if whole else sentences[1:2])


def _sentences(found: Mapping[str, Sequence[Group]], segments: pd.DataFrame) -> list[str]:
    if len(found) < 2:
        return []
    counts = {level: f"{len(groups)} {level}{'s' * (len(groups) > 1)}" for level, groups in found.items()}
    words = {"supergroup": "merged into", "subgroup": "split into"}
    parts = [f"{word} {counts[level]}" for level, word in words.items() if level in found]
    one = len(found["segment"]) == 1
    text = f"The {counts['segment']} {'is' if one else 'are'} {' and '.join(parts)}. A code such as "
    example = found["subgroup" if "subgroup" in found else "segment"][0]
    above = next(g for g in found["segment"] if g.code in (example.parent, example.code))
    if example.level == "subgroup":
        text += f"{example.code} tells all levels: subgroup {example.code} is part of segment {above.code}"
        text += f", which is part of supergroup {above.parent}." if "supergroup" in found else "."
    else:
        text += f"{example.code} tells both: segment {example.code} is part of supergroup {above.parent}."
    return [text, *([SUBGROUPS_ARE_FOR, *_spread(found, segments)] if "subgroup" in found else [])]


def _spread(found: Mapping[str, Sequence[Group]], segments: pd.DataFrame) -> list[str]:
    """Whether one subgroup holds most practices of a board, and why."""
    boards = segments["icb_name"].map(short_icb)
    counts, totals = pd.crosstab(boards, segments["subgroup"]), boards.value_counts()
    shares = counts.div(totals[counts.index], axis=0)
    top = pd.DataFrame({"share": shares.max(axis=1), "code": shares.idxmax(axis=1)})
    top = top.sort_values("share", ascending=False, kind="stable")
    above = top[top["share"] > MOST]
    if above.empty:
        board, (share, code) = top.index[0], top.iloc[0]
        return [
            "In no integrated care board does one subgroup hold more than half of the practices; most it is "
            f"{whole_percent(share)}, of {board} in {code}."
        ]
    by_code = {group.code: group for groups in found.values() for group in groups}
    texts = []
    for board, (share, code) in zip(above.index[:NAMED], above.to_numpy()[:NAMED], strict=True):
        group, n = by_code[code], int(totals[board])
        segment = by_code[group.parent]
        texts.append(
            f"In {board} one subgroup, {code}, holds {round(share * n):,} of {n:,} practices: they are alike "
            f"in what makes segment {segment.code} ({inline(segment.name)}) and, within it, {code} "
            f"({inline(group.name)})."
        )
    more = len(above) - len(texts)
    return [*texts, f"So it is in {more} more integrated care board{'s' * (more > 1)}."] if more else texts
