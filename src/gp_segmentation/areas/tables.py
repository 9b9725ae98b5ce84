"""The figures of one area beside England's: its practices, its mix of segments, measures, opportunities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import pandas as pd

from gp_segmentation.areas.conditions import conditions_to_ask
from gp_segmentation.areas.membership import Area
from gp_segmentation.insight.portraits.profiles import Z95
from gp_segmentation.schemas import AreaTables, LocalSegments, empty
from gp_segmentation.utils.wording import listed

#: Columns of `AreaTables.practices` that come from the segments.
OF_SEGMENTS = [
    *("practice_code", "practice_name", "pcn_code", "pcn_name", "list_size"),
    *("segment", "segment_code", "segment_name"),
    *("certainty", "membership", "second_segment", "margin", "special"),
]


@dataclass(frozen=True)
class RunTables:
    """What a finished run says of every practice in England.

    Attributes
    ----------
    segments : schema ``segments``, with the practices that have none (segment -1).
    practices : schema ``practices``. natural, dictionary : features in natural units, and what they are.
    opportunities : a row per practice and indicator (insight). indicators : schema ``indicators``.
    peers : practice_code, peer_code, rank. expected, expected_groups : schemas of those names; empty in a run
        from before there were expected numbers. adjusted_for : what these are expected from.
    """

    segments: pd.DataFrame
    practices: pd.DataFrame
    natural: pd.DataFrame
    dictionary: pd.DataFrame
    opportunities: pd.DataFrame
    indicators: pd.DataFrame
    peers: pd.DataFrame
    expected: pd.DataFrame = field(default_factory=partial(empty, "expected"))
    expected_groups: pd.DataFrame = field(default_factory=partial(empty, "expected_groups"))
    adjusted_for: Sequence[str] = ()


def area_tables(run: RunTables, area: Area, local: LocalSegments | None = None) -> AreaTables:
    """Return the tables of one area; those of all areas of a kind add up to England where all are in one.

    Parameters
    ----------
    local : segments of the area's own, which then stand beside the national ones.
    """
    segments = run.segments.set_index("practice_code", drop=False)
    here = segments.index.isin(area.practices)
    opportunities = _opportunities(run, area.practices)
    return AreaTables(
        kind=area.kind,
        code=area.code,
        name=area.name,
        practices=_practices(run, segments[here], opportunities, local),
        mix=_mix(segments, here),
        measures=_measures(run, segments, here),
        profiles=_profiles(run, segments, segments.index[here]),
        opportunities=_by_indicator(run, opportunities),
        practice_opportunities=opportunities,
        neighbours=_neighbours(run, area.practices),
        expected=_expected(run, area),
        practice_expected=_practice_expected(run, area.practices),
        adjusted_for=listed(list(run.adjusted_for)),
        conditions=conditions_to_ask(run.expected, run.expected_groups, run.segments, area.practices),
        local=local,
    )


def _practices(
    run: RunTables, rows: pd.DataFrame, opportunities: pd.DataFrame, local: LocalSegments | None
) -> pd.DataFrame:
    """A row per practice of the area: its segment, how sure that is, and its largest opportunity."""
    codes = dict(zip(run.segments["segment"], run.segments["segment_code"], strict=True))
    table = rows.reindex(columns=OF_SEGMENTS).reset_index(drop=True)  # older runs have no memberships
    table["second_segment_code"] = table.pop("second_segment").map(codes)
    places = run.practices.set_index("practice_code")[["postcode", "longitude", "latitude"]]
    table = table.join(places, on="practice_code")
    first = opportunities[opportunities["additional_patients"] > 0].drop_duplicates("practice_code")
    first = first.set_index("practice_code")[["indicator_code", "additional_patients", "low", "high"]]
    table = table.join(first.add_prefix("first_"), on="practice_code")
    if local is not None:
        table["local_segment"] = table["practice_code"].map(local.labels).astype("Int64")
    return table.sort_values("practice_name", kind="stable", ignore_index=True)


def _mix(segments: pd.DataFrame, here: np.ndarray) -> pd.DataFrame:
    """Practices and patients of the area by segment, beside England's."""
    key = ["segment", "segment_code", "segment_name"]
    england = segments.groupby(key, dropna=False)["list_size"].agg(["size", "sum"])
    own = (
        segments[here]
        .groupby(key, dropna=False)["list_size"]
        .agg(["size", "sum"])
        .reindex(england.index, fill_value=0)
    )
    table = pd.DataFrame(
        {
            "practices": own["size"],
            "share": own["size"] / max(1, own["size"].sum()),
            "patients": own["sum"],
            "share_of_patients": own["sum"] / max(1, own["sum"].sum()),
            "england_practices": england["size"],
            "england_share": england["size"] / england["size"].sum(),
            "england_patients": england["sum"],
        }
    ).reset_index()
    last = table["segment"].where(table["segment"] > 0, table["segment"].max() + 1)
    return table.iloc[np.argsort(last, kind="stable")].reset_index(drop=True)


