"""Additional patients for whom an indicator would be met if every practice below the upper quartile of its
own segment reached it, for the indicators with most of them. The number in a cell is patients; the darker
the cell, the more they are of a hundred eligible patients of the segment. It is what comparing like with
like leaves to be asked, not a judgement of any practice.
"""
# ruff: noqa: D103 - what each function gives is said once, in the docstring of the package

import textwrap
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.colors import Normalize
from matplotlib.figure import FigureBase

from gp_segmentation.figures._registry import NotShown
from gp_segmentation.figures._style import SEQUENTIAL, Key, clean, compared_keys, text_colour
from gp_segmentation.schemas import Results

ORDER, LABEL = 90, "Opportunities"
#: Indicators drawn.
MOST = 15
NEEDED = {"indicator_code", "segment", "eligible_patients", "additional_patients"}


@dataclass(frozen=True)
class Gains:
    """Indicators (rows, most additional patients first) by segment.

    Attributes
    ----------
    labels : of the indicators. patients : additional patients. share : their percentage of those eligible.
    """

    keys: list[Key]
    labels: list[str]
    patients: pd.DataFrame
    share: pd.DataFrame


def data(results: Results) -> Gains:
    keys = compared_keys(results.segments)
    table = results.opportunities
    if not set(table.columns) >= NEEDED or not len(table):
        raise NotShown("No indicators of achievement were published with this source.")
    patients = _grid(table, "additional_patients", keys)
    eligible = _grid(table, "eligible_patients", keys)
    order = patients.sum(axis=1).sort_values(ascending=False, kind="stable").index[:MOST]
    groups = dict(zip(table["indicator_code"], table.get("group_name", table["indicator_code"]), strict=True))
    labels = [clean(code if groups[code] in (code, None) else f"{code}: {groups[code]}") for code in order]
    share = 100 * patients / eligible.where(eligible > 0)
    return Gains(keys, labels, patients.loc[order], share.loc[order])


def _grid(table: pd.DataFrame, column: str, keys: list[Key]) -> pd.DataFrame:
    """Sums of `column`: indicators by segment."""
    sums = table.pivot_table(index="indicator_code", columns="segment", values=column, aggfunc="sum")
    return sums.reindex(columns=[key.number for key in keys]).fillna(0.0)


def size(data: Gains) -> tuple[float, float]:
    return 11.0, 0.34 * len(data.labels) + 2.0


def draw(data: Gains, figure: FigureBase) -> None:
    axes = figure.add_subplot()
    share, patients = data.share.to_numpy(), data.patients.to_numpy()
    norm = Normalize(0, max(1.0, float(np.nanmax(share))))
    image = axes.imshow(share, cmap=SEQUENTIAL, norm=norm, aspect="auto", interpolation="nearest")
    for i, j in np.ndindex(share.shape):
        colour = text_colour(SEQUENTIAL(norm(np.nan_to_num(share[i, j]))))
        axes.text(j, i, f"{patients[i, j]:,.0f}", ha="center", va="center", size=8.5, color=colour)
    totals = data.patients.sum(axis=1)
    axes.set_yticks(
        range(len(totals)), [textwrap.shorten(label, 46, placeholder="…") for label in data.labels]
    )
    axes.tick_params(axis="y", pad=62)  # room for the totals, right beside the grid
    for i, text in [(-0.62, "England"), *((row, f"{total:,.0f}") for row, total in enumerate(totals))]:
        axes.annotate(
            text, (0, i), xycoords=("axes fraction", "data"), xytext=(-8, 0), textcoords="offset points",
            ha="right", va="center", size=9.5, weight="bold", annotation_clip=False,
        )  # fmt: skip
    width = max(12, int(80 / max(len(data.keys), 4)))
    names = ["\n".join(textwrap.wrap(key.text, width, break_long_words=False)) for key in data.keys]
    axes.set_xticks(range(len(data.keys)), names, size=9 if len(data.keys) < 8 else 8)
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    axes.grid(visible=False)
    axes.set_xticks(np.arange(0.5, len(data.keys) - 1), minor=True)
    axes.set_yticks(np.arange(0.5, len(data.labels) - 1), minor=True)
    axes.grid(visible=True, which="minor", axis="both", color="white", linewidth=1.5)
    axes.tick_params(which="minor", length=0)
    for side in axes.spines.values():
        side.set_visible(False)
    bar = figure.colorbar(image, ax=axes, orientation="horizontal", shrink=0.5, aspect=40, pad=0.02)
    bar.set_label("Additional patients of a hundred eligible", size=9.5)
    bar.outline.set_visible(False)


def title(data: Gains) -> str:
    total = data.patients.sum(axis=1).iloc[0]
    return f"The largest opportunity: {total:,.0f} additional patients on {data.labels[0]}"


def alt(data: Gains) -> str:
    parts = [
        f"{label}: {row.sum():,.0f}, most in segment {row.idxmax()} ({row.max():,.0f})"
        for label, (_, row) in zip(data.labels, data.patients.iterrows(), strict=True)
    ]
    return f"Grid of additional patients by indicator and segment. Totals: {'; '.join(parts)}."
