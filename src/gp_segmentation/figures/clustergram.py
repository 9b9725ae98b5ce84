"""Segments at every number of segments, and how practices move between them as the number grows. Height: mean
of the segment's practices on the first principal component of the clustered matrix. Size of a dot and width
of a band: number of practices. Where bands fork, a segment splits. Where bands cross, practices of several
segments are mixed. The chosen segments have their colours and codes. More than seven segments are not drawn
unless more were chosen, and no band of less than one practice in a hundred.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from matplotlib.figure import FigureBase

from gp_segmentation.figures._parts import WHITE_BOX, note, number_axis, spread
from gp_segmentation.figures._registry import NotShown
from gp_segmentation.figures._style import BLUE, GREY, Key, Look, compared_keys
from gp_segmentation.schemas import Results
from gp_segmentation.utils.rounding import whole_percent

ORDER, LABEL = 48, "Clustergram"
#: Most segments drawn, and share of practices of the thinnest band: beyond, they cannot be told apart.
MOST, THINNEST = 7, 0.01
#: Height of a code, as a share of the axis.
CODE_HEIGHT = 0.045


@dataclass(frozen=True)
class Clustergram:
    """Nodes (k, cluster, practices, position) and flows (k, cluster, next, practices); the chosen k.

    The clusters of the chosen number are the segments: their number is that of their key.
    """

    keys: list[Key]
    nodes: pd.DataFrame
    flows: pd.DataFrame
    chosen: int

    @property
    def practices(self) -> int:
        return int(self.nodes.loc[self.nodes["k"] == self.nodes["k"].min(), "practices"].sum())

    def mixed(self, k: int) -> float:
        """Share of practices that at the next number join a segment drawn mostly from another than theirs."""
        into = self.flows[self.flows["k"] == k].groupby("next")["practices"]
        return 1 - float(into.max().sum() / into.sum().sum())


def data(results: Results) -> Clustergram:
    keys = compared_keys(results.segments)
    clustergram = results.evidence.get("clustergram") or {}
    nodes, flows = (pd.DataFrame(clustergram.get(name) or []) for name in ("nodes", "flows"))
    chosen = int(results.choice["n_clusters"])
    drawn = sorted({int(k) for k in nodes.get("k", ()) if k <= max(MOST, chosen)})
    if flows.empty or len(drawn) < 2:
        raise NotShown("Only one number of segments was assessed in this run.")
    # A flow leads to the next number, so that none leads out of the last one drawn.
    return Clustergram(keys, nodes[nodes["k"].isin(drawn)], flows[flows["k"].isin(drawn[:-1])], chosen)


def size(data: Clustergram) -> tuple[float, float]:
    return 9.5, 5.0


def draw(data: Clustergram, figure: FigureBase) -> None:
    axes = figure.add_subplot()
    position = data.nodes.set_index(["k", "cluster"])["position"]
    following = dict(pairwise(sorted(set(data.nodes["k"]))))
    look = {"color": BLUE, "alpha": 0.35, "solid_capstyle": "butt", "zorder": 2}
    for row in data.flows[data.flows["practices"] >= THINNEST * data.practices].to_dict("records"):
        ends = (row["k"], row["cluster"]), (following[row["k"]], row["next"])
        width = 40 * row["practices"] / data.practices
        axes.plot([k for k, _ in ends], [position[end] for end in ends], linewidth=width, **look)
    chosen = data.nodes["k"] == data.chosen
    nodes = data.nodes[~chosen]
    axes.scatter(
        nodes["k"], nodes["position"], s=_sizes(data, nodes), color=GREY, edgecolor="white", zorder=3
    )
    keys = {key.number: key for key in data.keys}
    nodes = data.nodes[chosen & data.nodes["cluster"].isin(keys)].sort_values("position", ignore_index=True)
    gap = CODE_HEIGHT * float(np.ptp(data.nodes["position"]))
    for i, height in enumerate(spread(nodes["position"].to_numpy(), gap)):
        node = nodes.iloc[[i]]
        key = keys[int(node["cluster"].iloc[0])]
        at: Look = {"color": key.colour, "marker": key.marker, "edgecolor": "white", "zorder": 4}
        axes.scatter(node["k"], node["position"], s=1.6 * _sizes(data, node), **at)
        text: Look = {"weight": "bold", "size": 9.5, "va": "center", "zorder": 5, "bbox": WHITE_BOX}
        note(axes, key.code, (data.chosen, height), (12, 6), **text)
    number_axis(axes, data.chosen)
    axes.set_ylabel("Mean on the first component")
    axes.spines["bottom"].set_visible(False)


def _sizes(data: Clustergram, nodes: pd.DataFrame) -> pd.Series:
    return 420 * nodes["practices"] / data.practices + 8


def title(data: Clustergram) -> str:
    ks = sorted(set(data.nodes["k"]))
    before, after = next(pair for pair in pairwise(ks) if pair[0] == data.chosen or pair[1] == ks[-1])
    return (
        f"When {before} segments become {after}, {whole_percent(data.mixed(before))} of practices join a "
        "segment that comes mostly from another"
    )


def alt(data: Clustergram) -> str:
    parts = [f"{k}: {whole_percent(data.mixed(k))}" for k in sorted(set(data.flows["k"]))]
    return (
        "Clustergram: segments by their number and their mean on the first principal component, joined by "
        "bands of practices. Share of practices that join a segment whose practices come mostly from "
        f"another, by the number of segments before: {'; '.join(parts)}."
    )


def table(data: Clustergram) -> pd.DataFrame:
    flows = data.flows.rename(columns={"practices": "going"})
    bands = data.nodes.merge(flows, on=["k", "cluster"], how="left")[
        ["k", "cluster", "position", "practices", "next", "going"]
    ]
    bands = bands.astype({"next": "Int64", "going": "Int64"})
    headings = ("Number of segments", "Number of the segment", "Mean on the first component", "Practices")
    return bands.set_axis([*headings, "Segment's number at the next", "Practices that go there"], axis=1)
