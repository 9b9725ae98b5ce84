"""Every feature before (left, in natural units) and after (right, on the scale on which practices are
compared) its transformation, over practices that are not special. Skew is 0 for a symmetric distribution;
far from 0, a few practices decide the distances. At most 24 features are drawn, the most skewed ones.
"""
# ruff: noqa: D103 - what each function gives is said once, in the docstring of the package

import textwrap
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import FigureBase

from gp_segmentation.figures._registry import NotShown
from gp_segmentation.figures._style import BLUE, GREY, INK, ORANGE, clean, without_frame
from gp_segmentation.schemas import Results
from gp_segmentation.utils.wording import signed

ORDER, LABEL = 100, "Features before and after transformation"
EXPLORES = True
MOST, COLUMNS, BINS = 24, 3, 40


@dataclass(frozen=True)
class Shape:
    """One feature: its label, and for before and after the bins' heights (highest 1), range and skew."""

    label: str
    before: np.ndarray
    after: np.ndarray
    limits: tuple[float, float]
    unit: str
    skew: tuple[float, float]


@dataclass(frozen=True)
class Shapes:
    """The features drawn, the most skewed first, and how many there are in all."""

    shapes: list[Shape]
    features: int

    @property
    def rows(self) -> int:
        return -(-len(self.shapes) // COLUMNS)


def data(results: Results) -> Shapes:
    ordinary = results.practices.set_index("practice_code")["special"].isna()
    rows = ordinary.reindex(results.natural.index).to_numpy(dtype=bool)
    natural, values = results.natural[rows], results.features[rows]
    known = list(natural.columns[natural.max() > natural.min()])
    if not known:
        raise NotShown("No feature varies.")
    before, after = natural[known].skew(), values[known].skew()
    order = before.abs().sort_values(ascending=False, kind="stable").index[:MOST]
    about = results.dictionary.set_index("feature")
    shapes = [
        Shape(
            clean(about.loc[name, "label"]),
            _heights(natural[name]),
            _heights(values[name]),
            (float(natural[name].min()), float(natural[name].max())),
            str(about.loc[name, "unit"]),
            (float(before[name]), float(after[name])),
        )
        for name in order
    ]
    return Shapes(shapes, len(known))


def _heights(values: pd.Series) -> np.ndarray:
    counts, _ = np.histogram(values.dropna(), bins=BINS)
    return counts / max(int(counts.max()), 1)


def size(data: Shapes) -> tuple[float, float]:
    return 11.0, 0.98 * data.rows + 0.5


def draw(data: Shapes, figure: FigureBase) -> None:
    axes = figure.add_subplot()
    for i, shape in enumerate(data.shapes):
        _draw_shape(axes, shape, x=i % COLUMNS, y=i // COLUMNS)
    for column in range(min(COLUMNS, len(data.shapes))):
        for place, text, colour in ((0.0, "before", ORANGE), (0.48, "after", BLUE)):
            axes.text(column + place, -0.1, text, color=colour, weight="bold", size=10)
    axes.set(xlim=(-0.02, COLUMNS), ylim=(data.rows, -0.35), xticks=[], yticks=[])
    without_frame(axes)


def _draw_shape(axes: Axes, shape: Shape, x: float, y: float) -> None:
    axes.text(x, y + 0.13, textwrap.shorten(shape.label, 46, placeholder="…"), size=8.5, color=INK)
    low, high = (_short(value, shape.unit) for value in shape.limits)
    under = (f"{low} to {high}, skew {signed(shape.skew[0], 1)}", f"skew {signed(shape.skew[1], 1)}")
    panels = ((x, shape.before, ORANGE, under[0]), (x + 0.48, shape.after, BLUE, under[1]))
    for left, heights, colour, text in panels:
        edges = left + np.linspace(0, 0.43, len(heights) + 1)
        floor = y + 0.72
        axes.stairs(floor - 0.52 * heights, edges, baseline=floor, fill=True, color=colour, linewidth=0)
        axes.plot([edges[0], edges[-1]], [floor, floor], color="0.6", linewidth=0.7)
        axes.text(left, y + 0.88, text, size=7.5, color=GREY)


def _short(value: float, unit: str) -> str:
    if unit == "%":
        return f"{value:.3g}%"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def title(data: Shapes) -> str:
    before, after = (sum(abs(shape.skew[i]) > 2 for shape in data.shapes) for i in (0, 1))
    if all(np.isclose(*shape.skew) for shape in data.shapes):
        strongly = {0: "none is", 1: "one is"}.get(before, f"{before} are")
        return (
            f"All {data.features} features stay in natural units; {strongly} strongly skewed (skew beyond 2)"
        )
    many = "One feature is" if before == 1 else f"{before or 'None'} of {data.features} features are"
    return f"{many} strongly skewed (skew beyond 2) in natural units, {after or 'none'} after transformation"


def alt(data: Shapes) -> str:
    parts = [f"{s.label}: skew {s.skew[0]:.1f} before, {s.skew[1]:.1f} after" for s in data.shapes[:8]]
    return (
        f"Small histograms of {len(data.shapes)} of {data.features} features before and after "
        f"transformation. Most skewed: {'; '.join(parts)}."
    )
