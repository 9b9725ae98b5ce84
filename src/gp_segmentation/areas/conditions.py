"""Conditions to ask an area's practices about: unusually many of these record fewer or more than expected.

The page of England works out the same in its script, where the reader chooses the area
(report/templates/gaps.js); a test compares the two.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from gp_segmentation.insight.portraits.profiles import wilson_low
from gp_segmentation.utils.intervals import rounded_intervals
from gp_segmentation.utils.wording import visible_name

#: Practices, unusual beside their own segment too, from which on a condition is asked about.
FEWEST = 3
#: Share of practices that chance puts outside a 95% interval, on either side.
BY_CHANCE = 0.025
#: Conditions asked about, either way.
MOST = 2
COLUMNS = [
    *("condition", "group_code", "way", "practices", "patients", "own_practices", "own_patients"),
    *("area_practices", "by_chance", "largest"),
]


def conditions_to_ask(
    expected: pd.DataFrame, groups: pd.DataFrame, segments: pd.DataFrame, codes: Sequence[str]
) -> pd.DataFrame:
    """Return the conditions to ask about, first those of which most practices are unusual.

    A practice counts where its recorded patients lie outside the interval of the expected number; it is
    unusual beside its own segment where they also lie outside that interval times the patients its segment
    records for each expected one. A condition is asked about from `FEWEST` such practices on, where the lower
    end of the 95% interval (Wilson) of their share of the area is above twice what chance gives.

    Parameters
    ----------
    expected, groups : schemas ``expected`` and ``expected_groups`` of all England.
    segments : schema ``segments``. codes : practices of the area; special ones are never asked.

    Returns
    -------
    Table with `COLUMNS`: ``way`` is fewer or more; ``practices`` and ``patients`` are those beside England,
    ``own_practices`` and ``own_patients`` those beside the own segment; ``area_practices`` all of the area,
    ``by_chance`` those that chance alone would put outside, either way; ``largest`` three practices of those
    beside the own segment, the largest gap first, with recorded (expected).
    """
    here = segments[segments["practice_code"].isin(codes)]
    rows = expected.merge(here.loc[here["fitted"], ["practice_code", "practice_name", "segment_code"]])
    rows = rows[~rows["recorded"].between(rows["low"], rows["high"])]
    if rows.empty:
        return pd.DataFrame(columns=COLUMNS)
    shown = rounded_intervals(*rows[["expected", "low", "high"]].to_numpy(dtype=float).T)
    rows = rows.assign(**dict(zip(("expected", "low", "high"), shown, strict=True)))
    ratio = _ratio(rows, groups)
    fewer, recorded = rows["recorded"] < rows["expected"], rows["recorded"]
    rows = rows.assign(
        way=np.where(fewer, "fewer", "more"),
        gap=(recorded - rows["expected"]).abs(),
        own=np.where(fewer, recorded < ratio * rows["low"], recorded > ratio * rows["high"]),
        own_gap=(recorded - ratio * rows["expected"]).abs(),
    )
    names = groups.drop_duplicates("group_code").set_index("group_code")["condition"]
    rows["condition"] = rows["group_code"].map(names)
    kinds = rows.groupby(["way", "condition", "group_code"])
    found = [_condition(some, len(here)) for _, some in kinds]
    return _asked(pd.DataFrame(found, columns=COLUMNS), len(here))


def _ratio(rows: pd.DataFrame, groups: pd.DataFrame) -> np.ndarray:
    """Patients that the segment of each row records for each expected one; 1 where that is not known."""
    known = groups[(groups["level"] == "segment") & (groups["expected"] > 0)]
    known = known.assign(ratio=(known["recorded"] / known["expected"]).round(4))
    key = {"area_code": "segment_code"}
    known = known.rename(columns=key)[["group_code", "segment_code", "ratio"]]
    return rows.merge(known, how="left")["ratio"].fillna(1.0).to_numpy(dtype=float)


def _condition(rows: pd.DataFrame, area: int) -> tuple[object, ...]:
    """What the practices that are outside in one way record of one condition; `area`: all its practices."""
    of = rows.iloc[0]
    own = rows[rows["own"]]
    largest = own.sort_values(["gap", "practice_code"], ascending=[False, True]).head(3)
    text = "; ".join(
        f"{visible_name(row['practice_name'])} {row['recorded']:,.0f} ({row['expected']:,.0f})"
        for row in largest.to_dict("records")
    )
    counts = (len(rows), round(rows["gap"].sum()), len(own), round(own["own_gap"].sum()))
    return (of["condition"], of["group_code"], of["way"], *counts, area, BY_CHANCE * area, text)


def _asked(found: pd.DataFrame, area: int) -> pd.DataFrame:
    """The rows to ask about; the way of which most practices are unusual beside their segment first."""
    own = found["own_practices"].astype(float)
    found = found[(own >= FEWEST) & (wilson_low(own / area, area) > 2 * BY_CHANCE)]
    found = found.sort_values(["own_practices", "patients"], ascending=False, kind="stable")
    some = found.groupby("way", sort=False).head(MOST)
    first = some.groupby("way")["own_practices"].transform("first")
    order = some.assign(first=first).sort_values(["first", "way"], ascending=[False, True], kind="stable")
    return order.drop(columns="first").reset_index(drop=True)
