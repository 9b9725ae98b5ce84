"""The share of each integrated care board's registered patients who are with a practice of each segment. The
bars list every board, from the largest share of the first segment to the smallest. There is one map for each
segment, all on one scale; of two segments the map of one shows both. Patients count for the board of the
practice they are registered with. Special practices are included.
"""

from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize, to_rgb
from matplotlib.figure import FigureBase
from matplotlib.patches import Rectangle

from gp_segmentation.figures._icb_areas import LONDON, Areas, frame_panel, mapped
from gp_segmentation.figures._parts import largest_cell, name_rows
from gp_segmentation.figures._registry import NotShown
from gp_segmentation.figures._style import GREY, SEQUENTIAL, Key, Look, clean, compared_keys, text_colour
from gp_segmentation.schemas import Results
from gp_segmentation.utils.rounding import whole_percent
from gp_segmentation.utils.wording import short_icb, shorten

ORDER, LABEL = 85, "Patients of each segment by integrated care board"
#: Smallest share that is written into its bar, in %.
LEAST_WRITTEN = 8
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
    def mapped(self) -> list[Key]:
        """The segments that have a map; of two, where every patient is with one of them, the first."""
        both = len(self.keys) == 2 and bool((self.table.sum(axis=1) > 99.95).all())
        return self.keys[:1] if both else self.keys

    @property
    def columns(self) -> int:
        return 1 if len(self.mapped) == 1 else 2 if len(self.mapped) <= 4 else 3

    @property
    def rows(self) -> int:
        return -(-len(self.mapped) // self.columns)

    @property
    def in_order(self) -> pd.DataFrame:
        """The table by the share of the first segment, the largest first; where equal, by the next."""
        return self.table.sort_values([str(code) for code in self.table], ascending=False, kind="stable")


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
    maps = 3.6 * data.rows * (2 / max(data.columns, 2)) + 0.8
    lines = sum(key.legend_label().count("\n") + 1 for key in data.keys)
    return 11.6, max(maps, 0.16 * len(data.table) + 1.2) + 0.13 * (lines + 1)


def draw(data: Shares, figure: FigureBase) -> None:
    left, right = figure.subfigures(1, 2, squeeze=False, width_ratios=[1.25, 1])[0]
    _draw_maps(data, left)
    _draw_bars(data, right)
    handles = [Rectangle((0, 0), 1, 1, facecolor=k.colour, label=k.legend_label()) for k in data.keys]
    figure.legend(handles=handles, loc="outside lower center", ncols=2)


def _draw_maps(data: Shares, figure: FigureBase) -> None:
    grid = figure.subplots(data.rows, data.columns, squeeze=False)
    norm = Normalize(0, max(10.0, float(np.ceil(data.table.to_numpy().max() / 10) * 10)))
    known = data.areas.shapes["icb_code"].isin(data.table.index)
    shapes, unknown = data.areas.shapes[known], data.areas.shapes[~known]
    look = {"edgecolor": GREY, "linewidth": 0.35, "aspect": None, "rasterized": True}
    for axes, key in zip_longest(grid.ravel(), data.mapped):
        axes.axis("off")
        if key is None:
            continue
        colours = SEQUENTIAL(norm(data.table.loc[shapes["icb_code"], key.code].to_numpy()))
        shapes.plot(ax=axes, color=colours, **look)
        if len(unknown):
            unknown.plot(ax=axes, facecolor="white", hatch="////", **look)
        axes.set_aspect("equal")
        _draw_london(axes, shapes, colours, look)
        axes.set_title(key.code, size=11, weight="bold", loc="left")
    scale, every = ScalarMappable(norm, SEQUENTIAL), list(grid.ravel())
    bar = figure.colorbar(scale, ax=every, orientation="horizontal", shrink=0.6, aspect=40, pad=0.02)
    bar.set_label("Patients of the board who are with the segment (%)", size=9.5)


def _draw_bars(data: Shares, figure: FigureBase) -> None:
    """Draw a bar for each board, its segments in their colours from left to right."""
    axes, table = figure.add_subplot(), data.in_order
    starts = table.cumsum(axis=1) - table
    for key in data.keys:
        look: Look = {"color": key.colour, "edgecolor": "white", "linewidth": 0.5}
        bars = axes.barh(range(len(table)), table[key.code], 0.86, left=starts[key.code], **look)
        shares = [f"{share:.0f}" if share >= LEAST_WRITTEN else "" for share in table[key.code]]
        axes.bar_label(bars, shares, label_type="center", size=6.5, color=text_colour(to_rgb(key.colour)))
    name_rows(axes, [shorten(data.names[code], 40) for code in table.index], size=7.5)
    axes.set(xlim=(0, 100), ylim=(len(table) - 0.4, -0.6))
    axes.grid(visible=False)
    axes.set_xlabel("Patients of the board, by segment (%)", size=9.5)


def _draw_london(axes: Axes, shapes: gpd.GeoDataFrame, colours: np.ndarray, look: dict[str, Any]) -> None:
    """Draw the boards of London, too small to see on the map, in its upper right corner."""
    west, south, east, north = LONDON
    if len(shapes.cx[west:east, south:north]):
        inset = axes.inset_axes((0.72, 0.68, 0.36, 0.3))
        shapes.plot(ax=inset, color=colours, **look)
        inset.set(xticks=[], yticks=[], xlabel="", ylabel="", aspect="equal")
        frame_panel(inset, "London", size=8, pad=2)


def title(data: Shares) -> str:
    shares = data.table.to_numpy()
    i, j = largest_cell(shares)
    icb, segment = data.names[data.table.index[i]], data.table.columns[j]
    most = whole_percent(shares.max() / 100)
    return f"The largest share: {most} of the patients of {icb} are with segment {segment}"


def alt(data: Shares) -> str:
    parts = []
    for key in data.keys:
        shares = data.table[key.code].sort_values(ascending=False, kind="stable")
        highest = ", ".join(
            f"{data.names[str(code)]} {whole_percent(share / 100)}" for code, share in shares.head(3).items()
        )
        parts.append(f"segment {key.code}: highest in {highest}; none in {(shares < 0.5).sum()}")
    return f"Maps and bars of {data.places} integrated care boards ({data.areas.origin}). {'; '.join(parts)}."


def table(data: Shares) -> pd.DataFrame:
    shares = data.in_order.set_axis([f"{code} (% of patients)" for code in data.table], axis=1)
    shares.insert(0, "Integrated care board", data.names.reindex(shares.index))
    return shares.rename_axis("Code").reset_index()