def _measures(run: RunTables, segments: pd.DataFrame, here: np.ndarray) -> pd.DataFrame:
    """Every measure over the area's practices beside England's, the largest difference first.

    A difference is in standard deviations between England's practices.
    """
    values = run.natural.reindex(segments.index)
    own = values[here]
    spread = values.std(ddof=0)
    table = pd.DataFrame(
        {
            "area_mean": own.mean(),
            "lowest": own.min(),
            "highest": own.max(),
            "england_mean": values.mean(),
            "difference_sd": (own.mean() - values.mean()) / spread.where(spread > 0),
        }
    )
    about = run.dictionary.set_index("feature")[["label", "unit", "block"]]
    table = about.join(table, how="inner").rename_axis("feature").reset_index()
    order = np.argsort(-table["difference_sd"].abs().fillna(-1).to_numpy(), kind="stable")
    return table.iloc[order].reset_index(drop=True)


def _profiles(run: RunTables, segments: pd.DataFrame, codes: pd.Index) -> pd.DataFrame:
    """Every measure of every practice of the area beside the mean of its segment and England's."""
    values = run.natural.reindex(segments.index)
    means = values.groupby(segments["segment"]).mean()
    of_segment = means.reset_index().melt("segment", var_name="feature", value_name="segment_mean")
    long = values.loc[codes].rename_axis("practice_code").reset_index()
    long = long.melt("practice_code", var_name="feature")
    long["segment"] = long["practice_code"].map(segments["segment"])
    long = long.merge(of_segment, on=["segment", "feature"], how="left")
    long["england_mean"] = long["feature"].map(values.mean())
    long = long.join(run.dictionary.set_index("feature")[["label", "unit"]], on="feature")
    long = long.rename(columns={"value": "practice"})
    return long[
        ["practice_code", "segment", "feature", "label", "unit", "practice", "segment_mean", "england_mean"]
    ]


def _opportunities(run: RunTables, codes: Sequence[str]) -> pd.DataFrame:
    """The area's rows of the practices' opportunities."""
    rows = run.opportunities
    own = rows[rows["practice_code"].isin(codes)].reset_index(drop=True)
    later = [name for name in ("peers_rate", "rank", "ranked") if name not in own]  # an older run
    return own.assign(**dict.fromkeys(later, np.nan))


