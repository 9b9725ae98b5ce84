"""Mean silhouette of every trial (1: practices lie far from other segments; 0: on the border; below 0:
nearer to another segment), by number of segments. Hollow markers: a segment is smaller than the choice
allows, which raises the silhouette without describing practices. Grey, where they were drawn: what K-means
reaches on data without segments, between lowest and highest draw. Same covariance: the honest comparison.
Same marginals: skew and lumps of single columns too. Shuffled: correlations destroyed, which flatters.
"""
# ruff: noqa: D103 - what each function gives is said once, in the docstring of the package

from dataclasses import dataclass, replace

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import FigureBase

from gp_segmentation.figures._style import GREY
from gp_segmentation.figures._trials import Lines, best, draw_lines, lines, mark_choice
from gp_segmentation.schemas import Results

ORDER, LABEL = 10, "Silhouette by number of segments"
#: Kinds of null beside the covariance null: how each is called, and its dashes.
OTHERS = {"copula": ("null: same marginals", ":"), "permutation": ("null: shuffled columns", "-.")}


@dataclass(frozen=True)
class Silhouettes:
    """The trials, and the null: k, mean, low, high (NaN where only the mean is known).

    ``others`` are further kinds of null, with ``kind``.
    """

    lines: Lines
    null: pd.DataFrame
    others: pd.DataFrame

    @property
    def chosen(self) -> pd.Series:
        rows = self.lines.of(self.lines.chosen_family)
        return rows[rows["n_clusters"] == self.lines.chosen_k].iloc[0]

    @property
    def null_at_choice(self) -> float | None:
        mean = self.null.loc[self.null["k"] == self.lines.chosen_k, "mean"]
        return float(mean.iloc[0]) if len(mean) else None


def data(results: Results) -> Silhouettes:
    shown = lines(results)
    by_k = pd.DataFrame(results.evidence.get("by_k") or [])
    if {"k", "null_mean", "null_low", "null_high"} <= set(by_k.columns):
        null = by_k[["k", "null_mean", "null_low", "null_high"]]
    else:
        null = shown.of(shown.chosen_family)[["n_clusters", "null_silhouette"]]
        null = null.assign(low=float("nan"), high=float("nan"))
    null = null.set_axis(["k", "mean", "low", "high"], axis=1).astype(float).dropna(subset=["mean"])
    return Silhouettes(shown, null.sort_values("k", ignore_index=True), _others(results))


def _others(results: Results) -> pd.DataFrame:
    columns = ["kind", "k", "mean", "low", "high"]
    rows = pd.DataFrame(results.evidence.get("nulls") or [], columns=None)
    if rows.empty:
        return pd.DataFrame(columns=columns)
    kept = rows[rows["kind"].isin(OTHERS)].dropna(subset=["mean"])
    return kept[columns].sort_values(["kind", "k"], ignore_index=True)


def size(data: Silhouettes) -> tuple[float, float]:
    return 11.0, 5.0


def draw(data: Silhouettes, figure: FigureBase) -> None:
    every, closer = figure.subplots(1, 2)
    one = replace(data.lines, table=data.lines.of(data.lines.chosen_family))
    for axes, shown, what in (
        (every, data.lines, "All trials"),
        (closer, one, f"{data.lines.chosen_family}, closer"),
    ):
        draw_lines(axes, shown, "silhouette")
        _draw_null(data.null, axes, "null: same covariance", "--")
        for kind, (label, dashes) in OTHERS.items():
            _draw_null(data.others[data.others["kind"] == kind], axes, label, dashes)
        axes.axhline(0, color="0.4", linewidth=0.8)
        mark_choice(axes, data.lines.chosen_k)
        axes.set_title(what)
    every.set_ylabel("Mean silhouette")
    handles, labels = every.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4)


def _draw_null(null: pd.DataFrame, axes: Axes, label: str, dashes: str) -> None:
    if len(null):
        low, high, mean = (null[name].astype(float) for name in ("low", "high", "mean"))
        axes.fill_between(null["k"], low, high, color=GREY, alpha=0.25, linewidth=0)
        axes.plot(null["k"], mean, color=GREY, linestyle=dashes, linewidth=2, label=label)


def title(data: Silhouettes) -> str:
    family, k = data.lines.chosen_family, data.lines.chosen_k
    text = f"With {k} segments {family} reaches a silhouette of {data.chosen['silhouette']:.3f}"
    if data.null_at_choice is not None:
        return f"{text}, against {data.null_at_choice:.3f} for data without segments"
    highest = best(data.lines.of(family), "silhouette")
    if int(highest["n_clusters"]) == k:
        return f"{text}, its highest"
    return f"{text}; its highest is {highest['silhouette']:.3f}, with {int(highest['n_clusters'])}"


def alt(data: Silhouettes) -> str:
    parts = []
    for family in data.lines.families:
        rows = data.lines.of(family).dropna(subset=["silhouette"])
        if rows.empty:
            continue
        top, last = best(rows, "silhouette"), rows.iloc[-1]
        parts.append(
            f"{family}: highest {top['silhouette']:.3f} at {int(top['n_clusters'])}, "
            f"{last['silhouette']:.3f} at {int(last['n_clusters'])}"
        )
    if len(data.null):
        parts.append(f"null: {data.null['mean'].iloc[0]:.3f} to {data.null['mean'].iloc[-1]:.3f}")
    for kind, rows in data.others.groupby("kind"):
        parts.append(f"{OTHERS[str(kind)][0]}: {rows['mean'].iloc[0]:.3f} to {rows['mean'].iloc[-1]:.3f}")
    return f"Line chart of the mean silhouette by number of segments. {'; '.join(parts)}."
