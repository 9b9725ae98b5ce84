"""Share of the variation between practices that is left inside segments (inertia over the total sum of
squares of the matrix), by number of segments. The elbow is the point farthest below the straight line
from the first to the last number tried, unless the study names it.
"""
# ruff: noqa: D103 - what each function gives is said once, in the docstring of the package

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import FigureBase

from gp_segmentation.figures._registry import NotShown
from gp_segmentation.figures._style import BLUE, INK, ORANGE
from gp_segmentation.figures._trials import Lines, lines, mark_choice
from gp_segmentation.schemas import Results

ORDER, LABEL = 20, "Elbow"


@dataclass(frozen=True)
class Elbow:
    """k and share (%) of variation left within segments, of one family; where the knee is."""

    table: pd.DataFrame
    family: str
    knee: int
    chosen_k: int


def data(results: Results) -> Elbow:
    shown = lines(results)
    family = _family(shown)
    rows = shown.of(family)
    if len(rows) < 3:
        raise NotShown("Fewer than three numbers of segments were tried, so there is no elbow to see.")
    fitted = results.segments.set_index("practice_code")["fitted"].reindex(results.matrix.index)
    X = results.matrix[fitted.to_numpy(dtype=bool)].to_numpy(dtype=float)
    total = float(((X - X.mean(axis=0)) ** 2).sum())
    table = pd.DataFrame({"k": rows["n_clusters"], "left": 100 * rows["inertia"] / total})
    named = (results.choice.get("by_criterion") or {}).get("elbow") or {}
    known = family == "K-means" and named.get("n_clusters") in set(table["k"])
    knee = int(named["n_clusters"]) if known else chord_knee(table)
    return Elbow(table.reset_index(drop=True), family, knee, shown.chosen_k)


def _family(shown: Lines) -> str:
    """The chosen family, or K-means where the chosen one has too few trials for a curve."""
    enough = [f for f in (shown.chosen_family, "K-means", *shown.families) if len(shown.of(f)) >= 3]
    return enough[0] if enough else shown.chosen_family


def chord_knee(table: pd.DataFrame) -> int:
    """Return the k farthest below the chord of the curve, both axes scaled to [0, 1]."""
    k, left = table["k"].to_numpy(dtype=float), table["left"].to_numpy(dtype=float)
    x = (k - k[0]) / (k[-1] - k[0])
    y = (left - left[-1]) / max(left[0] - left[-1], 1e-12)
    return int(k[np.argmax(1 - x - y)])


def size(data: Elbow) -> tuple[float, float]:
    return 8.0, 4.2


def draw(data: Elbow, figure: FigureBase) -> None:
    axes = figure.add_subplot()
    axes.plot(data.table["k"], data.table["left"], marker="o", color=BLUE, label=data.family)
    at = float(data.table.loc[data.table["k"] == data.knee, "left"].iloc[0])
    axes.plot([data.knee], [at], marker="D", markersize=12, color=ORANGE, markeredgecolor=INK, zorder=5)
    axes.annotate(
        f"elbow: {data.knee}", (data.knee, at), xytext=(12, 12), textcoords="offset points", weight="bold"
    )
    if data.chosen_k != data.knee:
        axes.axvline(data.chosen_k, color="0.5", linewidth=1, linestyle=(0, (2, 2)), zorder=1)
        mark_choice(axes, data.chosen_k)
    axes.set_xticks(data.table["k"])
    axes.set_ylim(bottom=0)
    axes.set_xlabel(f"Number of segments ({data.family})")
    axes.set_ylabel("Variation left within segments (%)")


def title(data: Elbow) -> str:
    row = data.table[data.table["k"] == data.knee].iloc[0]
    return (
        f"The elbow lies at {data.knee} segments, which leave {row['left']:.0f}% of the variation within them"
    )


def alt(data: Elbow) -> str:
    first, last = data.table.iloc[0], data.table.iloc[-1]
    return (
        f"Line chart for {data.family}. Variation left within segments falls from {first['left']:.0f}% at "
        f"{first['k']:.0f} segments to {last['left']:.0f}% at {last['k']:.0f}; the elbow is at {data.knee}, "
        f"the choice {data.chosen_k}."
    )
