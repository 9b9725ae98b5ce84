"""The map of an area on its page and slides: its practices by segment, its border, names of its networks.

Practices around it are grey. Names stand below the marks of practices, so that they hide none.
"""

import io
from dataclasses import dataclass
from typing import cast

import geopandas as gpd
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from gp_segmentation.figures._icb_areas import GRID, Areas, areas
from gp_segmentation.figures._parts import LIGHT, draw_practices, without_frame
from gp_segmentation.figures._render import Canvas, round_layout
from gp_segmentation.figures._style import INK, LAND, Key, Look, compared_keys, style
from gp_segmentation.utils.wording import visible_name

#: The map reaches this share of the area's extent beyond it, and at least so many metres.
BEYOND, LEAST = 0.06, 2_000
SIZE = (7.2, 6.2)
#: So many networks are named at most.
MOST_NAMES = 40
#: Size of their names, points; a name is moved by so many lines to where fewer practices are.
LETTERS, STEPS = 9, (0, 1, -1, 2, -2)


@dataclass(frozen=True)
class AreaPlaces:
    """Where practices are, for the maps of all areas of a kind.

    Attributes
    ----------
    points : practices with a position in `GRID`: practice_code, segment, code (of the area), network (name).
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
    segments : everyone's. practices : with longitude, latitude and pcn_name. area_of : practice code -> code
        of its area, missing where it is in none. boundaries : official ones of ICBs, if areas are ICBs.
    """
    rows = segments[["practice_code", "segment"]].merge(
        practices[["practice_code", "longitude", "latitude", "pcn_name"]], on="practice_code"
    )
    rows = rows.rename(columns={"pcn_name": "network"})
    rows = rows.dropna(subset=["longitude", "latitude"]).assign(
        code=lambda r: r["practice_code"].map(area_of)
    )
    if rows.empty:
        return None
    place = gpd.points_from_xy(rows["longitude"], rows["latitude"], crs="EPSG:4326")
    shown = rows[["practice_code", "segment", "code", "network"]]
    points = gpd.GeoDataFrame(shown, geometry=place).to_crs(GRID)
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
        _name_networks(axes, own, line=1.2 * LETTERS * figure.dpi / 72)
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


def _name_networks(axes: Axes, own: gpd.GeoDataFrame, line: float) -> None:
    """Write the names of networks amid their practices; of two that would meet, that of more practices stays.

    A single network has no name: the area's title says as much.

    Parameters
    ----------
    line : pixels from one place that a name may take to the next, above or below.
    """
    axes.apply_aspect()  # else only drawing does, and moves every place
    marks = axes.transData.transform(np.column_stack([own.geometry.x, own.geometry.y]))
    of_network = own.groupby("network").indices
    names = sorted(of_network, key=lambda name: (-len(of_network[name]), name)) if len(of_network) > 1 else []
    taken: list[Bbox] = []
    for name in names:
        if len(taken) == MOST_NAMES:
            break
        text = _name(axes, str(name))
        middle = np.median(marks[of_network[name]], axis=0)
        room = np.array([text.get_window_extent().width / 2, line / 2])
        x, y = middle.clip(axes.bbox.min + room, axes.bbox.max - room)  # whole at the map's edge
        ways = [(x, y + step * line) for step in STEPS]
        boxes = [_put(text, way).get_window_extent().padded(3) for way in ways]
        free = [n for n, box in enumerate(boxes) if not any(box.overlaps(other) for other in taken)]
        if not free:
            text.remove()
            continue
        best = min(free, key=lambda n: boxes[n].count_contains(marks))
        _put(text, ways[best])
        taken.append(boxes[best])


def _name(axes: Axes, name: str) -> Text:
    look: Look = {"ha": "center", "va": "center", "fontsize": LETTERS, "color": INK, "zorder": 2.4}
    ground = [withStroke(linewidth=2, foreground=LAND)]
    return axes.text(0, 0, visible_name(name).removesuffix(" PCN"), path_effects=ground, clip_on=True, **look)


def _put(text: Text, at: tuple[float, float]) -> Text:
    """Move a name to a place in pixels."""
    x, y = cast("Axes", text.axes).transData.inverted().transform(at)
    text.set_position((x, y))
    return text
