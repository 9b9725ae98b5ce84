"""How well the segments explain measures that were not used to make them, beside groupings made without
clustering: the share of variance between practices (eta squared). It is cross-validated, so that more groups
are no advantage. Whiskers: 95% interval over the folds. On top the mean over the measures that every grouping
can be tested on, below it the ten measures that any grouping explains best.
"""

import textwrap
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import FigureBase

from gp_segmentation.figures._parts import name_rows
from gp_segmentation.figures._registry import NotShown
from gp_segmentation.figures._style import GREY, MARKERS, SEGMENT_COLOURS, Look, clean, compared_keys
from gp_segmentation.schemas import Results
from gp_segmentation.utils.rounding import percent

ORDER, LABEL = 70, "Measures not used to make the segments"
SHOWS_ACHIEVEMENT = True
MAX_MEASURES = 10
NAMES = {
    "segments": "Segments",
    "deprivation": "Deprivation fifths",
    "icb": "Integrated care boards",
    "list_size": "List-size bands",
    "rurality": "Bands of rurality",
}


@dataclass(frozen=True)
class Explained:
    """Means by grouping; rows drawn (measure, label, grouping, cv, cv_low, cv_high); measures meant."""

    means: dict[str, float]
    table: pd.DataFrame
    measures: int


def data(results: Results) -> Explained:
    compared_keys(results.segments)
    external = results.evidence.get("beyond") or {}
    table = pd.DataFrame(external.get("measures") or [])
    if table.empty or table["cv"].isna().all():
        raise NotShown("Every measure was used to make the segments.")
    table = table.dropna(subset=["cv"])
    best = (
        table.groupby("measure")["cv"].max().sort_values(ascending=False, kind="stable").index[:MAX_MEASURES]
    )
    rank = {measure: i for i, measure in enumerate(best)}
    drawn = table[table["measure"].isin(rank)]
    drawn = drawn.sort_values("measure", key=lambda m: m.map(rank), kind="stable", ignore_index=True)
    means = {name: value for name, value in (external.get("means") or {}).items() if value is not None}
    tested = table.groupby("measure")["grouping"].nunique() == table["grouping"].nunique()
    return Explained(means, drawn, int(tested.sum()))


def size(data: Explained) -> tuple[float, float]:
    return 10.0, 1.5 + 0.52 * (data.table["measure"].nunique() + bool(data.means))


def draw(data: Explained, figure: FigureBase) -> None:
    axes = figure.add_subplot()
    groupings = [name for name in NAMES if name in set(data.table["grouping"])]
    labels = list(dict.fromkeys(data.table["label"]))
    first = 1 if data.means else 0
    shifts = np.linspace(-0.27, 0.27, len(groupings))
    for i, (name, shift) in enumerate(zip(groupings, shifts, strict=True)):
        rows = data.table[data.table["grouping"] == name]
        at = rows["label"].map(labels.index).to_numpy(dtype=float) + first + shift
        cv, low, high = rows[["cv", "cv_low", "cv_high"]].to_numpy(dtype=float).T * 100
        look: Look = {"color": SEGMENT_COLOURS[i], "marker": MARKERS[i], "linestyle": "none"}
        whiskers = np.stack([cv - low, high - cv])
        axes.errorbar(cv, at, xerr=whiskers, label=NAMES[name], markersize=6, linewidth=1.2, **look)
        if name in data.means:
            axes.plot(100 * data.means[name], shift, markersize=9, **look)
    names = [f"Mean of {data.measures} measures"] if data.means else []
    names += [textwrap.fill(clean(label), 34, max_lines=2, placeholder="…") for label in labels]
    name_rows(axes, names, size=9)
    axes.set_ylim(len(names) - 0.5, -0.5)
    for line in np.arange(0.5, len(names) - 1):
        axes.axhline(line, color="0.85", linewidth=0.8)
    axes.axvline(0, color=GREY, linewidth=0.8)
    axes.set_xlabel("Share of variance between practices explained (%, cross-validated)")
    figure.legend(loc="outside lower center", ncols=len(groupings))


def title(data: Explained) -> str:
    others = {name: share for name, share in data.means.items() if name != "segments" and name in NAMES}
    if "segments" not in data.means or not others:
        return "How much segments and other groupings explain of measures not used to make them"
    own, best = data.means["segments"], max(others, key=lambda name: others[name])
    what = "of the variance in measures not used to make them"
    if others[best] <= own:
        second = f"{NAMES[best].lower()} {percent(others[best])}"
        return f"Segments explain {percent(own)} {what}; no other grouping explains more ({second})"
    times = others[best] / own if own > 0 else 0
    more = f"{times:.1f} times as much as segments" if times >= 1.05 else "more than segments"
    return f"{NAMES[best]} explain {more} {what}: {percent(others[best])} against {percent(own)}"


def alt(data: Explained) -> str:
    parts = []
    for label, rows in data.table.groupby("label", sort=False):
        pairs = zip(rows["grouping"], rows["cv"], strict=True)
        shares = ", ".join(f"{NAMES.get(str(name), name)} {percent(value)}" for name, value in pairs)
        parts.append(f"{label}: {shares}")
    return f"Dot chart of the share of variance explained, cross-validated. {'; '.join(parts)}."


def table(data: Explained) -> pd.DataFrame:
    drawn = data.table[["label", "grouping", "cv", "cv_low", "cv_high"]].astype({"cv": float})
    means = pd.DataFrame({"grouping": list(data.means), "cv": list(data.means.values())})
    rows = pd.concat(
        [means.assign(label=f"Mean of {data.measures} measure{'s' * (data.measures != 1)}"), drawn],
        ignore_index=True,
    )
    rows = rows[drawn.columns].assign(grouping=rows["grouping"].map(NAMES))
    rows[["cv", "cv_low", "cv_high"]] *= 100
    explained = ["Variance explained (%)", "Lower end of 95% interval", "Upper end"]
    return rows.set_axis(["Measure", "Grouping", *explained], axis=1)
