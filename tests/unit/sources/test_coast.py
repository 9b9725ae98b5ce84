"""Points ashore."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.testing import assert_allclose, assert_array_equal

from gp_segmentation.sources.synthetic.coast import OUTLINE, move_ashore

LEEDS, BRISTOL, NORTH_SEA = (-1.55, 53.80), (-2.59, 51.46), (2.5, 54.5)


def test_the_outline_is_whole_and_about_as_large_as_england():
    outline = shapely.Polygon(OUTLINE)
    assert outline.is_valid
    # A degree of latitude is 111.2 km, one of longitude cos(52.8°) = .605 of that; England has 130,279 km².
    assert_allclose(outline.area * 111.2**2 * 0.605, 130_279, rtol=0.05)
    assert all(
        outline.contains(shapely.Point(place)) for place in (LEEDS, BRISTOL, (-0.12, 51.5), (-5.3, 50.2))
    )
    assert not any(
        outline.contains(shapely.Point(place)) for place in (NORTH_SEA, (-3.2, 51.48), (-3.2, 55.95))
    )


def test_points_at_sea_are_drawn_to_their_middle_and_others_stay():
    points = np.array([LEEDS, (1.2, 54.2), NORTH_SEA])
    middles = np.array([BRISTOL, LEEDS, NORTH_SEA])
    found = move_ashore(points, middles)
    assert_array_equal(found[0], LEEDS)
    assert shapely.Polygon(OUTLINE).contains(shapely.Point(found[1]))
    # On the line from the point to the middle, nearer by a power of .8.
    share = (found[1] - LEEDS) / (points[1] - LEEDS)
    assert_allclose(share[0], share[1])
    assert_allclose(np.log(share[0]) / np.log(0.8), round(np.log(share[0]) / np.log(0.8)))
    # A middle at sea: the nearest place on the outline.
    assert_allclose(shapely.Polygon(OUTLINE).boundary.distance(shapely.Point(found[2])), 0, atol=1e-9)
