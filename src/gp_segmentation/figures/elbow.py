"""How much of the variation between practices is left within segments, by number of segments: inertia as a
share of the total sum of squares of the matrix. After the elbow further segments gain little. The elbow is
the point farthest below the straight line from the first to the last number tried, or the number the study
reports.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import FigureBase

from gp_segmentation.figures._parts import mark_choice, note
from gp_segmentation.figures._registry import NotShown
from gp_segmentation.figures._style import BLUE, INK, ORANGE
from gp_segmentation.figures._trials import TrialScores, trial_scores
from gp_segmentation.schemas import Results
from gp_segmentation.utils.rounding import percent

ORDER, LABEL = 20, "Elbow"


@dataclass(frozen=True)
class Elbow:
    """Share of variation (%) left within segments, by k, of one family; where the elbow is."""

    left: pd.Series
    family: str
    elbow: int
    chosen_k: int


def data(results: Results) -> Elbow:
    scores = trial_scores(results)
    family = _family(scores)
    rows = scores.of(family)
    if len(rows) < 3:
        raise NotShown("Fewer than three numbers of segments were tried, so there is no elbow.")
    fitted = results.segments.set_index("practice_code")["fitted"].reindex(results.matrix.index)
    X = results.matrix[fitted.to_numpy(dtype=bool)].to_numpy(dtype=float)
    total = float(((X - X.mean(axis=0)) ** 2).sum())
    left = 100 * rows["inertia"] / total
    reported = ((results.choice.get("by_criterion") or {}).get("elbow") or {}).get("n_clusters", -1)
    elbow = int(reported) if family == "K-means" and reported in left.index else chord_elbow(left)
    return Elbow(left, family, elbow, scores.chosen_k)


def _family(scores: TrialScores) -> str:
    """The chosen family, or another (K-means first) where the chosen one has fewer than three trials."""
    families = (scores.chosen_family, "K-means", *scores.families)
    return next((family for family in families if len(scores.of(family)) >= 3), scores.chosen_family)


def chord_elbow(curve: pd.Series) -> int:
    """Return the k (index) farthest below the chord of the curve, both axes scaled to [0, 1]."""
    k, left = curve.index.to_numpy(dtype=float), curve.to_numpy(dtype=float)
    x = (k - k[0]) / (k[-1] - k[0])
    y = (left - left[-1]) / max(left[0] - left[-1], 1e-12)
    return int(k[np.argmax(1 - x - y)])


def size(data: Elbow) -> tuple[float, float]:
    return 8.0, 4.2


def draw(data: Elbow, figure: FigureBase) -> None:
    axes = figure.add_subplot()
    axes.plot(data.left, marker="o", color=BLUE, label=data.family)
    at = (data.elbow, data.left[data.elbow])
    axes.plot(*at, marker="D", markersize=12, color=ORANGE, markeredgecolor=INK, zorder=5)
    note(axes, f"elbow: {data.elbow}", at, (12, 12), weight="bold")
    if data.chosen_k != data.elbow:
        mark_choice(axes, data.chosen_k, "0.5")
    axes.set_xticks(data.left.index)
    axes.set_ylim(bottom=0)
    axes.set_xlabel(f"Number of segments ({data.family})")
    axes.set_ylabel("Variation left within segments (%)")


def title(data: Elbow) -> str:
    left = percent(data.left[data.elbow] / 100)
    return f"The elbow is at {data.elbow} segments, which leave {left} of the variation within them"


def alt(data: Elbow) -> str:
    first, last = (f"{percent(data.left.iloc[i] / 100)} at {data.left.index[i]} segments" for i in (0, -1))
    return (
        f"Line chart for {data.family}. Variation left within segments falls from {first} to {last}; "
        f"the elbow is at {data.elbow}, the choice {data.chosen_k}."
    )


def table(data: Elbow) -> pd.DataFrame:
    return pd.DataFrame(
        {"Number of segments": data.left.index, "Variation left within segments (%)": data.left.to_numpy()}
    )
