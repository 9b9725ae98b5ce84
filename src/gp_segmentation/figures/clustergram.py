"""Where the segments of every number lie, and how practices pass between them as the number grows. Height:
mean of the segment's practices on the first principal component of what was clustered. Size of a dot and
width of a band: practices. Where bands fork cleanly a segment splits; where they cross, segments are mixed
anew.
"""
# ruff: noqa: D103 - what each function gives is said once, in the docstring of the package

from dataclasses import dataclass
from itertools import pairwise

import pandas as pd
from matplotlib.figure import FigureBase
from matplotlib.ticker import MaxNLocator

from gp_segmentation.figures._registry import NotShown
from gp_segmentation.figures._style import BLUE, GREY, ORANGE, compared_keys
from gp_segmentation.figures._trials import mark_choice
from gp_segmentation.schemas import Results

ORDER, LABEL = 48, "Segments across their number"


@dataclass(frozen=True)
class Clustergram:
    """Nodes (k, cluster, practices, position) and flows (k, cluster, next, practices); the chosen k."""

    nodes: pd.DataFrame
    flows: pd.DataFrame
    chosen: int

    @property
    def practices(self) -> int:
        return int(self.nodes.loc[self.nodes["k"] == self.nodes["k"].min(), "practices"].sum())

    def kept(self, k: int) -> float:
        """Share of practices whose segment at the next number draws mostly on the one they had at k."""
        into = self.flows[self.flows["k"] == k].groupby("next")["practices"]
        return float(into.max().sum() / into.sum().sum())


def data(results: Results) -> Clustergram:
    compared_keys(results.segments)
    found = results.evidence.get("clustergram") or {}
    nodes, flows = pd.DataFrame(found.get("nodes") or []), pd.DataFrame(found.get("flows") or [])
    if flows.empty:
        raise NotShown("Only one number of segments was assessed in this run.")
    return Clustergram(nodes, flows, int(results.choice["n_clusters"]))


def size(data: Clustergram) -> tuple[float, float]:
    return 9.5, 5.0


def draw(data: Clustergram, figure: FigureBase) -> None:
    axes = figure.add_subplot()
    place = {(row["k"], row["cluster"]): row["position"] for row in data.nodes.to_dict("records")}
    following = dict(pairwise(sorted(set(data.nodes["k"]))))
    for row in data.flows.to_dict("records"):
        share, k, after = row["practices"] / data.practices, row["k"], following[row["k"]]
        axes.plot(
            [k, after],
            [place[k, row["cluster"]], place[after, row["next"]]],
            color=BLUE,
            alpha=0.35,
            linewidth=max(40 * share, 0.2),
            solid_capstyle="butt",
            zorder=2,
        )
    chosen = data.nodes["k"] == data.chosen
    for nodes, colour in ((data.nodes[~chosen], BLUE), (data.nodes[chosen], ORANGE)):
        sizes = 420 * nodes["practices"] / data.practices + 8
        axes.scatter(nodes["k"], nodes["position"], s=sizes, color=colour, edgecolor="white", zorder=3)
    axes.axvline(data.chosen, color=GREY, linewidth=1, linestyle=(0, (2, 2)), zorder=1)
    mark_choice(axes, data.chosen)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set(xlabel="Number of segments", ylabel="Mean on the first component")


def title(data: Clustergram) -> str:
    ks = sorted(set(data.nodes["k"]))
    k = data.chosen if data.chosen in ks[:-1] else ks[-2]
    after = ks[ks.index(k) + 1]
    return f"When {k} segments become {after}, {1 - data.kept(k):.0%} of practices are mixed anew"


def alt(data: Clustergram) -> str:
    parts = [f"{k}: {1 - data.kept(k):.0%}" for k in sorted(set(data.flows["k"]))]
    return (
        "Clustergram: segments by their number and their mean on the first principal component, joined by "
        "bands of practices. Share of practices that are mixed anew (do not come from the main source of "
        f"their new segment), by the number of segments before: {'; '.join(parts)}."
    )
