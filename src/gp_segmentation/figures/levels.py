"""The levels of groups: supergroups, the segments they are made of, and the subgroups that segments are split
into. Every group lies in one of the level to its left. Width of a band: practices. Names of supergroups and
segments say how they differ from England, names of subgroups how they differ from the rest of their segment.
Special practices are included. Subgroups are for finding similar practices: their borders are not found again
when practices are redrawn.
"""

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import FigureBase
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path

from gp_segmentation.figures._groups import Group, groups_by_level, parts_of
from gp_segmentation.figures._registry import NotShown
from gp_segmentation.figures._style import GREY, INK, Look, compared_keys, in_millions
from gp_segmentation.schemas import Results

ORDER, LABEL = 3, "Supergroups, segments and subgroups"
#: Inches: width of the boxes of each level, between them, of the strip of colour at a box's left.
WIDTHS, BETWEEN, STRIP = {"supergroup": 1.75, "segment": 2.2, "subgroup": 5.0}, 0.5, 0.07
#: Inches: a line of text, around the text of a box, between siblings, between other boxes, above the boxes.
LINE, PAD, SIBLINGS, OTHERS, HEAD, EDGE = 0.165, 0.07, 0.06, 0.16, 0.56, 0.1
#: Letters in an inch. Inches from the right end of a subgroup's box to its practices and to its patients.
LETTERS, PRACTICES, PATIENTS = 14.4, 0.72, 0.1
HEADS = {
    "supergroup": "Supergroups",
    "segment": "Segments",
    "subgroup": "Subgroups, whose borders are not found again",
}
#: With more groups on the right than this, each has a single line.
MANY = 36


@dataclass(frozen=True)
class Box:
    """A group, the lines of its name, and where it stands: left, top and height in inches."""

    group: Group
    lines: list[str]
    left: float
    top: float
    height: float

    @property
    def width(self) -> float:
        return WIDTHS[self.group.level]


@dataclass(frozen=True)
class Levels:
    """Level -> groups; the boxes by code, and the height of them all in inches."""

    groups: dict[str, list[Group]]
    boxes: dict[str, Box]
    height: float


def data(results: Results) -> Levels:
    compared_keys(results.segments)
    groups = groups_by_level(results)
    if len(groups) < 2:
        raise NotShown("The segments have neither supergroups nor subgroups in this run.")
    boxes: dict[str, Box] = {}
    top, first = HEAD, next(iter(groups))
    for group in groups[first]:
        top += _place(group, top, groups, boxes) + OTHERS
    return Levels(groups, boxes, top - OTHERS + EDGE)


def _place(group: Group, top: float, groups: Mapping[str, list[Group]], boxes: dict[str, Box]) -> float:
    """Place the box of `group` and all below it, from `top` on; return the height of them together."""
    levels = list(groups)
    depth = levels.index(group.level)
    left = EDGE + sum(WIDTHS[level] + BETWEEN for level in levels[:depth])
    lines = _lines(group, 1 if len(groups[levels[-1]]) > MANY else 2)
    height = len(lines) * LINE + 2 * PAD
    children = parts_of(group, groups)
    if not children:
        boxes[group.code] = Box(group, lines, left, top, height)
        return height
    gap = SIBLINGS if depth == len(levels) - 2 else OTHERS
    trial: dict[str, Box] = {}
    below = sum(_place(child, 0.0, groups, trial) + gap for child in children) - gap
    start = top + max(0.0, height - below) / 2
    for child in children:
        start += _place(child, start, groups, boxes) + gap
    block = max(height, below)
    boxes[group.code] = Box(group, lines, left, top + (block - height) / 2, height)
    return block


def _lines(group: Group, most: int) -> list[str]:
    """The lines of a box. Of a subgroup: `most` lines of its name; the rest is drawn beside them."""
    if group.level != "subgroup":
        name = textwrap.wrap(group.name, int((WIDTHS[group.level] - 0.25) * LETTERS), break_on_hyphens=False)
        counts = [f"{group.practices:,} practices", f"{in_millions(group.patients)} patients"]
        return [group.code, *name, *counts]
    width = WIDTHS["subgroup"] - 0.62 - PRACTICES - 0.55
    look: Look = {"max_lines": most, "placeholder": " …", "break_on_hyphens": False}
    name = textwrap.wrap(group.name, int(width * LETTERS), **look)
    return [*name, *[""] * (most - len(name))]


def size(data: Levels) -> tuple[float, float]:
    return 2 * EDGE + sum(WIDTHS[level] + BETWEEN for level in data.groups) - BETWEEN, data.height


