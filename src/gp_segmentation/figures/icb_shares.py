"""The share of each integrated care board's registered patients who are with a practice of the segment. There
is one map for each segment, all on one scale. Patients count for the board of the practice they are
registered with. Special practices are included.
"""

import textwrap
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import FigureBase

from gp_segmentation.figures._icb_areas import LONDON, Areas, frame_london, mapped
from gp_segmentation.figures._parts import largest_cell
from gp_segmentation.figures._registry import NotShown
from gp_segmentation.figures._style import GREY, SEQUENTIAL, Key, clean, compared_keys
from gp_segmentation.schemas import Results
from gp_segmentation.utils.wording import short_icb

ORDER, LABEL = 85, "Patients of each segment by integrated care board"
NOTE = "Contains OS data © Crown copyright and database right."


@dataclass(frozen=True)
class Shares:
    """Shares (%) of patients: ICB codes (rows) by segment; short names of ICBs by code; their areas."""

    keys: list[Key]
    table: pd.DataFrame
    names: pd.Series
    areas: Areas

    @property
    def places(self) -> int:
        return int(self.table.index.isin(self.areas.shapes["icb_code"]).sum())

    @property
    def columns(self) -> int:
        return min(len(self.keys), 3 if len(self.keys) <= 6 else 4)

    @property
    def rows(self) -> int:
        return -(-len(self.keys) // self.columns)


def data(results: Results) -> Shares:
    keys = compared_keys(results.segments)
    _, areas = mapped(results)
    about = results.practices.merge(results.everyone[["practice_code", "segment"]], on="practice_code")
    patients = about.pivot_table(index="icb_code", columns="segment", values="list_size", aggfunc="sum")
    patients = patients.fillna(0)
    table = 100 * patients.div(patients.sum(axis=1).clip(lower=1), axis=0)
    table = table[[key.number for key in keys]].set_axis([key.code for key in keys], axis=1)
    names = about.drop_duplicates("icb_code").set_index("icb_code")["icb_name"].map(clean).map(short_icb)
    shares = Shares(keys, table, names, areas)
    if len(table) < 2 or not shares.places:
        raise NotShown("The areas of integrated care boards are not known.")
    return shares


def size(data: Shares) -> tuple[float, float]:
    return 11.0, 4.2 * data.rows * (3 / data.columns) + 0.7


def draw(data: Shares, figure: FigureBase) -> None:
    grid = figure.subplots(data.rows, data.columns, squeeze=False)
    norm = Normalize(0, max(10.0, float(np.ceil(data.table.to_numpy().max() / 10) * 10)))
    known = data.areas.shapes["icb_code"].isin(data.table.index)
    shapes, unknown = data.areas.shapes[known], data.areas.shapes[~known]
    look = {"edgecolor": GREY, "linewidth": 0.35, "aspect": None, "rasterized": True}
    for axes, key in zip_longest(grid.ravel(), data.keys):
        axes.axis("off")
        if key is None:
            continue
        colours = SEQUENTIAL(norm(data.table.loc[shapes["icb_code"], key.code].to_numpy()))
        shapes.plot(ax=axes, color=colours, **look)
        if len(unknown):
            unknown.plot(ax=axes, facecolor="white", hatch="////", **look)
        axes.set_aspect("equal")
        _draw_london(axes, shapes, colours, look)
        axes.set_title(textwrap.fill(key.text, int(108 / data.columns)), size=10, loc="left")
    scale, every = ScalarMappable(norm, SEQUENTIAL), list(grid.ravel())
    bar = figure.colorbar(scale, ax=every, orientation="horizontal", shrink=0.4, aspect=40, pad=0.02)
    bar.set_label("Patients of the integrated care board who are with the segment (%)", size=9.5)


def _draw_london(axes: Axes, shapes: gpd.GeoDataFrame, colours: np.ndarray, look: dict[str, Any]) -> None:
    """Draw the boards of London, too small to see on the map, in its upper right corner."""
    west, south, east, north = LONDON
    if len(shapes.cx[west:east, south:north]):
        inset = axes.inset_axes((0.72, 0.68, 0.36, 0.3))
        shapes.plot(ax=inset, color=colours, **look)
        inset.set(xticks=[], yticks=[], xlabel="", ylabel="", aspect="equal")
        frame_london(inset, size=8, pad=2)


def title(data: Shares) -> str:
    shares = data.table.to_numpy()
    i, j = largest_cell(shares)
    icb, segment = data.names[data.table.index[i]], data.table.columns[j]
    return f"The largest share: {shares.max():.0f}% of the patients of {icb} are with segment {segment}"


def alt(data: Shares) -> str:
    parts = []
    for key in data.keys:
        shares = data.table[key.code].sort_values(ascending=False, kind="stable")
        highest = ", ".join(f"{data.names[str(code)]} {share:.0f}%" for code, share in shares.head(3).items())
        parts.append(f"segment {key.code}: highest in {highest}; none in {(shares < 0.5).sum()}")
    return (
        f"{len(data.keys)} maps of {data.places} integrated care boards ({data.areas.origin}). "
        f"{'; '.join(parts)}."
    )
