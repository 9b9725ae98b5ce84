"""The last merges of the hierarchical tree of fitted practices. The height of a bar is the distance at which
two groups are joined. Below each branch stand the segment that most of its practices are in, the number of
practices, and the share of them that is in it. The dashed line cuts the tree into as many groups as there are
segments.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import FigureBase
from scipy.cluster.hierarchy import dendrogram, to_tree

from gp_segmentation.figures._parts import RIGHT, WHITE_BOX, note
from gp_segmentation.figures._registry import NotShown
from gp_segmentation.figures._style import ORANGE, Key, Look, compared_keys
from gp_segmentation.schemas import Results
from gp_segmentation.utils.rounding import whole_percent

ORDER, LABEL = 70, "Dendrogram"
#: Branches drawn.
BRANCHES = 20


@dataclass(frozen=True)
class Branches:
    """A truncated tree.

    Attributes
    ----------
    x, height : corners of every merge's bracket, (merges, 4).
    positions, counts : of the branches' feet.
    segment, share : number of the segment most practices of a branch belong to, and their share.
    cut, groups : height of the cut, half-way between two merges, and into how many groups it cuts.
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
    def codes(self) -> list[str]:
        """Code of the segment of each branch."""
        codes = {key.number: key.code for key in self.keys}
        return [codes[number] for number in self.segment]

    @property
    def agreement(self) -> float:
        """Share of practices whose branch is mostly of their own segment."""
        return float((self.share * self.counts).sum() / self.counts.sum())


def data(results: Results) -> Branches:
    merges = results.tree
    fitted = results.segments[results.segments["fitted"]].set_index("practice_code")
    labels = fitted["segment"].reindex(results.matrix.index).dropna().to_numpy("int64")
    if merges is None or len(merges) < 2 or len(merges) + 1 != len(labels):
        raise NotShown("This run has no hierarchical tree of its practices.")
    Z = merges[["left", "right", "height", "count"]].to_numpy(dtype=float)
    shape = dendrogram(Z, p=BRANCHES, truncate_mode="lastp", no_plot=True)
    nodes = to_tree(Z, rd=True)[1]
    branches = [labels[nodes[leaf].pre_order()] for leaf in shape["leaves"]]
    tallies = np.array([np.bincount(branch, minlength=labels.max() + 1) for branch in branches])
    keys = compared_keys(results.segments)
    groups = min(len(keys), len(Z))
    return Branches(
        keys=keys,
        x=np.array(shape["icoord"]),
        height=np.array(shape["dcoord"]),
        positions=5.0 + 10.0 * np.arange(len(branches)),
        counts=tallies.sum(axis=1),
        segment=tallies.argmax(axis=1),
        share=tallies.max(axis=1) / tallies.sum(axis=1),
        cut=float(Z[-groups:, 2][:2].mean()),
        groups=groups,
    )


def size(data: Branches) -> tuple[float, float]:
    lines = sum(key.legend_label().count("\n") + 1 for key in data.keys)
    return 11.0, 5.2 + 0.13 * (lines + 1)


def draw(data: Branches, figure: FigureBase) -> None:
    axes = figure.add_subplot()
    axes.plot(data.x.T, data.height.T, color="#3D3D3D", linewidth=1.3)
    axes.axhline(data.cut, color=ORANGE, linestyle="--", linewidth=1.8)
    cut = {"xycoords": RIGHT, "ha": "right", "size": 10, "weight": "bold", "bbox": WHITE_BOX}
    note(axes, f"cut into {data.groups}", (1, data.cut), (0, 4), **cut)
    floor = -0.035 * data.height.max()
    for key in data.keys:
        x = data.positions[data.segment == key.number]
        foot: Look = {"marker": key.marker, "color": key.colour, "label": key.legend_label()}
        axes.plot(x, np.full(len(x), floor), linestyle="none", markersize=8, clip_on=False, **foot)
    feet = [
        f"{s}\n{n:,}\n{whole_percent(p)}" for n, s, p in zip(data.counts, data.codes, data.share, strict=True)
    ]
    axes.set_xticks(data.positions, feet, size=9, linespacing=1.4)
    axes.tick_params(axis="x", length=0, pad=16)
    axes.set_xlabel("Branches: main segment, practices, share of them in it", labelpad=8)
    axes.set_ylim(bottom=0)
    axes.set_xlim(data.positions[0] - 8, data.positions[-1] + 8)
    axes.set_ylabel("Distance at which groups join")
    figure.legend(loc="outside lower center", ncols=2)


def title(data: Branches) -> str:
    if data.agreement > 0.995:
        return f"Cut into {data.groups}, the hierarchical tree gives the segments shown here"
    share = whole_percent(data.agreement)
    return f"{share} of practices are in a branch of the tree that is mostly their own segment"


def alt(data: Branches) -> str:
    parts = [
        f"{n:,} practices, {whole_percent(p)} of segment {s}"
        for n, s, p in zip(data.counts, data.codes, data.share, strict=True)
    ]
    return f"Dendrogram, cut at a distance of {data.cut:.3g}. Branches from left: {'; '.join(parts)}."


def table(data: Branches) -> pd.DataFrame:
    feet = [(data.x == at) & (data.height == 0) for at in data.positions]
    joined = [float(data.height.max(axis=1)[foot.any(axis=1)].min()) for foot in feet]
    return pd.DataFrame(
        {
            "Branch from left": range(1, len(data.counts) + 1),
            "Practices": data.counts,
            "Segment of most": data.codes,
            "Share in it (%)": 100 * data.share,
            "Joined at distance": joined,
        }
    )
