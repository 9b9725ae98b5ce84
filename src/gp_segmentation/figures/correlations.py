"""Correlation of every pair of features over practices that are not special: blue where practices high on
one are high on the other, orange where they are low. Features that go together stand side by side (average
linkage on one minus the absolute correlation). Large dark squares on the diagonal are one thing told many
times, which the weights of blocks keep from counting many times.
"""
# ruff: noqa: D103 - what each function gives is said once, in the docstring of the package

import textwrap
from dataclasses import dataclass

import numpy as np
from matplotlib.colors import Normalize
from matplotlib.figure import FigureBase

from gp_segmentation.figures._registry import NotShown
from gp_segmentation.figures._style import DIVERGING, clean, text_colour, without_frame
from gp_segmentation.schemas import Results
from gp_segmentation.utils.wording import inline

ORDER, LABEL = 120, "Correlations of features"
EXPLORES = True
#: Above this many features figures are left out of the cells.
WRITTEN = 34
#: Letters of a label that are drawn.
LONGEST = 56


@dataclass(frozen=True)
class Correlations:
    """The matrix, features that go together side by side, and their labels."""

    matrix: np.ndarray
    labels: list[str]

    @property
    def closest(self) -> tuple[int, int]:
        """Positions of the pair with the largest absolute correlation."""
        off = np.abs(np.nan_to_num(np.tril(self.matrix, -1)))
        i, j = np.unravel_index(int(off.argmax()), off.shape)
        return int(j), int(i)


def data(results: Results) -> Correlations:
    table = results.exploration.get("correlations")
    if table is None or len(table) < 3:
        raise NotShown("There are too few features to compare.")
    matrix = table.set_index("feature") if "feature" in table else table
    labels = results.dictionary.set_index("feature")["label"]
    return Correlations(matrix.to_numpy(dtype=float), [clean(labels[name]) for name in matrix.index])


def size(data: Correlations) -> tuple[float, float]:
    side = min(0.25 * len(data.labels) if len(data.labels) <= WRITTEN else 0.155 * len(data.labels), 14.0)
    longest = min(max(map(len, data.labels)), LONGEST)
    return max(side + 0.075 * longest + 1.3, 8.0), max(side, 2.5) + 0.7


def draw(data: Correlations, figure: FigureBase) -> None:
    axes = figure.add_subplot()
    norm, count = Normalize(-1, 1), len(data.labels)
    image = axes.imshow(data.matrix, cmap=DIVERGING, norm=norm, aspect="auto", interpolation="nearest")
    few = count <= WRITTEN
    if few:
        for i, j in np.ndindex(data.matrix.shape):
            value = data.matrix[i, j]
            if i != j and abs(value) >= 0.3:
                text = f"{value:.1f}".replace("-", "−").replace("0.", ".")
                colour = text_colour(DIVERGING(norm(value)))
                axes.text(j, i, text, ha="center", va="center", size=6.5, color=colour)
    names = [textwrap.shorten(label, LONGEST, placeholder="…") for label in data.labels]
    axes.set_yticks(range(count), [f"{n}  {i + 1}" for i, n in enumerate(names)], size=8.5 if few else 6.5)
    axes.set_xticks(range(count), [str(i + 1) for i in range(count)], size=7.5 if few else 5.5)
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    without_frame(axes)
    bar = figure.colorbar(image, ax=axes, shrink=0.6, aspect=30, pad=0.02)
    bar.set_label("Correlation", size=9.5)
    bar.outline.set_visible(False)


def title(data: Correlations) -> str:
    i, j = data.closest
    first, second = (textwrap.shorten(data.labels[n], 55, placeholder="…") for n in (i, j))
    value = f"{data.matrix[i, j]:.2f}".replace("-", "−")
    return f"The closest pair: {inline(first)} and {inline(second)} (correlation {value})"


def alt(data: Correlations) -> str:
    off = np.abs(data.matrix[np.tril_indices(len(data.labels), -1)])
    return (
        f"Heat map of correlations between {len(data.labels)} features, clustered. {title(data)}. Of "
        f"{len(off):,} pairs, {np.sum(off >= 0.8):,} correlate by .8 or more and {np.sum(off < 0.3):,} by "
        f"less than .3. Order: {', '.join(data.labels)}."
    )
