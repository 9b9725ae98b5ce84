"""Additional patients for whom an indicator would be met if every practice below the upper quartile of its
own segment reached that quartile. The number in a cell is patients, rounded to what its interval bears. The
darker the cell, the larger their share of the segment's eligible patients. The 15 indicators with most
additional patients are drawn. The comparison is of like with like; it does not judge any practice.
"""

import re
import textwrap
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.colors import Normalize
from matplotlib.figure import FigureBase

from gp_segmentation.figures._parts import RIGHT, colour_bar, heat_map, name_columns, note
from gp_segmentation.figures._registry import NotShown
from gp_segmentation.figures._style import SEQUENTIAL, Key, Look, clean, compared_keys
from gp_segmentation.schemas import Results
from gp_segmentation.utils.intervals import rounded_interval, rounded_intervals
from gp_segmentation.utils.wording import inline, visible_name

ORDER, LABEL = 90, "Opportunities"
SHOWS_ACHIEVEMENT = True
#: Indicators drawn; letters in a line of what one asks for, and lines: the table has longer ones whole.
MAX_INDICATORS, LETTERS, LINES = 15, 78, 6
NEEDED = {"indicator_code", "segment", "eligible_patients", "additional_patients"}


@dataclass(frozen=True)
class OpportunityTable:
    """Indicators (rows, most additional patients first) by segment: additional patients, these as their
    intervals bear them (and their totals), and their share (%) of eligible patients.

    Attributes
    ----------
    labels : topic and code. questions : whose share the indicator is; "" where no description is known.
    """

    keys: list[Key]
    labels: list[str]
    questions: list[str]
    patients: pd.DataFrame
    shown: pd.DataFrame
    totals: list[str]
    share: pd.DataFrame


def data(results: Results) -> OpportunityTable:
    keys = compared_keys(results.segments)
    table = results.opportunities
    if not set(table.columns) >= NEEDED or not len(table):
        raise NotShown("No indicators of achievement were published with this source.")
    patients = _by_segment(table, "additional_patients", keys)
    eligible = _by_segment(table, "eligible_patients", keys)
    order = patients.sum(axis=1).sort_values(ascending=False, kind="stable").index[:MAX_INDICATORS]
    groups = dict(zip(table["indicator_code"], table.get("group_name", table["indicator_code"]), strict=True))
    asks = dict(zip(table["indicator_code"], table.get("description", table["indicator_code"]), strict=True))
    labels = [clean(code if groups[code] in (code, None) else f"{groups[code]} ({code})") for code in order]
    questions = [question(asks[code]) if asks[code] not in (code, None) else "" for code in order]
    share = 100 * patients / eligible.where(eligible > 0)
    patients, half = patients.loc[order], _half_widths(table, keys).reindex(order)
    bounds = (frame.to_numpy() for frame in (patients, patients - half, patients + half))
    shown = patients.copy()
    shown[:] = rounded_intervals(*bounds)[0]
    # Segments have targets of their own, so their errors are independent.
    sums, error = patients.sum(axis=1), np.sqrt((half**2).sum(axis=1, skipna=False))
    totals = [rounded_interval(n, n - e, n + e).number for n, e in zip(sums, error, strict=True)]
    return OpportunityTable(keys, labels, questions, patients, shown, totals, share.loc[order])


def _half_widths(table: pd.DataFrame, keys: list[Key]) -> pd.DataFrame:
    """Half the width of each interval; not known in a run from before there were intervals."""
    low, high = (table.get(name, pd.Series(np.nan, table.index)) for name in ("low", "high"))
    half = table.assign(half=(high - low) / 2)
    half = half.pivot_table(index="indicator_code", columns="segment", values="half", dropna=False)
    return half.reindex(columns=[key.number for key in keys]).set_axis([key.code for key in keys], axis=1)


def question(description: object) -> str:
    """Return the description of an indicator without the words with which all begin.

    >>> question("The percentage of patients with asthma who have had a review")
    'Patients with asthma who have had a review'
    """
    text = re.sub(r"^(The )?percentage of ", "", visible_name(description), flags=re.IGNORECASE)
    return text[:1].upper() + text[1:]


def _by_segment(table: pd.DataFrame, column: str, keys: list[Key]) -> pd.DataFrame:
    """Sums of `column`: indicators by segment."""
    sums = table.pivot_table(index="indicator_code", columns="segment", values=column, aggfunc="sum")
    sums = sums.reindex(columns=[key.number for key in keys]).fillna(0.0)
    return sums.set_axis([key.code for key in keys], axis=1)


def size(data: OpportunityTable) -> tuple[float, float]:
    lines = max(row.count("\n") + 1 for row in _rows(data))
    return 11.6, max(0.52, 0.15 * lines + 0.08) * len(data.labels) + 2.0


def draw(data: OpportunityTable, figure: FigureBase) -> None:
    axes = figure.add_subplot()
    share, counts = data.share.to_numpy(), data.shown.to_numpy()
    norm = Normalize(0, max(1.0, float(np.nanmax(share))))
    image = heat_map(axes, share, SEQUENTIAL, norm, lambda i, j: f"{counts[i, j]:,.0f}", size=8.5, gaps=True)
    axes.set_yticks(range(len(data.labels)), _rows(data))
    axes.tick_params(axis="y", pad=70, labelsize=8)  # room for the totals, beside the cells
    look: Look = {"ha": "right", "va": "center", "size": 9.5, "weight": "bold", "annotation_clip": False}
    for row, text in [(-0.62, "England"), *enumerate(data.totals)]:
        note(axes, text, (0, row), (-8, 0), xycoords=RIGHT, **look)
    width = max(12, int(64 / max(len(data.keys), 4)))
    name_columns(axes, ["\n".join(textwrap.wrap(k.text, width, break_long_words=False)) for k in data.keys])
    label = "Additional patients per 100 eligible"
    colour_bar(figure, image, axes, label, orientation="horizontal", shrink=0.5, aspect=40, pad=0.02)


def _rows(data: OpportunityTable) -> list[str]:
    """Each indicator's topic and code, and below it the whole of what it asks for."""
    return [
        "\n".join([label, *textwrap.wrap(asks, LETTERS, max_lines=LINES, placeholder="…")])
        for label, asks in zip(data.labels, data.questions, strict=True)
    ]


def title(data: OpportunityTable) -> str:
    return f"The largest opportunity: about {data.totals[0]} additional patients on {inline(data.labels[0])}"


def alt(data: OpportunityTable) -> str:
    parts = [
        f"{label}: {total}, most in segment {row.idxmax()} ({row.max():,.0f})"
        for label, total, (_, row) in zip(data.labels, data.totals, data.shown.iterrows(), strict=True)
    ]
    return f"Table of additional patients by indicator and segment. Totals: {'; '.join(parts)}."


def table(data: OpportunityTable) -> pd.DataFrame:
    patients = data.shown.set_axis([f"{code} (additional patients)" for code in data.shown], axis=1)
    share = data.share.set_axis([f"{code} (% of eligible)" for code in data.share], axis=1)
    about = pd.DataFrame({"Indicator": data.labels, "Share of": data.questions}, index=patients.index)
    return pd.concat([about, patients, share], axis=1).reset_index(drop=True)
