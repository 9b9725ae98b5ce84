"""Mean silhouette by number of segments (1: practices are far from other segments; 0: on the border; below 0:
nearer to another segment), of the chosen method and, on the right, of the others. Hollow markers: the trial
has a segment smaller than the choice allows, which raises the silhouette but describes few practices. A trial
that puts over 90% of practices into one segment is not drawn. Grey: what K-means reaches on random data
without segments, from the lowest to the highest draw. Same correlations: the fair comparison. Same
correlations and distributions: each column also keeps its own distribution. No correlations: shuffled
columns, so the segments look better than they are.
"""

from dataclasses import dataclass, replace

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import FigureBase
from matplotlib.ticker import MultipleLocator

from gp_segmentation.figures._parts import name_panel
from gp_segmentation.figures._style import GREY
from gp_segmentation.figures._trials import (
    TrialScores,
    draw_lines,
    trial_scores,
    trial_table,
    write_not_drawn,
)
from gp_segmentation.schemas import Results
from gp_segmentation.utils.rounding import score

ORDER, LABEL = 10, "Silhouette by number of segments"
#: Kinds of random data beside those with the same covariance: name and dashes of each.
OTHERS = {
    "copula": ("random: same correlations and distributions", ":"),
    "permutation": ("random: no correlations", "-."),
}
SAME = "random: same correlations"


@dataclass(frozen=True)
class SilhouettesByK:
    """The trials; random data with the same covariance: k, mean, low, high (NaN: not known); other kinds."""

    scores: TrialScores
    null: pd.DataFrame
    others: pd.DataFrame


def data(results: Results) -> SilhouettesByK:
    scores = trial_scores(results)
    columns = ["k", "mean", "low", "high"]
    by_k = pd.DataFrame(results.evidence.get("by_k") or [])
    if {"k", "null_mean", "null_low", "null_high"} <= set(by_k.columns):
        null = by_k[["k", "null_mean", "null_low", "null_high"]]
    else:
        null = scores.of(scores.chosen_family)[["n_clusters", "null_silhouette"]].reset_index(drop=True)
        null = null.assign(low=float("nan"), high=float("nan"))
    null = null.set_axis(columns, axis=1).astype(float).dropna(subset=["mean"])
    others = pd.DataFrame(results.evidence.get("nulls") or [], columns=["kind", *columns])
    others = others[others["kind"].isin(OTHERS)].dropna(subset=["mean"])
    others = others.sort_values(["kind", "k"], ignore_index=True)
    return SilhouettesByK(scores, null.sort_values("k", ignore_index=True), others)


def size(data: SilhouettesByK) -> tuple[float, float]:
    return 11.0, 5.0


def draw(data: SilhouettesByK, figure: FigureBase) -> None:
    scores, family = data.scores, data.scores.chosen_family
    of_chosen = scores.table["family"] == family
    others = not scores.table.loc[~of_chosen, "lopsided"].all()
    left, *right = figure.subplots(1, 1 + others, width_ratios=[1.9, 1][: 1 + others], squeeze=False)[0]
    draw_lines(left, replace(scores, table=scores.table[of_chosen].reset_index(drop=True)), "silhouette")
    _draw_null(data.null, left, SAME, "--")
    for kind, (label, dashes) in OTHERS.items():
        _draw_null(data.others[data.others["kind"] == kind], left, label, dashes)
    name_panel(left, family)
    left.set_ylabel("Mean silhouette")
    handles = dict(zip(*reversed(left.get_legend_handles_labels()), strict=True))
    for axes in right:
        draw_lines(axes, scores, "silhouette")
        name_panel(axes, "Beside other methods")
        handles |= dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
    for axes in (left, *right):
        axes.axhline(0, color="0.4", linewidth=0.8)
        axes.set_ylim(bottom=min(0, axes.get_ylim()[0]))
        axes.yaxis.set_major_locator(MultipleLocator(0.05))
        axes.yaxis.set_major_formatter("{x:.2f}")
    write_not_drawn((right or [left])[-1], scores, 44)
    figure.legend(handles.values(), handles, loc="outside lower center", ncols=3)


def _draw_null(null: pd.DataFrame, axes: Axes, label: str, dashes: str) -> None:
    if len(null):
        low, high, mean = (null[name].astype(float) for name in ("low", "high", "mean"))
        axes.fill_between(null["k"], low, high, color=GREY, alpha=0.25, linewidth=0)
        axes.plot(null["k"], mean, color=GREY, linestyle=dashes, linewidth=2, label=label)


def title(data: SilhouettesByK) -> str:
    family, k = data.scores.chosen_family, data.scores.chosen_k
    silhouette, null = data.scores.of(family)["silhouette"], data.null.set_index("k")["mean"]
    text = f"With {k} segments {family} reaches a silhouette of {score(silhouette[k])}"
    if k in null.index:
        return f"{text}, against {score(null[k])} for random data without segments"
    if silhouette.idxmax() == k:
        return f"{text}, its highest"
    return f"{text}; its highest is {score(silhouette.max())}, with {silhouette.idxmax()}"


def alt(data: SilhouettesByK) -> str:
    parts = []
    for family in data.scores.families:
        known = data.scores.of(family).query("not lopsided")["silhouette"].dropna()
        if len(known):
            last = f"{score(known.iloc[-1])} at {known.index[-1]}"
            parts.append(f"{family}: highest {score(known.max())} at {known.idxmax()}, {last}")
    nulls = {SAME: data.null["mean"]}
    nulls |= {OTHERS[str(kind)][0]: rows["mean"] for kind, rows in data.others.groupby("kind")}
    parts += [
        f"{name}: {score(mean.iloc[0])} to {score(mean.iloc[-1])}"
        for name, mean in nulls.items()
        if len(mean)
    ]
    left = f" {data.scores.not_drawn}" if data.scores.not_drawn else ""
    return f"Line chart of the mean silhouette by number of segments. {'; '.join(parts)}.{left}"


def table(data: SilhouettesByK) -> pd.DataFrame:
    trials = trial_table(data.scores, {"silhouette": "Silhouette"})
    random = pd.concat([data.null.assign(kind=SAME), data.others.assign(kind=data.others["kind"].map(_name))])
    names = {"kind": "Method", "k": "Number of segments", "mean": "Silhouette", "low": "Lowest draw"}
    random = random.astype({"k": int}).rename(columns=names | {"high": "Highest draw"})
    return pd.concat([trials, random], ignore_index=True)


def _name(kind: str) -> str:
    return OTHERS[kind][0]
