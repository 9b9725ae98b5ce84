"""How well each segment is found again when practices are drawn with replacement: its mean Jaccard
coefficient with the most similar segment of the resample (1: the same practices). The dashed lines are the
limits below which a segment counts as not found again and from which it counts as stable.
"""
# ruff: noqa: D103 - what each function gives is said once, in the docstring of the package

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import FigureBase

from gp_segmentation.figures._registry import NotShown
from gp_segmentation.figures._style import GREY, Key, compared_keys, two_lines
from gp_segmentation.schemas import Results

ORDER, LABEL = 45, "Stability of segments"


@dataclass(frozen=True)
class Stability:
    """Mean Jaccard of every segment; below ``low`` it is not found again, from ``high`` it is stable."""

    keys: list[Key]
    jaccard: list[float]
    low: float
    high: float


def data(results: Results) -> Stability:
    known = {row["segment"]: row.get("jaccard") for row in results.evidence.get("segments") or []}
    keys = compared_keys(results.segments)
    if any(known.get(key.number) is None for key in keys):
        raise NotShown("Stability was not measured in this run.")
    limits = results.evidence.get("thresholds") or {}
    low, high = float(limits.get("unstable_jaccard", 0.6)), float(limits.get("jaccard", 0.75))
    return Stability(keys, [float(known[key.number]) for key in keys], low, high)


def size(data: Stability) -> tuple[float, float]:
    return 9.0, 0.5 * len(data.keys) + 1.4


def draw(data: Stability, figure: FigureBase) -> None:
    axes = figure.add_subplot()
    at = np.arange(len(data.keys))
    for row, key, value in zip(at, data.keys, data.jaccard, strict=True):
        axes.plot([0, value], [row, row], color="0.75", linewidth=2, zorder=1)
        axes.plot([value], [row], marker=key.marker, markersize=11, color=key.colour, zorder=3)
        before = value > 0.93
        axes.annotate(
            f"{value:.2f}",
            (value, row),
            xytext=(-10 if before else 10, 0),
            textcoords="offset points",
            ha="right" if before else "left",
            va="center",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
        )
    _limit(axes, data.low, "not found again below", left=True)
    _limit(axes, data.high, "stable from", left=False)
    axes.set(xlim=(0, 1.02), ylim=(len(data.keys) - 0.5, -0.6))
    axes.set_yticks(at, [two_lines(key.text) for key in data.keys])
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False)
    axes.set_xlabel("Mean Jaccard coefficient over resamples")


def _limit(axes: Axes, at: float, text: str, *, left: bool) -> None:
    axes.axvline(at, color=GREY, linestyle="--", linewidth=1.2, zorder=0)
    axes.annotate(
        f"{text} {at:g}",
        (at, 1),
        xycoords=("data", "axes fraction"),
        xytext=(-4 if left else 4, 3),
        textcoords="offset points",
        ha="right" if left else "left",
        size=9,
        color=GREY,
    )


def title(data: Stability) -> str:
    stable = sum(value >= data.high for value in data.jaccard)
    if stable == len(data.keys):
        return f"All {stable} segments are stable in resamples (Jaccard {min(data.jaccard):.2f} or more)"
    worst = data.keys[int(np.argmin(data.jaccard))]
    return (
        f"{stable or 'None'} of the {len(data.keys)} segments {'is' if stable < 2 else 'are'} stable in "
        f"resamples; the least stable is segment {worst.number} (Jaccard {min(data.jaccard):.2f})"
    )


def alt(data: Stability) -> str:
    parts = [f"segment {k.number}: {v:.2f}" for k, v in zip(data.keys, data.jaccard, strict=True)]
    return f"Dot chart of the mean Jaccard coefficient. {'; '.join(parts)}."
