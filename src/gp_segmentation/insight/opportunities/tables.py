"""Opportunities as the tables an analyst takes along: by segment, by place, by practice; top rows first."""

import numpy as np
import pandas as pd

from gp_segmentation.insight.opportunities.additional_patients import Opportunities
from gp_segmentation.insight.opportunities.practice_status import FEW, OPEN

#: Decimals of the table with a row per practice and indicator, which has 300,000 rows.
RATE_DECIMALS, PATIENT_DECIMALS = 5, 2
DESCRIBED = ["indicator_code", "description", "group_name"]


def by_segment(
    found: Opportunities, indicators: pd.DataFrame, segments: pd.DataFrame, sizes: pd.DataFrame
) -> pd.DataFrame:
    """Return a row per indicator and segment, most additional patients first.

    Parameters
    ----------
    sizes : from `groups.sizes`.

    Returns
    -------
    What is summed (``practices`` with eligible patients, eligible_patients, rate, practices_below,
    additional_patients, low, high), the targets, the same against England's target, and whom the segment
    holds: segment_practices = practices + special + without_figure, segment_patients. Per indicator
    the segments add up to England's practices and patients: a segment without any figure has a row of
    zeros, its rate, target and interval not known.
    """
    table = found.totals[found.totals["level"] == "segment"].drop(columns="level")
    table = table.rename(columns={"area": "segment"}).astype({"segment": "int64"})
    table = _every_segment(table, sizes.loc[sizes["segment"] > 0, "segment"])
    targets = found.practices.groupby(["indicator_code", "segment"], as_index=False)[
        ["target", "england_target"]
    ].first()
    table = table.merge(targets, on=["indicator_code", "segment"], how="left")
    of_england = targets.groupby("indicator_code")["england_target"].first()
    table["england_target"] = table["indicator_code"].map(of_england)
    about = sizes[sizes["segment"] > 0][["segment", "practices", "special", "patients"]]
    about = about.set_axis(["segment", "segment_practices", "special", "segment_patients"], axis=1)
    table = table.merge(about, on="segment")
    table["without_figure"] = table["segment_practices"] - table["special"] - table["practices"]
    names = segments.drop_duplicates("segment").set_index("segment")["segment_name"]
    table["segment_name"] = table["segment"].map(names).astype("str")
    first = [*DESCRIBED, "segment", "segment_name", "practices", "eligible_patients", "rate", "target"]
    return _ordered(_described(table, indicators), first)


def _every_segment(table: pd.DataFrame, segments: pd.Series) -> pd.DataFrame:
    """Add the segments in which no practice has an indicator: nobody compared, nothing to gain."""
    every = pd.MultiIndex.from_product(
        [sorted(table["indicator_code"].unique()), segments], names=["indicator_code", "segment"]
    )
    whole = table.set_index(["indicator_code", "segment"]).reindex(every)
    sums = [c for c in whole.columns if c.endswith(("practices", "eligible_patients", "below"))]
    gains = [c for c in whole.columns if c.endswith("additional_patients")]
    filled = whole.fillna(dict.fromkeys([*sums, *gains], 0)).astype(dict.fromkeys(sums, "int64"))
    return filled.reset_index()


def totals(found: Opportunities, indicators: pd.DataFrame) -> pd.DataFrame:
    """Return the sums for England, regions, ICBs, deprivation quintiles and quintiles within segments."""
    table = _described(found.totals[found.totals["level"] != "segment"], indicators)
    order = {level: i for i, level in enumerate(dict.fromkeys(found.totals["level"]))}
    ordered = _ordered(table, ["level", "area", *DESCRIBED])
    place = ordered["level"].map(order).to_numpy()
    return ordered.iloc[np.argsort(place, kind="stable")].reset_index(drop=True)


def with_not_open(table: pd.DataFrame, each: pd.DataFrame) -> pd.DataFrame:
    """Add to `by_segment`'s table what of it is of practices with nobody to speak to.

    Parameters
    ----------
    each : `by_practice`'s table with ``standing`` (`gp_segmentation.insight.opportunities.practice_status`).

    Returns
    -------
    `table` with not_open (of ``practices``, those closed, dormant, not open yet or not listed) and
    not_open_additional_patients (theirs).
    """
    if table.empty:
        return table
    key = ["indicator_code", "segment"]
    theirs = each[~each["standing"].isin([OPEN, FEW])].groupby(key)["additional_patients"]
    index = pd.MultiIndex.from_frame(table[key])
    return table.assign(
        not_open=theirs.size().reindex(index, fill_value=0).to_numpy("int64"),
        not_open_additional_patients=theirs.sum().reindex(index, fill_value=0.0).to_numpy(float),
    )


def by_practice(found: Opportunities) -> pd.DataFrame:
    """Return a row per practice and indicator: practices in order of code, each one's largest first."""
    rates = found.practices.columns[found.practices.columns.str.contains("rate|target")]
    patients = found.practices.columns[found.practices.columns.str.contains("additional|low|high")]
    table = found.practices.assign(
        **{c: found.practices[c].round(RATE_DECIMALS) for c in rates},
        **{c: found.practices[c].round(PATIENT_DECIMALS) for c in patients},
        numerator=found.practices["numerator"].astype("int64"),
        eligible=found.practices["eligible"].astype("int64"),
    )
    order = np.lexsort((table["indicator_code"], -table["additional_patients"], table["practice_code"]))
    return table.iloc[order].reset_index(drop=True)


def _described(table: pd.DataFrame, indicators: pd.DataFrame) -> pd.DataFrame:
    return table.merge(indicators[DESCRIBED], on="indicator_code", how="left")


def _ordered(table: pd.DataFrame, first: list[str]) -> pd.DataFrame:
    last = table["segment"] if "segment" in table else table["area"]
    order = np.lexsort((last, table["indicator_code"], -table["additional_patients"].round(6)))
    return table.iloc[order][[*first, *table.columns.drop(first)]].reset_index(drop=True)
