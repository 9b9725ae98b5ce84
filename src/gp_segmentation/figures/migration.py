"""How fitted practices move between segments when one segment fewer or more is asked for, within the
chosen way of clustering. A column is a number of segments, a block in it a segment with its practices, a
band the practices that two segments share. The chosen number has its own segment numbers; segments of
the other columns carry the number of the chosen segment most of their practices are in.
"""
# ruff: noqa: D103 - what each function gives is said once, in the docstring of the package

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import FigureBase
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path

from gp_segmentation.figures._registry import NotShown
from gp_segmentation.figures._style import (
    GREY,
    INK,
    Key,
    compared_keys,
    legend_text,
    text_colour,
    without_frame,
)
from gp_segmentation.figures._trials import family_name
from gp_segmentation.schemas import Results

ORDER, LABEL = 75, "Migration between numbers of segments"
#: Numbers of segments shown on either side of the choice; width of a block; gap between blocks (of all).
AROUND, WIDE, GAP = 2, 0.16, 0.025


@dataclass(frozen=True)
class Flows:
    """Practices by segment at several numbers of segments.

    Attributes
    ----------
    ks : numbers of segments shown; chosen : the choice.
    blocks : per number, the practices of its segments in drawing order.
    home : per number, the chosen segment most practices of each block are in (1, 2, ...).
    flows : per pair of neighbouring numbers, practices shared (blocks of one x blocks of the next).
    kept : per number, the share of practices whose block is mostly of their own chosen segment.
    """

    keys: list[Key]
    ks: list[int]
    chosen: int
    blocks: list[np.ndarray]
    home: list[np.ndarray]
    flows: list[np.ndarray]
    kept: list[float]


def data(results: Results) -> Flows:
    keys = compared_keys(results.segments)
    choice, labels = results.choice, results.labels
    family = family_name(str(choice["clusterer"]), str(choice.get("linkage") or ""))
    trials = results.trials
    linkage = trials["linkage"].fillna("").astype(str)
    mine = [family_name(c, x) == family for c, x in zip(trials["clusterer"], linkage, strict=True)]
    near = trials[mine]
    near = near[near["n_clusters"].sub(len(keys)).abs() <= AROUND]
    near = near[near["trial"].astype(str).isin(labels.columns)].sort_values("n_clusters", kind="stable")
    near = near.drop_duplicates("n_clusters")
    ks = [int(k) for k in near["n_clusters"]]
    if len(ks) < 2 or len(keys) not in ks:
        raise NotShown("Only one number of segments was tried, so no practice could move.")
    own = results.segments.set_index("practice_code")["segment"].reindex(labels.index).to_numpy("int64")
    columns = [_in_order(labels[str(t)].to_numpy(), own) for t in near["trial"]]
    columns[ks.index(len(keys))] = own - 1
    tables = [_crossed(column, own - 1) for column in columns]
    return Flows(
        keys=keys,
        ks=ks,
        chosen=len(keys),
        blocks=[table.sum(axis=1) for table in tables],
        home=[table.argmax(axis=1) + 1 for table in tables],
        flows=[_crossed(a, b) for a, b in pairwise(columns)],
        kept=[float(table.max(axis=1).sum() / len(own)) for table in tables],
    )


