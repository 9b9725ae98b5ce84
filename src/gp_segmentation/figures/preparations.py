"""The rule chooses segments once for each way to prepare the data. Numbers and shades show how closely these
choices agree (adjusted Rand index; 1: the same segments, 0: no more agreement than by chance). Preparations
that give similar segments stand side by side (average linkage on one minus the index). A pale row is a
preparation that gives other segments. Where all cells are dark, the preparation hardly matters. Scores of
different preparations cannot be compared; their segments can.
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from matplotlib.colors import Normalize
from matplotlib.figure import FigureBase
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import squareform
from sklearn.metrics import adjusted_rand_score

from gp_segmentation.figures._parts import colour_bar, heat_map
from gp_segmentation.figures._registry import NotShown
from gp_segmentation.figures._style import SEQUENTIAL, clean
from gp_segmentation.figures._trials import family_name
from gp_segmentation.schemas import Results
from gp_segmentation.utils.labels import preparation_in_words, titled
from gp_segmentation.utils.rounding import score_reached
from gp_segmentation.utils.wording import inline

ORDER, LABEL = 47, "Agreement of preparations"
#: With more preparations than this the cells carry no numbers.
MAX_WITH_NUMBERS = 20


@dataclass(frozen=True)
class PreparationAgreement:
    """Adjusted Rand indices (m, m), similar preparations side by side; their names, what was chosen with
    each, and the position of the chosen one.
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


def data(results: Results) -> PreparationAgreement:
    rows = results.choice.get("by_preparation") or []
    if len(rows) < 3:
        raise NotShown("Fewer than three ways to prepare the data were tried (scaler=open tries more).")
    labels = [results.labels[str(row["trial"])].to_numpy() for row in rows]
    pairs = np.array([adjusted_rand_score(one, other) for one, other in combinations(labels, 2)])
    matrix = squareform(pairs) + np.eye(len(labels))
    order = leaves_list(linkage(np.clip(1 - pairs, 0, None), "average", optimal_ordering=True))
    rows = [rows[i] for i in order]
    return PreparationAgreement(
        matrix=matrix[np.ix_(order, order)],
        names=[clean(titled(preparation_in_words(row["preparation"]))) for row in rows],
        choices=[f"{family_name(row)}, k = {row['n_clusters']}" for row in rows],
        chosen=[row["preparation"] for row in rows].index(results.choice["preparation"]),
    )


def size(data: PreparationAgreement) -> tuple[float, float]:
    side = min(0.46 * len(data.names), 11.0)
    longest = max(len(name) + len(choice) for name, choice in zip(data.names, data.choices, strict=True))
    return side + 0.085 * longest + 2.2, max(side, 2.2) + 0.6


def draw(data: PreparationAgreement, figure: FigureBase) -> None:
    axes = figure.add_subplot()
    matrix, count = data.matrix, len(data.names)

    def write(i: int, j: int) -> str:
        return score_reached(matrix[i, j]) if count <= MAX_WITH_NUMBERS else ""

    image = heat_map(axes, matrix, SEQUENTIAL, Normalize(0, 1), write, size=8)
    names = [
        f"{name}{' (chosen)' if i == data.chosen else ''}: {choice}  {i + 1}"
        for i, (name, choice) in enumerate(zip(data.names, data.choices, strict=True))
    ]
    axes.set_yticks(range(count), names, size=9)
    axes.get_yticklabels()[data.chosen].set_fontweight("bold")
    axes.set_xticks(range(count), [str(i + 1) for i in range(count)], size=9)
    colour_bar(figure, image, axes, "Adjusted Rand index", shrink=0.8, aspect=25, pad=0.02)


def title(data: PreparationAgreement) -> str:
    others = np.delete(data.matrix[data.chosen], data.chosen)
    worst = np.delete(data.names, data.chosen)[others.argmin()]
    return (
        f"Segments from {len(others)} other ways to prepare the data agree with those shown (adjusted Rand "
        f"index {score_reached(others.min())} to {score_reached(others.max())}); the lowest is "
        f"{inline(str(worst))}"
    )


def alt(data: PreparationAgreement) -> str:
    means = [
        f"{name} ({choice}) {score_reached(mean)}"
        for name, choice, mean in zip(data.names, data.choices, data.means, strict=True)
    ]
    return (
        f"Heat map of adjusted Rand indices between the choices of {len(data.names)} preparations. "
        f"{title(data)}. Mean agreement of each with the others: {', '.join(means)}."
    )


def table(data: PreparationAgreement) -> pd.DataFrame:
    about = pd.DataFrame({"Preparation": data.names, "Choice": data.choices, "Mean agreement": data.means})
    return about.join(pd.DataFrame(data.matrix, columns=[f"With {name}" for name in data.names]))
