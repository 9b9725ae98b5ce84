"""Where the practices of each segment are, on the British National Grid, with the areas of integrated care
boards. London is enlarged beside the map. Practices without a known postcode are not on the map.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import FigureBase
from matplotlib.patches import Rectangle

from gp_segmentation.figures._icb_areas import LONDON, Areas, frame_london, mapped
from gp_segmentation.figures._parts import draw_practices, largest_cell, without_frame
from gp_segmentation.figures._style import INK, Key, Look, clean, compared_keys
from gp_segmentation.schemas import Results

ORDER, LABEL = 80, "Map"
NOTE = (
    "Contains OS data © Crown copyright and database right. Contains Royal Mail data © Royal Mail copyright."
)
#: With fewer practices in London than this there is no London panel.
MIN_IN_LONDON = 30


@dataclass(frozen=True)
class Places:
    """Practices with a position (x and y in metres on the National Grid, segment, -1 for none, region_name),
    areas of integrated care boards in the same grid, and how many practices have no position.
    """

    keys: list[Key]
    points: pd.DataFrame
    areas: Areas
    unplaced: int

    @property
    def in_london(self) -> np.ndarray:
        west, south, east, north = LONDON
        return (self.points["x"].between(west, east) & self.points["y"].between(south, north)).to_numpy()

    @property
    def by_region(self) -> pd.DataFrame:
        """Practices by segment (rows, codes) and region, without those of no segment."""
        points = self.points[self.points["segment"] > 0]
        counts = pd.crosstab(points["segment"], points["region_name"])
        return counts.rename(index={key.number: key.code for key in self.keys})

    @property
    def of_england(self) -> pd.Series:
        """Share of all practices in each region."""
        return self.points["region_name"].value_counts(normalize=True)


def data(results: Results) -> Places:
    located, areas = mapped(results)
    points = pd.DataFrame(located[["segment", "region_name"]])
    points = points.assign(x=located.geometry.x, y=located.geometry.y).reset_index(drop=True)
    return Places(compared_keys(results.segments), points, areas, len(results.everyone) - len(points))


def size(data: Places) -> tuple[float, float]:
    return 11.0, 7.6


def draw(data: Places, figure: FigureBase) -> None:
    grid = figure.add_gridspec(2, 2, width_ratios=[1.5, 1], height_ratios=[1, 1.2])
    england = figure.add_subplot(grid[:, 0])
    _draw_area(data, england, 7)
    legend = figure.add_subplot(grid[1, 1])
    legend.axis("off")
    look: Look = {"borderaxespad": 0, "markerscale": 2.8, "labelspacing": 0.7}
    legend.legend(*england.get_legend_handles_labels(), loc="upper left", **look)
    beside = figure.add_subplot(grid[0, 1])
    if data.in_london.sum() < MIN_IN_LONDON:
        beside.axis("off")
        return
    _draw_area(data, beside, 13)
    frame_london(beside, size=10.5)
    west, south, east, north = LONDON
    frame = Rectangle((west, south), east - west, north - south, fill=False, edgecolor=INK, linewidth=1)
    england.add_patch(frame)


def _draw_area(data: Places, axes: Axes, marker_size: float) -> None:
    look = {"facecolor": "#F3F3F3", "edgecolor": "#8C8C8C", "linewidth": 0.6}
    data.areas.shapes.plot(ax=axes, aspect=None, rasterized=True, **look)
    segment, turn = data.points["segment"], data.points.groupby("segment").cumcount() % 4
    practices = (data.points[["x", "y"]].to_numpy(), segment.to_numpy(), turn.to_numpy())
    draw_practices(axes, *practices, data.keys, 36, s=marker_size, alpha=0.8, zorder=3)
    axes.set_aspect("equal")
    axes.set(xticks=[], yticks=[], xlabel="", ylabel="")
    without_frame(axes)


def title(data: Places) -> str:
    counts = data.by_region
    own, england = counts.div(counts.sum(axis=1), axis=0), data.of_england[counts.columns]
    i, j = largest_cell((own - england).to_numpy())
    segment, region = counts.index.to_numpy()[i], clean(counts.columns.to_numpy()[j])
    return (
        f"Segment {segment} is the most concentrated: {own.to_numpy()[i, j]:.0%} of its practices are in "
        f"{region}, which has {england.to_numpy()[j]:.0%} of all practices"
    )


def alt(data: Places) -> str:
    parts = []
    for segment, row in data.by_region.iterrows():
        top = row.sort_values(ascending=False, kind="stable").head(2)
        regions = [f"{clean(region)} {count / row.sum():.0%}" for region, count in top.items()]
        parts.append(f"segment {segment}: {' and '.join(regions)}")
    outside = int((data.points["segment"] < 1).sum())
    none = f"; {outside:,} are in no segment" if outside else ""
    return (
        f"Map of {len(data.points):,} practices over {data.areas.origin}; {data.unplaced:,} have no "
        f"position{none}. Regions with most practices: {'; '.join(parts)}."
    )