def _in_order(labels: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Renumber `labels` 0, 1, ... by the mean number of the chosen segment of their practices."""
    codes = np.unique(labels, return_inverse=True)[1]
    mean = np.bincount(codes, weights=own) / np.bincount(codes)
    return np.argsort(np.argsort(mean, kind="stable"), kind="stable")[codes]


def _crossed(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    table = np.zeros((first.max() + 1, second.max() + 1), dtype="int64")
    np.add.at(table, (first, second), 1)
    return table


def size(data: Flows) -> tuple[float, float]:
    return 11.0, 5.2 + 0.22 * ((len(data.keys) + 1) // 2)


def draw(data: Flows, figure: FigureBase) -> None:
    axes = figure.add_subplot()
    total = float(data.blocks[0].sum())
    starts = [_starts(blocks / total) for blocks in data.blocks]
    for column, flow in enumerate(data.flows):
        _draw_flows(data, axes, column, flow / total, starts)
    for column, (blocks, homes, tops) in enumerate(zip(data.blocks, data.home, starts, strict=True)):
        for practices, home, top in zip(blocks, homes, tops, strict=True):
            _draw_block(axes, column, data.keys[home - 1], practices, top, practices / total)
    axes.set_xlim(-WIDE, len(data.ks) - 1 + WIDE)
    axes.set_ylim(1 + GAP * max(len(b) for b in data.blocks), -0.01)
    marks = [f"{k} segments\n(chosen)" if k == data.chosen else f"{k} segments" for k in data.ks]
    axes.set_xticks(range(len(data.ks)), marks)
    axes.set_yticks([])
    axes.tick_params(length=0)
    without_frame(axes)
    handles = [Rectangle((0, 0), 1, 1, facecolor=k.colour, label=legend_text(k)) for k in data.keys]
    figure.legend(handles=handles, loc="outside lower center", ncols=2)


def _starts(heights: np.ndarray) -> np.ndarray:
    return np.concatenate([[0.0], np.cumsum(heights + GAP)[:-1]])


def _draw_flows(data: Flows, axes: Axes, column: int, flow: np.ndarray, starts: list[np.ndarray]) -> None:
    left, right = starts[column].copy(), starts[column + 1].copy()
    for i, j in np.ndindex(flow.shape):
        height = float(flow[i, j])
        if height > 0:
            colour = data.keys[data.home[column][i] - 1].colour
            axes.add_patch(
                _band(
                    column + WIDE / 2, column + 1 - WIDE / 2, float(left[i]), float(right[j]), height, colour
                )
            )
        left[i] += height
        right[j] += height


def _band(x0: float, x1: float, y0: float, y1: float, height: float, colour: str) -> PathPatch:
    middle = (x0 + x1) / 2
    points = [(x0, y0), (middle, y0), (middle, y1), (x1, y1)]
    back = [(x1, y1 + height), (middle, y1 + height), (middle, y0 + height), (x0, y0 + height)]
    codes = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3, Path.CLOSEPOLY]
    path = Path([*points, *back, (x0, y0)], codes)
    return PathPatch(path, facecolor=colour, alpha=0.35, edgecolor=GREY, linewidth=0.3)


def _draw_block(axes: Axes, column: int, key: Key, practices: int, top: float, height: float) -> None:
    block = Rectangle(
        (column - WIDE / 2, top), WIDE, height, facecolor=key.colour, edgecolor=INK, linewidth=0.6
    )
    axes.add_patch(block)
    if height > 0.035:
        colour = text_colour(to_rgb(key.colour))
        text = f"{key.number}\n{practices:,}" if height > 0.075 else f"{key.number}: {practices:,}"
        axes.text(column, top + height / 2, text, ha="center", va="center", size=8.5, color=colour, zorder=5)


def title(data: Flows) -> str:
    parts = [f"{kept:.0%} with {k}" for k, kept in zip(data.ks, data.kept, strict=True) if k != data.chosen]
    return (
        f"Practices that stay with most of their segment when the number changes: {', '.join(parts)} segments"
    )


def alt(data: Flows) -> str:
    parts = []
    for k, blocks, homes in zip(data.ks, data.blocks, data.home, strict=True):
        told = ", ".join(f"{n:,} (mostly segment {h})" for n, h in zip(blocks, homes, strict=True))
        parts.append(
            f"{k} segments: {told}"
            if k != data.chosen
            else f"{k} segments, the choice: "
            + ", ".join(f"segment {h} {n:,}" for n, h in zip(blocks, homes, strict=True))
        )
    return f"Flow chart of fitted practices. {'; '.join(parts)}."
