"""Opportunities as tables: by segment, by area and by practice, the most additional patients first."""

import numpy as np
import pandas as pd

from gp_segmentation.insight.networks import GROUP_LEVEL, NETWORK_LEVELS, NO_GROUP, NO_NETWORK, names_of
from gp_segmentation.insight.opportunities.additional_patients import Opportunities

#: Decimals of the table with a row per practice and indicator, which has 300,000 rows.
RATE_DECIMALS, PATIENT_DECIMALS = 5, 2
DESCRIPTION = ["indicator_code", "description", "group_name"]
KEY = ["indicator_code", "segment"]
OPEN, NOT_LISTED, NOT_KNOWN, FEW = "open", "not listed", "not known", "few eligible patients"
#: Statuses of the Organisation Data Service in words. Dormant codes are kept for outstanding payments.
WORDS = {"ACTIVE": OPEN, "INACTIVE": "closed", "DORMANT": "dormant", "PROPOSED": "not open yet"}


def by_segment(opportunities: Opportunities, indicators: pd.DataFrame, sizes: pd.DataFrame) -> pd.DataFrame:
    """Return a row per indicator and segment, most additional patients first.

    Parameters
    ----------
    sizes : from `groups.segment_sizes`.

    Returns
    -------
    The sums (``practices`` with eligible patients, eligible_patients, rate, practices_below,
    additional_patients, low, high), the targets, the same against England's target, and the size of the
    segment: segment_practices = practices + special + without_figure, segment_patients. For each indicator
    the segments add up to England. A segment without any figure has a row of zeros; its rate, target and
    interval are missing.
    """
    table = opportunities.totals[opportunities.totals["level"] == "segment"].drop(columns="level")
    table = table.rename(columns={"area": "segment"}).astype({"segment": "int64"})
    sizes = sizes[sizes["segment"] > 0]
    table = _with_every_segment(table, sizes["segment"])
    table = table.merge(opportunities.practices.groupby(KEY)["target"].first(), on=KEY, how="left")
    england_target = opportunities.practices.groupby("indicator_code")["england_target"].first()
    table["england_target"] = table["indicator_code"].map(england_target)
    sizes = sizes.rename(columns={"practices": "segment_practices", "patients": "segment_patients"})
    columns = ["segment", "segment_name", "segment_practices", "special", "segment_patients"]
    table = table.merge(sizes[columns], on="segment")
    table["without_figure"] = table["segment_practices"] - table["special"] - table["practices"]
    first = [*DESCRIPTION, "segment", "segment_name", "practices", "eligible_patients", "rate", "target"]
    return _sorted(_with_description(table, indicators), first)


def _with_every_segment(table: pd.DataFrame, segments: pd.Series) -> pd.DataFrame:
    """Add rows of zeros for segments in which no practice has an indicator."""
    every = pd.MultiIndex.from_product([sorted(table["indicator_code"].unique()), segments], names=KEY)
    table = table.set_index(KEY).reindex(every)
    counts = [c for c in table.columns if c.endswith(("practices", "eligible_patients", "below"))]
    gains = [c for c in table.columns if c.endswith("additional_patients")]
    return table.fillna(dict.fromkeys(counts + gains, 0)).astype(dict.fromkeys(counts, "int64")).reset_index()


def totals(opportunities: Opportunities, indicators: pd.DataFrame) -> pd.DataFrame:
    """Return the sums for England, regions, ICBs, deprivation quintiles and quintiles within segments."""
    level = opportunities.totals["level"]
    elsewhere = level.isin(["segment", *NETWORK_LEVELS]) | level.str.startswith(GROUP_LEVEL)
    return _by_level(opportunities.totals[~elsewhere], indicators, ["level", "area", *DESCRIPTION])


def by_network(
    opportunities: Opportunities, indicators: pd.DataFrame, practices: pd.DataFrame
) -> pd.DataFrame:
    """Return the sums for sub-ICB locations, networks and groups (schema ``opportunities_by_network``).

    Parameters
    ----------
    practices : schema ``practices``, for the names. Areas of `opportunities` are from `network_codes`
        and `own_groups`.
    """
    own = opportunities.totals["level"].str.startswith(GROUP_LEVEL)
    table = opportunities.totals[opportunities.totals["level"].isin(NETWORK_LEVELS) | own]
    nowhere = own[table.index].map({True: NO_GROUP, False: NO_NETWORK})
    table = table.assign(area_code=table["area"].mask(table["area"] == nowhere))
    table = _by_level(table, indicators, ["level", "area", "area_code", *DESCRIPTION])
    own = table["level"].str.startswith(GROUP_LEVEL)
    return table.assign(area=table["area"].where(own, names_of(table["area"], practices)))


def _by_level(table: pd.DataFrame, indicators: pd.DataFrame, first: list[str]) -> pd.DataFrame:
    """Level by level, each with the most additional patients first; the columns `first` before the others."""
    order = {level: i for i, level in enumerate(dict.fromkeys(table["level"]))}
    table = _sorted(_with_description(table, indicators), first)
    return table.sort_values("level", key=lambda level: level.map(order), kind="stable", ignore_index=True)


