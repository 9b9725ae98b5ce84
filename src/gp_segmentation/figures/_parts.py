"""Parts that several figures draw alike: heat maps, named rows, notes, practices as dots."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, Normalize
from matplotlib.figure import FigureBase
from matplotlib.image import AxesImage
from matplotlib.ticker import MaxNLocator

from gp_segmentation.figures._style import GREY, Key, Look, clean, text_colour
from gp_segmentation.schemas import Results

CENTRED: Look = {"ha": "center", "va": "center"}
DOTTED = (0, (2, 2))
WHITE_BOX = {"facecolor": "white", "edgecolor": "none", "pad": 1}
#: Colour of practices that belong to no segment.
LIGHT = "#8C8C8C"
#: Coordinates of a note at the upper end of a vertical line, and at the right end of a horizontal one.
TOP, RIGHT = ("data", "axes fraction"), ("axes fraction", "data")


def key_columns(keys: Sequence[Key]) -> pd.DataFrame:
    """Return the columns that name the segments in the table of a figure: Segment (code) and Name."""
    return pd.DataFrame({"Segment": [key.code for key in keys], "Name": [clean(key.name) for key in keys]})


def largest_cell(values: np.ndarray) -> tuple[int, int]:
    """Return the row and the column of the largest of `values`."""
    i, j = np.unravel_index(int(values.argmax()), values.shape)
    return int(i), int(j)


def note(axes: Axes, text: str, at: tuple[float, float], shift: tuple[float, float], **look: Any) -> None:
    """Write `text` beside the point `at`, moved by `shift` (points)."""
    axes.annotate(text, at, xytext=shift, textcoords="offset points", **look)


def number_axis(axes: Axes, chosen: int) -> None:
    """Make the x-axis of `axes` the number of segments, with the chosen one marked."""
    axes.set_xlabel("Number of segments")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    mark_choice(axes, chosen)


def mark_choice(axes: Axes, k: int, colour: str = GREY) -> None:
    """Draw a dotted vertical line at the chosen number of segments; the number stands above the axes."""
    axes.axvline(k, color=colour, linewidth=1, linestyle=DOTTED, zorder=1)
    look = {"ha": "center", "va": "bottom", "size": 9.5, "color": GREY}
    note(axes, f"chosen: {k}", (k, 1), (0, 2), xycoords=TOP, **look)


def name_panel(axes: Axes, name: str) -> None:
    """Write the name of one of several axes above it, and above what `mark_choice` writes."""
    axes.set_title(name, loc="left", pad=18)


def stability_limits(results: Results) -> tuple[float, float]:
    """Return the Jaccard coefficients below which a segment does not return and from which it is stable."""
    limits = results.evidence.get("thresholds") or {}
    return float(limits.get("unstable_jaccard", 0.6)), float(limits.get("jaccard", 0.75))


def spread(heights: np.ndarray, gap: float) -> np.ndarray:
    """Return ascending `heights` moved apart so that neighbours are at least `gap` from each other."""
    placed = heights.astype(float).copy()
    for i in range(1, len(placed)):
        placed[i] = max(placed[i], placed[i - 1] + gap)
    return placed - (placed.mean() - heights.mean()) if len(placed) else placed


def without_frame(axes: Axes) -> None:
    """Leave out the grid and the lines around the axes."""
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)


def name_rows(axes: Axes, names: Sequence[str], at: Sequence[float] | None = None, **look: Any) -> None:
    """Write `names` beside the rows, the first on top, without ticks and without horizontal grid lines."""
    axes.set_yticks(range(len(names)) if at is None else at, names, **look)
    axes.invert_yaxis()
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")


def name_columns(axes: Axes, names: Sequence[str]) -> None:
    """Write `names` beside the columns, smaller where there are many."""
    axes.set_xticks(range(len(names)), names, size=9 if len(names) < 8 else 8)


def heat_map(
    axes: Axes,
    values: np.ndarray,
    colours: Colormap,
    norm: Normalize,
    write: Callable[[int, int], str],
    *,
    size: float,
    gaps: bool = False,
) -> AxesImage:
    """Draw `values` (rows, columns) as coloured cells, without a frame and with column names on top.

    ``write(row, column)`` gives the text of a cell ("": none), `size` its points; `gaps` draws white lines.
    """
    image = axes.imshow(values, cmap=colours, norm=norm, aspect="auto", interpolation="nearest")
    for i, j in np.ndindex(values.shape):
        if text := write(i, j):
            colour = text_colour(colours(norm(np.nan_to_num(values[i, j]))))
            axes.text(j, i, text, size=size, color=colour, **CENTRED)
    without_frame(axes)
    if gaps:
        axes.set_xticks(np.arange(0.5, values.shape[1] - 1), minor=True)
        axes.set_yticks(np.arange(0.5, values.shape[0] - 1), minor=True)
        axes.grid(visible=True, which="minor", axis="both", color="white", linewidth=1.5)
    axes.xaxis.tick_top()
    axes.tick_params(which="both", length=0)
    return image


def colour_bar(figure: FigureBase, colours: ScalarMappable, axes: Axes, label: str, **place: Any) -> None:
    """Draw the colour bar of a heat map."""
    bar = figure.colorbar(colours, ax=axes, **place)
    bar.set_label(label, size=9.5)
    bar.outline.set_visible(False)


def draw_practices(
    axes: Axes,
    places: np.ndarray,
    segment: np.ndarray,
    turn: np.ndarray,
    keys: list[Key],
    width: int,
    **look: Any,
) -> None:
    """Draw practices as the markers of their segments; those of no segment small and grey, below the others.

    Parameters
    ----------
    places : (n, 2). segment : number of the segment, -1 for none, (n,).
    turn : 0, 1, ...: segments are drawn once per turn, so that none hides another, (n,).
    width : letters in a line of the legend. look : passed on to `Axes.scatter`.
    """
    for number in range(turn.max() + 1):
        for key in keys:
            x, y = places[(segment == key.number) & (turn == number)].T
            style: Look = {"marker": key.marker, "color": key.colour, "linewidths": 0, "rasterized": True}
            label = None if number else key.legend_label(width)
            axes.scatter(x, y, label=label, **style, **look)
    outside = places[segment < 1]
    if len(outside):
        label = f"no segment ({len(outside):,} practice{'s' * (len(outside) > 1)})"
        small: Look = {"s": look["s"] / 2, "zorder": look.get("zorder", 1) - 0.5, "color": LIGHT, "alpha": 1}
        axes.scatter(*outside.T, label=label, linewidths=0, rasterized=True, **look | small)
