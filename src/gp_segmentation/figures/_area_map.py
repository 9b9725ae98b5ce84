"""The map of one area on its page and slides: its practices by segment, its border, practices around it."""

import io
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gp_segmentation.figures._icb_areas import GRID, Areas, areas
from gp_segmentation.figures._parts import LIGHT, draw_practices, without_frame
from gp_segmentation.figures._render import Canvas, round_layout
from gp_segmentation.figures._style import INK, LAND, Key, Look, compared_keys, style

#: The map reaches this share of the area's extent beyond it, and at least so many metres.
BEYOND, LEAST = 0.06, 2_000
SIZE = (7.2, 6.2)


@dataclass(frozen=True)
class AreaPlaces:
    """Where practices are, for the maps of all areas of a kind.

    Attributes
    ----------
    points : practices with a position in `GRID`: practice_code, segment, code (of the area).
    shapes : the areas; `official` says whether they are published ones.
    """

    keys: list[Key]
    points: gpd.GeoDataFrame
    shapes: Areas

    @property
    def official(self) -> bool:
        return self.shapes.official


def area_places(
    segments: pd.DataFrame, practices: pd.DataFrame, area_of: pd.Series, boundaries: object = None
) -> AreaPlaces | None:
    """Return what maps of areas need; None where no practice has a position.

    Parameters
    ----------
    segments : everyone's. practices : with longitude and latitude. area_of : practice code -> area's code,
        missing where a practice is in none. boundaries : official ones of ICBs, where the areas are ICBs.
    """
    rows = segments[["practice_code", "segment"]].merge(
        practices[["practice_code", "longitude", "latitude"]], on="practice_code"
    )
    rows = rows.dropna(subset=["longitude", "latitude"]).assign(
        code=lambda r: r["practice_code"].map(area_of)
    )
    if rows.empty:
        return None
    place = gpd.points_from_xy(rows["longitude"], rows["latitude"], crs="EPSG:4326")
    points = gpd.GeoDataFrame(rows[["practice_code", "segment", "code"]], geometry=place).to_crs(GRID)
    shapes = areas(boundaries, points.assign(icb_code=points["code"].fillna("")))
    return AreaPlaces(compared_keys(segments[segments["segment"] > 0]), points, shapes)


def draw_area_map(places: AreaPlaces, code: str) -> dict[str, bytes]:
    """Draw the map of one area: ``png`` and ``svg``, the same bytes for the same places.

    Raises
    ------
    KeyError : no practice of the area has a position.
    """
    own = places.points[places.points["code"] == code]
    if own.empty:
        raise KeyError(code)
    found: dict[str, bytes] = {}
    with style():
        figure = Figure(figsize=SIZE)
        Canvas(figure)
        figure.set_layout_engine("constrained", w_pad=0.02, h_pad=0.02)
        axes = figure.add_subplot()
        border = places.shapes.shapes[places.shapes.shapes["icb_code"] == code]
        look: Look = {"edgecolor": LIGHT, "facecolor": "none", "linewidth": 0.8}
        places.shapes.shapes.plot(ax=axes, aspect=None, rasterized=True, **look)
        border.plot(ax=axes, aspect=None, facecolor=LAND, edgecolor=INK, linewidth=1.6)
        outside = places.points[places.points["code"] != code].geometry
        axes.scatter(outside.x, outside.y, s=7, color=LIGHT, linewidths=0, rasterized=True, zorder=2)
        turn = own.groupby("segment").cumcount() % 4
        at = np.column_stack([own.geometry.x, own.geometry.y])
        keys = [key for key in places.keys if (own["segment"] == key.number).any()]
        segment = own["segment"].to_numpy()
        draw_practices(axes, at, segment, turn.to_numpy(), keys, 34, s=38, alpha=0.9, zorder=3)
        _frame(axes, own)
        legend: Look = {"loc": "upper center", "bbox_to_anchor": (0.5, 0), "borderaxespad": 0.3}
        axes.legend(**legend, ncols=2, markerscale=1.2, labelspacing=0.6, columnspacing=1.2)
        round_layout(figure)
        for ending, about in (("png", {"Software": None}), ("svg", {"Date": None, "Creator": None})):
            buffer = io.BytesIO()
            figure.savefig(buffer, format=ending, metadata=about)
            found[ending] = buffer.getvalue()
    return found


def _frame(axes: Axes, own: gpd.GeoDataFrame) -> None:
    """Show the area's practices and a little around them."""
    west, south, east, north = own.total_bounds
    margin = max(LEAST, BEYOND * max(east - west, north - south))
    axes.set_xlim(west - margin, east + margin)
    axes.set_ylim(south - margin, north + margin)
    axes.set_aspect("equal")
    axes.set(xticks=[], yticks=[], xlabel="", ylabel="")
    without_frame(axes)
