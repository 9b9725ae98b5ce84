"""The peers of one practice as text for a terminal: a table, then the reasons for each peer."""

import difflib
import textwrap
from typing import Any

import pandas as pd

from gp_segmentation.errors import InputError
from gp_segmentation.insight.peers.comparison import Comparison
from gp_segmentation.utils.wording import short_icb

COLUMNS = ("", "Code", "Practice", "Integrated care board", "Segment", "Distance", "Stays a peer")
RIGHT = frozenset({"", "Distance", "Stays a peer"})
#: Characters of the widest cell and of a line.
CELL, LINE = 34, 110
#: A warning is given when the nearest peer is further off than that of this share of practices.
FAR = 0.97


def peers_text(code: str, peers: pd.DataFrame, segments: pd.DataFrame, comparison: Comparison) -> str:
    """Return the text that `gpseg-peers CODE` prints.

    Parameters
    ----------
    peers : from `nearest_peers`. segments : schema ``segments``.

    Raises InputError for a practice the run does not have, naming similar codes.
    """
    by_code = segments.set_index("practice_code")
    if code not in by_code.index:
        similar = difflib.get_close_matches(code, list(by_code.index), n=5, cutoff=0.6)
        hint = f"Similar codes: {', '.join(similar)}" if similar else "Codes look like A81001"
        unknown = f"{code} is not among the {len(by_code):,} practices"
        raise InputError(unknown, file="segments.csv", remedy=hint)
    mine = peers[peers["practice_code"] == code].sort_values("rank")
    heading = [_heading(code, by_code, comparison), _warning(mine, peers)]
    reasons = [_reasons(code, peer, by_code, comparison) for peer in mine.to_dict("records")]
    parts = ["\n".join(filter(None, heading)), _table(mine, by_code), "\n".join(reasons)]
    return "\n\n".join([*parts, _closing(mine, comparison)]) + "\n"


def _heading(code: str, by_code: pd.DataFrame, comparison: Comparison) -> str:
    practice = by_code.loc[code]
    unusual = "; ".join(comparison.unusual(code)) or "nothing; every feature is near England's average"
    special = "" if practice["fitted"] else " (a special practice, put into the nearest segment)"
    return "\n".join(
        [
            f"{code} {_cut(str(practice['practice_name']), LINE)}, {_cut(str(practice['icb_name']), LINE)}",
            f"Segment {practice['segment']}, {practice['segment_name']}{special}",
            *_wrapped(f"Unusual: {unusual}", indent="  "),
        ]
    )


def _warning(mine: pd.DataFrame, peers: pd.DataFrame) -> str:
    """A warning when even the nearest peer is far off; otherwise empty."""
    nearest = peers.loc[peers["rank"] == 1, "distance"]
    if mine.empty or mine["distance"].iloc[0] <= nearest.quantile(FAR):
        return ""
    return (
        f"No practice is much like it: its nearest peer is at distance {mine['distance'].iloc[0]:.2f}; "
        f"half of all practices have one within {nearest.median():.2f}."
    )


def _table(mine: pd.DataFrame, by_code: pd.DataFrame) -> str:
    rows: list[tuple[str, ...]] = [COLUMNS]
    for peer in mine.to_dict("records"):
        practice = by_code.loc[peer["peer_code"]]
        segment, icb = ("same" if peer[name] else "other" for name in ("same_segment", "same_icb"))
        cells = (
            *(str(peer["rank"]), str(peer["peer_code"]), str(practice["practice_name"])),
            *(f"{short_icb(practice['icb_name'])} ({icb})", f"{practice['segment']} ({segment})"),
            f"{peer['distance']:.2f}",
            "" if pd.isna(peer["inclusion"]) else f"{peer['inclusion']:.0%}",
        )
        rows.append(tuple(_cut(cell, CELL) for cell in cells))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(
            cell.rjust(width) if name in RIGHT else cell.ljust(width)
            for cell, width, name in zip(row, widths, COLUMNS, strict=True)
        ).rstrip()
        for row in rows
    ]
    return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])


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


def _closing(mine: pd.DataFrame, comparison: Comparison) -> str:
    if mine.empty:
        return "There is no ordinary open practice to compare it with."
    adjusted = comparison.dictionary["label"].str.contains("adjusted").any()
    text = "Prevalences are age-adjusted. " if adjusted else ""
    text += (
        "Pairs of figures: first this practice, then the peer. Stays a peer: how often the peer is still "
        "among the nearest when features and practices are drawn again at random. Peers have similar "
        "patients or recorded care; they need not be of equal quality."
    )
    return "\n".join(_wrapped(text, indent=""))
