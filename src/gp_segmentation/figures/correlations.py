"""Correlation of every pair of features, over practices that are not special. Blue: practices high on one
feature are high on the other. Orange: practices high on one are low on the other. Features that go together
stand side by side (average linkage on one minus the absolute correlation). A large dark square on the
diagonal shows features that measure much the same; the weights of blocks keep them from counting many times.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.colors import Normalize
from matplotlib.figure import FigureBase

from gp_segmentation.figures._parts import colour_bar, heat_map, largest_cell
from gp_segmentation.figures._registry import NotShown
from gp_segmentation.figures._style import DIVERGING, feature_labels, shorten
from gp_segmentation.schemas import Results
from gp_segmentation.utils.rounding import score
from gp_segmentation.utils.wording import inline

ORDER, LABEL = 120, "Correlations of features"
EXPLORES = True
#: With more features than this the cells carry no numbers; letters of a label that are drawn.
MAX_WITH_NUMBERS, LABEL_LENGTH = 34, 56


@dataclass(frozen=True)
class Correlations:
    """The matrix, features that go together side by side, and their labels."""

    matrix: np.ndarray
    labels: list[str]

    @property
    def closest(self) -> tuple[int, int]:
        """Positions of the pair with the largest absolute correlation."""
        i, j = largest_cell(np.abs(np.nan_to_num(np.tril(self.matrix, -1))))
        return j, i


def data(results: Results) -> Correlations:
    table = results.exploration.get("correlations")
    if table is None or len(table) < 3:
        raise NotShown("There are too few features to compare.")
    matrix = table.set_index("feature") if "feature" in table else table
    return Correlations(matrix.to_numpy(dtype=float), feature_labels(results, matrix.index))


def size(data: Correlations) -> tuple[float, float]:
    count = len(data.labels)
    side = min((0.25 if count <= MAX_WITH_NUMBERS else 0.155) * count, 14.0)
    longest = min(max(map(len, data.labels)), LABEL_LENGTH)
    return max(side + 0.075 * longest + 1.3, 8.0), max(side, 2.5) + 0.7


def draw(data: Correlations, figure: FigureBase) -> None:
    axes = figure.add_subplot()
    count = len(data.labels)
    few = count <= MAX_WITH_NUMBERS

    def write(i: int, j: int) -> str:
        value = data.matrix[i, j]
        shown = few and i != j and abs(value) >= 0.3
        return f"{value:.1f}".replace("-", "−") if shown else ""

    image = heat_map(axes, data.matrix, DIVERGING, Normalize(-1, 1), write, size=6)
    names = [f"{shorten(label, LABEL_LENGTH)}  {i}" for i, label in enumerate(data.labels, start=1)]
    axes.set_yticks(range(count), names, size=8.5 if few else 6.5)
    axes.set_xticks(range(count), [str(i + 1) for i in range(count)], size=7.5 if few else 5.5)
    colour_bar(figure, image, axes, "Correlation", shrink=0.6, aspect=30, pad=0.02)


def title(data: Correlations) -> str:
    first, second = (inline(shorten(data.labels[i], 55)) for i in data.closest)
    value = score(data.matrix[data.closest])
    return f"The most correlated pair: {first} and {second} (correlation {value})"


def alt(data: Correlations) -> str:
    pairs = np.abs(data.matrix[np.tril_indices(len(data.labels), -1)])
    return (
        f"Heat map of correlations between {len(data.labels)} features, clustered. {title(data)}. Of "
        f"{len(pairs):,} pairs, {np.sum(pairs >= 0.8):,} have a correlation of 0.8 or more and "
        f"{np.sum(pairs < 0.3):,} of less than 0.3. Order: {', '.join(data.labels)}."
    )


def table(data: Correlations) -> pd.DataFrame:
    matrix = pd.DataFrame(data.matrix, columns=data.labels)
    matrix.insert(0, "Feature", data.labels)
    return matrix
