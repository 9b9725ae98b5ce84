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

from gp_segmentation.figures._parts import RIGHT, note, number_axis
from gp_segmentation.figures._registry import NotShown
from gp_segmentation.figures._style import BLUE, GREY, INK, ORANGE, Look, clean, compared_keys
from gp_segmentation.figures.scatter import spread
from gp_segmentation.schemas import Results

ORDER, LABEL = 71, "Measures not used, by number of segments"
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
    """Panels, the first of all measures; k -> points added to the chosen one, low, high; the chosen k."""

    panels: list[Panel]
    added: pd.DataFrame
    chosen: int


def data(results: Results) -> Usefulness:
    compared_keys(results.segments)
    evidence = results.evidence
    by_k = evidence.get("beyond_by_k") or []
    if not by_k:
        raise NotShown("Every measure was used to make the segments.")
    if len(by_k) < 2:
        raise NotShown("The number of segments was fixed in advance, so there are no others to compare.")
    blocks = {row["block"]: row["measures"] for row in by_k[0]["blocks"]}
    panels = [_panel(evidence, None, f"All {_counted(sum(blocks.values()))}")]
    if len(blocks) > 1:
        names = {block: clean(block.replace("_", " ").capitalize()) for block in blocks}
        panels += [_panel(evidence, b, f"{names[b]}: {_counted(count)}") for b, count in blocks.items()]
    added = [_percent(row, "added") for row in by_k]
    return Usefulness(panels, _by_k(by_k, added), int(results.choice["n_clusters"]))


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
        note(axes, f"{level}s", (k, share), (3, -15), size=8.5)
    for key, share in panel.lines.items():
        axes.axhline(share, linewidth=1.3, zorder=1, **LINES[key][1])
    number_axis(axes, chosen)
    axes.set_title(panel.name, loc="left")
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
        note(axes, f"{text} {share:.1f}", (1, height), (5, 0), xycoords=RIGHT, **look)


def title(data: Usefulness) -> str:
    share = data.panels[0].curve["cv"][data.chosen]
    text = f"{data.chosen} segments explain {share:.1f}% of the variance in measures not used"
    fewest, most = data.added.index[0], data.added.index[-1]
    if fewest != data.chosen:
        text += f", {_than_fewer(data.added.loc[fewest])} {fewest}"
    return f"{text}; {most} would add {_by_more(data.added.loc[most])}" if most != data.chosen else text


def _than_fewer(row: pd.Series) -> str:
    if not _is_certain(row):
        return "no more for certain than"
    return f"{_points(row)} {'more' if row['added'] < 0 else 'less'} than"


def _by_more(row: pd.Series) -> str:
    return _points(row) if _is_certain(row) and row["added"] > 0 else "nothing that is certain"


def _is_certain(row: pd.Series) -> bool:
    """Whether the interval of the difference leaves out zero."""
    return bool(row["low"] > 0 or row["high"] < 0)


def _points(row: pd.Series) -> str:
    points = abs(row["added"])
    return f"{points:.1f} points" if points >= 0.05 else "less than 0.1 points"


def alt(data: Usefulness) -> str:
    curve = ", ".join(f"{k}: {value:.1f}%" for k, value in data.panels[0].curve["cv"].items())
    parts = [f"Line charts of the variance explained by number of segments. Mean of all measures: {curve}."]
    for panel in data.panels:
        ends = [f"{k} segments {share:.1f}%" for k, share in panel.curve["cv"].iloc[[0, -1]].items()]
        lines = [f"{LINES[key][0]} {value:.1f}%" for key, value in panel.lines.items()]
        levels = [f"{k} {level}s {share:.1f}%" for level, k, share in panel.levels.itertuples()]
        parts.append(f"{panel.name}: {', '.join([*ends, *levels, *lines])}.")
    return " ".join(parts)