def draw(data: Levels, figure: FigureBase) -> None:
    width, height = size(data)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.axis("off")
    axes.set(xlim=(0, width), ylim=(height, 0))
    _draw_heads(axes, data)
    # One scale for all bands: none is higher than the box it comes from or goes to.
    scale = min(0.9 * box.height / max(box.group.practices, 1) for box in data.boxes.values())
    for box in data.boxes.values():
        _draw_box(axes, box)
        start = _upper_edge(box, scale)
        for child in parts_of(box.group, data.groups):
            end, thick = data.boxes[child.code], scale * child.practices
            ends = (box.left + box.width, start), (end.left, _upper_edge(end, scale))
            axes.add_patch(_band(*ends, thick, child.colour))
            start += thick


def _upper_edge(box: Box, scale: float) -> float:
    """Where the band of all practices of a box begins, centred on it."""
    return box.top + (box.height - scale * box.group.practices) / 2


def _draw_heads(axes: Axes, data: Levels) -> None:
    look: Look = {"va": "top", "color": INK}
    left = EDGE
    for level in data.groups:
        axes.text(left, EDGE, HEADS[level], weight="bold", size=10.5, **look)
        if level == "subgroup":
            small: Look = {"size": 8.5, "color": GREY, "va": "bottom"}
            axes.text(left, HEAD - 0.06, "how they differ from the rest of their segment", **small)
            for text, place in (("practices", PRACTICES), ("patients", PATIENTS)):
                axes.text(left + WIDTHS[level] - place, HEAD - 0.06, text, ha="right", **small)
        left += WIDTHS[level] + BETWEEN


def _draw_box(axes: Axes, box: Box) -> None:
    group, corner = box.group, (box.left, box.top)
    frame: Look = {"facecolor": "white", "edgecolor": group.colour, "linewidth": 1.3, "zorder": 3}
    axes.add_patch(Rectangle(corner, box.width, box.height, **frame))
    axes.add_patch(Rectangle(corner, STRIP, box.height, facecolor=group.colour, linewidth=0, zorder=4))
    look: Look = {"size": 9, "color": INK, "va": "center", "zorder": 5}
    left, right, middle = box.left + STRIP + 0.08, box.left + box.width, box.top + box.height / 2
    if group.level == "subgroup":
        axes.text(left, middle, group.code, **look | {"weight": "bold", "size": 10.5})
        name = "\n".join(line for line in box.lines if line)
        axes.text(box.left + 0.62, middle, name, linespacing=1.25, **look)
        axes.text(right - PRACTICES, middle, f"{group.practices:,}", ha="right", **look)
        axes.text(right - PATIENTS, middle, in_millions(group.patients), ha="right", **look)
        return
    for row, line in enumerate(box.lines):
        style: Look = {"weight": "bold", "size": 11} if row == 0 else {}
        style |= {"color": GREY} if row >= len(box.lines) - 2 else {}
        axes.text(left, box.top + PAD + LINE * (row + 0.5), line, **look | style)


def _band(start: tuple[float, float], end: tuple[float, float], thick: float, colour: str) -> PathPatch:
    """A band from a point to another; its upper edge joins them."""
    (x0, y0), (x1, y1) = start, end
    middle = (x0 + x1) / 2
    there = [(x0, y0), (middle, y0), (middle, y1), (x1, y1)]
    back = [(x1, y1 + thick), (middle, y1 + thick), (middle, y0 + thick), (x0, y0 + thick)]
    codes = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3, Path.CLOSEPOLY]
    return PathPatch(Path([*there, *back, start], codes), facecolor=colour, alpha=0.35, linewidth=0, zorder=1)


def title(data: Levels) -> str:
    counts = {level: f"{len(each)} {level}{'s' * (len(each) > 1)}" for level, each in data.groups.items()}
    parts = [f"merge into {counts['supergroup']}"] if "supergroup" in counts else []
    if "subgroup" in counts:
        sizes = [group.practices for group in data.groups["subgroup"]]
        parts.append(f"split into {counts['subgroup']} of {min(sizes):,} to {max(sizes):,} practices")
    return f"{counts['segment']} {' and '.join(parts)}"


def alt(data: Levels) -> str:
    def words(group: Group) -> str:
        counts = f"{group.practices:,} practices, {in_millions(group.patients)} patients"
        inside = "; ".join(words(child) for child in parts_of(group, data.groups))
        return f"{group.code}, {group.name} ({counts})" + (f", made of [{inside}]" if inside else "")

    return f"Tree from left to right. {'. '.join(map(words, next(iter(data.groups.values()))))}."


def table(data: Levels) -> pd.DataFrame:
    names = ["level", "code", "name", "parent", "practices", "patients"]
    rows = [[getattr(g, name) for name in names] for groups in data.groups.values() for g in groups]
    return pd.DataFrame(rows, columns=["Level", "Code", "Name", "Part of", "Practices", "Patients"])
