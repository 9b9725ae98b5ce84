"""Mean silhouette of every trial (1: practices lie far from other segments; 0: on the border; below 0:
nearer to another segment), by number of segments. Hollow markers: the smallest segment holds less than
1% of practices, which raises the silhouette without describing practices. The dashed grey line, where
there is one, is the mean silhouette of data with the same correlations and no segments.
"""
# ruff: noqa: D103 - what each function gives is said once, in the docstring of the package

from __future__ import annotations

import pandas as pd
from matplotlib.figure import FigureBase

from gp_segmentation.figures._style import GREY
from gp_segmentation.figures._trials import Lines, best, draw_lines, lines, mark_choice
from gp_segmentation.results import Results

ORDER, LABEL = 10, "Silhouette by number of segments"


def data(results: Results) -> Lines:
    return lines(results)


def null(data: Lines) -> pd.DataFrame:
    """Return the rows of the chosen family which have a null silhouette."""
    return data.of(data.chosen_family).dropna(subset=["null_silhouette"])


def size(data: Lines) -> tuple[float, float]:
    return 9.5, 4.6


def draw(data: Lines, figure: FigureBase) -> None:
    axes = figure.add_subplot()
    draw_lines(axes, data, "silhouette")
    rows = null(data)
    if len(rows):
        axes.plot(
            rows["n_clusters"],
            rows["null_silhouette"],
            color=GREY,
            linestyle="--",
            linewidth=2,
            label="no segments\n(mean of null data)",
        )
    axes.axhline(0, color="0.4", linewidth=0.8)
    mark_choice(axes, data.chosen_k)
    axes.set_ylabel("Mean silhouette")
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))


def _chosen(data: Lines) -> pd.Series:
    rows = data.of(data.chosen_family)
    return rows[rows["n_clusters"] == data.chosen_k].iloc[0]


def title(data: Lines) -> str:
    highest = best(data.of(data.chosen_family), "silhouette")
    here = _chosen(data)
    text = (
        f"With {data.chosen_k} segments {data.chosen_family} reaches a silhouette of {here['silhouette']:.3f}"
    )
    if pd.notna(here["null_silhouette"]):
        return f"{text}, against {here['null_silhouette']:.3f} for data without segments"
    if int(highest["n_clusters"]) == data.chosen_k:
        return f"{text}, its highest"
    return f"{text}; its highest is {highest['silhouette']:.3f}, with {int(highest['n_clusters'])}"


def alt(data: Lines) -> str:
    parts = []
    for family in data.families:
        rows = data.of(family).dropna(subset=["silhouette"])
        if rows.empty:
            continue
        top, last = best(rows, "silhouette"), rows.iloc[-1]
        parts.append(
            f"{family}: highest {top['silhouette']:.3f} at {int(top['n_clusters'])}, "
            f"{last['silhouette']:.3f} at {int(last['n_clusters'])}"
        )
    return f"Line chart of the mean silhouette by number of segments. {'; '.join(parts)}."
