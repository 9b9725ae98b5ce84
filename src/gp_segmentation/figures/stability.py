"""How reliably each segment returns when practices are redrawn at random, with replacement, and clustered
again. A dot is the mean overlap (Jaccard coefficient) of the segment with the most similar cluster of a
redrawn sample; 100% means the same practices. Dashed lines: below the first limit a segment does not return,
from the second on it is stable.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import FigureBase
from matplotlib.ticker import PercentFormatter

from gp_segmentation.figures._parts import TOP, WHITE_BOX, key_columns, name_rows, note, stability_limits
from gp_segmentation.figures._registry import NotShown
from gp_segmentation.figures._style import GREY, Key, compared_keys
from gp_segmentation.schemas import Results
from gp_segmentation.utils.rounding import percent_reached

ORDER, LABEL = 45, "Stability of segments"


@dataclass(frozen=True)
class SegmentStability:
    """Mean Jaccard of every segment; below ``low`` it does not return, from ``high`` it is stable."""

    keys: list[Key]
    jaccard: list[float]
    low: float
    high: float


def data(results: Results) -> SegmentStability:
    known = {row["segment"]: row.get("jaccard") for row in results.evidence.get("segments") or []}
    keys = compared_keys(results.segments)
    if any(known.get(key.number) is None for key in keys):
        raise NotShown("Stability was not measured in this run.")
    return SegmentStability(keys, [float(known[key.number]) for key in keys], *stability_limits(results))


def size(data: SegmentStability) -> tuple[float, float]:
    return 9.0, 0.5 * len(data.keys) + 1.4


def draw(data: SegmentStability, figure: FigureBase) -> None:
    axes = figure.add_subplot()
    for row, (key, value) in enumerate(zip(data.keys, data.jaccard, strict=True)):
        axes.plot([0, value], [row, row], color="0.75", linewidth=2, zorder=1)
        axes.plot([value], [row], marker=key.marker, markersize=11, color=key.colour, zorder=3)
        shift, side = (-10, "right") if value > 0.93 else (10, "left")
        note(axes, percent_reached(value), (value, row), (shift, 0), ha=side, va="center", bbox=WHITE_BOX)
    limits = ((data.low, "does not return below", -4, "right"), (data.high, "stable from", 4, "left"))
    for limit, text, shift, side in limits:
        axes.axvline(limit, color=GREY, linestyle="--", linewidth=1.2, zorder=0)
        note(
            axes,
            f"{text} {percent_reached(limit)}",
            (limit, 1),
            (shift, 3),
            xycoords=TOP,
            ha=side,
            size=9,
            color=GREY,
        )
    name_rows(axes, [key.axis_label for key in data.keys])
    axes.xaxis.set_major_formatter(PercentFormatter(1))
    axes.set(xlim=(0, 1.02), ylim=(len(data.keys) - 0.5, -0.6))
    axes.grid(visible=False)
    axes.set_xlabel("Mean overlap when practices are redrawn (Jaccard coefficient)")


def title(data: SegmentStability) -> str:
    lowest, stable = percent_reached(min(data.jaccard)), sum(one >= data.high for one in data.jaccard)
    if stable == len(data.keys):
        return f"All {stable} segments are stable when practices are redrawn (overlap {lowest} or more)"
    worst = data.keys[int(np.argmin(data.jaccard))]
    return (
        f"{stable or 'None'} of the {len(data.keys)} segments {'is' if stable < 2 else 'are'} stable when "
        f"practices are redrawn; the least stable is segment {worst.code} (overlap {lowest})"
    )


def alt(data: SegmentStability) -> str:
    parts = [f"segment {k.code}: {percent_reached(v)}" for k, v in zip(data.keys, data.jaccard, strict=True)]
    return f"Dot chart of the mean overlap (Jaccard coefficient) of every segment. {'; '.join(parts)}."


def table(data: SegmentStability) -> pd.DataFrame:
    return key_columns(data.keys).assign(**{"Mean overlap (Jaccard)": data.jaccard})
