"""Use beyond what built them: the share of variance (eta squared) in measures that took no part in making the
segments, explained by the segments and by groupings made without clustering. The share is cross-validated,
so that more groups are no advantage; whiskers: 95% interval over its ten parts. On top the mean over all
measures, below it the measures that any grouping explains best.
"""
# ruff: noqa: D103 - what each function gives is said once, in the docstring of the package

import textwrap
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import FigureBase

from gp_segmentation.figures._registry import NotShown
from gp_segmentation.figures._style import GREY, MARKERS, SEGMENT_COLOURS, clean, compared_keys
from gp_segmentation.schemas import Results

ORDER, LABEL = 70, "What the segments explain beyond what built them"
MOST = 10
NAMES = {
    "segments": "Segments",
    "deprivation": "Deprivation fifths",
    "icb": "Integrated care boards",
    "list_size": "List-size bands",
    "rurality": "Rurality",
}


@dataclass(frozen=True)
class Beyond:
    """Means by grouping; what is shown (measure, label, grouping, cv, cv_low, cv_high); measures in all."""

    means: dict[str, float]
    table: pd.DataFrame
    measures: int


def data(results: Results) -> Beyond:
    compared_keys(results.segments)
    found = results.evidence.get("beyond") or {}
    table = pd.DataFrame(found.get("measures") or [])
    if table.empty or table["cv"].isna().all():
        raise NotShown("There is no measure that took no part in making the segments.")
    table = table.dropna(subset=["cv"])
    best = table.groupby("measure")["cv"].max().sort_values(ascending=False, kind="stable").index[:MOST]
    shown = table[table["measure"].isin(best)].assign(rank=lambda t: t["measure"].map(list(best).index))
    shown = shown.sort_values("rank", kind="stable", ignore_index=True)
    means = {name: value for name, value in (found.get("means") or {}).items() if value is not None}
    return Beyond(means, shown, int(table["measure"].nunique()))


def size(data: Beyond) -> tuple[float, float]:
    return 10.0, 1.5 + 0.52 * (data.table["measure"].nunique() + bool(data.means))


def draw(data: Beyond, figure: FigureBase) -> None:
    axes = figure.add_subplot()
    groupings = [name for name in NAMES if name in set(data.table["grouping"])]
    labels = list(dict.fromkeys(data.table["label"]))
    first = 1 if data.means else 0
    spread = np.linspace(-0.27, 0.27, len(groupings))
    for i, name in enumerate(groupings):
        rows = data.table[data.table["grouping"] == name]
        at = rows["label"].map(labels.index).to_numpy(dtype=float) + first + spread[i]
        values = rows[["cv", "cv_low", "cv_high"]].to_numpy(dtype=float) * 100
        look = {"color": SEGMENT_COLOURS[i], "marker": MARKERS[i], "linestyle": "none"}
        whiskers = np.stack([values[:, 0] - values[:, 1], values[:, 2] - values[:, 0]])
        axes.errorbar(values[:, 0], at, xerr=whiskers, label=NAMES[name], markersize=6, linewidth=1.2, **look)
        if name in data.means:
            axes.plot(100 * data.means[name], spread[i], markersize=9, **look)
    means = [f"Mean of all {data.measures} measures"] if data.means else []
    texts = [textwrap.fill(clean(label), 34, max_lines=2, placeholder="…") for label in labels]
    axes.set_yticks(range(len(texts) + first), means + texts, size=9)
    axes.set_ylim(len(texts) + first - 0.5, -0.5)
    for line in np.arange(0.5, len(texts) + first - 1):
        axes.axhline(line, color="0.85", linewidth=0.8)
    axes.axvline(0, color=GREY, linewidth=0.8)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
    axes.set_xlabel("Share of variance between practices explained, cross-validated, %")
    figure.legend(loc="outside lower center", ncols=len(groupings))


def title(data: Beyond) -> str:
    if not data.means or "segments" not in data.means:
        return "What segments and other groupings explain of measures that built neither"
    own = data.means["segments"]
    others = {NAMES[n].lower(): v for n, v in data.means.items() if n != "segments" and n in NAMES}
    told = ", ".join(f"{name} {value:.1%}" for name, value in others.items())
    return f"Of measures not used, the segments explain {own:.1%} on average ({told})"


def alt(data: Beyond) -> str:
    parts = []
    for label, rows in data.table.groupby("label", sort=False):
        pairs = zip(rows["grouping"], rows["cv"], strict=True)
        told = ", ".join(f"{NAMES.get(str(name), name)} {value:.1%}" for name, value in pairs)
        parts.append(f"{label}: {told}")
    return f"Dot chart of the share of variance explained, cross-validated. {'; '.join(parts)}."
