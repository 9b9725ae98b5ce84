"""Every practice on the first two principal components of the clustered matrix, the two directions in
which practices differ most. Outlines hold the inner half of each segment's practices; numbers stand at
its mean. The small panel shows which features push a practice in which direction.
"""
# ruff: noqa: D103 - what each function gives is said once, in the docstring of the package

import textwrap
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import FigureBase
from matplotlib.patches import Polygon
from scipy.spatial import ConvexHull

from gp_segmentation.figures._registry import NotShown
from gp_segmentation.figures._style import BLUE, GREY, INK, LINES, Key, clean, segment_keys
from gp_segmentation.schemas import Results
from gp_segmentation.utils.wording import inline

ORDER, LABEL = 60, "Practices on two components"
#: Loadings drawn and named.
ARROWS = 8
#: Width and height of a badge, in standard deviations of all points.
BADGE = 0.27


@dataclass(frozen=True)
class Scatter:
    """Coordinates of fitted practices on two components.

    Attributes
    ----------
    points : one, two (component scores), segment.
    loadings : feature label -> one, two; the components' unit vectors in the matrix's columns.
    explained : share of variance of both.
    """

    keys: list[Key]
    points: pd.DataFrame
    loadings: pd.DataFrame
    explained: tuple[float, float]


def data(results: Results) -> Scatter:
    if results.matrix.shape[1] < 2:
        raise NotShown("The matrix has a single column, so there are no two components.")
    rows = results.segments[results.segments["fitted"]].set_index("practice_code")
    matrix = results.matrix.reindex(rows.index)
    scores, vectors, explained = two_components(matrix.to_numpy(dtype=float))
    points = pd.DataFrame(scores, columns=["one", "two"]).assign(segment=rows["segment"].to_numpy())
    labels = results.dictionary.set_index("feature")["label"]
    names = [clean(labels.get(c, c)) for c in matrix.columns]
    loadings = pd.DataFrame(vectors, columns=["one", "two"], index=names)
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
    legend = figure.add_subplot(grid[1, 1])
    legend.axis("off")
    handles, labels = main.get_legend_handles_labels()
    wrapped = [textwrap.fill(label, 34, subsequent_indent="    ") for label in labels]
    drawn = legend.legend(
        handles, wrapped, loc="upper left", borderaxespad=0, markerscale=2.2, labelspacing=0.6
    )
    for handle in drawn.legend_handles:
        if handle is not None:
            handle.set_alpha(1)


def _draw_points(data: Scatter, axes: Axes) -> None:
    order = np.random.default_rng(0).permutation(len(data.points))  # so that no segment hides another
    rank = pd.Series(order, index=data.points.index)
    for batch in range(8):  # in turns
        for key in data.keys:
            mine = data.points[(data.points["segment"] == key.number) & (rank % 8 == batch)]
            label = key.text if batch == 0 else None
            axes.scatter(
                mine["one"], mine["two"], s=9, marker=key.marker, color=key.colour, alpha=0.45, linewidths=0,
                rasterized=True, label=label,
            )  # fmt: skip
    placed: list[np.ndarray] = []
    reach = data.points[["one", "two"]].std().to_numpy() * BADGE
    for i, key in enumerate(data.keys):
        inside = data.points.loc[data.points["segment"] == key.number, ["one", "two"]].to_numpy()
        if len(inside) > 2:
            axes.add_patch(_outline(inside, LINES[i % len(LINES)]))
        if len(inside):
            placed.append(_beside(inside.mean(axis=0), placed, reach))
            _badge(axes, placed[-1], key)
    low, high = data.points[["one", "two"]].quantile(0.002), data.points[["one", "two"]].quantile(0.998)
    pad = 0.06 * (high - low) + 1e-9
    axes.set_xlim(low["one"] - pad["one"], high["one"] + pad["one"])
    axes.set_ylim(low["two"] - pad["two"], high["two"] + pad["two"])
    axes.grid(visible=False)
    axes.spines["left"].set_visible(True)
    axes.set_xlabel(_wrapped(axis(data, 0), 72))
    axes.set_ylabel(_wrapped(axis(data, 1), 60))


