"""Practices by segment (rows) and by the cluster another method puts them in (columns), with the same number
of clusters; each column stands below the segment it shares most with. Shade: share of the segment. Practices
off the diagonal are those on which the methods disagree.
"""
# ruff: noqa: D103 - what each function gives is said once, in the docstring of the package

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import FigureBase

from gp_segmentation.figures._registry import NotShown
from gp_segmentation.figures._style import BLUE, Key, compared_keys, text_colour, two_lines, without_frame
from gp_segmentation.schemas import Results

ORDER, LABEL = 47, "Agreement of two methods"
SHADES = LinearSegmentedColormap.from_list("gpseg_share", ["white", BLUE])


@dataclass(frozen=True)
class Agreement:
    """Practices by segment (index) and other method's cluster (columns); the method; adjusted Rand index."""

    keys: list[Key]
    table: pd.DataFrame
    other: str
    ari: float | None

    @property
    def shared(self) -> float:
        """Share of practices on the diagonal."""
        both = [number for number in self.table.index if number in self.table.columns]
        on_diagonal = sum(self.table.loc[number, number] for number in both)
        return float(on_diagonal / self.table.to_numpy().sum())


def data(results: Results) -> Agreement:
    found = results.evidence.get("agreement")
    if not found:
        raise NotShown("The segments were not compared with those of another method in this run.")
    rows = pd.DataFrame(found["table"])
    table = rows.pivot_table(index="segment", columns="other", values="practices", fill_value=0)
    ari = (results.evidence.get("figures") or {}).get("ari_kmeans_hierarchical")
    return Agreement(compared_keys(results.segments), table.astype(int), str(found["other"]), ari)


def size(data: Agreement) -> tuple[float, float]:
    return 4.6 + 0.75 * data.table.shape[1], 1.5 + 0.5 * len(data.table)


def draw(data: Agreement, figure: FigureBase) -> None:
    axes = figure.add_subplot()
    counts = data.table.to_numpy()
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap=SHADES, vmin=0, vmax=1, aspect="auto", interpolation="nearest")
    for i, j in np.ndindex(counts.shape):
        colour = text_colour(SHADES(shares[i, j]))
        axes.text(j, i, f"{counts[i, j]:,}", ha="center", va="center", size=9, color=colour)
    names = {key.number: two_lines(key.text) for key in data.keys}
    axes.set_yticks(range(len(data.table)), [names.get(n, str(n)) for n in data.table.index])
    axes.set_xticks(range(counts.shape[1]), [str(n) for n in data.table.columns])
    axes.xaxis.tick_top()
    axes.xaxis.set_label_position("top")
    axes.set_xlabel(f"Cluster of {data.other}")
    axes.tick_params(length=0)
    without_frame(axes)


def title(data: Agreement) -> str:
    return f"{data.other[:1].upper()}{data.other[1:]} puts {data.shared:.0%} of practices in the same segment"


def alt(data: Agreement) -> str:
    parts = []
    for number, row in data.table.iterrows():
        elsewhere = row.drop(number, errors="ignore")
        kept = int(row.get(number, 0))
        most = f", most others in {elsewhere.idxmax()} ({elsewhere.max():,})" if elsewhere.sum() else ""
        parts.append(f"segment {number}: {kept:,} of {row.sum():,} the same{most}")
    ari = "" if data.ari is None else f" Adjusted Rand index {data.ari:.2f}."
    return f"Table of practices by segment and cluster of {data.other}.{ari} {'; '.join(parts)}."
