"""The study's trials as lines: one per clusterer and linkage, a score against the number of segments."""

from dataclasses import dataclass
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from gp_segmentation.figures._registry import NotShown
from gp_segmentation.figures._style import GREY, LINES, MARKERS, SEGMENT_COLOURS
from gp_segmentation.schemas import Results

NAMES = {
    "kmeans": "K-means",
    "bisecting_kmeans": "Bisecting K-means",
    "bisecting": "Bisecting K-means",
    "gaussian_mixture": "Gaussian mixture",
    "mixture": "Gaussian mixture",
}
#: Segments below this share of practices make a trial's marker hollow, where the choice names no floor.
SMALL = 0.02


@dataclass(frozen=True)
class Lines:
    """Scores by number of segments.

    Attributes
    ----------
    table : trials with ``family`` (a readable name) and ``small`` (its smallest segment is below the floor
        of the choice).
    chosen_family, chosen_k : the choice.
    """

    table: pd.DataFrame
    chosen_family: str
    chosen_k: int

    def of(self, family: str) -> pd.DataFrame:
        return self.table[self.table["family"] == family]

    @property
    def families(self) -> list[str]:
        """The chosen family first, then the others by name."""
        return sorted(dict.fromkeys(self.table["family"]), key=lambda f: (f != self.chosen_family, f))


def lines(results: Results) -> Lines:
    """Return the trials as lines; `NotShown` when no family was tried with two numbers of segments."""
    table = results.trials.copy()
    linkage = table["linkage"].fillna("").astype(str)
    table["family"] = [family_name(c, link) for c, link in zip(table["clusterer"], linkage, strict=True)]
    table = table.sort_values(["family", "n_clusters", "trial"], kind="stable")
    table = table.drop_duplicates(["family", "n_clusters"])
    if table.groupby("family").size().max() < 2:
        raise NotShown("The number of segments was given, so there is nothing to compare it with.")
    choice = results.choice
    floor = choice.get("floor") or SMALL * int(results.segments["fitted"].sum())
    table["small"] = table["smallest_segment"] < floor
    chosen = family_name(str(choice["clusterer"]), str(choice.get("linkage") or ""))
    return Lines(table.reset_index(drop=True), chosen, int(choice["n_clusters"]))


def best(rows: pd.DataFrame, column: str, *, largest: bool = True) -> pd.Series:
    """Return the row with the largest (or smallest) known value of `column`."""
    known = rows.dropna(subset=[column]).sort_values(column, ascending=not largest, kind="stable")
    return known.iloc[0]


def family_name(clusterer: str, linkage: str) -> str:
    """Return the readable name of a clusterer, such as "Ward linkage"."""
    if linkage:
        return f"{linkage.capitalize()} linkage"
    return NAMES.get(clusterer, clusterer.replace("_", " ").capitalize())


def draw_lines(axes: Axes, shown: Lines, column: str) -> None:
    """Draw one line per family, the chosen one on top, hollow where a segment is very small."""
    axes.axvline(shown.chosen_k, color=GREY, linewidth=1, linestyle=(0, (2, 2)), zorder=1)
    for i, family in enumerate(shown.families):
        rows = shown.of(family)
        chosen = family == shown.chosen_family
        style: dict[str, Any] = {
            "color": SEGMENT_COLOURS[i % len(SEGMENT_COLOURS)],
            "linestyle": LINES[i % len(LINES)],
            "linewidth": 2.6 if chosen else 1.5,
            "zorder": 4 if chosen else 3,
        }
        label = f"{family} (chosen)" if chosen else family
        axes.plot(rows["n_clusters"], rows[column], label=label, marker=MARKERS[i % len(MARKERS)], **style)
        hollow = rows[rows["small"]]
        axes.plot(
            hollow["n_clusters"],
            hollow[column],
            linestyle="none",
            marker=MARKERS[i % len(MARKERS)],
            markerfacecolor="white",
            markeredgecolor=style["color"],
            zorder=5,
        )
    if shown.table["small"].any():
        axes.plot([], [], "o", color=GREY, markerfacecolor="white", label="a segment below the floor")
    axes.set_xlabel("Number of segments")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))


def mark_choice(axes: Axes, k: int) -> None:
    """Write which number was chosen beside its dotted line."""
    axes.annotate(
        f"chosen: {k}",
        (k, 1),
        xycoords=("data", "axes fraction"),
        xytext=(4, -2),
        textcoords="offset points",
        va="top",
        size=9.5,
        color=GREY,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
    )
