"""Every feature before its transformation (left, in natural units) and after it (right, on the scale on which
practices are compared), over practices that are not special. Skew is 0 for a symmetric distribution. Where it
is far from 0, a few practices decide the distances. At most 24 features are drawn: the most skewed ones.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import FigureBase

from gp_segmentation.figures._parts import without_frame
from gp_segmentation.figures._registry import NotShown
from gp_segmentation.figures._style import BLUE, GREY, INK, ORANGE, clean, shorten
from gp_segmentation.schemas import Results
from gp_segmentation.utils.rounding import natural as in_unit
from gp_segmentation.utils.rounding import signed

ORDER, LABEL = 100, "Features before and after transformation"
EXPLORES = True
MAX_FEATURES, COLUMNS, BINS = 24, 3, 40


@dataclass(frozen=True)
class Shape:
    """One feature: label, heights of bins before and after (highest 1), range before, skew of both."""

    label: str
    before: np.ndarray
    after: np.ndarray
    limits: str
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
    varying = list(natural.columns[natural.max() > natural.min()])
    if not varying:
        raise NotShown("No feature varies.")
    before, after = natural[varying].skew(), values[varying].skew()
    order = before.abs().sort_values(ascending=False, kind="stable").index[:MAX_FEATURES]
    about = results.dictionary.set_index("feature")
    shapes = [
        Shape(
            label=clean(about.loc[name, "label"]),
            before=_heights(natural[name]),
            after=_heights(values[name]),
            limits=" to ".join(
                in_unit(v, about.loc[name, "unit"]) for v in natural[name].agg(["min", "max"])
            ),
            skew=(float(before[name]), float(after[name])),
        )
        for name in order
    ]
    return Shapes(shapes, len(varying))


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
        for shift, text, colour in ((0.0, "before", ORANGE), (0.48, "after", BLUE)):
            axes.text(column + shift, -0.1, text, color=colour, weight="bold", size=10)
    axes.set(xlim=(-0.02, COLUMNS), ylim=(data.rows, -0.35), xticks=[], yticks=[])
    without_frame(axes)


def _draw_shape(axes: Axes, shape: Shape, x: float, y: float) -> None:
    axes.text(x, y + 0.13, shorten(shape.label, 46), size=8.5, color=INK)
    before, after = (f"skew {signed(skew)}" for skew in shape.skew)
    panels = (
        (x, shape.before, ORANGE, f"{shape.limits}, {before}"),
        (x + 0.48, shape.after, BLUE, after),
    )
    for left, heights, colour, text in panels:
        edges = left + np.linspace(0, 0.43, len(heights) + 1)
        floor = y + 0.72
        axes.stairs(floor - 0.52 * heights, edges, baseline=floor, fill=True, color=colour, linewidth=0)
        axes.plot([edges[0], edges[-1]], [floor, floor], color="0.6", linewidth=0.7)
        axes.text(left, y + 0.88, text, size=7.5, color=GREY)


def title(data: Shapes) -> str:
    before, after = (sum(abs(shape.skew[i]) > 2 for shape in data.shapes) for i in (0, 1))
    if all(np.isclose(*shape.skew) for shape in data.shapes):
        count = {0: "none is", 1: "one is"}.get(before, f"{before} are")
        return f"All {data.features} features stay in natural units; {count} strongly skewed (skew beyond 2)"
    count = "One feature is" if before == 1 else f"{before or 'None'} of {data.features} features are"
    return f"{count} strongly skewed (skew beyond 2) in natural units, {after or 'none'} after transformation"


def alt(data: Shapes) -> str:
    parts = [
        f"{s.label}: skew {signed(s.skew[0])} before, {signed(s.skew[1])} after" for s in data.shapes[:8]
    ]
    return (
        f"Small histograms of {len(data.shapes)} of {data.features} features before and after "
        f"transformation. Most skewed: {'; '.join(parts)}."
    )


def table(data: Shapes) -> pd.DataFrame:
    before, after = zip(*(shape.skew for shape in data.shapes), strict=True)
    about = {"Feature": [s.label for s in data.shapes], "Lowest to highest": [s.limits for s in data.shapes]}
    return pd.DataFrame({**about, "Skew before": before, "Skew after": after})
