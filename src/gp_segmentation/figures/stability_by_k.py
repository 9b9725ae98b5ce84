"""How stable the segments are at each number of segments; 100% is perfect on every line. Least stable
segment: its mean overlap (Jaccard coefficient) with the most similar cluster when practices are redrawn with
replacement. Prediction strength: in the weakest segment, the share of pairs of practices that the other half
of the data keeps together. Other starts: adjusted Rand index (100%: 1) between runs that differ only in their
random seed (K-means only). Dashed: the limits of the verdict for the overlap.
"""

from dataclasses import dataclass

import pandas as pd
from matplotlib.figure import FigureBase
from matplotlib.ticker import PercentFormatter

from gp_segmentation.figures._parts import RIGHT, note, number_axis, stability_limits
from gp_segmentation.figures._registry import NotShown
from gp_segmentation.figures._style import GREY, LINE_STYLES, MARKERS, SEGMENT_COLOURS, Look, compared_keys
from gp_segmentation.schemas import Results
from gp_segmentation.utils.rounding import percent_reached, score_reached
from gp_segmentation.utils.wording import listed

ORDER, LABEL = 46, "Stability by number of segments"
NAMES = {
    "jaccard_min": "Least stable segment (overlap)",
    "prediction_strength": "Prediction strength",
    "ari_seeds": "Agreement with other starts",
}


@dataclass(frozen=True)
class StabilityByK:
    """Index k; a column per measure of `NAMES` that was taken; the chosen k; limits of the verdict."""

    table: pd.DataFrame
    chosen: int
    low: float
    high: float


def data(results: Results) -> StabilityByK:
    compared_keys(results.segments)
    rows = pd.DataFrame(results.evidence.get("by_k") or [])
    known = [name for name in NAMES if name in rows and rows[name].notna().sum() > 1]
    if "jaccard_min" not in known:
        raise NotShown("Stability was not measured for several numbers of segments in this run.")
    table = rows.set_index("k")[known].astype(float).dropna(how="all")
    return StabilityByK(table, int(results.choice["n_clusters"]), *stability_limits(results))


def size(data: StabilityByK) -> tuple[float, float]:
    return 9.0, 4.4


def draw(data: StabilityByK, figure: FigureBase) -> None:
    axes = figure.add_subplot()
    for limit, text in ((data.low, "does not return below"), (data.high, "stable from")):
        axes.axhline(limit, color=GREY, linestyle=(0, (4, 3)), linewidth=1)
        look = {"va": "center", "size": 9, "color": GREY}
        note(axes, f"{text}\n{percent_reached(limit)}", (1, limit), (5, 0), xycoords=RIGHT, **look)
    for i, name in enumerate(data.table):
        values = data.table[name].dropna()
        line: Look = {"color": SEGMENT_COLOURS[i], "marker": MARKERS[i], "linestyle": LINE_STYLES[i]}
        axes.plot(values.index, values, label=NAMES[str(name)], linewidth=2, **line)
    number_axis(axes, data.chosen)
    axes.set_ylim(0, 1.04)
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    figure.legend(loc="outside lower center", ncols=3)


def title(data: StabilityByK) -> str:
    stable = data.table.index[data.table["jaccard_min"] >= data.high]
    if stable.empty:
        return "No number of segments gives only segments that are stable when practices are redrawn"
    only = "Only with" if len(stable) == 1 else "With"
    return f"{only} {listed([str(k) for k in stable])} segments, all are stable when practices are redrawn"


def alt(data: StabilityByK) -> str:
    parts = []
    for name in data.table:
        form = score_reached if name == "ari_seeds" else percent_reached
        values = ", ".join(f"{k}: {form(value)}" for k, value in data.table[name].dropna().items())
        parts.append(f"{NAMES[str(name)]}: {values}")
    return f"Line chart by number of segments. {'; '.join(parts)}."


def table(data: StabilityByK) -> pd.DataFrame:
    return data.table.rename(columns=NAMES).rename_axis("Number of segments").reset_index()
