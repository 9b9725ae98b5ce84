"""The study's trials as lines: one per clusterer and linkage, a score against the number of segments."""

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import cycle
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from gp_segmentation.figures._parts import number_axis
from gp_segmentation.figures._registry import NotShown
from gp_segmentation.figures._style import GREY, LINE_STYLES, MARKERS, SEGMENT_COLOURS, Look
from gp_segmentation.schemas import Results
from gp_segmentation.utils.labels import CLUSTERERS, in_words, titled
from gp_segmentation.utils.rounding import whole_percent
from gp_segmentation.utils.wording import inline, listed

#: Smallest share of practices in a segment, where the choice names no smallest number.
MIN_SHARE = 0.02
#: A trial that puts more than this share of practices into one segment has split off a few outliers: its
#: scores say nothing about segments, and would set the scale of all others.
ONE_SEGMENT = 0.9


@dataclass(frozen=True)
class TrialScores:
    """Trials with ``family`` (a readable name), ``small`` (a segment is smaller than the choice allows) and
    ``lopsided`` (see `ONE_SEGMENT`; never the chosen family), and the family and number that were chosen.
    """

    table: pd.DataFrame
    chosen_family: str
    chosen_k: int

    def of(self, family: str) -> pd.DataFrame:
        """Return the trials of `family` by their number of segments, ascending."""
        return self.table[self.table["family"] == family].set_index("n_clusters", drop=False)

    @property
    def families(self) -> list[str]:
        """The chosen family first, then the others by name."""
        return sorted(set(self.table["family"]), key=lambda f: (f != self.chosen_family, f))

    @property
    def not_drawn(self) -> str:
        """A sentence about the trials that are not drawn, "" where all are."""
        parts = []
        for family in self.families:
            rows = self.of(family)
            left = rows.index[rows["lopsided"]]
            which = "" if len(left) == len(rows) else f" with {listed([str(k) for k in left])} segments"
            name = inline(family) if family.startswith(("Average", "Complete", "Single")) else family
            parts += [f"{name}{which}"] if len(left) else []
        return (
            f"Not drawn: {listed(parts)}; over {whole_percent(ONE_SEGMENT)} of practices are in one segment."
            * bool(parts)
        )


def trial_scores(results: Results) -> TrialScores:
    """Return the scores of trials; raise `NotShown` when no family was tried with two numbers of segments."""
    table = results.trials.assign(family=trial_families(results.trials))
    table = table.sort_values(["family", "n_clusters", "trial"], kind="stable", ignore_index=True)
    table = table.drop_duplicates(["family", "n_clusters"], ignore_index=True)
    if table.groupby("family").size().max() < 2:
        raise NotShown("The number of segments was fixed in advance, so there are no others to compare.")
    choice = results.choice
    smallest_allowed = choice.get("floor") or MIN_SHARE * int(results.segments["fitted"].sum())
    table["small"] = table["smallest_segment"] < smallest_allowed
    lopsided = table["largest_segment"] > ONE_SEGMENT * int(results.segments["fitted"].sum())
    table["lopsided"] = lopsided & (table["family"] != family_name(choice))
    return TrialScores(table, family_name(choice), int(choice["n_clusters"]))


def trial_table(scores: TrialScores, columns: Mapping[str, str]) -> pd.DataFrame:
    """Return Method, Number of segments, `columns` (by their headings), and whether the trial is drawn hollow
    or not at all.
    """
    rows = scores.table
    names = {"family": "Method", "n_clusters": "Number of segments", **columns}
    drawn = pd.Series("yes", rows.index).mask(rows["small"], "a segment is too small")
    return rows[list(names)].rename(columns=names).assign(Drawn=drawn.mask(rows["lopsided"], "no"))


def trial_families(trials: pd.DataFrame) -> list[str]:
    """Return the readable name of every trial's clusterer and linkage."""
    return [family_name(row) for row in trials[["clusterer", "linkage"]].to_dict("records")]


def family_name(row: Mapping[Any, Any]) -> str:
    """Return the readable name of a row's ``clusterer`` and ``linkage``, such as "Ward linkage"."""
    linkage = row.get("linkage")
    if linkage and isinstance(linkage, str):
        return f"{titled(linkage)} linkage"
    return titled(in_words(row["clusterer"], CLUSTERERS))


def draw_lines(axes: Axes, scores: TrialScores, column: str) -> None:
    """Draw one line per family, the chosen one on top; hollow markers where a segment is too small."""
    looks = zip(scores.families, cycle(SEGMENT_COLOURS), cycle(MARKERS), cycle(LINE_STYLES), strict=False)
    for family, colour, marker, style in looks:
        rows = scores.of(family).query("not lopsided")
        if rows.empty:
            continue
        small = rows[rows["small"]]
        chosen = family == scores.chosen_family
        look: Look = {"color": colour, "marker": marker}
        width, zorder, suffix = (3, 4, " (chosen)") if chosen else (1.2, 3, "")
        line: Look = {"linestyle": style, "linewidth": width, "zorder": zorder, "label": f"{family}{suffix}"}
        axes.plot(rows[column], **look, **line)
        axes.plot(small[column], linestyle="none", markerfacecolor="white", zorder=5, **look)
    if (scores.table["small"] & ~scores.table["lopsided"]).any():
        axes.plot([], [], "o", color=GREY, markerfacecolor="white", label="a segment is too small")
    number_axis(axes, scores.chosen_k)


def write_not_drawn(axes: Axes, scores: TrialScores, width: int) -> None:
    """Write below `axes` which trials are not drawn, in lines of `width` letters."""
    if scores.not_drawn:
        axes.set_xlabel(f"{axes.get_xlabel()}\n\n{textwrap.fill(scores.not_drawn, width)}")
