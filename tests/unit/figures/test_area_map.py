"""The map of an area: its networks are named where there is room, and no name hides a practice."""

from __future__ import annotations

from collections.abc import Callable
from unittest import mock

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.transforms import Bbox

from gp_segmentation.figures import _area_map
from gp_segmentation.figures._area_map import MOST_NAMES, AreaPlaces, area_places, draw_area_map

Named = Callable[[AreaPlaces], tuple[dict[str, Bbox], np.ndarray, Axes]]


def places_of(networks: list[str | None], longitudes: list[float]) -> AreaPlaces:
    """Practices of one board, all in one segment; and one of another board and segment, south of them."""
    codes = [f"A{n:05d}" for n in range(len(networks) + 1)]
    of_other = [False] * len(networks) + [True]
    segments = pd.DataFrame({"practice_code": codes, "segment": np.where(of_other, 2, 1), "list_size": 1000})
    segments["segment_code"] = np.where(of_other, "B1", "A1")
    segments = segments.assign(segment_name=np.where(of_other, "Others", "All"), fitted=True)
    practices = pd.DataFrame({"practice_code": codes, "longitude": [*longitudes, longitudes[0]]})
    practices["latitude"] = np.where(of_other, 50.9, 52.5)
    practices["pcn_name"] = pd.array([*networks, "Other PCN"], dtype="str")
    places = area_places(segments, practices, pd.Series(np.where(of_other, "Q2", "Q1"), index=codes))
    assert places is not None
    return places


@pytest.fixture
def named() -> Named:
    """Draw the map; return its names with their boxes, where practices are (in pixels), and its axes."""
    drawn: list[tuple[Axes, gpd.GeoDataFrame]] = []
    write = _area_map._name_networks

    def watched(axes: Axes, own: gpd.GeoDataFrame, **options: float) -> None:
        write(axes, own, **options)
        drawn.append((axes, own))

    def draw(places: AreaPlaces) -> tuple[dict[str, Bbox], np.ndarray, Axes]:
        with mock.patch.object(_area_map, "_name_networks", watched):
            draw_area_map(places, "Q1")
        axes, own = drawn[-1]
        axes.figure.draw_without_rendering()  # as it stands in a file
        marks = axes.transData.transform(np.column_stack([own.geometry.x, own.geometry.y]))
        return {text.get_text(): text.get_window_extent() for text in axes.texts}, marks, axes

    return draw


def test_a_network_is_named_amid_its_practices(named: Named) -> None:
    names, marks, _ = named(places_of(["North PCN"] * 3 + ["South PCN"], [-2.0, -1.9, -1.2, -1.0]))
    assert set(names) == {"North", "South"}
    # At the median of three, not their mean: one practice far away does not lead the name astray.
    assert (names["North"].x0 + names["North"].x1) / 2 == pytest.approx(marks[1, 0], abs=1)


def test_a_name_stands_where_it_meets_no_practice(named: Named) -> None:
    names, marks, axes = named(places_of(["North PCN", "South PCN"], [-2.0, -1.0]))
    assert [box.count_contains(marks) for box in names.values()] == [0, 0]
    (mark,) = {part.get_zorder() for part in axes.collections if part.get_label() == "A1  All"}
    assert max(text.get_zorder() for text in axes.texts) < mark


def test_of_names_that_would_meet_that_of_more_practices_stays(named: Named) -> None:
    crowd = [f"Network {n} with a long name" for n in range(60)]
    networks = [name for name in crowd for _ in range(1 + (name == "Network 7 with a long name"))]
    names, *_ = named(places_of([*networks, "Far"], [*np.linspace(-2.0, -1.99, len(networks)), -1.0]))
    assert {"Network 7 with a long name", "Far"} <= set(names)
    assert len(names) < 10
    boxes = list(names.values())
    assert not any(one.overlaps(other) for n, one in enumerate(boxes) for other in boxes[:n])


def test_a_name_at_the_edge_is_whole(named: Named) -> None:
    names, _, axes = named(places_of([f"{'A long name ' * 4}PCN", "South PCN"], [-2.0, -1.0]))
    assert len(names) == 2
    assert all(axes.bbox.x0 <= box.x0 and box.x1 <= axes.bbox.x1 for box in names.values())


def test_there_are_not_too_many_names(named: Named) -> None:
    places = places_of([str(n) for n in range(160)], [-3.0 + n % 20 / 5 for n in range(160)])
    east, north = places.points.geometry.x, places.points.geometry.y + np.arange(161) // 20 * 20_000
    spread = places.points.set_geometry(gpd.points_from_xy(east, north, crs=places.points.crs))
    names, *_ = named(AreaPlaces(places.keys, spread, places.shapes))
    assert len(names) == MOST_NAMES


@pytest.mark.parametrize("networks", [[None, None], ["North PCN", "North PCN"], ["North PCN", None]])
def test_one_network_or_none_has_no_name(named: Named, networks: list[str | None]) -> None:
    assert named(places_of(networks, [-2.0, -1.0]))[0] == {}


def test_a_name_from_data_is_shown_by_its_letters(named: Named) -> None:
    names, *_ = named(places_of(["A$b$\u202e PCN", "South PCN"], [-2.0, -1.0]))
    assert set(names) == {"A$b${U+202E}", "South"}


def test_the_same_places_give_the_same_bytes() -> None:
    places = places_of(["North PCN", "South PCN"], [-2.0, -1.0])
    assert draw_area_map(places, "Q1") == draw_area_map(places, "Q1")
