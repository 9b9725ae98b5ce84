"""The features that differ most between segments, and their spread within each segment. A box holds the
middle half of the segment's fitted practices, and the line in it is the median; whiskers reach from the 5th
to the 95th percentile; the dashed line is England's median. Features are ranked by the share of their
variance that lies between segments. A feature that is nearly the same as one drawn before is left out.
"""

import textwrap
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import FigureBase

from gp_segmentation.figures._parts import name_rows
from gp_segmentation.figures._registry import NotShown
from gp_segmentation.figures._style import INK, Key, Look, clean, compared_keys, feature_labels
from gp_segmentation.schemas import Results
from gp_segmentation.utils.rounding import natural, percent
from gp_segmentation.utils.wording import inline

ORDER, LABEL = 55, "Features that differ most between segments"
#: Features drawn; two with a higher correlation than this count as nearly the same.
MAX_FEATURES, MAX_CORRELATION = 6, 0.9
PERCENTILES = (5, 25, 50, 75, 95)


@dataclass(frozen=True)
class Distributions:
    """Features that differ most: labels, units, shares of variance between segments, percentiles (features,
    segments, `PERCENTILES`) and medians of all fitted practices.
    """

    keys: list[Key]
    labels: list[str]
    units: list[str]
    between: list[float]
    boxes: np.ndarray
    england: list[float]


def data(results: Results) -> Distributions:
    keys = compared_keys(results.segments)
    rows = results.segments[results.segments["fitted"]].set_index("practice_code")
    values = results.features.reindex(rows.index)
    order = between_share(values, rows["segment"])
    chosen = distinct_features(values, order)
    if not chosen:
        raise NotShown("No feature differs between practices.")
    units = results.dictionary.set_index("feature")["unit"]
    natural = results.natural.reindex(rows.index)[chosen]
    boxes = [[_percentiles(natural.loc[rows["segment"] == key.number, f]) for key in keys] for f in chosen]
    return Distributions(
        keys=keys,
        labels=feature_labels(results, chosen),
        units=[clean(units[f]) for f in chosen],
        between=order[chosen].tolist(),
        boxes=np.array(boxes),
        england=natural.median().tolist(),
    )


def between_share(values: pd.DataFrame, segment: pd.Series) -> pd.Series:
    """Return, per feature, the share of its variance that lies between segments, largest first."""
    centred = values - values.mean()
    means = centred.groupby(segment.to_numpy()).transform("mean")
    total = (centred**2).sum()
    share = (means.where(centred.notna()) ** 2).sum() / total.where(total > 0)
    return share.dropna().sort_values(ascending=False, kind="stable")


def distinct_features(values: pd.DataFrame, order: pd.Series) -> list[str]:
    """Return up to `MAX_FEATURES` features in `order`, none nearly the same as one before it."""
    chosen: list[str] = []
    for feature in order.index:
        correlations = [abs(values[feature].corr(values[other])) for other in chosen]
        if max(correlations, default=0.0) <= MAX_CORRELATION:
            chosen.append(str(feature))
        if len(chosen) == MAX_FEATURES:
            break
    return chosen


def _percentiles(values: pd.Series) -> np.ndarray:
    known = values.dropna().to_numpy(dtype=float)
    return np.percentile(known, PERCENTILES) if len(known) else np.full(len(PERCENTILES), np.nan)


def size(data: Distributions) -> tuple[float, float]:
    rows = -(-len(data.labels) // 3)
    return 11.0, rows * (1.25 + 0.32 * len(data.keys)) + 0.24 * ((len(data.keys) + 1) // 2) + 0.2


def draw(data: Distributions, figure: FigureBase) -> None:
    columns = min(3, len(data.labels))
    grid = figure.subplots(-(-len(data.labels) // columns), columns, squeeze=False)
    for i, axes in enumerate(grid.ravel()):
        if i >= len(data.labels):
            axes.axis("off")
            continue
        _draw_boxes(data, i, axes)
        if i % columns:
            axes.set_yticklabels([])
    look = {"linestyle": "none", "marker": "s", "markersize": 9}
    handles = [axes.plot([], [], color=k.colour, label=k.legend_label(), **look)[0] for k in data.keys]
    figure.legend(handles=handles, loc="outside lower center", ncols=2)


def _draw_boxes(data: Distributions, i: int, axes: Axes) -> None:
    box: Look = {"edgecolor": INK, "linewidth": 0.6, "zorder": 3}
    for row, key in enumerate(data.keys):
        low, first, median, third, high = data.boxes[i, row]
        axes.plot([low, high], [row, row], color=INK, linewidth=1, zorder=2)
        axes.barh(row, third - first, 0.62, left=first, color=key.colour, **box)
        axes.plot([median, median], [row - 0.31, row + 0.31], color="black", linewidth=4, zorder=4)
        axes.plot([median, median], [row - 0.31, row + 0.31], color="white", linewidth=1.8, zorder=5)
    axes.axvline(data.england[i], color=INK, linestyle="--", linewidth=1.1, zorder=6)
    name_rows(axes, [key.code for key in data.keys], weight="bold")
    axes.set_ylim(len(data.keys) - 0.4, -0.6)
    axes.grid(visible=True, axis="x")
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.6g}")
    axes.locator_params(axis="x", nbins=5)
    wrapped = "\n".join(textwrap.wrap(data.labels[i], 38)[:2])
    axes.set_title(f"{wrapped}\n({data.units[i]})", size=10, loc="left")


def title(data: Distributions) -> str:
    label, share = inline(data.labels[0]), data.between[0]
    return f"Segments differ most in {label}: they explain {percent(share)} of its variance between practices"


def alt(data: Distributions) -> str:
    parts = []
    for label, unit, share, boxes in zip(data.labels, data.units, data.between, data.boxes, strict=True):
        medians = [
            f"segment {k.code} {natural(box[2], unit)}" for k, box in zip(data.keys, boxes, strict=True)
        ]
        parts.append(f"{label} ({unit}, {percent(share)} of variance between segments): {', '.join(medians)}")
    return f"Box plots of {len(parts)} features by segment. Medians: {'; '.join(parts)}."


def table(data: Distributions) -> pd.DataFrame:
    rows = [
        [label, unit, 100 * between, key.code, *box, england]
        for label, unit, between, boxes, england in zip(
            data.labels, data.units, data.between, data.boxes, data.england, strict=True
        )
        for key, box in zip(data.keys, boxes, strict=True)
    ]
    percentiles = ["Median" if at == 50 else f"{at}th percentile" for at in PERCENTILES]
    headings = [
        "Feature",
        "Unit",
        "Variance between segments (%)",
        "Segment",
        *percentiles,
        "Median of England",
    ]
    return pd.DataFrame(rows, columns=headings)
