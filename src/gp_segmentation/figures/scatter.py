"""Every practice on the first two principal components of the clustered matrix: the two directions in which
practices differ most. An outline holds the half of a segment's practices that are nearest to its mean; the
segment's code stands at the mean. The small panel shows which features move a practice in which direction.
"""

import textwrap
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import FigureBase
from matplotlib.patches import Polygon
from scipy.spatial import ConvexHull

from gp_segmentation.figures._parts import CENTRED, draw_practices
from gp_segmentation.figures._registry import NotShown
from gp_segmentation.figures._style import (
    BLUE,
    GREY,
    INK,
    LINE_STYLES,
    Key,
    Look,
    feature_labels,
    segment_keys,
    shorten,
)
from gp_segmentation.schemas import Results
from gp_segmentation.utils.wording import inline

ORDER, LABEL = 60, "Practices on two components"
#: Loadings drawn and named.
ARROWS = 8
#: Width and height of a badge, in standard deviations of all points.
BADGE = 0.27


@dataclass(frozen=True)
class Scatter:
    """Fitted practices (scores one and two, segment, -1 for none); feature label -> loadings one and two, the
    components' unit vectors in the matrix's columns; the share of variance that each component explains.
    """

    keys: list[Key]
    points: pd.DataFrame
    loadings: pd.DataFrame
    explained: tuple[float, float]


def data(results: Results) -> Scatter:
    if results.matrix.shape[1] < 2:
        raise NotShown("The matrix has a single column, so there are no two components.")
    rows = results.everyone.query("fitted").set_index("practice_code")
    matrix = results.matrix.reindex(rows.index)
    scores, vectors, explained = two_components(matrix.to_numpy(dtype=float))
    points = pd.DataFrame(scores, columns=["one", "two"]).assign(segment=rows["segment"].to_numpy())
    labels = feature_labels(results, matrix.columns)
    loadings = pd.DataFrame(vectors, columns=["one", "two"], index=labels)
    return Scatter(segment_keys(results.segments), points, loadings, explained)


def two_components(X: np.ndarray) -> tuple[np.ndarray, np.ndarray, tuple[float, float]]:
    """Return scores (n, 2), unit vectors (p, 2) and shares of variance of the first two components.

    The sign of a component is free: its largest loading is made positive.
    """
    centred = X - X.mean(axis=0)
    variance, vectors = np.linalg.eigh(centred.T @ centred)
    top = vectors[:, ::-1][:, :2]
    top = top * np.sign(top[np.abs(top).argmax(axis=0), [0, 1]])
    share = variance[::-1][:2] / max(variance.sum(), 1e-300)
    return centred @ top, top, (float(share[0]), float(share[1]))


def size(data: Scatter) -> tuple[float, float]:
    return 11.0, 6.6


def draw(data: Scatter, figure: FigureBase) -> None:
    grid = figure.add_gridspec(2, 2, width_ratios=[2.1, 1], height_ratios=[1, 1.15])
    main, side = figure.add_subplot(grid[:, 0]), figure.add_subplot(grid[0, 1])
    _draw_points(data, main)
    _draw_loadings(data, side)
    beside = figure.add_subplot(grid[1, 1])
    beside.axis("off")
    look: Look = {"borderaxespad": 0, "markerscale": 2.2, "labelspacing": 0.6}
    legend = beside.legend(*main.get_legend_handles_labels(), loc="upper left", **look)
    for handle in legend.legend_handles:
        if handle is not None:
            handle.set_alpha(1)


def _draw_points(data: Scatter, axes: Axes) -> None:
    points, segment = data.points[["one", "two"]], data.points["segment"].to_numpy()
    turn = np.random.default_rng(0).permutation(len(points)) % 8
    draw_practices(axes, points.to_numpy(), segment, turn, data.keys, 34, s=9, alpha=0.45)
    placed: list[np.ndarray] = []
    reach = points.std().to_numpy() * BADGE
    for i, key in enumerate(data.keys):
        inside = points.to_numpy()[segment == key.number]
        if len(inside) > 2:
            line: Look = {"linestyle": LINE_STYLES[i % len(LINE_STYLES)], "linewidth": 1.8, "edgecolor": INK}
            axes.add_patch(Polygon(hull(inside), fill=False, joinstyle="round", **line))
        if len(inside):
            placed.append(_beside(inside.mean(axis=0), placed, reach))
            box = {"boxstyle": "circle,pad=0.25", "fc": "white", "ec": key.colour, "linewidth": 2}
            text: Look = {"weight": "bold", "size": 11, "color": INK, "bbox": box, "zorder": 6}
            x, y = placed[-1]
            axes.text(x, y, key.code, **text, **CENTRED)
    low, high = points.quantile(0.002), points.quantile(0.998)
    pad = 0.06 * (high - low) + 1e-9
    low, high = low - pad, high + pad
    axes.set(xlim=(low["one"], high["one"]), ylim=(low["two"], high["two"]))
    axes.grid(visible=False)
    axes.spines["left"].set_visible(True)
    axes.set_xlabel(_wrapped(axis_name(data, 0), 72))
    axes.set_ylabel(_wrapped(axis_name(data, 1), 60))


