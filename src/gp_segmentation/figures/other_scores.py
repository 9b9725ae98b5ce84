"""Two further scores of every trial, by number of segments. Davies-Bouldin compares the width of segments
with the distance of their centres (lower is more separate); Calinski-Harabasz compares the variation
between segments with that within (higher is more separate). Hollow markers: a segment is
smaller than the choice allows.
"""
# ruff: noqa: D103 - what each function gives is said once, in the docstring of the package

import pandas as pd
from matplotlib.figure import FigureBase

from gp_segmentation.figures._trials import Lines, best, draw_lines, lines, mark_choice
from gp_segmentation.schemas import Results

ORDER, LABEL = 30, "Davies-Bouldin and Calinski-Harabasz by number of segments"


def data(results: Results) -> Lines:
    return lines(results)


def size(data: Lines) -> tuple[float, float]:
    return 10.0, 4.6


def draw(data: Lines, figure: FigureBase) -> None:
    left, right = figure.subplots(1, 2)
    for axes, column, name in (
        (left, "davies_bouldin", "Davies-Bouldin (lower: more separate)"),
        (right, "calinski_harabasz", "Calinski-Harabasz (higher: more separate)"),
    ):
        draw_lines(axes, data, column)
        mark_choice(axes, data.chosen_k)
        axes.set_title(name)
        axes.set_ylim(bottom=0)
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.6g}")
    handles, labels = left.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4)


def favoured(data: Lines) -> tuple[int, int]:
    """Return the k that each score prefers, within the chosen family."""
    rows = data.of(data.chosen_family)
    low, high = best(rows, "davies_bouldin", largest=False), best(rows, "calinski_harabasz")
    return int(low["n_clusters"]), int(high["n_clusters"])


def title(data: Lines) -> str:
    low, high = favoured(data)
    if low == high:
        return f"Davies-Bouldin and Calinski-Harabasz both favour {low} segments ({data.chosen_family})"
    return f"Davies-Bouldin favours {low} segments, Calinski-Harabasz {high} ({data.chosen_family})"


def alt(data: Lines) -> str:
    rows: pd.DataFrame = data.of(data.chosen_family)
    parts = [
        f"{int(r['n_clusters'])} segments {r['davies_bouldin']:.2f} and {r['calinski_harabasz']:,.0f}"
        for _, r in rows.iterrows()
    ]
    return f"Two line charts. {data.chosen_family}, Davies-Bouldin and Calinski-Harabasz: {'; '.join(parts)}."
