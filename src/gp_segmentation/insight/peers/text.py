"""The peers of one practice as text for a terminal: a table, then the reasons peer by peer."""

import difflib
import textwrap

import pandas as pd

from gp_segmentation.errors import InputError
from gp_segmentation.insight.peers.comparison import Comparison
from gp_segmentation.utils.wording import short_icb

COLUMNS = ("", "Code", "Practice", "Integrated care board", "Segment", "Distance", "Stays a peer")
RIGHT = frozenset({"", "Distance", "Stays a peer"})
WIDEST, WIDTH = 34, 110
#: Share of practices whose nearest peer is no further than that of a practice not worth a warning.
FAR = 0.97


def peers_in_words(code: str, peers: pd.DataFrame, segments: pd.DataFrame, comparison: Comparison) -> str:
    """Return what `gpseg-peers CODE` prints.

    Parameters
    ----------
    peers : from `insight.peers`. segments : schema ``segments``.

    Raises InputError for a practice the run does not have, naming similar codes.
    """
    about = segments.set_index("practice_code")
    if code not in about.index:
        raise _unknown(code, about)
    mine = peers[peers["practice_code"] == code].sort_values("rank")
    heading = "\n".join(filter(None, [_heading(code, about, comparison), _far(mine, peers)]))
    parts = [heading, _table(mine, about), _closing(mine, comparison)]
    reasons = [_reasons(code, row, about, comparison) for row in mine.to_dict("records")]
    return "\n\n".join([*parts[:2], "\n".join(reasons), parts[2]]) + "\n"


def _unknown(code: str, about: pd.DataFrame) -> InputError:
    close = difflib.get_close_matches(code, list(about.index), n=5, cutoff=0.6)
    hint = f"Similar codes: {', '.join(close)}" if close else "Codes look like A81001"
    return InputError(f"{code} is not among the {len(about):,} practices", file="segments.csv", remedy=hint)


def _heading(code: str, about: pd.DataFrame, comparison: Comparison) -> str:
    row = about.loc[code]
    lines = [
        f"{code} {row['practice_name']}, {row['icb_name']}",
        f"Segment {row['segment']}, {row['segment_name']}"
        + ("" if row["fitted"] else " (a special practice: assigned, not fitted)"),
    ]
    unusual = comparison.unusual(code)
    told = "; ".join(unusual) if unusual else "every feature is near England's average"
    return "\n".join([*lines, *_wrapped(f"Unusual: {told}", indent="  ")])


def _far(mine: pd.DataFrame, peers: pd.DataFrame) -> str:
    """A warning when even the nearest peer is far off, as of a practice like no other."""
    nearest = peers.loc[peers["rank"] == 1, "distance"]
    if mine.empty or mine["distance"].iloc[0] <= nearest.quantile(FAR):
        return ""
    return (
        f"No practice is much like it: the nearest is at distance {mine['distance'].iloc[0]:.2f}, "
        f"for half of all practices it is at {nearest.median():.2f} or less."
    )


def _table(mine: pd.DataFrame, about: pd.DataFrame) -> str:
    rows = [COLUMNS]
    for peer in mine.to_dict("records"):
        row = about.loc[peer["peer_code"]]
        same = ("same" if peer["same_segment"] else "other", "same" if peer["same_icb"] else "other")
        stays = "" if pd.isna(peer["inclusion"]) else f"{peer['inclusion']:.0%}"
        icb = f"{short_icb(row['icb_name'])} ({same[1]})"
        rows.append(
            (
                *(str(peer["rank"]), str(peer["peer_code"]), str(row["practice_name"]), icb),
                *(f"{row['segment']} ({same[0]})", f"{peer['distance']:.2f}", stays),
            )
        )
    cells = [[_cut(cell) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in cells) for i in range(len(COLUMNS))]
    lines = [
        "  ".join(
            cell.rjust(width) if name in RIGHT else cell.ljust(width)
            for cell, width, name in zip(row, widths, COLUMNS, strict=True)
        ).rstrip()
        for row in cells
    ]
    return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])


def _cut(text: str) -> str:
    return text if len(text) <= WIDEST else text[: WIDEST - 1] + "…"


def _reasons(code: str, peer: dict, about: pd.DataFrame, comparison: Comparison) -> str:
    found = comparison.reasons(code, peer["peer_code"])
    name = about.loc[peer["peer_code"], "practice_name"]
    alike = "; ".join(found.alike) or "nothing that is unusual of both"
    different = "; ".join(found.different) or "in no feature by half a standard deviation"
    lines = [f"{peer['rank']}. {peer['peer_code']} {name}"]
    lines += _wrapped(f"alike: {alike}", indent="   ") + _wrapped(f"different: {different}", indent="   ")
    return "\n".join(lines)


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent=indent + "  ")


def _closing(mine: pd.DataFrame, comparison: Comparison) -> str:
    if mine.empty:
        return "No ordinary open practice has figures to be compared with."
    adjusted = comparison.dictionary["label"].str.contains("adjusted").any()
    text = "Prevalences are age-adjusted. " if adjusted else ""
    text += (
        "Pairs of figures: this practice's, then the peer's. Stays a peer: share of resamples of features "
        "and practices in which it is still among the nearest. Peers are practices with similar patients or "
        "recorded care, not practices of equal quality."
    )
    return "\n".join(_wrapped(text, indent=""))
