"""Mean of every segment on every clustered feature, as the difference from the mean of all fitted practices,
in standard deviations. Blue: above England. Orange: below England. Features with similar profiles stand side
by side. At most 45 features are drawn: those on which segments differ most.
"""

import textwrap
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.colors import Normalize
from matplotlib.figure import FigureBase
from scipy.cluster.hierarchy import leaves_list, linkage

from gp_segmentation.figures._parts import colour_bar, heat_map, largest_cell, name_columns
from gp_segmentation.figures._registry import NotShown
from gp_segmentation.figures._style import DIVERGING, Key, clean, compared_keys, shorten
from gp_segmentation.schemas import Results
from gp_segmentation.utils.wording import inline, signed

ORDER, LABEL = 50, "Profiles of segments"
MAX_FEATURES = 45


@dataclass(frozen=True)
class Profiles:
    """Differences in standard deviations: features (rows, in drawing order) by segment; features in all."""

    keys: list[Key]
    table: pd.DataFrame
    features: int


def data(results: Results) -> Profiles:
    used = results.profiles[results.profiles["used"].astype(bool)] if len(results.profiles) else None
    if used is None or used.empty:
        raise NotShown("There are no profiles of segments.")
    keys = compared_keys(results.segments)
    wide = used.pivot_table(index="feature", columns="segment", values="difference_sd").dropna()
    wide = wide[[key.number for key in keys]].set_axis([key.code for key in keys], axis=1)
    labels = used.drop_duplicates("feature").set_index("feature")["label"]
    strongest = wide.abs().max(axis=1).sort_values(ascending=False, kind="stable").index[:MAX_FEATURES]
    table = wide[wide.index.isin(strongest)]
    if len(table) > 2:
        table = table.iloc[leaves_list(linkage(table.to_numpy(), "average", optimal_ordering=True))]
    return Profiles(keys, table.set_axis(labels[table.index].map(clean)), len(wide))


def size(data: Profiles) -> tuple[float, float]:
    longest = max(len(str(label)) for label in data.table.index)
    width = 0.085 * min(longest, 60) + max(0.86 * data.table.shape[1], 3.6) + 1.6
    return max(width, 8.0), 0.235 * len(data.table) + 2.2


def draw(data: Profiles, figure: FigureBase) -> None:
    axes = figure.add_subplot()
    values = data.table.to_numpy()
    limit = float(np.clip(np.nanmax(np.abs(values)), 0.5, 2.0))
    norm = Normalize(-limit, limit)
    image = heat_map(axes, values, DIVERGING, norm, lambda i, j: signed(values[i, j], 1), size=8, gaps=True)
    axes.set_yticks(range(len(data.table)), [shorten(label, 60) for label in data.table.index])
    width = max(12, int(72 / max(len(data.keys), 4)))
    names = [textwrap.wrap(clean(key.name), width, break_long_words=False) for key in data.keys]
    name_columns(axes, ["\n".join([k.code, *name]) for k, name in zip(data.keys, names, strict=True)])
    label = "Standard deviations from England's mean"
    colour_bar(figure, image, axes, label, orientation="horizontal", shrink=0.5, aspect=35, pad=0.02)


def title(data: Profiles) -> str:
    values = data.table.to_numpy()
    i, j = largest_cell(np.abs(values))
    value, label, segment = values[i, j], str(data.table.index[i]), data.table.columns[j]
    what = f"{abs(value):.1f} SD {'above' if value > 0 else 'below'} England"
    return f"The largest difference: segment {segment} is {what} on {inline(label)}"


def alt(data: Profiles) -> str:
    parts = []
    for key in data.keys:
        column = data.table[key.code]
        largest = column[column.abs().sort_values(ascending=False, kind="stable").index[:3]]
        differences = ", ".join(f"{label} {value:+.1f}" for label, value in largest.items())
        parts.append(f"segment {key.code}, {key.name}: {differences}")
    shown = f"{len(data.table)} of {data.features} features"
    return f"Heat map of {shown} by segment in standard deviations. Largest: {'; '.join(parts)}."
