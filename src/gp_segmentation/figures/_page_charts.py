"""What the page's own charts draw: practices on two components and on the map, and outlines of ICBs."""

import numpy as np
import pandas as pd
import shapely

from gp_segmentation.figures import scatter
from gp_segmentation.figures._icb_areas import areas, positions
from gp_segmentation.schemas import Results

#: Detail of outlines (metres), and the size (square metres) up to which islands are left out.
DETAIL, ISLAND = 1_200, 4e6


def chart_positions(results: Results) -> tuple[pd.DataFrame, list[str]]:
    """Return practice_code -> one, two on the components of the scatter figure, and the axes' names.

    Special practices are projected onto the components of the fitted ones. Practices of no segment are there.

    Raises
    ------
    NotShown : the matrix has a single column.
    """
    fit = scatter.data(results)
    fitted = results.everyone.query("fitted")["practice_code"]
    centred = results.matrix - results.matrix.reindex(fitted).mean()
    scores = centred.to_numpy(dtype=float) @ fit.loadings.to_numpy()
    names = [scatter.axis_name(fit, i) for i in (0, 1)]
    return pd.DataFrame(scores, index=results.matrix.index, columns=["one", "two"]), names


def icb_outlines(results: Results) -> tuple[pd.DataFrame, list[np.ndarray]]:
    """Return practice_code -> x, y in metres on the National Grid, and ICBs' borders as rings (n, 2)."""
    points = positions(results)
    places = pd.DataFrame({"x": points.geometry.x, "y": points.geometry.y})
    places.index = pd.Index(points["practice_code"])
    if points.empty:
        return places, []
    shapes = shapely.simplify(areas(results.boundaries, points).shapes.geometry.to_numpy(), DETAIL)
    parts = [part for part in shapely.get_parts(shapes) if part.area > ISLAND]
    return places, [shapely.get_coordinates(shapely.get_exterior_ring(part)) for part in parts]