def hull(points: np.ndarray) -> np.ndarray:
    """Return the corners of the convex hull of the inner half of `points` (n, 2), in order around it.

    The inner half are the points nearest to the mean, in the metric of the points' own covariance.
    """
    centred = points - points.mean(axis=0)
    distance = (centred @ np.linalg.pinv(np.cov(centred.T)) * centred).sum(axis=1)
    inner = points[np.argsort(distance, kind="stable")[: max(3, len(points) // 2)]]
    flat = np.linalg.matrix_rank(inner - inner.mean(axis=0), tol=1e-9) < 2
    return inner[:2] if flat else inner[ConvexHull(inner).vertices]


def _beside(at: np.ndarray, placed: list[np.ndarray], reach: np.ndarray) -> np.ndarray:
    """Move a badge to the right until it covers none of those `placed` before."""
    while any((np.abs(at - other) < reach).all() for other in placed):
        at = at + np.array((reach[0] / 4, 0.0))
    return at


def axis_name(data: Scatter, component: int) -> str:
    """Return the name of an axis: its share of the variation, and the features towards its ends."""
    column = data.loadings[["one", "two"][component]].sort_values(kind="stable")
    low, high = (shorten(column.index[end], 44) for end in (0, -1))
    name = ("First", "Second")[component]
    share = f"{name} component ({data.explained[component]:.0%} of variation)"
    if column.iloc[0] > -0.5 * column.iloc[-1]:
        return f"{share}\nmore to the {('right', 'top')[component]}: {high}"
    return f"{share}\nmore {('left', 'below')[component]}: {low}; {('right', 'above')[component]}: {high}"


def _wrapped(text: str, width: int) -> str:
    """Break every line of `text` so that it is no longer than its axis."""
    return "\n".join(textwrap.fill(line, width) for line in text.split("\n"))


def _draw_loadings(data: Scatter, axes: Axes) -> None:
    strongest = data.loadings.iloc[strongest_on_each(data.loadings.to_numpy(), ARROWS // 2)]
    scaled = strongest / (float(np.abs(strongest.to_numpy()).max()) or 1.0)
    for x, y in scaled.to_numpy():
        axes.annotate("", (x, y), (0, 0), arrowprops={"arrowstyle": "->", "color": BLUE, "linewidth": 1.2})
    for left in (True, False):
        rows = scaled[(scaled["one"] < 0) == left].sort_values("two", kind="stable")
        heights = spread(rows["two"].to_numpy(), 0.29)
        for (label, row), height in zip(rows.iterrows(), heights, strict=True):
            edge = -1.25 if left else 1.25
            axes.plot([row["one"], edge], [row["two"], height], color="0.75", linewidth=0.7, zorder=1)
            text = shorten(str(label).split(" prevalence")[0], 30)
            axes.text(edge * 1.03, height, text, ha="right" if left else "left", va="center", size=8)
    axes.axhline(0, color="0.8", linewidth=0.8)
    axes.axvline(0, color="0.8", linewidth=0.8)
    axes.set(xlim=(-3.4, 3.4), ylim=(-1.35, 1.35), xticks=[], yticks=[])
    axes.grid(visible=False)
    axes.spines["bottom"].set_visible(False)
    axes.set_title("Features behind the components", size=10, color=GREY)


def strongest_on_each(loadings: np.ndarray, count: int) -> list[int]:
    """Return the rows with the `count` largest loadings on either component, each row once."""
    order = np.argsort(-np.abs(loadings), axis=0, kind="stable")
    rows = dict.fromkeys([*order[:count, 0], *order[:, 1]])
    return [int(i) for i in rows][: 2 * count]


def spread(heights: np.ndarray, gap: float) -> np.ndarray:
    """Return ascending `heights` moved apart so that neighbours are at least `gap` from each other."""
    placed = heights.astype(float).copy()
    for i in range(1, len(placed)):
        placed[i] = max(placed[i], placed[i - 1] + gap)
    return placed - (placed.mean() - heights.mean()) if len(placed) else placed


def title(data: Scatter) -> str:
    both, first = sum(data.explained), data.loadings["one"].abs()
    label = inline(shorten(first.sort_values(ascending=False, kind="stable").index[0], 60))
    return (
        f"Two components hold {both:.0%} of the variation between practices; {label} counts most in the first"
    )


def alt(data: Scatter) -> str:
    means = data.points.groupby("segment")[["one", "two"]].mean()
    rows = [(key.code, means.loc[key.number]) for key in data.keys if key.number in means.index]
    parts = [f"segment {code} at {row['one']:.1f}, {row['two']:.1f}" for code, row in rows]
    axes = "; ".join(axis_name(data, i).replace("\n", ", ") for i in (0, 1))
    outside = int((data.points["segment"] < 1).sum())
    none = f", {outside:,} of them in no segment" if outside else ""
    count = f"{len(data.points):,} practices{none}"
    return f"Scatter of {count}. {axes}. Means on both components: {'; '.join(parts)}."
