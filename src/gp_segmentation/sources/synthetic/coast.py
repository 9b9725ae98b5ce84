"""England's outline, coarse and drawn from memory, so that no synthetic practice lies in the sea.

The corners are rounded to a hundredth of a degree and are not an official boundary.
"""

import numpy as np
import shapely

from gp_segmentation.utils.arrays import Floats

#: Longitude and latitude, clockwise from Berwick-upon-Tweed.
OUTLINE = (
    *((-2.00, 55.80), (-1.60, 55.60), (-1.43, 55.02), (-1.37, 54.90), (-1.18, 54.69), (-1.05, 54.62)),
    *((-0.61, 54.49), (-0.39, 54.28), (-0.09, 54.12), (-0.17, 53.91), (0.11, 53.59), (-0.20, 53.66)),
    *((-0.05, 53.57), (0.26, 53.34), (0.34, 53.14), (0.06, 52.93), (0.36, 52.80), (0.49, 52.95)),
    *((0.86, 52.96), (1.31, 52.93), (1.54, 52.82), (1.73, 52.60), (1.75, 52.47), (1.68, 52.32)),
    *((1.57, 52.08), (1.35, 51.96), (1.16, 51.79), (0.95, 51.75), (0.94, 51.60), (0.75, 51.53)),
    *((0.50, 51.50), (0.44, 51.46), (0.72, 51.45), (0.90, 51.40), (1.03, 51.36), (1.39, 51.39)),
    *((1.42, 51.33), (1.40, 51.22), (1.33, 51.13), (1.18, 51.08), (0.97, 50.92), (0.60, 50.86)),
    *((0.30, 50.77), (0.23, 50.74), (-0.14, 50.82), (-0.37, 50.81), (-0.79, 50.73), (-1.05, 50.79)),
    *((-1.10, 50.69), (-1.30, 50.58), (-1.57, 50.66), (-1.57, 50.72), (-1.74, 50.73), (-1.88, 50.72)),
    *((-1.96, 50.61), (-2.06, 50.59), (-2.43, 50.62), (-2.46, 50.54), (-2.94, 50.72), (-3.40, 50.62)),
    *((-3.50, 50.46), (-3.52, 50.39), (-3.65, 50.22), (-3.78, 50.22), (-4.15, 50.35), (-4.45, 50.35)),
    *((-4.64, 50.33), (-4.79, 50.23), (-5.04, 50.15), (-5.20, 49.97), (-5.53, 50.11), (-5.70, 50.07)),
    *((-5.48, 50.22), (-5.10, 50.42), (-5.00, 50.55), (-4.76, 50.67), (-4.55, 50.83), (-4.52, 51.02)),
    *((-4.24, 51.06), (-4.12, 51.21), (-3.47, 51.21), (-3.03, 51.22), (-2.97, 51.35), (-2.72, 51.50)),
    *((-2.56, 51.65), (-2.66, 51.66), (-2.70, 51.83), (-3.10, 52.07), (-3.04, 52.34), (-3.15, 52.50)),
    *((-3.02, 52.72), (-3.10, 52.87), (-2.95, 52.95), (-2.88, 53.05), (-2.95, 53.20), (-3.08, 53.28)),
    *((-3.18, 53.39), (-3.05, 53.44), (-3.06, 53.52), (-3.09, 53.56), (-3.02, 53.65), (-3.02, 53.75)),
    *((-3.05, 53.82), (-3.02, 53.92), (-2.88, 54.05), (-2.92, 54.18), (-3.20, 54.06), (-3.25, 54.10)),
    *((-3.33, 54.20), (-3.42, 54.35), (-3.62, 54.50), (-3.57, 54.64), (-3.49, 54.71), (-3.39, 54.87)),
    *((-3.20, 54.94), (-3.05, 54.98), (-2.70, 55.20), (-2.50, 55.32), (-2.20, 55.45), (-2.24, 55.65)),
)
#: A point outside England is moved towards its centre by this factor, at most this many times.
SHRINKAGE, MOVES = 0.8, 12


def move_ashore(points: Floats, centres: Floats) -> Floats:
    """Move points (n, 2), longitude and latitude, outside England towards `centres` (n, 2) until inside.

    A point whose centre is outside too moves to the nearest point of the outline.
    """
    england = shapely.Polygon(OUTLINE)
    moved = points.copy()
    for _ in range(MOVES):
        outside = ~shapely.contains_xy(england, moved[:, 0], moved[:, 1])
        moved[outside] = centres[outside] + SHRINKAGE * (moved[outside] - centres[outside])
    for i in np.flatnonzero(~shapely.contains_xy(england, moved[:, 0], moved[:, 1])):
        nearest = shapely.shortest_line(england, shapely.Point(moved[i]))
        moved[i] = shapely.get_coordinates(nearest)[0]
    return moved
