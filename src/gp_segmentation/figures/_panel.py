"""The pictures on the page of several years: who went from which segment to which, and measures by year."""

import io
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from gp_segmentation.figures._flow_columns import Column, draw_columns
from gp_segmentation.figures._render import Canvas, round_layout
from gp_segmentation.figures._style import GREY, INK, LINE_STYLES, Key, clean, segment_keys, style

#: Small multiples in a row, and at most so many of them.
ACROSS, MOST = 3, 12
#: Practices of no segment: those that closed (before) or opened (after).
NOWHERE = Key(0, "–", "Closed or opened", "#BFBFBF", "o")


def flow_columns(
    flows: pd.DataFrame, keys: Sequence[Key], periods: Sequence[str]
) -> tuple[list[Column], list[np.ndarray]]:
    """Return what the flow chart draws: practices by segment in every year, and between two years.

    flows : schema ``panel_flows``. A last block holds those that closed or opened, where there are any.
    """
    names = [str(key.number) for key in keys]
    tables = []
    for start in periods[:-1]:
        own = flows[flows["from_period"] == start].replace({"closed": "0", "opened": "0"})
        table = own.pivot_table("practices", "segment_from", "segment_to", aggfunc="sum", fill_value=0)
        tables.append(
            table.reindex(index=[*names, "0"], columns=[*names, "0"], fill_value=0).to_numpy("int64")
        )
    # A year between two others has both: practices that closed before it and that open after it.
    sides = [tables[0].sum(axis=1), *(np.maximum(a.sum(axis=0), b.sum(axis=1)) for a, b in pairwise(tables))]
    blocks = [*sides, tables[-1].sum(axis=0)]
    home = np.arange(len(names) + 1)
    return [Column(period, block, home) for period, block in zip(periods, blocks, strict=True)], tables


def draw_flows(flows: pd.DataFrame, segments: pd.DataFrame, periods: Sequence[str]) -> dict[str, bytes]:
    """Draw the flow chart: ``png`` and ``svg``, the same bytes for the same flows."""
    keys = segment_keys(segments)
    columns, tables = flow_columns(flows, keys, periods)
    every = [*keys, NOWHERE]
    with style():
        figure = _figure(9.6, 5.6)
        draw_columns(figure.add_subplot(), every, columns, tables)
        handles = [Rectangle((0, 0), 1, 1, facecolor=key.colour, label=key.legend_label()) for key in every]
        figure.legend(handles=handles, loc="outside lower center", ncols=2)
        return _pictures(figure)


def largest_changes(trends: pd.DataFrame, periods: Sequence[str]) -> list[str]:
    """Return up to `MOST` features whose means changed most between the first year and the last.

    trends : schema ``panel_trends``. The same practices count, and a change is a share of the first mean.
    """
    means = trends[trends["group"] == "same practices"].pivot_table("mean", ["feature", "segment"], "period")
    change = (means[periods[-1]] / means[periods[0]].where(means[periods[0]] != 0) - 1).abs()
    most = change.groupby(level="feature").max().dropna().sort_values(ascending=False, kind="stable")
    return [str(feature) for feature in most.index[:MOST]]


def draw_trends(trends: pd.DataFrame, segments: pd.DataFrame, periods: Sequence[str]) -> dict[str, bytes]:
    """Draw a small chart of each of `largest_changes`: the same practices by segment, and England."""
    features, keys = largest_changes(trends, periods), segment_keys(segments)
    rows = -(-len(features) // ACROSS)
    same = trends[trends["group"] == "same practices"].set_index(["feature", "segment", "period"])["mean"]
    labels = trends.drop_duplicates("feature").set_index("feature")[["label", "unit"]]
    with style():
        figure = _figure(9.6, 2.3 * rows + 1.2)
        grid = figure.subplots(rows, ACROSS, squeeze=False)
        for axes, feature in zip(grid.flat, features, strict=False):
            for number, key in enumerate(keys):
                look = {"color": key.colour, "marker": key.marker, "markersize": 5}
                line = LINE_STYLES[number % len(LINE_STYLES)]
                values = [same.get((feature, str(key.number), period), np.nan) for period in periods]
                axes.plot(range(len(periods)), values, line, label=key.legend_label(40), **look)
            england = [same.get((feature, "England", period), np.nan) for period in periods]
            axes.plot(range(len(periods)), england, color=INK, linewidth=2.6, label="England")
            axes.set_title(clean(labels.loc[feature, "label"]), size=9, loc="left", wrap=True)
            axes.set_ylabel(labels.loc[feature, "unit"], size=8.5, color=GREY)
            axes.set_xticks(range(len(periods)), periods, size=8.5)
            axes.margins(x=0.15)
        for axes in list(grid.flat)[len(features) :]:
            axes.set_visible(False)
        handles, names = grid.flat[0].get_legend_handles_labels()
        figure.legend(handles, names, loc="outside lower center", ncols=2)
        return _pictures(figure)


def _figure(width: float, height: float) -> Figure:
    figure = Figure(figsize=(width, height))
    Canvas(figure)
    figure.set_layout_engine("constrained", w_pad=0.06, h_pad=0.06)
    return figure


def _pictures(figure: Figure) -> dict[str, bytes]:
    round_layout(figure)
    found = {}
    for ending, about in (("png", {"Software": None}), ("svg", {"Date": None, "Creator": None})):
        buffer = io.BytesIO()
        figure.savefig(buffer, format=ending, metadata=about)
        found[ending] = buffer.getvalue()
    return found