def _by_indicator(run: RunTables, rows: pd.DataFrame) -> pd.DataFrame:
    """Opportunities summed over the area, the most additional patients first.

    The interval takes the practices' own as independent of each other, their targets as given.
    """
    if rows.empty:
        return pd.DataFrame()
    variance = ((rows["high"] - rows["low"]) / (2 * Z95)) ** 2
    weighted = rows.assign(
        wanted=rows["target"] * rows["eligible"],
        below=rows["below"] if "below" in rows else rows["shrunk_rate"] < rows["target"],  # an older run
        variance=variance,
        segment_practices=1,
    )
    table = weighted.groupby("indicator_code").agg(
        practices=("segment_practices", "sum"),
        practices_below=("below", "sum"),
        eligible=("eligible", "sum"),
        numerator=("numerator", "sum"),
        wanted=("wanted", "sum"),
        additional_patients=("additional_patients", "sum"),
        variance=("variance", "sum"),
    )
    england = run.opportunities.groupby("indicator_code")[["numerator", "eligible"]].sum()
    error = Z95 * np.sqrt(table.pop("variance"))
    some = table["eligible"] > 0
    table["rate"] = (table["numerator"] / table["eligible"]).where(some)
    table["target"] = (table.pop("wanted") / table["eligible"]).where(some)
    table["england_rate"] = (england["numerator"] / england["eligible"]).reindex(table.index)
    table["low"] = (table["additional_patients"] - error).clip(lower=0)
    table["high"] = table["additional_patients"] + error
    about = run.indicators.set_index("indicator_code")[["description", "group_name"]]
    table = about.join(table, how="right").reset_index()
    return table.sort_values("additional_patients", ascending=False, kind="stable", ignore_index=True)


def _expected(run: RunTables, area: Area) -> pd.DataFrame:
    """Expected and recorded patients of the area by register, the furthest outside its interval first.

    A group of one's own has no numbers in the run: they are summed up over its reference practices, which the
    interval takes as independent of each other.
    """
    groups = run.expected_groups
    rows = groups[(groups["level"] == area.kind) & (groups["area_code"] == area.code)]
    rows = rows.drop(columns=["level", "area", "area_code"])
    own = run.expected[run.expected["practice_code"].isin(area.practices) & run.expected["reference"]]
    if rows.empty and len(own):
        own = own.assign(practices=1, variance=((own["high"] - own["low"]) / (2 * Z95)) ** 2)
        summed = ["practices", "patients", "recorded", "expected", "difference", "variance"]
        rows = own.groupby("group_code")[summed].sum().reset_index()
        error = Z95 * np.sqrt(rows.pop("variance"))
        rows["low"] = (rows["expected"] - error).clip(lower=0).round().astype("int64")
        rows["high"] = (rows["expected"] + error).round().astype("int64")
        conditions = groups.drop_duplicates("group_code").set_index("group_code")["condition"]
        rows["condition"] = rows["group_code"].map(conditions)
        rows = rows[groups.columns.drop(["level", "area", "area_code"])]
    return _furthest_first(rows)


def _practice_expected(run: RunTables, codes: Sequence[str]) -> pd.DataFrame:
    """The same of every practice of the area, practices by code."""
    rows = _furthest_first(run.expected[run.expected["practice_code"].isin(codes)])
    conditions = run.expected_groups.drop_duplicates("group_code").set_index("group_code")["condition"]
    rows.insert(2, "condition", rows["group_code"].map(conditions))
    return rows.sort_values("practice_code", kind="stable", ignore_index=True)


def _furthest_first(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows by their difference in widths of the interval, the largest first."""
    size = rows["difference"].abs() / (rows["high"] - rows["low"]).clip(lower=1)
    return rows.iloc[np.argsort(-size.to_numpy(), kind="stable")].reset_index(drop=True)


def _neighbours(run: RunTables, codes: Sequence[str], most: int = 3) -> pd.DataFrame:
    """Of every practice of the area, its nearest peers and whether they are in the area."""
    pairs = run.peers[run.peers["practice_code"].isin(codes) & (run.peers["rank"] <= most)]
    names = run.segments.set_index("practice_code")[["practice_name", "icb_code", "icb_name", "segment_code"]]
    table = pairs[["practice_code", "rank", "peer_code"]].join(names.add_prefix("peer_"), on="peer_code")
    table = table.rename(columns={"peer_practice_name": "peer_name"})
    return table.assign(in_area=table["peer_code"].isin(codes)).reset_index(drop=True)
