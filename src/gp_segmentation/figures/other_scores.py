"""Two further scores of every trial, by number of segments. Davies-Bouldin compares the width of segments
with the distance between their centres (lower: more separate). Calinski-Harabasz compares the variation
between segments with the variation within them (higher: more separate). Hollow markers: the trial has a
segment smaller than the choice allows. A trial that puts over 90% of practices into one segment is not drawn:
both scores reward it for splitting off a few outliers.
"""

import pandas as pd
from matplotlib.figure import FigureBase

from gp_segmentation.figures._parts import name_panel
from gp_segmentation.figures._trials import (
    TrialScores,
    draw_lines,
    trial_scores,
    trial_table,
    write_not_drawn,
)
from gp_segmentation.schemas import Results
from gp_segmentation.utils.rounding import score

ORDER, LABEL = 30, "Davies-Bouldin and Calinski-Harabasz by number of segments"


def data(results: Results) -> TrialScores:
    return trial_scores(results)


def size(data: TrialScores) -> tuple[float, float]:
    return 10.0, 4.6


def draw(data: TrialScores, figure: FigureBase) -> None:
    left, right = figure.subplots(1, 2)
    for axes, column, name in (
        (left, "davies_bouldin", "Davies-Bouldin (lower: more separate)"),
        (right, "calinski_harabasz", "Calinski-Harabasz (higher: more separate)"),
    ):
        draw_lines(axes, data, column)
        name_panel(axes, name)
        axes.set_ylim(bottom=0)
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.6g}")
    write_not_drawn(right, data, 60)
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=4)


def title(data: TrialScores) -> str:
    rows = data.of(data.chosen_family)
    low, high = rows["davies_bouldin"].idxmin(), rows["calinski_harabasz"].idxmax()
    if low == high:
        return f"Davies-Bouldin and Calinski-Harabasz both favour {low} segments ({data.chosen_family})"
    return f"Davies-Bouldin favours {low} segments, Calinski-Harabasz {high} ({data.chosen_family})"


def alt(data: TrialScores) -> str:
    parts = [
        f"{row['n_clusters']} segments {score(row['davies_bouldin'])} and {row['calinski_harabasz']:,.0f}"
        for row in data.of(data.chosen_family).to_dict("records")
    ]
    return f"Two line charts. {data.chosen_family}, Davies-Bouldin and Calinski-Harabasz: {'; '.join(parts)}."


def table(data: TrialScores) -> pd.DataFrame:
    columns = {"davies_bouldin": "Davies-Bouldin", "calinski_harabasz": "Calinski-Harabasz"}
    return trial_table(data, columns)
