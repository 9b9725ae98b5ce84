"""Which features make up the segments. Left: each block's share of the variance between segments (bar) and
its share of all variance (diamond), which is its weight. A bar that ends far to the right of its diamond
means that the block decides the segments. Right: how closely the segments agree with those that K-means makes
from the named features alone (adjusted Rand index; 1: the same segments, 0: no more agreement than by
chance).
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import FigureBase

from gp_segmentation.figures._parts import name_rows, note
from gp_segmentation.figures._registry import NotShown
from gp_segmentation.figures._style import BLUE, GREY, ORANGE, block_name, compared_keys
from gp_segmentation.schemas import Results
from gp_segmentation.utils.rounding import percent, score_reached
from gp_segmentation.utils.wording import inline

ORDER, LABEL = 49, "What the segments are made of"


@dataclass(frozen=True)
class Composition:
    """Blocks (name, share_total, share_between) and groups of features clustered alone (name, ari)."""

    blocks: pd.DataFrame
    references: pd.DataFrame


def data(results: Results) -> Composition:
    compared_keys(results.segments)
    composition = results.evidence.get("made_of") or {}
    blocks, references = (pd.DataFrame(composition.get(name) or []) for name in ("blocks", "alone"))
    if blocks.empty or references.empty or blocks["share_between"].isna().any():
        raise NotShown("What the segments are made of was not computed in this run.")
    blocks["name"], references["name"] = _readable(blocks["block"]), _readable(references["reference"])
    return Composition(blocks, references.sort_values("ari", ascending=False, ignore_index=True))


def _readable(names: pd.Series) -> pd.Series:
    return names.map(block_name)


def size(data: Composition) -> tuple[float, float]:
    return 10.0, 1.7 + 0.42 * max(len(data.blocks), len(data.references))


def draw(data: Composition, figure: FigureBase) -> None:
    if len(data.blocks) == 1:  # it makes up everything: nothing to show
        _draw_references(data.references, figure.add_subplot())
        return
    left, right = figure.subplots(1, 2)
    between, total = (data.blocks[name].astype(float) for name in ("share_between", "share_total"))
    at = np.arange(len(data.blocks))
    left.barh(at, 100 * between, color=BLUE, height=0.55, label="of the variance between segments")
    left.scatter(100 * total, at, marker="D", color=ORANGE, zorder=3, label="of all variance (weight)")
    texts = [f"{percent(b)} (weight {percent(t)})" for b, t in zip(between, total, strict=True)]
    _write_rows(left, data.blocks["name"], texts, 100 * np.maximum(between.to_numpy(), total.to_numpy()))
    left.set(xlim=(0, 135), xticks=range(0, 101, 20), xlabel="Share of each block, %")
    left.set_title("Blocks of features")
    _draw_references(data.references, right)
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower left", ncols=2)


def _draw_references(references: pd.DataFrame, axes: Axes) -> None:
    ari = references["ari"].astype(float)
    axes.barh(np.arange(len(ari)), ari, color=GREY, height=0.55)
    _write_rows(
        axes, references["name"], [score_reached(value) for value in ari], ari.clip(lower=0).to_numpy()
    )
    axes.set(xlim=(min(0.0, ari.min() - 0.05), 1), xlabel="Adjusted Rand index (1: the same segments)")
    axes.set_title("Segments from these features alone")


def _write_rows(axes: Axes, names: pd.Series, texts: list[str], ends: np.ndarray) -> None:
    """Name the bars, and write a text behind the end of each."""
    for row, (end, text) in enumerate(zip(ends, texts, strict=True)):
        note(axes, text, (end, row), (8, 0), va="center", size=9.5)
    name_rows(axes, list(names))


def title(data: Composition) -> str:
    block, reference = data.blocks.iloc[0], data.references.iloc[0]
    if len(data.blocks) > 1:
        return (
            f"{block['name']} makes up {percent(block['share_between'])} of the difference between segments"
        )
    return (
        f"Segments made from {inline(reference['name'])} alone agree with these at an adjusted Rand index of "
        f"{score_reached(reference['ari'])}"
    )


def alt(data: Composition) -> str:
    blocks = [
        f"{row['name']}: {percent(row['share_between'])} of the variance between segments, "
        f"{percent(row['share_total'])} of all"
        for row in data.blocks.to_dict("records")
    ]
    references = [f"{row['name']} {score_reached(row['ari'])}" for row in data.references.to_dict("records")]
    return (
        f"Bar charts. {'; '.join(blocks)}. Adjusted Rand index of segments from single blocks or features: "
        f"{', '.join(references)}."
    )


def table(data: Composition) -> pd.DataFrame:
    blocks = data.blocks[["name", "share_between", "share_total"]].astype({"share_between": float})
    blocks[["share_between", "share_total"]] *= 100
    of_blocks = ("Share of variance between segments (%)", "Share of all variance (%)")
    blocks = blocks.set_axis(["Features", *of_blocks], axis=1)
    alone = data.references[["name", "ari"]].set_axis(["Features", "Adjusted Rand index alone"], axis=1)
    return blocks.merge(alone, on="Features", how="outer", sort=False)
