"""The last merges of the hierarchical tree of fitted practices: the height of a bar is the distance at
which two groups are joined. Below each branch stand its number of practices and the segment most of
them belong to; the dashed line cuts the tree into as many groups as there are segments.
"""
# ruff: noqa: D103 - what each function gives is said once, in the docstring of the package

from dataclasses import dataclass

import numpy as np
from matplotlib.figure import FigureBase
from scipy.cluster.hierarchy import dendrogram

from gp_segmentation.figures._registry import NotShown
from gp_segmentation.figures._style import GREY, ORANGE, Key, compared_keys, legend_text
from gp_segmentation.schemas import Results

ORDER, LABEL = 70, "Dendrogram"
#: Branches drawn.
BRANCHES = 30


@dataclass(frozen=True)
class Branches:
    """A truncated tree.

    Attributes
    ----------
    x, height : corners of every merge's bracket, (merges, 4).
    positions, counts : of the branches' feet.
    segment, share : the segment most practices of a branch belong to, and their share.
    cut, groups : height of the cut and into how many groups it cuts.
    agreement : share of practices whose branch is mostly of their own segment.
    """

    keys: list[Key]
    x: np.ndarray
    height: np.ndarray
    positions: np.ndarray
    counts: np.ndarray
    segment: np.ndarray
    share: np.ndarray
    cut: float
    groups: int

    @property
    def agreement(self) -> float:
        return float((self.share * self.counts).sum() / self.counts.sum())


def data(results: Results) -> Branches:
    merges = results.tree
    fitted = results.segments[results.segments["fitted"]].set_index("practice_code")
    labels = fitted["segment"].reindex(results.matrix.index).dropna().to_numpy("int64")
    if merges is None or len(merges) < 2 or len(merges) + 1 != len(labels):
        raise NotShown("This run has no hierarchical tree of its practices.")
    Z = merges[["left", "right", "height", "count"]].to_numpy(dtype=float)
    shape = dendrogram(Z, p=BRANCHES, truncate_mode="lastp", no_plot=True)
    branches = [_members(Z, node) for node in shape["leaves"]]
    tallies = [np.bincount(labels[rows], minlength=labels.max() + 1) for rows in branches]
    keys = compared_keys(results.segments)
    groups = min(len(keys), len(Z))
    return Branches(
        keys=keys,
        x=np.array(shape["icoord"]),
        height=np.array(shape["dcoord"]),
        positions=5.0 + 10.0 * np.arange(len(branches)),
        counts=np.array([len(rows) for rows in branches]),
        segment=np.array([t.argmax() for t in tallies]),
        share=np.array([t.max() / t.sum() for t in tallies]),
        cut=_cut(Z[:, 2], groups),
        groups=groups,
    )


def _members(Z: np.ndarray, node: int) -> list[int]:
    """Leaves below `node`; a loop, because a tree can be thousands of merges deep."""
    found, waiting = [], [node]
    while waiting:
        at = waiting.pop()
        if at <= len(Z):
            found.append(at)
        else:
            waiting += [int(Z[at - len(Z) - 1, 0]), int(Z[at - len(Z) - 1, 1])]
    return found


def _cut(heights: np.ndarray, groups: int) -> float:
    """Return a height between the merges before and after which `groups` groups remain."""
    above = heights[-(groups - 1)] if groups > 1 else heights[-1] * 1.05
    return float((above + heights[-groups]) / 2)


def size(data: Branches) -> tuple[float, float]:
    lines = sum(legend_text(key).count("\n") + 1 for key in data.keys)
    return 11.0, 5.2 + 0.13 * (lines + 1)


def draw(data: Branches, figure: FigureBase) -> None:
    axes = figure.add_subplot()
    for x, height in zip(data.x, data.height, strict=True):
        axes.plot(x, height, color="#3D3D3D", linewidth=1.3)
    axes.axhline(data.cut, color=ORANGE, linestyle="--", linewidth=1.8)
    axes.annotate(
        f"cut into {data.groups}",
        (1, data.cut),
        xycoords=("axes fraction", "data"),
        xytext=(0, 4),
        textcoords="offset points",
        ha="right",
        size=10,
        weight="bold",
    )
    floor = -0.035 * data.height.max()
    for key in data.keys:
        mine = data.segment == key.number
        axes.plot(
            data.positions[mine],
            np.full(mine.sum(), floor),
            linestyle="none",
            marker=key.marker,
            color=key.colour,
            markersize=8,
            clip_on=False,
            label=legend_text(key),
        )
    feet = [f"{s}\n{n:,}\n{p:.0%}" for n, s, p in zip(data.counts, data.segment, data.share, strict=True)]
    axes.set_xticks(data.positions, feet, size=8, linespacing=1.35)
    axes.tick_params(axis="x", length=0, pad=16)
    told = "mostly segment\npractices\nof them in it"
    axes.annotate(
        told, (0, 0), xycoords="axes fraction", xytext=(-4, -19), textcoords="offset points", ha="right",
        va="top", size=8, linespacing=1.35, color=GREY,
    )  # fmt: skip
    axes.set_ylim(bottom=0)
    axes.set_xlim(data.positions[0] - 8, data.positions[-1] + 8)
    axes.set_ylabel("Distance at which groups join")
    figure.legend(loc="outside lower center", ncols=2)


def title(data: Branches) -> str:
    if data.agreement > 0.995:
        return f"Cut into {data.groups}, the hierarchical tree gives the segments shown here"
    return f"Branches of the hierarchical tree keep {data.agreement:.0%} of practices with their own segment"


def alt(data: Branches) -> str:
    parts = [
        f"{n:,} practices, {p:.0%} of segment {s}"
        for n, s, p in zip(data.counts, data.segment, data.share, strict=True)
    ]
    return f"Dendrogram, cut at a distance of {data.cut:.3g}. Branches from left: {'; '.join(parts)}."
