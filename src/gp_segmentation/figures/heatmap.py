"""Mean of every segment on every clustered feature, as the difference from the mean of all fitted practices,
in standard deviations. Blue: above England. Orange: below England. Blocks of features stand apart; in each,
the features on which a segment differs most from England come first. At most 45 features are drawn: those on
which segments differ most.
"""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.colors import Normalize
from matplotlib.figure import FigureBase

from gp_segmentation.figures._parts import colour_bar, heat_map, largest_cell, name_columns
from gp_segmentation.figures._registry import NotShown
from gp_segmentation.figures._style import DIVERGING, Key, block_name, clean, compared_keys, shorten
from gp_segmentation.schemas import Results
from gp_segmentation.utils.rounding import signed
from gp_segmentation.utils.wording import inline

ORDER, LABEL = 50, "Profiles of segments"
MAX_FEATURES = 45


@dataclass(frozen=True)
class Profiles:
    """Differences in standard deviations: features (rows, in drawing order) by segment; features in all.

    Attributes
    ----------
    groups : heading, with the words that all its rows share -> what is left of their names, as in `table`.
    """

    keys: list[Key]
    table: pd.DataFrame
    groups: dict[str, list[str]]
    features: int


def data(results: Results) -> Profiles:
    used = results.profiles[results.profiles["used"].astype(bool)] if len(results.profiles) else None
    if used is None or used.empty:
        raise NotShown("There are no profiles of segments.")
    keys = compared_keys(results.segments)
    wide = used.pivot_table(index="feature", columns="segment", values="difference_sd").dropna()
    wide = wide[[key.number for key in keys]].set_axis([key.code for key in keys], axis=1)
    about = used.drop_duplicates("feature").set_index("feature")[["label", "block"]]
    largest = wide.abs().max(axis=1).sort_values(ascending=False, kind="stable")[:MAX_FEATURES]
    blocks = about["block"].reindex(largest.index)
    alone = blocks.map(blocks.value_counts()) == 1
    parts = blocks.mask(alone, "") if alone.sum() > 1 else blocks
    order = [feature for part in parts.unique() for feature in parts.index[parts == part]]
    labels = about["label"].map(clean)
    groups = dict(_group(part, list(labels[parts.index[parts == part]])) for part in parts.unique())
    return Profiles(keys, wide.loc[order].set_axis(labels[order]), groups, len(wide))


def _group(block: str, labels: list[str]) -> tuple[str, list[str]]:
    """Return the heading of a block ("": features that are alone in theirs) and the names of its rows."""
    ending = shared_ending(labels) if len(labels) > 2 else ""
    if not ending:
        return block_name(block) if block else "Other features", labels
    return ending[:1].upper() + ending[1:], [label.removesuffix(ending).rstrip(" ,:") for label in labels]


def shared_ending(labels: Sequence[str]) -> str:
    """Return the words with which all `labels` end, as long as something is left of each.

    >>> shared_ending(["Asthma prevalence, adjusted", "Heart failure prevalence, adjusted"])
    'prevalence, adjusted'
    """
    words = [label.split(" ")[::-1] for label in labels]
    same: list[str] = []
    for column in zip(*(row[:-1] for row in words), strict=False):
        if len(set(column)) > 1:
            break
        same.insert(0, column[0])
    return " ".join(same)


def size(data: Profiles) -> tuple[float, float]:
    longest = max(len(name) for names in data.groups.values() for name in names)
    width = 0.085 * min(longest, 60) + max(0.86 * data.table.shape[1], 3.6) + 1.6
    return max(width, 8.0), 0.235 * (len(data.table) + 1.4 * len(data.groups)) + 2.2


def draw(data: Profiles, figure: FigureBase) -> None:
    axes = figure.add_subplot()
    rows = data.table.to_numpy()
    # A row without values carries the heading of each group.
    starts = np.cumsum([0, *(len(names) for names in data.groups.values())])[:-1]
    values = np.insert(rows, starts, np.nan, axis=0)
    names = [text for heading, names in data.groups.items() for text in (heading, *names)]
    limit = float(np.clip(np.nanmax(np.abs(rows)), 0.5, 2.0))
    norm = Normalize(-limit, limit)

    def write(i: int, j: int) -> str:
        return "" if np.isnan(values[i, j]) else signed(values[i, j])

    image = heat_map(axes, values, DIVERGING, norm, write, size=8, gaps=True)
    axes.set_yticks(range(len(names)), [shorten(name, 60) for name in names])
    for row in starts + np.arange(len(starts)):
        axes.get_yticklabels()[row].set(weight="bold", va="center")
    width = max(12, int(72 / max(len(data.keys), 4)))
    wrapped = [textwrap.wrap(clean(key.name), width, break_long_words=False) for key in data.keys]
    name_columns(axes, ["\n".join([k.code, *name]) for k, name in zip(data.keys, wrapped, strict=True)])
    label = "Standard deviations from England's mean"
    colour_bar(figure, image, axes, label, orientation="horizontal", shrink=0.5, aspect=35, pad=0.02)


def title(data: Profiles) -> str:
    values = data.table.to_numpy()
    i, j = largest_cell(np.abs(values))
    value, label, segment = values[i, j], str(data.table.index[i]), data.table.columns[j]
    what = f"{signed(value).lstrip('+−')} SD {'above' if value > 0 else 'below'} England"
    return f"The largest difference: segment {segment} is {what} on {inline(label)}"


def alt(data: Profiles) -> str:
    parts = []
    for key in data.keys:
        column = data.table[key.code]
        largest = column[column.abs().sort_values(ascending=False, kind="stable").index[:3]]
        differences = ", ".join(f"{label} {signed(value)}" for label, value in largest.items())
        parts.append(f"segment {key.code}, {key.name}: {differences}")
    shown = f"{len(data.table)} of {data.features} features"
    return f"Heat map of {shown} by segment in standard deviations. Largest: {'; '.join(parts)}."


def table(data: Profiles) -> pd.DataFrame:
    return data.table.rename_axis("Feature").reset_index()
