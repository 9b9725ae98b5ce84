"""How much of each register's prevalence is explained by the ages of the patients: the share of variance (R²)
of the logit prevalence, by a regression on log-ratios of six age bands and their squares, over practices of
1,000 patients or more. Where the share is high, crude prevalence mostly repeats the age structure.
"""

import numpy as np
import pandas as pd
from matplotlib.figure import FigureBase

from gp_segmentation.figures._parts import name_rows
from gp_segmentation.figures._registry import NotShown
from gp_segmentation.figures._style import BLUE, clean, shorten
from gp_segmentation.schemas import Results
from gp_segmentation.utils.rounding import percent
from gp_segmentation.utils.wording import inline

ORDER, LABEL = 130, "What age alone explains"
EXPLORES = True


def data(results: Results) -> pd.DataFrame:
    """Return label and r_squared by register, the most explained first."""
    table = results.exploration.get("age_explained", pd.DataFrame())
    if table.empty or table["r_squared"].isna().all():
        raise NotShown("The source has no registrations by age.")
    table = table.dropna(subset=["r_squared"]).sort_values("r_squared", ascending=False, kind="stable")
    return table.assign(label=table["label"].map(clean)).reset_index(drop=True)


def size(data: pd.DataFrame) -> tuple[float, float]:
    return 9.0, 0.27 * len(data) + 0.8


def draw(data: pd.DataFrame, figure: FigureBase) -> None:
    axes = figure.add_subplot()
    bars = axes.barh(np.arange(len(data)), data["r_squared"], 0.72, color=BLUE)
    axes.bar_label(bars, [percent(value) for value in data["r_squared"]], padding=4, size=9)
    axes.margins(y=0.01)
    name_rows(axes, [shorten(label, 60) for label in data["label"]], size=9)
    axes.set(xlim=(0, 1.02), xticks=[0, 0.25, 0.5, 0.75, 1], xticklabels=["0%", "25%", "50%", "75%", "100%"])
    axes.set_xlabel("Share of variation between practices explained by age structure (R²)")


def title(data: pd.DataFrame) -> str:
    first, last = data.iloc[0], data.iloc[-1]
    most = f"{percent(first['r_squared'])} of the variation in {inline(first['label'])}"
    least = f", and {percent(last['r_squared'])} in {inline(last['label'])}" if len(data) > 1 else ""
    return f"Age alone explains {most} between practices{least}"


def alt(data: pd.DataFrame) -> str:
    parts = [f"{row['label']} {percent(row['r_squared'])}" for row in data.to_dict("records")]
    return f"Bar chart of the share of variation explained by age structure: {'; '.join(parts)}."


def table(data: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({"Register": data["label"], "Variance explained (%)": 100 * data["r_squared"]})
