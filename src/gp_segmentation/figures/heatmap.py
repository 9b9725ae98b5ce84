"""Mean of every segment on every clustered feature, as the difference from the mean of all fitted
practices in standard deviations: blue above England, orange below. Features with like profiles stand
beside each other. At most 45 features are drawn, those on which segments differ most.
"""
# ruff: noqa: D103 - what each function gives is said once, in the docstring of the package

import textwrap
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.colors import Normalize
from matplotlib.figure import FigureBase
from scipy.cluster.hierarchy import leaves_list, linkage

from gp_segmentation.figures._registry import NotShown
from gp_segmentation.figures._style import DIVERGING, Key, clean, compared_keys, text_colour, without_frame
from gp_segmentation.schemas import Results
from gp_segmentation.utils.wording import inline, signed

ORDER, LABEL = 50, "Profiles of segments"
MOST = 45


@dataclass(frozen=True)
class Heat:
    """Differences in standard deviations: features (rows, in drawing order) by segment; features in all."""

    keys: list[Key]
    table: pd.DataFrame
    features: int


def data(results: Results) -> Heat:
    used = results.profiles[results.profiles["used"].astype(bool)] if len(results.profiles) else None
    if used is None or used.empty:
        raise NotShown("There are no profiles of segments.")
    wide = used.pivot_table(index="feature", columns="segment", values="difference_sd").dropna()
    labels = used.drop_duplicates("feature").set_index("feature")["label"]
    strongest = wide.abs().max(axis=1).sort_values(ascending=False, kind="stable").index[:MOST]
    table = wide.loc[[f for f in wide.index if f in set(strongest)]]
    if len(table) > 2:
        tree = linkage(table.to_numpy(), "average", optimal_ordering=True)
        table = table.iloc[leaves_list(tree)]
    table.index = pd.Index([clean(labels[f]) for f in table.index])
    return Heat(compared_keys(results.segments), table, len(wide))


def size(data: Heat) -> tuple[float, float]:
    longest = max(len(str(label)) for label in data.table.index)
    width = 0.085 * min(longest, 60) + max(0.86 * data.table.shape[1], 3.6) + 1.6
    return max(width, 8.0), 0.235 * len(data.table) + 2.2


def draw(data: Heat, figure: FigureBase) -> None:
    axes = figure.add_subplot()
    values = data.table.to_numpy()
    limit = float(np.clip(np.nanmax(np.abs(values)), 0.5, 2.0))
    norm = Normalize(-limit, limit)
    image = axes.imshow(values, cmap=DIVERGING, norm=norm, aspect="auto", interpolation="nearest")
    for i, j in np.ndindex(values.shape):
        colour = text_colour(DIVERGING(norm(values[i, j])))
        axes.text(j, i, signed(float(values[i, j]), 1), ha="center", va="center", size=8, color=colour)
    axes.set_yticks(
        range(len(data.table)), [textwrap.shorten(str(t), 60, placeholder="…") for t in data.table.index]
    )
    width = max(12, int(72 / max(len(data.keys), 4)))
    names = [
        "\n".join([str(k.number), *textwrap.wrap(clean(k.name), width, break_long_words=False)])
        for k in data.keys
    ]
    axes.set_xticks(range(len(data.keys)), names, size=9 if len(data.keys) < 8 else 8)
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    without_frame(axes)
    axes.set_xticks(np.arange(0.5, len(data.keys) - 1), minor=True)
    axes.set_yticks(np.arange(0.5, len(data.table) - 1), minor=True)
    axes.grid(visible=True, which="minor", axis="both", color="white", linewidth=1.5)
    axes.tick_params(which="minor", length=0)
    bar = figure.colorbar(image, ax=axes, orientation="horizontal", shrink=0.5, aspect=35, pad=0.02)
    bar.set_label("Standard deviations from England's mean", size=9.5)
    bar.outline.set_visible(False)


def title(data: Heat) -> str:
    values = data.table.to_numpy()
    row, column = np.unravel_index(np.abs(values).argmax(), values.shape)
    feature, segment = str(data.table.index[row]), data.table.columns[column]
    value = float(values[row, column])
    side = "above" if value > 0 else "below"
    what = f"segment {segment} is {abs(value):.1f} SD {side} England"
    return f"The largest difference: {what} on {inline(feature)}"


def alt(data: Heat) -> str:
    parts = []
    for key in data.keys:
        column = data.table[key.number]
        order = column.abs().sort_values(ascending=False, kind="stable").index[:3]
        told = ", ".join(f"{label} {column[label]:+.1f}" for label in order)
        parts.append(f"segment {key.number}, {key.name}: {told}")
    shown = f"{len(data.table)} of {data.features} features"
    return f"Heat map of {shown} by segment in standard deviations. Largest: {'; '.join(parts)}."
