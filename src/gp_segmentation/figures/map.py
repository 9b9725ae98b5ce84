"""Where the practices of each segment are, on the British National Grid, with the areas of integrated care
boards; London is drawn larger beside it. A practice without a known postcode is not on the map.
"""
# ruff: noqa: D103 - what each function gives is said once, in the docstring of the package

import textwrap
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import FigureBase
from matplotlib.patches import Rectangle

from gp_segmentation.figures._icb_areas import LONDON, areas, positions
from gp_segmentation.figures._registry import NotShown
from gp_segmentation.figures._style import GREY, INK, Key, clean, compared_keys, without_frame
from gp_segmentation.schemas import Results

ORDER, LABEL = 80, "Map"
NOTE = (
    "Contains OS data © Crown copyright and database right. Contains Royal Mail data © Royal Mail copyright."
)
#: Fewer practices inside than this, and there is no London panel.
ENOUGH = 30


@dataclass(frozen=True)
class Places:
    """Practices with a position.

    Attributes
    ----------
    points : x, y (metres, National Grid), segment, region_name.
    outline : areas of integrated care boards in the same grid; official: whether published.
    unplaced : practices without a position.
    """

    keys: list[Key]
    points: pd.DataFrame
    outline: gpd.GeoDataFrame
    official: bool
    unplaced: int

    @property
    def in_london(self) -> np.ndarray:
        west, south, east, north = LONDON
        return (self.points["x"].between(west, east) & self.points["y"].between(south, north)).to_numpy()


def data(results: Results) -> Places:
    points = positions(results)
    if points.empty:
        raise NotShown("No practice has a position: the file of postcodes was not there.")
    outline, official = areas(results.boundaries, points)
    table = pd.DataFrame(
        {
            "x": points.geometry.x.to_numpy(),
            "y": points.geometry.y.to_numpy(),
            "segment": points["segment"].to_numpy(),
            "region_name": points["region_name"].to_numpy(),
        }
    )
    return Places(
        compared_keys(results.segments), table, outline, official, len(results.segments) - len(points)
    )


def size(data: Places) -> tuple[float, float]:
    return 11.0, 7.6


def draw(data: Places, figure: FigureBase) -> None:
    grid = figure.add_gridspec(2, 2, width_ratios=[1.5, 1], height_ratios=[1, 1.2])
    england = figure.add_subplot(grid[:, 0])
    _draw_area(data, england, 7)
    corner = figure.add_subplot(grid[1, 1])
    corner.axis("off")
    handles, labels = england.get_legend_handles_labels()
    wrapped = [textwrap.fill(label, 36, subsequent_indent="    ") for label in labels]
    beside = figure.add_subplot(grid[0, 1])
    if data.in_london.sum() >= ENOUGH:
        _draw_area(data, beside, 13)
        west, south, east, north = LONDON
        beside.set(xlim=(west, east), ylim=(south, north))
        beside.set_title("London", size=10.5)
        for side in beside.spines.values():
            side.set(visible=True, color=GREY)
        frame = Rectangle((west, south), east - west, north - south, fill=False, edgecolor=INK, linewidth=1)
        england.add_patch(frame)
    else:
        beside.axis("off")
    corner.legend(handles, wrapped, loc="upper left", borderaxespad=0, markerscale=2.8, labelspacing=0.7)


def _draw_area(data: Places, axes: Axes, points: float) -> None:
    data.outline.plot(
        ax=axes, facecolor="#F3F3F3", edgecolor="#8C8C8C", linewidth=0.6, aspect=None, rasterized=True
    )
    for batch in range(4):  # in turns, so that no segment hides another
        for key in data.keys:
            mine = data.points[data.points["segment"] == key.number].iloc[batch::4]
            axes.scatter(
                mine["x"], mine["y"], s=points, marker=key.marker, color=key.colour, alpha=0.8, linewidths=0,
                rasterized=True, label=key.text if batch == 0 else None, zorder=3,
            )  # fmt: skip
    axes.set_aspect("equal")
    axes.set(xticks=[], yticks=[], xlabel="", ylabel="")
    without_frame(axes)


def concentration(data: Places) -> tuple[int, str, float, float]:
    """Return where a segment's share of a region is highest above all practices' share there.

    Segment, region, the segment's share there, all practices' share.
    """
    counts = pd.crosstab(data.points["segment"], data.points["region_name"])
    here = counts.div(counts.sum(axis=1), axis=0)
    everywhere = counts.sum() / counts.to_numpy().sum()
    gap = (here - everywhere).to_numpy()
    i, j = (int(n) for n in np.unravel_index(gap.argmax(), gap.shape))
    shares = float(here.to_numpy()[i, j]), float(everywhere.to_numpy()[j])
    return int(here.index.to_numpy()[i]), str(here.columns[j]), *shares


def title(data: Places) -> str:
    segment, region, here, everywhere = concentration(data)
    return (
        f"Segment {segment} is the most concentrated: {here:.0%} of its practices are in {clean(region)}, "
        f"which has {everywhere:.0%} of all"
    )


def alt(data: Places) -> str:
    counts = pd.crosstab(data.points["segment"], data.points["region_name"])
    parts = []
    for segment, row in counts.iterrows():
        top = row.sort_values(ascending=False, kind="stable").head(2)
        told = " and ".join(f"{clean(region)} {n / row.sum():.0%}" for region, n in top.items())
        parts.append(f"segment {segment}: {told}")
    outline = "official boundaries" if data.official else "areas computed from the practices"
    return (
        f"Map of {len(data.points):,} practices over {outline}; {data.unplaced:,} have no position. "
        f"Regions with most practices: {'; '.join(parts)}."
    )
