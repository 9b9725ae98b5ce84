"""Practices and registered patients of every segment, as shares of the total. Special practices are included;
they were assigned to the nearest segment afterwards.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import FigureBase

from gp_segmentation.figures._parts import key_columns, name_rows
from gp_segmentation.figures._style import BLUE, ORANGE, Key, compared_keys, in_millions
from gp_segmentation.schemas import Results
from gp_segmentation.utils.rounding import whole_percent

ORDER, LABEL = 5, "Size of segments"


@dataclass(frozen=True)
class Sizes:
    """Per segment: practices, patients and their shares (%); how many practices are in no segment."""

    keys: list[Key]
    table: pd.DataFrame
    outside: int


def data(results: Results) -> Sizes:
    lists = results.practices.set_index("practice_code")["list_size"]
    rows = results.everyone.assign(patients=results.everyone["practice_code"].map(lists))
    table = rows.groupby("segment").agg(practices=("patients", "size"), patients=("patients", "sum"))
    for column in ("practices", "patients"):
        table[f"{column}_share"] = 100 * table[column] / max(float(table[column].sum()), 1.0)
    keys = compared_keys(results.segments)
    return Sizes(keys, table.loc[[key.number for key in keys]], len(results.unsegmented))


def size(data: Sizes) -> tuple[float, float]:
    return 9.0, 0.62 * len(data.keys) + 1.3


def draw(data: Sizes, figure: FigureBase) -> None:
    axes = figure.add_subplot()
    at = np.arange(len(data.keys))
    for offset, column, colour, hatch in ((-0.2, "practices", BLUE, ""), (0.2, "patients", ORANGE, "///")):
        shares = data.table[f"{column}_share"]
        look = {"color": colour, "hatch": hatch, "edgecolor": "white", "label": column.capitalize()}
        bars = axes.barh(at + offset, shares, 0.38, **look)
        counts = data.table[column].map(in_millions)
        texts = [
            f"{whole_percent(share / 100)}  {count}" for share, count in zip(shares, counts, strict=True)
        ]
        axes.bar_label(bars, texts, padding=4, size=9)
    name_rows(axes, [key.axis_label for key in data.keys])
    axes.grid(visible=False)
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    axes.margins(x=0.2)
    figure.legend(loc="outside lower center", ncols=2)


def title(data: Sizes) -> str:
    shares = data.table["practices_share"] / 100
    low, high = whole_percent(shares.min()), whole_percent(shares.max())
    none = f"; {whole_percent(1 - shares.sum())} are in no segment" if data.outside else ""
    return f"Each of the {len(data.keys)} segments holds from {low} to {high} of practices{none}"


def alt(data: Sizes) -> str:
    parts = [
        f"segment {key.code}, {key.name}: {row['practices']:,.0f} practices "
        f"({whole_percent(row['practices_share'] / 100)}), {row['patients']:,.0f} patients "
        f"({whole_percent(row['patients_share'] / 100)})"
        for key, row in zip(data.keys, data.table.to_dict("records"), strict=True)
    ]
    parts += [f"no segment: {data.outside:,} practices"] if data.outside else []
    return f"Bar chart. {'; '.join(parts)}."


def table(data: Sizes) -> pd.DataFrame:
    about = key_columns(data.keys)
    values = data.table[["practices", "practices_share", "patients", "patients_share"]]
    headings = ["Practices", "Practices (%)", "Patients", "Patients (%)"]
    return about.join(values.set_axis(headings, axis=1).reset_index(drop=True))
