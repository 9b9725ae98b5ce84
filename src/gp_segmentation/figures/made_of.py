"""What the segments are made of. Left: each block's share of the variance between segments, beside its share
of all variance (its weight): a block far to the right of its weight decides the segments. Right: the
adjusted Rand index between the segments and those that K-means finds from the named figures alone (1: the
same segments; 0: no more alike than by chance).
"""
# ruff: noqa: D103 - what each function gives is said once, in the docstring of the package

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import FigureBase

from gp_segmentation.figures._registry import NotShown
from gp_segmentation.figures._style import BLUE, GREY, ORANGE, compared_keys
from gp_segmentation.schemas import Results
from gp_segmentation.utils.wording import inline

ORDER, LABEL = 49, "What the segments are made of"


@dataclass(frozen=True)
class MadeOf:
    """Blocks (block, share_total, share_between, explained) and references (reference, ari)."""

    blocks: pd.DataFrame
    alone: pd.DataFrame


def data(results: Results) -> MadeOf:
    compared_keys(results.segments)
    found = results.evidence.get("made_of") or {}
    blocks, alone = pd.DataFrame(found.get("blocks") or []), pd.DataFrame(found.get("alone") or [])
    if blocks.empty or alone.empty or blocks["share_between"].isna().any():
        raise NotShown("What the segments are made of was not worked out in this run.")
    return MadeOf(blocks, alone.sort_values("ari", ascending=False, ignore_index=True))


def size(data: MadeOf) -> tuple[float, float]:
    return 10.0, 1.7 + 0.42 * max(len(data.blocks), len(data.alone))


def _readable(names: pd.Series) -> list[str]:
    return [str(name).replace("_", " ").capitalize() for name in names]


def draw(data: MadeOf, figure: FigureBase) -> None:
    if len(data.blocks) == 1:  # all of everything: nothing to show
        _draw_alone(data, figure.add_subplot())
        return
    left, right = figure.subplots(1, 2)
    at = np.arange(len(data.blocks))
    between, total = data.blocks["share_between"].astype(float), data.blocks["share_total"].astype(float)
    left.barh(at, 100 * between, color=BLUE, height=0.55, label="of the variance between segments")
    left.scatter(100 * total, at, marker="D", color=ORANGE, zorder=3, label="of all variance (weight)")
    _label(left, at, 100 * np.maximum(between.to_numpy(), total.to_numpy()), _told(between, total))
    left.set_yticks(at, _readable(data.blocks["block"]))
    left.set(
        xlim=(0, 135), xticks=range(0, 101, 20), xlabel="Share of each block, %", title="Blocks of features"
    )
    left.invert_yaxis()
    left.tick_params(axis="y", length=0)
    left.grid(visible=False, axis="y")
    _draw_alone(data, right)
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower left", ncols=2)


def _draw_alone(data: MadeOf, axes: Axes) -> None:
    """Draw how much of the segments single figures give."""
    rows = np.arange(len(data.alone))
    ari = data.alone["ari"].astype(float)
    axes.barh(rows, ari, color=GREY, height=0.55)
    _label(axes, rows, ari.clip(lower=0).to_numpy(), [f"{v:.2f}" for v in ari])
    axes.set_yticks(rows, _readable(data.alone["reference"]))
    axes.set(xlim=(min(0.0, ari.min() - 0.05), 1), xlabel="Adjusted Rand index (1: the same segments)")
    axes.set_title("Segments from these figures alone")
    axes.invert_yaxis()
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")


def _told(between: pd.Series, total: pd.Series) -> list[str]:
    return [f"{b:.0%} (weight {t:.0%})" for b, t in zip(between, total, strict=True)]


def _label(axes: Axes, at: np.ndarray, ends: np.ndarray, texts: list[str]) -> None:
    for row, end, text in zip(at, ends, texts, strict=True):
        place = (float(end), float(row))
        axes.annotate(text, place, va="center", size=9.5, xytext=(8, 0), textcoords="offset points")


def title(data: MadeOf) -> str:
    top, name = data.blocks.iloc[0], _readable(data.blocks["block"])[0]
    if len(data.blocks) > 1:
        return f"{name} makes up {top['share_between']:.0%} of the difference between segments"
    first = data.alone.iloc[0]
    what = _readable(data.alone["reference"])[0]
    ari = f"{first['ari']:.2f}"
    return f"Segments made from {inline(what)} alone agree with these at an adjusted Rand index of {ari}"


def alt(data: MadeOf) -> str:
    parts = [
        f"{name}: {row.share_between:.0%} of the variance between segments, {row.share_total:.0%} of all"
        for name, row in zip(_readable(data.blocks["block"]), data.blocks.itertuples(), strict=True)
    ]
    alone = [
        f"{name} {value:.2f}"
        for name, value in zip(_readable(data.alone["reference"]), data.alone["ari"], strict=True)
    ]
    return f"Bar charts. {'; '.join(parts)}. Adjusted Rand index of each alone: {', '.join(alone)}."
