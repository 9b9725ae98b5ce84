"""How the features that tell the segments apart most are spread within each segment: the box holds the
middle half of its fitted practices, the line in it is the median, whiskers reach from the 5th to the 95th
percentile, the dashed line is England's median. Features are taken in the order of the share of their
variance that lies between segments, a feature nearly the same as one already taken left out.
"""
# ruff: noqa: D103 - what each function gives is said once, in the docstring of the package

import textwrap
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import FigureBase

from gp_segmentation.figures._registry import NotShown
from gp_segmentation.figures._style import INK, Key, clean, compared_keys, legend_text
from gp_segmentation.schemas import Results

ORDER, LABEL = 55, "What tells the segments apart"
#: Features drawn; two with a higher correlation than this count as nearly the same.
MOST, ALIKE = 6, 0.9
PERCENTILES = (5, 25, 50, 75, 95)


@dataclass(frozen=True)
class Spread:
    """Distributions of the most telling features.

    Attributes
    ----------
    labels, units : of the features. between : share of variance between segments.
    boxes : (features, segments, percentiles); england : medians of all fitted practices.
    """

    keys: list[Key]
    labels: list[str]
    units: list[str]
    between: list[float]
    boxes: np.ndarray
    england: list[float]


def data(results: Results) -> Spread:
    keys = compared_keys(results.segments)
    rows = results.segments[results.segments["fitted"]].set_index("practice_code")
    values = results.features.reindex(rows.index)
    order = between_share(values, rows["segment"])
    chosen = telling(values, order)
    if not chosen:
        raise NotShown("No feature differs between practices.")
    about = results.dictionary.set_index("feature")
    natural = results.natural.reindex(rows.index)[chosen]
    boxes = [[_percentiles(natural.loc[rows["segment"] == key.number, f]) for key in keys] for f in chosen]
    return Spread(
        keys=keys,
        labels=[clean(about.loc[f, "label"]) for f in chosen],
        units=[clean(about.loc[f, "unit"]) for f in chosen],
        between=[float(order[f]) for f in chosen],
        boxes=np.array(boxes),
        england=[float(natural[f].median()) for f in chosen],
    )


def between_share(values: pd.DataFrame, segment: pd.Series) -> pd.Series:
    """Return, per feature, the share of its variance that lies between segments, largest first."""
    centred = values - values.mean()
    means = centred.groupby(segment.to_numpy()).transform("mean")
    total = (centred**2).sum()
    share = (means.where(centred.notna()) ** 2).sum() / total.where(total > 0)
    return share.dropna().sort_values(ascending=False, kind="stable")


def telling(values: pd.DataFrame, order: pd.Series) -> list[str]:
    """Return up to `MOST` features in `order`, none nearly the same as one before it."""
    chosen: list[str] = []
    for feature in order.index:
        alike = [abs(values[feature].corr(values[other])) for other in chosen]
        if max(alike, default=0.0) <= ALIKE:
            chosen.append(str(feature))
        if len(chosen) == MOST:
            break
    return chosen


def _percentiles(values: pd.Series) -> np.ndarray:
    known = values.dropna().to_numpy(dtype=float)
    return np.percentile(known, PERCENTILES) if len(known) else np.full(len(PERCENTILES), np.nan)


def size(data: Spread) -> tuple[float, float]:
    rows = -(-len(data.labels) // 3)
    return 11.0, rows * (1.25 + 0.32 * len(data.keys)) + 0.24 * ((len(data.keys) + 1) // 2) + 0.2


def draw(data: Spread, figure: FigureBase) -> None:
    columns = min(3, len(data.labels))
    grid = figure.subplots(-(-len(data.labels) // columns), columns, squeeze=False)
    for i, axes in enumerate(grid.ravel()):
        if i >= len(data.labels):
            axes.axis("off")
            continue
        _draw_boxes(data, i, axes)
        if i % columns:
            axes.set_yticklabels([])
    handles = [
        axes.plot([], [], linestyle="none", marker="s", markersize=9, color=k.colour, label=legend_text(k))[0]
        for k in data.keys
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=2)


def _draw_boxes(data: Spread, i: int, axes: Axes) -> None:
    for row, key in enumerate(data.keys):
        low, first, median, third, high = data.boxes[i, row]
        axes.plot([low, high], [row, row], color=INK, linewidth=1, zorder=2)
        axes.barh(
            row, third - first, 0.62, left=first, color=key.colour, edgecolor=INK, linewidth=0.6, zorder=3
        )
        axes.plot([median, median], [row - 0.31, row + 0.31], color="black", linewidth=4, zorder=4)
        axes.plot([median, median], [row - 0.31, row + 0.31], color="white", linewidth=1.8, zorder=5)
    axes.axvline(data.england[i], color=INK, linestyle="--", linewidth=1.1, zorder=6)
    axes.set_yticks(range(len(data.keys)), [str(key.number) for key in data.keys], weight="bold")
    axes.set_ylim(len(data.keys) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
    axes.grid(visible=True, axis="x")
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.6g}")
    axes.locator_params(axis="x", nbins=5)
    wrapped = "\n".join(textwrap.wrap(data.labels[i], 38)[:2])
    axes.set_title(f"{wrapped}\n({data.units[i]})", size=10, loc="left")


def title(data: Spread) -> str:
    share = data.between[0]
    return f"{data.labels[0]} tells segments apart most: {share:.0%} of its variance lies between them"


def alt(data: Spread) -> str:
    parts = []
    for label, unit, share, boxes in zip(data.labels, data.units, data.between, data.boxes, strict=True):
        medians = ", ".join(
            f"segment {key.number} {box[2]:,.3g}" for key, box in zip(data.keys, boxes, strict=True)
        )
        parts.append(f"{label} ({unit}, {share:.0%} of variance between segments): {medians}")
    return f"Box plots of {len(parts)} features by segment. Medians: {'; '.join(parts)}."
