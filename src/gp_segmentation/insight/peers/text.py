"""The peers of one practice as text for a terminal: a table, then the reasons for each peer."""

import difflib
import textwrap
from collections.abc import Mapping
from typing import Any

import pandas as pd

from gp_segmentation.errors import InputError
from gp_segmentation.insight.peers.comparison import Comparison
from gp_segmentation.schemas import LEVEL_COLUMNS
from gp_segmentation.utils.rounding import score, whole_percent
from gp_segmentation.utils.wording import inline, short_icb

RIGHT = frozenset({"", "Distance", "Stays a peer"})
#: Characters of the widest cell and of a line.
CELL, LINE = 34, 110
LEVELS_ARE = (
    "Supergroup and segment are described against England, the subgroup against the rest of its segment. "
    "Belongs to: the probability of a segment when the practice's counts, and the practices of England, are "
    "drawn again; deprivation and list size are taken as known. The borders between subgroups are not found "
    "again when practices are redrawn."
)
#: Practices named where the one asked for is not there.
OFFERED = 5
#: A warning is given when the nearest peer is further off than that of this share of practices.
FAR = 0.97


def peers_text(
    code: str,
    peers: pd.DataFrame,
    segments: pd.DataFrame,
    comparison: Comparison,
    names: Mapping[str, str] | None = None,
) -> str:
    """Return the text that `gpseg-peers CODE` prints.

    Parameters
    ----------
    peers : from `nearest_peers`. segments : schema ``segments``, or ``segments_without_levels``.
    names : code of a supergroup, segment or subgroup -> its name; None: the run has segments only.

    Raises InputError for a practice the run does not have, naming those that may be meant.
    """
    by_code = segments.set_index("practice_code")
    asked, code = code, code if code in by_code.index else code.upper()
    if code not in by_code.index:
        raise _unknown(asked, by_code["practice_name"].astype(str))
    mine = peers[peers["practice_code"] == code].sort_values("rank")
    heading = [_heading(code, by_code, comparison, names), _warning(mine, peers)]
    reasons = [_reasons(code, peer, by_code, comparison) for peer in mine.to_dict("records")]
    parts = ["\n".join(filter(None, heading)), _table(mine, by_code), "\n".join(reasons)]
    return "\n\n".join(filter(None, [*parts, _closing(mine, comparison, names)])) + "\n"


def _unknown(text: str, names: pd.Series) -> InputError:
    """Return what is told of a practice that is not there: who has that name, and whose code is similar."""
    called = names.index[names.str.contains(text, case=False, regex=False)]
    similar = [*called, *difflib.get_close_matches(text.upper(), list(names.index), n=OFFERED)]
    offered = [f"{code} {_cut(names[code], CELL)}" for code in dict.fromkeys(similar)][:OFFERED]
    hint = f"Did you mean one of: {'; '.join(offered)}" if offered else f"Codes look like {names.index[0]}"
    return InputError(f"{text} is not among the {len(names):,} practices", file="segments.csv", remedy=hint)


def _heading(
    code: str, by_code: pd.DataFrame, comparison: Comparison, names: Mapping[str, str] | None
) -> str:
    practice = by_code.loc[[code]].iloc[0]
    unusual = "; ".join(comparison.unusual(code)) or "nothing; every feature is near England's average"
    return "\n".join(
        [
            f"{code} {_cut(str(practice['practice_name']), LINE)}, {_cut(str(practice['icb_name']), LINE)}",
            *_groups(practice, names),
            *_wrapped(f"Unusual: {unusual}", indent="  "),
        ]
    )