def count_not_open(table: pd.DataFrame, by_practice: pd.DataFrame) -> pd.DataFrame:
    """Add to `by_segment` the part that falls to practices that are not open.

    Parameters
    ----------
    by_practice : from `by_practice`, with ``standing`` (`practice_status`).

    Returns
    -------
    `table` with not_open (practices that are closed, dormant, not open yet or not listed) and
    not_open_additional_patients.
    """
    not_closed = by_practice["standing"].str.removesuffix(f"; {FEW}").isin([OPEN, NOT_KNOWN, FEW])
    not_open = by_practice[~not_closed].groupby(KEY)["additional_patients"]
    sums = not_open.agg(not_open="size", not_open_additional_patients="sum")
    table = table.merge(sums, on=KEY, how="left")
    return table.fillna(dict.fromkeys(sums, 0)).astype({"not_open": "int64"})


def practice_status(
    rows: pd.DataFrame, organisations: pd.DataFrame, *, min_denominator: float | None = None
) -> pd.Series:
    """Return the status of the practice of every row, such as "closed; few eligible patients".

    The status is one of `WORDS`, "not listed" (the practice is not among the organisations) or, where the
    source has no list of organisations, "not known". `FEW` is
    added where the row has fewer eligible patients than `min_denominator`, and replaces "open".

    Parameters
    ----------
    rows : practice_code, and eligible (patients) where `min_denominator` is given.
    organisations : schema ``organisations``.
    """
    by_code = organisations.set_index("practice_code")["status"].map(WORDS)
    without = NOT_LISTED if by_code.notna().any() else NOT_KNOWN
    status = rows["practice_code"].map(by_code).fillna(without).astype("str").rename("standing")
    if min_denominator is None:
        return status
    few = rows["eligible"] < min_denominator
    return status.mask(few, status.where(status != OPEN, "") + "; " + FEW).str.removeprefix("; ")


def by_practice(opportunities: Opportunities) -> pd.DataFrame:
    """Return a row per practice and indicator: practices by code, each one's largest opportunity first."""
    columns = opportunities.practices.columns
    decimals = dict.fromkeys(columns[columns.str.contains("rate|target")], RATE_DECIMALS)
    decimals |= dict.fromkeys(columns[columns.str.contains("additional|low|high")], PATIENT_DECIMALS)
    table = opportunities.practices.round(decimals).astype({"numerator": "int64", "eligible": "int64"})
    order = np.lexsort((table["indicator_code"], -table["additional_patients"], table["practice_code"]))
    return table.iloc[order].reset_index(drop=True)


def with_peers_and_rank(by_practice: pd.DataFrame, peers: pd.DataFrame) -> pd.DataFrame:
    """Add to `by_practice` what a practice's rate is to be seen beside.

    Parameters
    ----------
    peers : practice_code, peer_code.

    Returns
    -------
    `by_practice` with peers_rate (median rate of those of its peers that have the indicator; missing where
    none has), rank (1: the highest rate of its segment; equal rates share the better rank) and ranked (the
    practices of the segment with the indicator).
    """
    in_segment = by_practice.groupby(["indicator_code", "segment"])["rate"]
    return by_practice.assign(
        peers_rate=np.round(_medians_of_peers(by_practice, peers), RATE_DECIMALS),
        rank=in_segment.rank(method="min", ascending=False).astype("int64"),
        ranked=in_segment.transform("size").astype("int64"),
    )


def _medians_of_peers(rows: pd.DataFrame, peers: pd.DataFrame) -> np.ndarray:
    """The median rate of each row's practice's peers for the row's indicator."""
    practice, practices = pd.factorize(rows["practice_code"])
    indicator, indicators = pd.factorize(rows["indicator_code"])
    rates = np.full((len(practices) + 1, len(indicators)), np.nan)  # the last row: a peer without rates
    rates[practice, indicator] = rows["rate"]
    own, peer = (practices.get_indexer(pd.Index(peers[name])) for name in ("practice_code", "peer_code"))
    place = peers.groupby("practice_code").cumcount().to_numpy()
    of_practice = np.full((len(practices), place.max(initial=0) + 1), -1)
    of_practice[own[own >= 0], place[own >= 0]] = peer[own >= 0]
    found = np.sort(rates[of_practice], axis=1)  # missing ones last
    known = np.isfinite(found).sum(axis=1, keepdims=True)
    middle = [np.take_along_axis(found, np.maximum(at, 0), axis=1) for at in ((known - 1) // 2, known // 2)]
    return ((middle[0] + middle[1]) / 2)[practice, 0, indicator]


def _with_description(table: pd.DataFrame, indicators: pd.DataFrame) -> pd.DataFrame:
    return table.merge(indicators[DESCRIPTION], on="indicator_code", how="left")


def _sorted(table: pd.DataFrame, first: list[str]) -> pd.DataFrame:
    """Most additional patients first; the columns `first` before the others."""
    group = table["segment"] if "segment" in table else table["area"]
    order = np.lexsort((group, table["indicator_code"], -table["additional_patients"].round(6)))
    return table.iloc[order][[*first, *table.columns.drop(first)]].reset_index(drop=True)
