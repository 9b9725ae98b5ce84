"""Every practice on the first two principal components of the clustered matrix: the two directions in which
practices differ most. An outline holds the half of a segment's practices that are nearest to its mean; the
segment's code stands at the mean. The bars show the features that count most in each direction: to the right,
a practice with more of it lies further right or further up.
"""

import re
import textwrap
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import FigureBase
from matplotlib.patches import Polygon
from scipy.spatial import ConvexHull

from gp_segmentation.figures._axis_words import component_in_words
from gp_segmentation.figures._parts import CENTRED, draw_practices, name_rows, note
from gp_segmentation.figures._registry import NotShown
from gp_segmentation.figures._style import (
    BLUE,
    INK,
    LINE_STYLES,
    ORANGE,
    Key,
    Look,
    feature_labels,
    segment_keys,
)
from gp_segmentation.schemas import Results
from gp_segmentation.utils.rounding import percent, score, signed
from gp_segmentation.utils.wording import inline

ORDER, LABEL = 60, "Practices on two components"
#: Loadings drawn of each component.
BARS = 5
#: Width and height of a badge, in standard deviations of all points.
BADGE = 0.27


@dataclass(frozen=True)
class Scatter:
    """Fitted practices (scores one and two, segment, -1 for none); feature label -> loadings one and two, the
    components' unit vectors in the matrix's columns; the names of these features; the share of variance that
    each component explains.
    """

    keys: list[Key]
    points: pd.DataFrame
    loadings: pd.DataFrame
    features: list[str]
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
    return Scatter(segment_keys(results.segments), points, loadings, list(matrix.columns), explained)


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
    lines = sum(key.legend_label().count("\n") + 1 for key in data.keys)
    return 11.0, 6.4 + 0.13 * (lines + 1)


def draw(data: Scatter, figure: FigureBase) -> None:
    grid = figure.add_gridspec(2, 2, width_ratios=[1.9, 1])
    main = figure.add_subplot(grid[:, 0])
    _draw_points(data, main)
    for i, direction in enumerate(("left to right", "bottom to top")):
        _draw_loadings(data, i, f"What counts from {direction}", figure.add_subplot(grid[i, 1]))
    handles = main.get_legend_handles_labels()
    legend = figure.legend(*handles, loc="outside lower center", ncols=2, markerscale=2.2)
    for handle in legend.legend_handles:
        if handle is not None:
            handle.set_alpha(1)


def _draw_points(data: Scatter, axes: Axes) -> None:
    points, segment = data.points[["one", "two"]], data.points["segment"].to_numpy()
    turn = np.random.default_rng(0).permutation(len(points)) % 8
    draw_practices(axes, points.to_numpy(), segment, turn, data.keys, 56, s=9, alpha=0.5)
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
    axes.set_xlabel(textwrap.fill(axis_name(data, 0), 72))
    axes.set_ylabel(textwrap.fill(axis_name(data, 1), 66))


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
    """Return the name of an axis: what the two ends are like, and its share of the variation."""
    words = component_in_words(data.loadings[["one", "two"][component]], data.features)
    return f"{words} ({percent(data.explained[component])} of variation)"


def strongest(data: Scatter, component: int) -> pd.Series:
    """Return label -> loading of the features that count most in a component, the largest first."""
    column = data.loadings[["one", "two"][component]]
    return column.iloc[np.argsort(-column.abs().to_numpy(), kind="stable")[:BARS]]


def _draw_loadings(data: Scatter, component: int, name: str, axes: Axes) -> None:
    bars = strongest(data, component)
    axes.barh(range(len(bars)), bars, 0.62, color=np.where(bars > 0, BLUE, ORANGE))
    axes.axvline(0, color=INK, linewidth=0.8)
    labels = [_short(str(label)) for label in bars.index]
    name_rows(axes, labels, size=8.5)
    for row, value in enumerate(bars):
        note(axes, signed(value), (max(value, 0), row), (4, 0), va="center", size=8.5)
    axes.set_title(name, size=10, loc="right")
    axes.set_xticks([])
    axes.grid(visible=False)
    axes.margins(x=0.22)
    axes.spines[:].set_visible(False)


def _short(label: str) -> str:
    """Return a label without its details, in lines that fit beside a bar."""
    text = re.sub(r" prevalence.*| \(.*\)$", "", label)
    return textwrap.fill(text, 27, max_lines=3, placeholder="…")


def title(data: Scatter) -> str:
    words = component_in_words(data.loadings["one"], data.features)
    share = percent(data.explained[0])
    return f"The widest range of practices runs from {inline(words)} ({share} of the variation)"


def alt(data: Scatter) -> str:
    means = data.points.groupby("segment")[["one", "two"]].mean()
    places = {number: (row["one"], row["two"]) for number, row in means.to_dict("index").items()}
    parts = [
        f"segment {key.code} at {', '.join(map(score, places[key.number]))}"
        for key in data.keys
        if key.number in places
    ]
    axes = "; ".join(
        f"{end}: {axis_name(data, i)}" for i, end in enumerate(("Left to right", "bottom to top"))
    )
    outside = int((data.points["segment"] < 1).sum())
    none = f", {outside:,} of them in no segment" if outside else ""
    count = f"{len(data.points):,} practices{none}"
    return f"Scatter of {count}. {axes}. Means on both components: {'; '.join(parts)}."


def table(data: Scatter) -> pd.DataFrame:
    headings = [
        f"Component {i} ({percent(share)} of variance)" for i, share in enumerate(data.explained, start=1)
    ]
    return data.loadings.set_axis(headings, axis=1).rename_axis("Feature").reset_index()
