"""Adjusted Rand index between what the rule chooses with each way to prepare the figures: 1 for the same
segments, 0 for what chance gives. Ways that come to like segments stand side by side (average linkage on one
minus the index). A pale row is a way that gives other segments; where all is dark, the preparation hardly
matters. Scores of different preparations cannot be compared, segments can.
"""
# ruff: noqa: D103 - what each function gives is said once, in the docstring of the package

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from matplotlib.colors import Normalize
from matplotlib.figure import FigureBase
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import squareform
from sklearn.metrics import adjusted_rand_score

from gp_segmentation.figures._registry import NotShown
from gp_segmentation.figures._style import SEQUENTIAL, clean, text_colour, without_frame
from gp_segmentation.figures._trials import family_name
from gp_segmentation.schemas import Results
from gp_segmentation.utils.wording import inline

ORDER, LABEL = 47, "Agreement of preparations"
#: Above this many preparations figures are left out of the cells.
WRITTEN = 20


@dataclass(frozen=True)
class Agreement:
    """Adjusted Rand indices between choices, like ones side by side.

    Attributes
    ----------
    matrix : (m, m). names, choices : of the preparations, and what was chosen with each.
    chosen : position of the preparation that was taken.
    """

    matrix: np.ndarray
    names: list[str]
    choices: list[str]
    chosen: int

    @property
    def means(self) -> np.ndarray:
        """Mean agreement of each with the others."""
        means: np.ndarray = (self.matrix.sum(axis=1) - 1) / (len(self.names) - 1)
        return means


def data(results: Results) -> Agreement:
    rows = results.choice.get("by_preparation") or []
    if len(rows) < 3:
        raise NotShown(
            "Fewer than three ways to prepare the figures were tried (scaler=open would try more)."
        )
    labels = [results.labels[str(row["trial"])].to_numpy() for row in rows]
    pairs = np.array([adjusted_rand_score(one, other) for one, other in combinations(labels, 2)])
    matrix = squareform(pairs) + np.eye(len(labels))
    order = leaves_list(linkage(np.clip(1 - pairs, 0, None), "average", optimal_ordering=True))
    choices = [f"{family_name(r['clusterer'], r['linkage'] or '')}, k = {r['n_clusters']}" for r in rows]
    taken = [row["preparation"] == results.choice["preparation"] for row in rows]
    return Agreement(
        matrix=matrix[np.ix_(order, order)],
        names=[clean(str(rows[i]["preparation"])) for i in order],
        choices=[choices[i] for i in order],
        chosen=[taken[i] for i in order].index(True),
    )


def size(data: Agreement) -> tuple[float, float]:
    side = min(0.46 * len(data.names), 11.0)
    longest = max(len(name) + len(choice) for name, choice in zip(data.names, data.choices, strict=True))
    return side + 0.085 * longest + 2.2, max(side, 2.2) + 0.6


def draw(data: Agreement, figure: FigureBase) -> None:
    axes = figure.add_subplot()
    norm, count = Normalize(0, 1), len(data.names)
    image = axes.imshow(data.matrix, cmap=SEQUENTIAL, norm=norm, aspect="auto", interpolation="nearest")
    if count <= WRITTEN:
        for i, j in np.ndindex(data.matrix.shape):
            colour = text_colour(SEQUENTIAL(norm(data.matrix[i, j])))
            axes.text(j, i, f"{data.matrix[i, j]:.2f}", ha="center", va="center", size=8, color=colour)
    marks = [
        f"{name}{' (taken)' if i == data.chosen else ''}: {choice}  {i + 1}"
        for i, (name, choice) in enumerate(zip(data.names, data.choices, strict=True))
    ]
    axes.set_yticks(range(count), marks, size=9)
    axes.get_yticklabels()[data.chosen].set_fontweight("bold")
    axes.set_xticks(range(count), [str(i + 1) for i in range(count)], size=9)
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    without_frame(axes)
    bar = figure.colorbar(image, ax=axes, shrink=0.8, aspect=25, pad=0.02)
    bar.set_label("Adjusted Rand index", size=9.5)
    bar.outline.set_visible(False)


def title(data: Agreement) -> str:
    others = np.delete(data.matrix[data.chosen], data.chosen)
    worst = int(np.delete(np.arange(len(data.names)), data.chosen)[others.argmin()])
    return (
        f"Segments from {len(others)} other ways to prepare the figures agree with those shown to "
        f"{others.min():.2f} to {others.max():.2f}; least: {inline(data.names[worst])}"
    )


def alt(data: Agreement) -> str:
    told = [
        f"{name} ({choice}) {mean:.2f}"
        for name, choice, mean in zip(data.names, data.choices, data.means, strict=True)
    ]
    return (
        f"Heat map of adjusted Rand indices between the choices of {len(data.names)} preparations. "
        f"{title(data)}. Mean agreement of each with the others: {', '.join(told)}."
    )
