"""Practices and registered patients of every segment, as shares of all. Special practices, which were
assigned to the nearest segment afterwards, are counted.
"""
# ruff: noqa: D103 - what each function gives is said once, in the docstring of the package

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import FigureBase

from gp_segmentation.figures._style import BLUE, ORANGE, Key, compared_keys, two_lines
from gp_segmentation.schemas import Results

ORDER, LABEL = 5, "Size of segments"


@dataclass(frozen=True)
class Sizes:
    """Per segment: practices, patients and their shares (%)."""

    keys: list[Key]
    table: pd.DataFrame


def data(results: Results) -> Sizes:
    lists = results.practices.set_index("practice_code")["list_size"]
    rows = results.segments.assign(patients=results.segments["practice_code"].map(lists))
    table = rows.groupby("segment").agg(practices=("patients", "size"), patients=("patients", "sum"))
    for column in ("practices", "patients"):
        table[f"{column}_share"] = 100 * table[column] / max(float(table[column].sum()), 1.0)
    return Sizes(compared_keys(results.segments), table)


def size(data: Sizes) -> tuple[float, float]:
    return 9.0, 0.62 * len(data.keys) + 1.3


def draw(data: Sizes, figure: FigureBase) -> None:
    axes = figure.add_subplot()
    at = np.arange(len(data.keys))
    for offset, column, colour, hatch in ((-0.2, "practices", BLUE, ""), (0.2, "patients", ORANGE, "///")):
        shares = data.table[f"{column}_share"].to_numpy()
        bars = axes.barh(
            at + offset, shares, 0.38, color=colour, hatch=hatch, edgecolor="white", label=column.capitalize()
        )
        counts = [f"{share:.0f}%  {n:,.0f}" for share, n in zip(shares, data.table[column], strict=True)]
        axes.bar_label(bars, counts, padding=4, size=9)
    axes.set_yticks(at, [two_lines(key.text) for key in data.keys])
    axes.invert_yaxis()
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False)
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    axes.margins(x=0.2)
    figure.legend(loc="outside lower center", ncols=2)


def title(data: Sizes) -> str:
    shares = data.table["practices_share"]
    return f"The {len(data.keys)} segments hold from {shares.min():.0f}% to {shares.max():.0f}% of practices"


def alt(data: Sizes) -> str:
    parts = [
        f"segment {n}, {clean_name}: {row['practices']:,.0f} practices ({row['practices_share']:.0f}%), "
        f"{row['patients']:,.0f} patients ({row['patients_share']:.0f}%)"
        for (n, row), clean_name in zip(data.table.iterrows(), (k.name for k in data.keys), strict=True)
    ]
    return f"Bar chart. {'; '.join(parts)}."
