"""Areas of integrated care boards on the British National Grid: official ones, or made from the practices."""

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from matplotlib.axes import Axes

from gp_segmentation.figures._registry import NotShown
from gp_segmentation.figures._style import GREY
from gp_segmentation.schemas import Results

GRID = "EPSG:27700"
#: Metres: areas made from practices reach about half as far beyond them as `REACH`; `DETAIL` of borders.
REACH, DETAIL = 22_000, 300

#: Panels that enlarge what is crowded: west, south, east, north, in metres on the National Grid.
LONDON = (501_000, 154_000, 563_000, 203_000)
PANELS = {
    "London": LONDON,
    "Greater Manchester": (350_000, 381_000, 404_000, 423_700),
    "West Midlands": (386_000, 269_000, 440_000, 311_700),
}


@dataclass(frozen=True)
class Areas:
    """Areas in `GRID` with the columns icb_code and geometry, and whether they are the official ones."""

    shapes: gpd.GeoDataFrame
    official: bool

    @property
    def origin(self) -> str:
        return "official boundaries" if self.official else "areas computed from the practices"


def mapped(results: Results) -> tuple[gpd.GeoDataFrame, Areas]:
    """Return `positions` and `areas`; raise `NotShown` when no practice has a position."""
    points = positions(results)
    if points.empty:
        raise NotShown("No practice has a position, because the file of postcodes is missing.")
    return points, areas(results.boundaries, points)


def positions(results: Results) -> gpd.GeoDataFrame:
    """Return the practices with a position in `GRID`: practice_code, segment, region_name, icb_code.

    Those that belong to no segment are among them (segment -1).
    """
    columns = ["practice_code", "longitude", "latitude"]
    rows = results.everyone.merge(results.practices[columns], on="practice_code", how="left")
    rows = rows.dropna(subset=["longitude", "latitude"])
    about = rows[["practice_code", "segment", "region_name", "icb_code"]]
    geometry = gpd.points_from_xy(rows["longitude"], rows["latitude"], crs="EPSG:4326")
    return gpd.GeoDataFrame(about, geometry=geometry).to_crs(GRID)


def areas(boundaries: Any, points: gpd.GeoDataFrame) -> Areas:
    """Return the areas of ICBs.

    Parameters
    ----------
    boundaries : GeoDataFrame of official boundaries, or None.
    points : practices in `GRID` with column icb_code.
    """
    if boundaries is None or not len(boundaries):
        return Areas(_approximate(points), official=False)
    shapes = boundaries.to_crs(GRID)[["icb_code", "geometry"]].copy()
    shapes["geometry"] = shapes.geometry.simplify(DETAIL)
    return Areas(shapes, official=True)


def _approximate(points: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Join the Voronoi cells of the practices of each ICB, clipped to `REACH` around practices."""
    place = pd.DataFrame(
        {"x": points.geometry.x.round(-2), "y": points.geometry.y.round(-2), "icb_code": points["icb_code"]}
    )
    place = place.sort_values(["x", "y", "icb_code"]).drop_duplicates(["x", "y"])
    sites = shapely.points(place[["x", "y"]].to_numpy())
    land = _without_holes(shapely.union_all(shapely.buffer(sites, REACH, quad_segs=4)))
    icb = place["icb_code"].to_numpy()
    codes = np.unique(icb)
    if len(place) < 4:
        return gpd.GeoDataFrame({"icb_code": codes[:1]}, geometry=[land], crs=GRID)
    cells = shapely.voronoi_polygons(shapely.multipoints(sites), extend_to=land.envelope, ordered=True)
    parts = np.array(shapely.get_parts(cells))
    joined = [shapely.union_all(parts[icb == code]) for code in codes]
    clipped = [shapely.simplify(shapely.intersection(shape, land), DETAIL) for shape in joined]
    return gpd.GeoDataFrame({"icb_code": codes}, geometry=clipped, crs=GRID)


def _without_holes(land: shapely.Geometry) -> shapely.Geometry:
    """Fill the holes of `land` and move its coast inwards by half of `REACH`, which also rounds it."""
    outer = [shapely.polygons(shapely.get_exterior_ring(part)) for part in shapely.get_parts(land)]
    return shapely.buffer(shapely.union_all(outer), -REACH / 2, quad_segs=4)


def frame_panel(axes: Axes, name: str, **title: Any) -> None:
    """Make `axes` a framed panel of one of `PANELS`."""
    west, south, east, north = PANELS[name]
    axes.set(xlim=(west, east), ylim=(south, north))
    axes.set_title(name, **title)
    axes.spines[:].set(visible=True, color=GREY)
