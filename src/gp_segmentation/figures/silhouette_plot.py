"""The silhouette of every fitted practice, longest first within its segment. Above 0 a practice is nearer to
its own segment than to any other; below 0 it is nearer to another. The dashed line is the mean of all
practices.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import FigureBase

from gp_segmentation.figures._parts import TOP, name_rows, note
from gp_segmentation.figures._registry import NotShown
from gp_segmentation.figures._style import INK, Key, segment_keys
from gp_segmentation.schemas import Results
from gp_segmentation.utils.rounding import score, whole_percent

ORDER, LABEL = 40, "Silhouette of every practice"


@dataclass(frozen=True)
class Silhouettes:
    """Per segment the sorted silhouettes of its fitted practices; their overall mean."""

    keys: list[Key]
    values: list[np.ndarray]
    mean: float

    @property
    def negative(self) -> float:
        """Share of practices nearer to another segment."""
        return float((np.concatenate(self.values) < 0).mean())


def data(results: Results) -> Silhouettes:
    rows = results.segments[results.segments["fitted"]].dropna(subset=["silhouette"])
    if rows.empty:
        raise NotShown("No silhouettes: there is only one segment.")
    keys = segment_keys(results.segments)
    values = [np.sort(rows.loc[rows["segment"] == key.number, "silhouette"])[::-1] for key in keys]
    return Silhouettes(keys, values, float(rows["silhouette"].mean()))


def size(data: Silhouettes) -> tuple[float, float]:
    return 9.0, max(3.6, 0.75 * len(data.keys) + 1.2)


def draw(data: Silhouettes, figure: FigureBase) -> None:
    axes = figure.add_subplot()
    total = sum(len(v) for v in data.values)
    gap, start, ticks, names = 0.025 * total, 0.0, [], []
    min_height = 0.62 * total / len(data.keys)  # room for the label of a small segment
    for key, values in zip(data.keys, data.values, strict=True):
        height = max(len(values), min_height)
        rows = start + (height - len(values)) / 2 + np.arange(len(values))
        axes.fill_betweenx(rows, 0, values, color=key.colour, linewidth=0, step="mid")
        ticks.append(start + height / 2)
        mean = score(values.mean()) if len(values) else "none"
        names.append(f"{key.axis_label}\n({len(values):,} practices, mean {mean})")
        start += height + gap
    axes.axvline(data.mean, color=INK, linestyle="--", linewidth=1.2)
    axes.axvline(0, color=INK, linewidth=0.8)
    note(axes, f"mean {score(data.mean)}", (data.mean, 0), (4, 4), xycoords=TOP, size=9.5)
    name_rows(axes, names, ticks, size=9.5)
    axes.set_ylim(start, -gap)
    axes.grid(visible=True, axis="x")
    axes.set_xlabel("Silhouette")


def title(data: Silhouettes) -> str:
    return (
        f"{whole_percent(data.negative)} of practices are nearer to another segment than to their own; "
        f"the mean silhouette is {score(data.mean)}"
    )


def alt(data: Silhouettes) -> str:
    parts = [
        f"segment {key.code}: mean {score(v.mean())}, {whole_percent((v < 0).mean())} below 0"
        for key, v in zip(data.keys, data.values, strict=True)
        if len(v)
    ]
    return f"Silhouettes of fitted practices by segment, sorted. {'; '.join(parts)}."


def table(data: Silhouettes) -> pd.DataFrame:
    known = [(key.code, pd.Series(values)) for key, values in zip(data.keys, data.values, strict=True)]
    rows = [
        [code, len(v), v.mean(), 100 * (v < 0).mean(), *v.quantile([0, 0.25, 0.5, 0.75, 1])]
        for code, v in known
    ]
    spread = ["Lowest", "Lower quartile", "Median", "Upper quartile", "Highest"]
    return pd.DataFrame(rows, columns=["Segment", "Fitted practices", "Mean", "Below 0 (%)", *spread])
