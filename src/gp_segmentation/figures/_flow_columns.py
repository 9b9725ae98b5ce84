"""Columns of blocks with bands between them: practices by segment, and how many two blocks share."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path

from gp_segmentation.figures._parts import CENTRED, without_frame
from gp_segmentation.figures._style import GREY, INK, Key, Look, text_colour

#: Width of a block; gap between blocks (of all).
WIDTH, GAP = 0.26, 0.025


@dataclass(frozen=True)
class Column:
    """One column: practices of its blocks from the top, the place in the keys of each block's segment, and
    what the blocks are called (default: the segment's code).
    """

    name: str
    blocks: np.ndarray
    home: np.ndarray
    labels: Sequence[str] | None = None

    def label(self, block: int, keys: Sequence[Key]) -> str:
        """What the block is called."""
        return keys[self.home[block]].code if self.labels is None else self.labels[block]


def draw_columns(
    axes: Axes, keys: Sequence[Key], columns: Sequence[Column], flows: Sequence[np.ndarray]
) -> None:
    """Draw `columns`; flows : per pair of neighbours, practices shared (blocks of one x of the next)."""
    total = float(columns[0].blocks.sum())
    starts = [np.cumsum([0.0, *(column.blocks / total + GAP)])[:-1] for column in columns]
    for at, flow in enumerate(flows):
        colours = [keys[home].colour for home in columns[at].home]
        _draw_flows(axes, at, flow / total, starts[at], starts[at + 1], colours)
    for at, (column, tops) in enumerate(zip(columns, starts, strict=True)):
        for block, (practices, home, top) in enumerate(zip(column.blocks, column.home, tops, strict=True)):
            lines = (column.label(block, keys), f"{practices:,}")
            _draw_block(axes, at, keys[home], lines, top, practices / total)
    axes.set_xlim(-WIDTH, len(columns) - 1 + WIDTH)
    axes.set_ylim(
        max(1, *(c.blocks.sum() / total for c in columns)) + GAP * max(len(c.blocks) for c in columns), -0.01
    )
    axes.set_xticks(range(len(columns)), [column.name for column in columns])
    axes.set_yticks([])
    axes.tick_params(length=0)
    without_frame(axes)


def _draw_flows(
    axes: Axes, column: int, flow: np.ndarray, left: np.ndarray, right: np.ndarray, colours: list[str]
) -> None:
    """Draw the bands from `column` to the next; `left` and `right` are the tops of the blocks."""
    y0 = np.cumsum(np.column_stack([left, flow]), axis=1)
    y1 = np.cumsum(np.vstack([right, flow]), axis=0)
    for i, j in np.argwhere(flow > 0):
        axes.add_patch(_band(column, y0[i, j], y1[i, j], flow[i, j], colours[i]))


def _band(column: int, y0: float, y1: float, height: float, colour: str) -> PathPatch:
    x0, x1 = column + WIDTH / 2, column + 1 - WIDTH / 2
    middle = (x0 + x1) / 2
    points = [(x0, y0), (middle, y0), (middle, y1), (x1, y1)]
    back = [(x1, y1 + height), (middle, y1 + height), (middle, y0 + height), (x0, y0 + height)]
    codes = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3, Path.CLOSEPOLY]
    path = Path([*points, *back, (x0, y0)], codes)
    return PathPatch(path, facecolor=colour, alpha=0.35, edgecolor=GREY, linewidth=0.3)


def _draw_block(axes: Axes, column: int, key: Key, lines: tuple[str, str], top: float, height: float) -> None:
    look: Look = {"facecolor": key.colour, "edgecolor": INK, "linewidth": 0.6}
    axes.add_patch(Rectangle((column - WIDTH / 2, top), WIDTH, height, **look))
    if height > 0.035:
        text = "\n".join(lines) if height > 0.075 else ": ".join(lines)
        colour = text_colour(to_rgb(key.colour))
        axes.text(column, top + height / 2, text, size=8.5, color=colour, zorder=5, **CENTRED)
