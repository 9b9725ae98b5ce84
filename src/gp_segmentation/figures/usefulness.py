"""What more segments would tell of measures that were not used to make them: the share of variance between
practices that each number of segments explains, as a mean over measures. It is cross-validated, so that more
segments are no advantage in themselves. Band: 95% interval over the folds, for other practices and the same
measures. Horizontal lines: groups that need no clustering, and a linear model of the columns the segments are
made of (the features themselves), which shows what is lost by making groups of them. Groups can exceed it
where relations are not linear. Squares: the levels of the segments, where there are several.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import FigureBase

from gp_segmentation.figures._parts import RIGHT, name_panel, note, number_axis, spread
from gp_segmentation.figures._registry import NotShown
from gp_segmentation.figures._style import BLUE, GREY, INK, ORANGE, Look, block_name, compared_keys
from gp_segmentation.schemas import Results
from gp_segmentation.utils.rounding import percent

ORDER, LABEL = 71, "Measures not used, by number of segments"
SHOWS_ACHIEVEMENT = True
#: What is drawn as a horizontal line: its name and its look.
LINES: dict[str, tuple[str, Look]] = {
    "features": ("features themselves", {"color": INK, "linestyle": "-"}),
    "icb": ("care boards", {"color": GREY, "linestyle": "-."}),
    "deprivation": ("deprivation fifths", {"color": GREY, "linestyle": "--"}),
    "list_size": ("list-size bands", {"color": GREY, "linestyle": ":"}),
    "rurality": ("rurality", {"color": GREY, "linestyle": (0, (6, 1, 1, 1, 1, 1))}),
}
#: Height of a line of text beside a panel, and about that of a panel, in points.
TEXT, HEIGHT = 12.5, 230


@dataclass(frozen=True)
class Panel:
    """Shares of variance explained (%), means over the measures of one block, or of all.

    Attributes
    ----------
    name : what the measures are. curve : k -> cv, low, high (NaN: no interval).
    lines : name in `LINES` -> share. levels : level -> k, cv.
    """

    name: str
    curve: pd.DataFrame
    lines: dict[str, float]
    levels: pd.DataFrame


@dataclass(frozen=True)
class Usefulness:
    """Panels, the first of all measures; the chosen number; what the title compares it with.

    compared : name ("12", "12 subgroups") -> k; added to the chosen number, low, high (points). The levels,
        or the fewest and the most segments tried.
    """

    panels: list[Panel]
    chosen: int
    compared: pd.DataFrame


def data(results: Results) -> Usefulness:
    compared_keys(results.segments)
    evidence = results.evidence
    by_k = evidence.get("beyond_by_k") or []
    if not by_k:
        raise NotShown("Every measure was used to make the segments.")
    if len(by_k) < 2:
        raise NotShown("The number of segments was fixed in advance, so there are no others to compare.")
    blocks = {row["block"]: row["measures"] for row in by_k[0]["blocks"]}
    panels = [_panel(evidence, None, f"Mean of {_counted(sum(blocks.values()))}")]
    if len(blocks) > 1:
        names = {block: block_name(block) for block in blocks}
        panels += [_panel(evidence, b, f"{names[b]}: {_counted(count)}") for b, count in blocks.items()]
    chosen, levels = int(results.choice["n_clusters"]), evidence.get("beyond_levels") or []
    ends = {f"{row['k']}": row for row in (by_k[0], by_k[-1]) if row["k"] != chosen}
    others = {f"{row['k']} {row['level']}s": row for row in levels} or ends
    compared = [{"k": row["k"], **_percent(row, "added")} for row in others.values()]
    return Usefulness(panels, chosen, pd.DataFrame(compared, index=list(others)))


def _counted(measures: int) -> str:
    return f"{measures} measure{'s' * (measures != 1)}"


def _panel(evidence: Mapping[str, Any], block: str | None, name: str) -> Panel:
    def shares(row: Mapping[str, Any]) -> dict[str, float]:
        within = {part["block"]: part for part in row["blocks"]}
        return _percent(row if block is None else within[block], "cv")

    by_k, levels = evidence["beyond_by_k"], evidence.get("beyond_levels") or []
    lines = {row["grouping"]: row for row in evidence.get("beyond_others") or []}
    lines |= {"features": evidence["ceiling"]}
    at_levels = [{"k": row["k"], "cv": shares(row)["cv"]} for row in levels]
    return Panel(
        name,
        _by_k(by_k, [shares(row) for row in by_k]),
        {key: shares(lines[key])["cv"] for key in LINES if key in lines},
        pd.DataFrame(at_levels, index=[row["level"] for row in levels], columns=["k", "cv"]),
    )


def _percent(row: Mapping[str, Any], name: str) -> dict[str, float]:
    """A figure of `row` and its interval, in %: columns `name`, low, high."""
    columns = {name: name, "low": f"{name}_low", "high": f"{name}_high"}
    return {new: np.nan if row[old] is None else 100 * row[old] for new, old in columns.items()}


def _by_k(by_k: list[dict[str, Any]], rows: list[dict[str, float]]) -> pd.DataFrame:
    return pd.DataFrame(rows, index=pd.Index([row["k"] for row in by_k], name="k"))


def size(data: Usefulness) -> tuple[float, float]:
    rows, columns = _grid(data)
    return (7.5 if columns == 1 else 4.2 * columns), 4.2 * rows


def _grid(data: Usefulness) -> tuple[int, int]:
    count = len(data.panels)
    columns = 2 if count == 4 else min(count, 3)
    return -(-count // columns), columns


def draw(data: Usefulness, figure: FigureBase) -> None:
    grid = figure.subplots(*_grid(data), squeeze=False)
    for axes, panel in zip(grid.flat, data.panels, strict=False):
        _draw_panel(axes, panel, data.chosen)
    for axes in grid.flat[len(data.panels) :]:
        axes.remove()
    for axes in grid[:, 0]:
        axes.set_ylabel("Variance explained (%, mean)")


def _draw_panel(axes: Axes, panel: Panel, chosen: int) -> None:
    curve = panel.curve
    axes.fill_between(curve.index, curve["low"], curve["high"], color=BLUE, alpha=0.2, linewidth=0)
    axes.plot(curve["cv"], color=BLUE, marker="o", markersize=5, linewidth=2)
    axes.plot(chosen, curve["cv"][chosen], "D", color=ORANGE, markeredgecolor=INK, markersize=10)
    for level, k, share in panel.levels.itertuples():
        axes.plot(k, share, "s", color="white", markeredgecolor=INK, markersize=7, zorder=5)
        shift, side = ((3, -15), "left") if k < chosen else ((0, -22), "right")
        note(axes, f"{level}s", (k, share), shift, size=8.5, ha=side)
    for key, share in panel.lines.items():
        axes.axhline(share, linewidth=1.3, zorder=1, **LINES[key][1])
    number_axis(axes, chosen)
    name_panel(axes, panel.name)
    shown = [*panel.lines.values(), *curve.to_numpy().ravel()]
    axes.set_ylim(min(0, 1.12 * np.nanmin(shown)), 1.12 * max(np.nanmax(shown), 0.1))
    axes.axhline(0, color="0.4", linewidth=0.8)
    _name_lines(axes, panel)


def _name_lines(axes: Axes, panel: Panel) -> None:
    """Write beside the panel what each line is and where it ends, moved apart where lines are close."""
    last = panel.curve["cv"].iloc[-1]
    texts = {key: (LINES[key][0], LINES[key][1]["color"], "normal") for key in panel.lines}
    texts["last"] = (f"{panel.curve.index[-1]} segments", BLUE, "bold")
    heights = pd.Series(panel.lines | {"last": last}).sort_values(kind="stable")
    low, high = axes.get_ylim()
    placed = spread(heights.to_numpy(), (high - low) * TEXT / HEIGHT)
    for (key, share), height in zip(heights.items(), placed, strict=True):
        text, colour, weight = texts[str(key)]
        look: Look = {"color": colour, "weight": weight, "size": 9, "va": "center"}
        number = f"{share:z.1f}".replace("-", "−")
        note(axes, f"{text} {number}", (1, height), (5, 0), xycoords=RIGHT, **look)


def title(data: Usefulness) -> str:
    share = data.panels[0].curve["cv"][data.chosen]
    text = f"{data.chosen} segments explain {percent(share / 100)} of the variance in measures not used"
    return text + "".join(_beside(*row, chosen=data.chosen) for row in data.compared.itertuples())


def _beside(name: str, k: int, added: float, low: float, high: float, *, chosen: int) -> str:
    """Compare the chosen number with fewer or more groups. Certain: the interval leaves out zero."""
    certain = low > 0 or high < 0
    points = f"{abs(added):.1f} points" if abs(added) >= 0.05 else "less than 0.1 points"
    if k < chosen:
        more = f"{points} {'more' if added < 0 else 'less'}" if certain else "no more for certain"
        return f", {more} than {name}"
    return f"; {name} would add {points if certain and added > 0 else 'nothing that is certain'}"


def alt(data: Usefulness) -> str:
    curve = ", ".join(f"{k}: {percent(value / 100)}" for k, value in data.panels[0].curve["cv"].items())
    parts = [f"Line charts of the variance explained by number of segments. Mean of all measures: {curve}."]
    for panel in data.panels:
        ends = [
            f"{k} segments {percent(share / 100)}" for k, share in panel.curve["cv"].iloc[[0, -1]].items()
        ]
        lines = [f"{LINES[key][0]} {percent(value / 100)}" for key, value in panel.lines.items()]
        levels = [f"{k} {level}s {percent(share / 100)}" for level, k, share in panel.levels.itertuples()]
        parts.append(f"{panel.name}: {', '.join([*ends, *levels, *lines])}.")
    return " ".join(parts)


def table(data: Usefulness) -> pd.DataFrame:
    rows: list[list[object]] = []
    for panel in data.panels:
        for k, *shares in panel.curve[["cv", "low", "high"]].itertuples():
            rows.append([panel.name, "segments", k, *shares])
        levels = [[f"{level}s", k, share] for level, k, share in panel.levels.itertuples()]
        lines = [[LINES[key][0], None, share] for key, share in panel.lines.items()]
        rows += [[panel.name, *row, None, None] for row in [*levels, *lines]]
    explained = ["Variance explained (%)", "Lower end of 95% interval", "Upper end"]
    found = pd.DataFrame(rows, columns=["Measures", "Grouping", "Number of groups", *explained])
    return found.astype({"Number of groups": "Int64"})
