"""Share of the registered patients of every integrated care board who are with a practice of the segment, one
map for each segment on one scale. A board's patients are counted by the practice they are registered with,
special practices included.
"""
# ruff: noqa: D103 - what each function gives is said once, in the docstring of the package

import textwrap
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import FigureBase

from gp_segmentation.figures._icb_areas import LONDON, areas, positions
from gp_segmentation.figures._registry import NotShown
from gp_segmentation.figures._style import GREY, SEQUENTIAL, Key, clean, compared_keys
from gp_segmentation.schemas import Results
from gp_segmentation.utils.wording import short_icb

ORDER, LABEL = 85, "Patients of each segment by integrated care board"
NOTE = "Contains OS data © Crown copyright and database right."


@dataclass(frozen=True)
class Shares:
    """Shares (%) of patients: ICB codes (rows) by segment; names of ICBs; areas with column icb_code."""

    keys: list[Key]
    table: pd.DataFrame
    names: pd.Series
    outline: gpd.GeoDataFrame
    official: bool

    @property
    def places(self) -> int:
        return int(self.table.index.isin(self.outline["icb_code"]).sum())


def data(results: Results) -> Shares:
    keys = compared_keys(results.segments)
    points = positions(results)
    if points.empty:
        raise NotShown("No practice has a position: the file of postcodes was not there.")
    outline, official = areas(results.boundaries, points)
    about = results.practices.merge(results.segments[["practice_code", "segment"]], on="practice_code")
    patients = about.pivot_table(index="icb_code", columns="segment", values="list_size", aggfunc="sum")
    table = patients.fillna(0)
    table = 100 * table.div(table.sum(axis=1).clip(lower=1), axis=0)
    names = about.drop_duplicates("icb_code").set_index("icb_code")["icb_name"]
    if len(table) < 2 or not table.index.isin(outline["icb_code"]).any():
        raise NotShown("The areas of integrated care boards are not known.")
    return Shares(keys, table, names, outline, official)


def size(data: Shares) -> tuple[float, float]:
    columns = _columns(data)
    return 11.0, 4.2 * -(-len(data.keys) // columns) * (3 / columns) + 0.7


def _columns(data: Shares) -> int:
    return min(len(data.keys), 3 if len(data.keys) <= 6 else 4)


def draw(data: Shares, figure: FigureBase) -> None:
    columns = _columns(data)
    grid = figure.subplots(-(-len(data.keys) // columns), columns, squeeze=False)
    norm = Normalize(0, max(10.0, float(np.ceil(data.table.to_numpy().max() / 10) * 10)))
    shapes = data.outline[data.outline["icb_code"].isin(data.table.index)]
    unknown = data.outline[~data.outline["icb_code"].isin(data.table.index)]
    for i, axes in enumerate(grid.ravel()):
        axes.axis("off")
        if i >= len(data.keys):
            continue
        key = data.keys[i]
        colours = SEQUENTIAL(norm(data.table.loc[shapes["icb_code"], key.number].to_numpy()))
        edge = {"edgecolor": "#595959", "linewidth": 0.35, "aspect": None, "rasterized": True}
        shapes.plot(ax=axes, color=colours, **edge)
        if len(unknown):
            unknown.plot(ax=axes, facecolor="white", hatch="////", **edge)
        axes.set_aspect("equal")
        _draw_london(axes, shapes, colours, edge)
        axes.set_title(textwrap.fill(key.text, int(108 / columns)), size=10, loc="left")
    scale, every = ScalarMappable(norm, SEQUENTIAL), list(grid.ravel())
    bar = figure.colorbar(scale, ax=every, orientation="horizontal", shrink=0.4, aspect=40, pad=0.02)
    bar.set_label("Patients of the integrated care board who are with the segment (%)", size=9.5)


def _draw_london(axes: Axes, shapes: gpd.GeoDataFrame, colours: np.ndarray, edge: dict[str, Any]) -> None:
    """Draw the boards of London, too small to be read on the map, in its upper right corner."""
    west, south, east, north = LONDON
    inside = shapes.cx[west:east, south:north]
    if inside.empty:
        return
    inset = axes.inset_axes((0.72, 0.68, 0.36, 0.3))
    shapes.plot(ax=inset, color=colours, **edge)
    inset.set(
        xlim=(west, east), ylim=(south, north), xticks=[], yticks=[], xlabel="", ylabel="", aspect="equal"
    )
    inset.set_title("London", size=8, pad=2)
    for side in inset.spines.values():
        side.set(visible=True, color=GREY)


def highest(data: Shares) -> tuple[int, str, float]:
    """Return the segment and board with the highest share, and the share (%)."""
    values = data.table.to_numpy()
    row, column = (int(i) for i in np.unravel_index(values.argmax(), values.shape))
    segment = int(data.table.columns.to_numpy()[column])
    return segment, short_icb(clean(data.names.loc[data.table.index[row]])), float(values[row, column])


def title(data: Shares) -> str:
    segment, icb, share = highest(data)
    return f"The largest share: {share:.0f}% of the patients of {icb} are with segment {segment}"


def alt(data: Shares) -> str:
    parts = []
    for key in data.keys:
        top = data.table[key.number].sort_values(ascending=False, kind="stable").head(3)
        told = ", ".join(
            f"{short_icb(clean(data.names.loc[str(code)]))} {share:.0f}%" for code, share in top.items()
        )
        without = int((data.table[key.number] < 0.5).sum())
        parts.append(f"segment {key.number}: highest in {told}; none in {without}")
    how = "official boundaries" if data.official else "areas computed from the practices"
    return f"{len(data.keys)} maps of {data.places} integrated care boards ({how}). {'; '.join(parts)}."
