"""Segments at every number of segments, and how practices move between them as the number grows. Height: mean
of the segment's practices on the first principal component of the clustered matrix. Size of a dot and width
of a band: number of practices. Where bands fork, a segment splits. Where bands cross, practices of several
segments are mixed. More than eight segments are not drawn, unless more were chosen.
"""

from dataclasses import dataclass
from itertools import pairwise

import pandas as pd
from matplotlib.figure import FigureBase

from gp_segmentation.figures._parts import number_axis
from gp_segmentation.figures._registry import NotShown
from gp_segmentation.figures._style import BLUE, ORANGE, compared_keys
from gp_segmentation.schemas import Results

ORDER, LABEL = 48, "Clustergram"
#: Most segments drawn: with more, bands and dots cannot be told apart.
MOST = 8


@dataclass(frozen=True)
class Clustergram:
    """Nodes (k, cluster, practices, position) and flows (k, cluster, next, practices); the chosen k."""

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
    compared_keys(results.segments)
    clustergram = results.evidence.get("clustergram") or {}
    nodes, flows = (pd.DataFrame(clustergram.get(name) or []) for name in ("nodes", "flows"))
    chosen = int(results.choice["n_clusters"])
    drawn = sorted({int(k) for k in nodes.get("k", ()) if k <= max(MOST, chosen)})
    if flows.empty or len(drawn) < 2:
        raise NotShown("Only one number of segments was assessed in this run.")
    # A flow leads to the next number, so that none leads out of the last one drawn.
    return Clustergram(nodes[nodes["k"].isin(drawn)], flows[flows["k"].isin(drawn[:-1])], chosen)


def size(data: Clustergram) -> tuple[float, float]:
    return 9.5, 5.0


def draw(data: Clustergram, figure: FigureBase) -> None:
    axes = figure.add_subplot()
    position = data.nodes.set_index(["k", "cluster"])["position"]
    following = dict(pairwise(sorted(set(data.nodes["k"]))))
    look = {"color": BLUE, "alpha": 0.35, "solid_capstyle": "butt", "zorder": 2}
    for row in data.flows.to_dict("records"):
        ends = (row["k"], row["cluster"]), (following[row["k"]], row["next"])
        width = max(40 * row["practices"] / data.practices, 0.2)
        axes.plot([k for k, _ in ends], [position[end] for end in ends], linewidth=width, **look)
    chosen = data.nodes["k"] == data.chosen
    for nodes, colour in ((data.nodes[~chosen], BLUE), (data.nodes[chosen], ORANGE)):
        sizes = 420 * nodes["practices"] / data.practices + 8
        axes.scatter(nodes["k"], nodes["position"], s=sizes, color=colour, edgecolor="white", zorder=3)
    number_axis(axes, data.chosen)
    axes.set_ylabel("Mean on the first component")


def title(data: Clustergram) -> str:
    ks = sorted(set(data.nodes["k"]))
    before, after = next(pair for pair in pairwise(ks) if pair[0] == data.chosen or pair[1] == ks[-1])
    return (
        f"When {before} segments become {after}, {data.mixed(before):.0%} of practices join a segment that "
        "comes mostly from another"
    )


def alt(data: Clustergram) -> str:
    parts = [f"{k}: {data.mixed(k):.0%}" for k in sorted(set(data.flows["k"]))]
    return (
        "Clustergram: segments by their number and their mean on the first principal component, joined by "
        "bands of practices. Share of practices that join a segment whose practices come mostly from "
        f"another, by the number of segments before: {'; '.join(parts)}."
    )
