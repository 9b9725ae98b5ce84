"""Where the practices of each segment are, on the British National Grid, with the areas of integrated care
boards. London, Greater Manchester and the West Midlands are enlarged beside the map. Practices without a
known postcode are not on the map.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import FigureBase
from matplotlib.patches import Rectangle

from gp_segmentation.figures._icb_areas import PANELS, Areas, frame_panel, mapped
from gp_segmentation.figures._parts import draw_practices, largest_cell, without_frame
from gp_segmentation.figures._style import INK, LAND, Key, Look, clean, compared_keys
from gp_segmentation.schemas import Results
from gp_segmentation.utils.rounding import whole_percent

ORDER, LABEL = 80, "Map"
NOTE = (
    "Contains OS data © Crown copyright and database right. Contains Royal Mail data © Royal Mail copyright."
)
#: With fewer practices than this in an enlarged part, it has no panel.
MIN_IN_PANEL = 30


@dataclass(frozen=True)
class Places:
    """Practices with a position (x and y in metres on the National Grid, segment, -1 for none, region_name),
    areas of integrated care boards in the same grid, how many practices have no position, and segment and
    region of every practice: shares are of all, as in the portraits.
    """

    keys: list[Key]
    points: pd.DataFrame
    areas: Areas
    unplaced: int
    regions: pd.DataFrame

    def inside(self, panel: str) -> np.ndarray:
        """Tell of every practice whether it is in a part of `PANELS`."""
        west, south, east, north = PANELS[panel]
        return (self.points["x"].between(west, east) & self.points["y"].between(south, north)).to_numpy()

    @property
    def panels(self) -> list[str]:
        """The parts that are enlarged."""
        return [name for name in PANELS if self.inside(name).sum() >= MIN_IN_PANEL]

    @property
    def by_region(self) -> pd.DataFrame:
        """Practices by segment (rows, codes) and region, without those of no segment."""
        placed = self.regions[self.regions["segment"] > 0]
        counts = pd.crosstab(placed["segment"], placed["region_name"])
        return counts.rename(index={key.number: key.code for key in self.keys})

    @property
    def of_england(self) -> pd.Series:
        """Share of all practices in each region."""
        return self.regions["region_name"].value_counts(normalize=True)


def data(results: Results) -> Places:
    located, areas = mapped(results)
    points = pd.DataFrame(located[["segment", "region_name"]])
    points = points.assign(x=located.geometry.x, y=located.geometry.y).reset_index(drop=True)
    regions = results.everyone[["segment", "region_name"]]
    return Places(compared_keys(results.segments), points, areas, len(regions) - len(points), regions)


def size(data: Places) -> tuple[float, float]:
    lines = sum(key.legend_label().count("\n") + 1 for key in data.keys)
    return 11.0, 7.0 + 0.13 * (lines + 1)


def draw(data: Places, figure: FigureBase) -> None:
    grid = figure.add_gridspec(2, 3, width_ratios=[2.5, 1, 1], height_ratios=[1.75, 1])
    england = figure.add_subplot(grid[:, 0] if data.panels else grid[:, :])
    _draw_area(data, england, 11)
    # London, with most practices, has the larger place; the others stand side by side below it.
    for name, place in zip(data.panels, (grid[0, 1:], grid[1, 1], grid[1, 2]), strict=False):
        beside = figure.add_subplot(place)
        _draw_area(data, beside, 22)
        frame_panel(beside, name, size=10.5)
        west, south, east, north = PANELS[name]
        frame: Look = {"fill": False, "edgecolor": INK, "linewidth": 1, "zorder": 5}
        england.add_patch(Rectangle((west, south), east - west, north - south, **frame))
    handles = england.get_legend_handles_labels()
    figure.legend(*handles, loc="outside lower center", ncols=2, markerscale=2.4)


def _draw_area(data: Places, axes: Axes, marker_size: float) -> None:
    look = {"facecolor": LAND, "edgecolor": "#8C8C8C", "linewidth": 0.6}
    data.areas.shapes.plot(ax=axes, aspect=None, rasterized=True, **look)
    segment, turn = data.points["segment"], data.points.groupby("segment").cumcount() % 4
    practices = (data.points[["x", "y"]].to_numpy(), segment.to_numpy(), turn.to_numpy())
    draw_practices(axes, *practices, data.keys, 56, s=marker_size, alpha=0.85, zorder=3)
    axes.set_aspect("equal")
    axes.set(xticks=[], yticks=[], xlabel="", ylabel="")
    without_frame(axes)


def title(data: Places) -> str:
    counts = data.by_region
    own, england = counts.div(counts.sum(axis=1), axis=0), data.of_england[counts.columns]
    i, j = largest_cell((own - england).to_numpy())
    segment, region = counts.index.to_numpy()[i], clean(counts.columns.to_numpy()[j])
    return (
        f"Segment {segment} is the most concentrated: {whole_percent(own.to_numpy()[i, j])} of its practices "
        f"are in {region}, which has {whole_percent(england.to_numpy()[j])} of all practices"
    )


def alt(data: Places) -> str:
    parts = []
    for segment, row in data.by_region.iterrows():
        top = row.sort_values(ascending=False, kind="stable").head(2)
        regions = [f"{clean(region)} {whole_percent(count / row.sum())}" for region, count in top.items()]
        parts.append(f"segment {segment}: {' and '.join(regions)}")
    outside = int((data.points["segment"] < 1).sum())
    none = f"; {outside:,} are in no segment" if outside else ""
    return (
        f"Map of {len(data.points):,} practices over {data.areas.origin}; {data.unplaced:,} have no "
        f"position{none}. Regions with most practices: {'; '.join(parts)}."
    )


def table(data: Places) -> pd.DataFrame:
    counts = data.by_region.reindex([key.code for key in data.keys]).T
    counts = counts.set_axis([f"{code} (practices)" for code in counts], axis=1)
    return counts.rename_axis("Region").reset_index()