def hull(points: np.ndarray) -> np.ndarray:
    """Return the corners of the convex hull of the inner half of `points` (n, 2), in order around it.

    The inner half are the points nearest to the mean, in the metric of the points' own covariance.
    """
    centred = points - points.mean(axis=0)
    distance = (centred @ np.linalg.pinv(np.cov(centred.T)) * centred).sum(axis=1)
    inner = points[np.argsort(distance, kind="stable")[: max(3, len(points) // 2)]]
    flat = np.linalg.matrix_rank(inner - inner.mean(axis=0), tol=1e-9) < 2
    return inner[:2] if flat else inner[ConvexHull(inner).vertices]


def _outline(points: np.ndarray, line: str) -> Polygon:
    """Outline in ink, which stands out on every colour and in grey; kind of line and number tell whose."""
    style = {"linewidth": 1.8, "linestyle": line, "joinstyle": "round"}
    return Polygon(hull(points), closed=True, fill=False, edgecolor=INK, **style)


def _beside(at: np.ndarray, placed: list[np.ndarray], reach: np.ndarray) -> np.ndarray:
    """Move a badge to the right until it covers none of those `placed` before."""
    while any((np.abs(at - other) < reach).all() for other in placed):
        at = at + np.array((reach[0] / 4, 0.0))
    return at


def _badge(axes: Axes, at: np.ndarray, key: Key) -> None:
    box = {"boxstyle": "circle,pad=0.25", "facecolor": "white", "edgecolor": key.colour, "linewidth": 2}
    axes.text(
        at[0],
        at[1],
        str(key.number),
        ha="center",
        va="center",
        weight="bold",
        size=11,
        color=INK,
        bbox=box,
        zorder=6,
    )


def axis(data: Scatter, component: int) -> str:
    """Return the name of an axis: its share of the variation, and what lies towards its ends."""
    column = data.loadings[["one", "two"][component]].sort_values(kind="stable")
    low, high = (textwrap.shorten(column.index[end], 44, placeholder="…") for end in (0, -1))
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
    reach = float(np.abs(strongest.to_numpy()).max()) or 1.0
    for x, y in strongest.to_numpy() / reach:
        axes.annotate("", (x, y), (0, 0), arrowprops={"arrowstyle": "->", "color": BLUE, "linewidth": 1.2})
    scaled = strongest / reach
    for left in (True, False):
        rows = scaled[(scaled["one"] < 0) == left].sort_values("two", kind="stable")
        heights = spread(rows["two"].to_numpy(), 0.29)
        for (label, row), height in zip(rows.iterrows(), heights, strict=True):
            edge = -1.25 if left else 1.25
            axes.plot([row["one"], edge], [row["two"], height], color="0.75", linewidth=0.7, zorder=1)
            text = textwrap.shorten(str(label).split(" prevalence")[0], 30, placeholder="…")
            axes.text(edge * 1.03, height, text, ha="right" if left else "left", va="center", size=8)
    axes.axhline(0, color="0.8", linewidth=0.8)
    axes.axvline(0, color="0.8", linewidth=0.8)
    axes.set(xlim=(-3.4, 3.4), ylim=(-1.35, 1.35), xticks=[], yticks=[])
    axes.grid(visible=False)
    axes.spines["bottom"].set_visible(False)
    axes.set_title("What the components are made of", size=10, color=GREY)


def strongest_on_each(loadings: np.ndarray, count: int) -> list[int]:
    """Return the rows with the `count` largest loadings on either component, each row once."""
    order = np.argsort(-np.abs(loadings), axis=0, kind="stable")
    found = list(dict.fromkeys([*order[:count, 0], *order[:, 1]]))
    return [int(i) for i in found[: 2 * count]]


def spread(heights: np.ndarray, gap: float) -> np.ndarray:
    """Return ascending `heights` moved apart so that neighbours are at least `gap` from each other."""
    placed = heights.astype(float).copy()
    for i in range(1, len(placed)):
        placed[i] = max(placed[i], placed[i - 1] + gap)
    return placed - (placed.mean() - heights.mean()) if len(placed) else placed


def title(data: Scatter) -> str:
    both = sum(data.explained)
    first = data.loadings["one"].abs().sort_values(ascending=False, kind="stable").index[0]
    return (
        f"Two components carry {both:.0%} of the variation between practices; the first follows "
        f"{inline(textwrap.shorten(first, 60, placeholder='…'))} most"
    )


def alt(data: Scatter) -> str:
    means = data.points.groupby("segment")[["one", "two"]].mean()
    parts = [f"segment {n} at {row['one']:.1f}, {row['two']:.1f}" for n, row in means.iterrows()]
    axes = "; ".join(axis(data, i).replace("\n", ", ") for i in (0, 1))
    return f"Scatter of {len(data.points):,} practices. {axes}. Means on both components: {'; '.join(parts)}."
