"""How well a division into each number of segments holds. Least stable segment: its mean Jaccard coefficient
in bootstrap samples. Prediction strength: share of pairs of practices in the weakest segment that the other
half of the data keeps together. Other starts: adjusted Rand index between runs that differ in their seed
alone (K-means only). 1 is perfect on each; dashed, the limits of the verdict for the Jaccard coefficient.
"""
# ruff: noqa: D103 - what each function gives is said once, in the docstring of the package

from dataclasses import dataclass

import pandas as pd
from matplotlib.figure import FigureBase
from matplotlib.ticker import MaxNLocator

from gp_segmentation.figures._registry import NotShown
from gp_segmentation.figures._style import GREY, LINES, MARKERS, SEGMENT_COLOURS, compared_keys
from gp_segmentation.figures._trials import mark_choice
from gp_segmentation.schemas import Results

ORDER, LABEL = 46, "Stability by number of segments"
NAMES = {
    "jaccard_min": "Least stable segment (Jaccard)",
    "prediction_strength": "Prediction strength",
    "ari_seeds": "Agreement with other starts",
}


@dataclass(frozen=True)
class ByK:
    """Index k; a column per measure of `NAMES` that was taken; the chosen k; limits of the verdict."""

    table: pd.DataFrame
    chosen: int
    low: float
    high: float


def data(results: Results) -> ByK:
    compared_keys(results.segments)
    rows = pd.DataFrame(results.evidence.get("by_k") or [])
    known = [name for name in NAMES if name in rows and rows[name].notna().sum() > 1]
    if "jaccard_min" not in known:
        raise NotShown("Stability was not measured for several numbers of segments in this run.")
    table = rows.set_index("k")[known].astype(float).dropna(how="all")
    limits = results.evidence.get("thresholds") or {}
    low, high = float(limits.get("unstable_jaccard", 0.6)), float(limits.get("jaccard", 0.75))
    return ByK(table, int(results.choice["n_clusters"]), low, high)


def size(data: ByK) -> tuple[float, float]:
    return 9.0, 4.4


def draw(data: ByK, figure: FigureBase) -> None:
    axes = figure.add_subplot()
    for limit, text in ((data.low, "not found again below"), (data.high, "stable from")):
        axes.axhline(limit, color=GREY, linestyle=(0, (4, 3)), linewidth=1)
        axes.annotate(
            f"{text}\n{limit:g}",
            (1, limit),
            xycoords=("axes fraction", "data"),
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
            size=9,
            color=GREY,
        )
    for i, name in enumerate(data.table):
        values = data.table[name].dropna()
        style = {"color": SEGMENT_COLOURS[i], "marker": MARKERS[i], "linestyle": LINES[i]}
        axes.plot(values.index, values, label=NAMES[str(name)], linewidth=2, **style)
    axes.axvline(data.chosen, color=GREY, linewidth=1, linestyle=(0, (2, 2)), zorder=1)
    mark_choice(axes, data.chosen)
    axes.set(ylim=(0, 1.04), xlabel="Number of segments")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    figure.legend(loc="outside lower center", ncols=3)


def title(data: ByK) -> str:
    stable = [int(str(k)) for k, value in data.table["jaccard_min"].items() if value >= data.high]
    if not stable:
        return "With no number of segments are all of them found again in resamples"
    if len(stable) == 1:
        return f"Only with {stable[0]} segments are all of them found again in resamples"
    several = f"{', '.join(map(str, stable[:-1]))} and {stable[-1]}"
    return f"With {several} segments all of them are found again in resamples"


def alt(data: ByK) -> str:
    parts = []
    for name in data.table:
        told = ", ".join(f"{k}: {value:.2f}" for k, value in data.table[name].dropna().items())
        parts.append(f"{NAMES[str(name)]}: {told}")
    return f"Line chart by number of segments. {'; '.join(parts)}."
