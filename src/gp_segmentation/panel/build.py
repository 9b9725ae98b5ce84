"""The whole panel: what years share, practices through time, segments by year, flows, trends, other fits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pandas as pd
from sklearn.pipeline import Pipeline

from gp_segmentation.clustering import assign_nearest
from gp_segmentation.features import Block, Selection, Tables
from gp_segmentation.panel.comparable import Year, common_core
from gp_segmentation.panel.fits import FROZEN, OWN, POOLED, Fits, fit_years
from gp_segmentation.panel.flows import certainty, drift_chances, flows, own_drift
from gp_segmentation.panel.placing import Placed, place_years
from gp_segmentation.panel.through_time import (
    CLOSED,
    Followed,
    Successors,
    follow,
    patients_account,
    pool,
    told,
)
from gp_segmentation.panel.trends import trends
from gp_segmentation.schemas import CHANGES, PanelTables
from gp_segmentation.segments.changes import BORDER_CHANCE, classify_changes
from gp_segmentation.utils.arrays import Floats, Ints
from gp_segmentation.utils.rounding import score_reached, whole_percent

NEW, STAYED, _, _, ENGLAND, BORDER, MOVED = CHANGES


@dataclass(frozen=True)
class Run:
    """The finished run that the years are put into.

    Attributes
    ----------
    names : segment -> name. The others as for `segments.assignment.assign_practices`.
    """

    period: str
    model: Pipeline
    blocks: Mapping[str, Block]
    selection: Selection
    tables: Tables
    names: Mapping[int, str]


def build_panel(
    run: Run,
    years: Sequence[Year],
    fit: Callable[[Floats], Ints],
    *,
    same_indicators: Sequence[Sequence[str]] = (),
    successors: Successors | None = None,
    draws: int = 200,
    level: float = BORDER_CHANCE,
    seed: int = 0,
) -> PanelTables:
    """Put two or more years into the segments of a run, and say what moved, what closed and what is noise.

    Parameters
    ----------
    years : that of the run among them. fit : rows -> labels from 0, as the run's clusterer finds them.
    same_indicators : see `comparable`. successors : see `through_time`. draws : see `flows`.
    level : chance of crossing a border by drift alone above which a practice is near it.

    Raises
    ------
    ConfigError, InputError : the years cannot be compared, and what to do.
    """
    years = sorted(years, key=lambda year: year.period)
    common = common_core(years, run.period, same_indicators)
    lists = {year.period: year.tables.practices for year in years}
    followed = follow(lists, successors)
    pooled = {period: pool(tables, followed.units[period]) for period, tables in common.tables.items()}
    placed = place_years(run.model, run.blocks, run.selection, run.tables, pooled)
    steps = _steps(placed, draws=draws, level=level, seed=seed)
    fits = fit_years(placed.matrices, placed.ordinary, steps.segment, fit)
    accounts, said = _accounts(lists, followed)
    sizes = {period: tables.list_size for period, tables in pooled.items()}
    metrics = _metrics(steps, fits, followed, list(lists))
    return PanelTables(
        periods=list(lists),
        segments=_segments(pooled, followed, placed, steps, fits, run.names),
        practices=followed.events,
        account=accounts,
        flows=pd.concat(steps.flows, ignore_index=True),
        trends=trends(placed.natural, sizes, steps.segment, placed.dictionary),
        agreement=fits.agreement,
        returns=fits.returns,
        core=common.core.melt(["part", "item", "used"], var_name="period", value_name="found"),
        warnings=common.warnings,
        findings=[*said, *_findings(list(lists), steps, metrics)],
        notes=[*common.notes, *placed.notes],
        metrics=metrics,
    )


@dataclass(frozen=True)
class _Steps:
    """By period: segment, chances by drift alone; by pair of periods: class of change, flows."""

    segment: dict[str, pd.Series]
    second: dict[str, pd.DataFrame]
    chances: dict[str, pd.DataFrame]
    changes: list[pd.DataFrame]
    flows: list[pd.DataFrame]


def _steps(placed: Placed, *, draws: int, level: float, seed: int) -> _Steps:
    segment, second, chances = {}, {}, {}
    for period, matrix in placed.matrices.items():
        nearest = assign_nearest(matrix, placed.centres)
        segment[period] = pd.Series(nearest.labels, matrix.index)
        second[period] = pd.DataFrame(
            {"second_segment": nearest.second, "margin": nearest.margin}, matrix.index
        )
    changes, tables = [], []
    for start, end in pairwise(placed.matrices):
        before, after = placed.matrices[start], placed.matrices[end]
        ordinary = placed.ordinary[start].intersection(placed.ordinary[end])
        found = classify_changes(
            *(before, after, placed.centres, segment[start], segment[end]), ordinary=ordinary, level=level
        )
        drift = own_drift(before, after, ordinary)
        for period in (start, end):  # of the last year the drift into it, of the others that out of it
            matrix = placed.matrices[period]
            chances[period] = drift_chances(matrix, placed.centres, drift, draws=draws, seed=seed)
        went = flows(segment[start], segment[end], chances[start], found.table["change"])
        tables.append(went.assign(from_period=start, to_period=end))
        changes.append(found.table)
    return _Steps(segment, second, chances, changes, tables)


def _segments(
    pooled: Mapping[str, Tables],
    followed: Followed,
    placed: Placed,
    steps: _Steps,
    fits: Fits,
    names: Mapping[int, str],
) -> pd.DataFrame:
    """Rows of schema ``panel_segments``: every practice in every year."""
    changes = dict(zip(list(pooled)[1:], steps.changes, strict=True))
    parts = []
    for period, tables in pooled.items():
        about = tables.practices.set_index("practice_code")
        segment = steps.segment[period].loc[about.index]
        units = followed.units[period]
        members = pd.Series(units.index, units.to_numpy()).groupby(level=0).agg("; ".join)
        change = changes.get(period)
        nothing = pd.DataFrame({"change": None, "drift_chance": float("nan")}, about.index)
        of_change = (nothing if change is None else change[["change", "drift_chance"]]).loc[about.index]
        other = {
            f"{word}_segment": fits.labels[kind][period].reindex(about.index).astype("Int64")
            for word, kind in (("own", OWN), ("pooled", POOLED))
        }
        table = about[["practice_name", "icb_name", "region_name", "list_size", "special"]].assign(
            period=period,
            pooled=members.loc[about.index].where(members.loc[about.index] != about.index),
            segment=segment,
            segment_name=segment.map(names),
            certainty=certainty(steps.chances[period], segment),
            **steps.second[period].loc[about.index],
            change=of_change["change"].astype("str"),
            drift_chance=of_change["drift_chance"],
            **{name: labels.where(labels > 0) for name, labels in other.items()},
        )
        parts.append(table.reset_index())
    every = pd.concat(parts, ignore_index=True)
    return every.sort_values(["practice_code", "period"], ignore_index=True)


def _accounts(lists: Mapping[str, pd.DataFrame], followed: Followed) -> tuple[pd.DataFrame, list[str]]:
    tables, said = [], []
    for start, end in pairwise(lists):
        own = followed.events.query("from_period == @start and to_period == @end")
        account = patients_account(lists[start], lists[end], own)
        tables.append(account.assign(from_period=start, to_period=end))
        said += told(own, account, (start, end))
    return pd.concat(tables, ignore_index=True), said


def _metrics(steps: _Steps, fits: Fits, followed: Followed, periods: Sequence[str]) -> dict[str, list[float]]:
    names = {FROZEN: "ari_frozen", OWN: "ari_own_fits", POOLED: "ari_pooled_fit"}
    metrics: dict[str, list[float]] = {"share_changed": [], "share_moved": [], "share_by_drift": []}
    metrics |= {name: [] for name in ("share_closed", *names.values())}
    ari = fits.agreement.set_index(["first", "first_period", "second", "second_period"])["ari"]
    for (start, end), table, went in zip(pairwise(periods), steps.changes, steps.flows, strict=True):
        there = table.loc[table["change"] != NEW, "change"]
        elsewhere = went["segment_from"] != went["segment_to"]
        events = followed.events.query("from_period == @start and to_period == @end")
        metrics["share_changed"].append(float((there != STAYED).mean()))
        metrics["share_moved"].append(float((there == MOVED).mean()))
        metrics["share_by_drift"].append(float(went.loc[elsewhere, "expected"].sum(min_count=1) / len(there)))
        metrics["share_closed"].append(float((events["event"] == CLOSED).sum() / len(followed.units[start])))
        for kind, name in names.items():
            metrics[name].append(float(ari[kind, start, kind, end]))
    return metrics


def _findings(periods: Sequence[str], steps: _Steps, metrics: Mapping[str, Any]) -> list[str]:
    found = []
    for number, (start, end) in enumerate(pairwise(periods)):
        count = steps.changes[number]["change"].value_counts()
        total = int(count.sum() - count.get(NEW, 0))
        changed = total - int(count.get(STAYED, 0))
        drift = metrics["share_by_drift"][number]
        alone = (
            "" if drift != drift else f" By ordinary drift alone {whole_percent(drift)} would be elsewhere."
        )
        found += [
            f"{start} to {end}: {changed:,} of {total:,} practices followed have another segment "
            f"({whole_percent(changed / max(total, 1))}).{alone}",
            f"Of these, {int(count.get(MOVED, 0)):,} moved beyond what drift explains, "
            f"{int(count.get(BORDER, 0)):,} are near a border, {int(count.get(ENGLAND, 0)):,} changed with "
            "England as a whole. Practices that closed are not among them.",
            f"Agreement of {start} and {end} (adjusted Rand index, 1: the same): "
            f"{score_reached(metrics['ari_frozen'][number])} in the frozen segments, "
            f"{score_reached(metrics['ari_pooled_fit'][number])} in those of all years together, "
            f"{score_reached(metrics['ari_own_fits'][number])} when each year is segmented by itself.",
        ]
    return found