def _groups(practice: pd.Series, names: Mapping[str, str] | None) -> list[str]:
    """The practice's segment, or its groups at every level, and how certain its segment is."""
    if practice["segment"] < 1:
        return ["No segment: the clusterer put this practice into no cluster."]
    special = "" if practice["fitted"] else " (a special practice, put into the nearest segment)"
    if names is None:
        return [f"Segment {practice['segment']}, {practice['segment_name']}{special}"]
    supergroup, segment, subgroup = (practice[column] for column in LEVEL_COLUMNS.values())
    membership = practice.get("membership")  # older runs have none
    sure = "" if pd.isna(membership) else f" It belongs to {membership}."
    lines = [
        f"Supergroup {supergroup}: {inline(names[supergroup])}.",
        f"Segment {segment} (number {practice['segment']}): {inline(names[segment])}{special}.{sure}",
        f"Subgroup {subgroup}, within {segment}: {inline(names[subgroup])}.",
    ]
    return [line for text in lines for line in _wrapped(text, indent="")]


def _warning(mine: pd.DataFrame, peers: pd.DataFrame) -> str:
    """A warning when even the nearest peer is far off; otherwise empty."""
    nearest = peers.loc[peers["rank"] == 1, "distance"]
    if mine.empty or mine["distance"].iloc[0] <= nearest.quantile(FAR):
        return ""
    return (
        f"No practice is much like it: its nearest peer is at distance {score(mine['distance'].iloc[0])}; "
        f"half of all practices have one within {score(nearest.median())}."
    )


def _table(mine: pd.DataFrame, by_code: pd.DataFrame) -> str:
    if mine.empty:
        return ""
    peers = [_cells(peer, by_code.loc[peer["peer_code"]]) for peer in mine.to_dict("records")]
    columns = list(peers[0])
    rows = [columns]
    for cells in peers:
        rows.append([_cut(cell, CELL) for cell in cells.values()])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(
            cell.rjust(width) if name in RIGHT else cell.ljust(width)
            for cell, width, name in zip(row, widths, columns, strict=True)
        ).rstrip()
        for row in rows
    ]
    return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])


def _cells(peer: Mapping[Any, Any], practice: pd.Series) -> dict[str, str]:
    """The peer's cell in each column; a run without levels has no subgroups."""
    segment, icb = ("same" if peer[name] else "other" for name in ("same_segment", "same_icb"))
    practice = practice.fillna("none")  # practices that belong to no segment have no codes
    levels = {"Subgroup": str(practice["subgroup"])} if "subgroup" in practice else {}
    return {
        "": str(peer["rank"]),
        "Code": str(peer["peer_code"]),
        "Practice": str(practice["practice_name"]),
        "Integrated care board": f"{short_icb(practice['icb_name'])} ({icb})",
        "Segment": f"{practice.get('segment_code', practice['segment'])} ({segment})",
        **levels,
        "Distance": score(peer["distance"]),
        "Stays a peer": "" if pd.isna(peer["inclusion"]) else whole_percent(peer["inclusion"]),
    }


def _reasons(code: str, peer: dict[Any, Any], by_code: pd.DataFrame, comparison: Comparison) -> str:
    reasons = comparison.reasons(code, peer["peer_code"])
    alike = "; ".join(reasons.alike) or "no unusual feature is shared"
    different = "; ".join(reasons.different) or "no feature differs by half a standard deviation or more"
    name = _cut(str(by_code.loc[peer["peer_code"], "practice_name"]), LINE)
    lines = [f"{peer['rank']}. {peer['peer_code']} {name}"]
    lines += _wrapped(f"alike: {alike}", indent="   ") + _wrapped(f"different: {different}", indent="   ")
    return "\n".join(lines)


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(text, LINE, initial_indent=indent, subsequent_indent=indent + "  ")


def _closing(mine: pd.DataFrame, comparison: Comparison, names: Mapping[str, str] | None) -> str:
    if mine.empty:
        return "There is no ordinary open practice to compare it with."
    parts = [
        "Prevalences are age-adjusted." * bool(comparison.dictionary["label"].str.contains("adjusted").any()),
        LEVELS_ARE if names is not None else "",
        "Pairs of figures: first this practice, then the peer. Stays a peer: how often the peer is still "
        "among the nearest when features and practices are drawn again at random. Peers have similar "
        "patients or recorded care; they need not be of equal quality.",
    ]
    return "\n".join(_wrapped(" ".join(filter(None, parts)), indent=""))
