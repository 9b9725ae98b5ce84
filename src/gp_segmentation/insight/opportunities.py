"""Additional patients if practices reached what a quarter of their own segment already reaches."""

from __future__ import annotations

import numpy as np
import pandas as pd


def opportunities(
    achievement: pd.DataFrame,
    indicators: pd.DataFrame,
    segments: pd.DataFrame,
    *,
    gross: bool = False,
    min_denominator: int = 20,
) -> pd.DataFrame:
    """Return, per indicator and segment, the additional patients if practices reached the upper quartile.

    With n patients achieved of d eligible, rate r = n / d and target t = the upper quartile of r among
    the practices of the segment with d >= `min_denominator`,

        additional patients = sum over practices of max(0, t - r) d .

    A practice at or above the target adds nothing. Rates are as published, not shrunk: part of the
    gap of a small practice is chance, so the sum is an upper figure.

    Parameters
    ----------
    achievement, indicators, segments : the tables of those schemas.
    gross : count patients with a personalised care adjustment as eligible (d = denominator + pcas).

    Returns
    -------
    indicator_code, description, group_name, segment, segment_name, practices, eligible_patients, rate,
    target, practices_below, additional_patients; most additional patients first.
    """
    rows = _rates(achievement, segments, gross)
    keys = ["indicator_code", "segment"]
    large = rows[rows["eligible"] >= min_denominator]
    target = large.groupby(keys)["rate"].quantile(0.75).rename("target")
    rows = rows.join(target, on=keys).dropna(subset=["target"])
    rows["below"] = rows["rate"] < rows["target"]
    rows["gain"] = (rows["target"] - rows["rate"]).clip(lower=0.0) * rows["eligible"]
    table = rows.groupby(keys, as_index=False).agg(
        segment_name=("segment_name", "first"),
        practices=("rate", "size"),
        eligible_patients=("eligible", "sum"),
        achieved=("numerator", "sum"),
        target=("target", "first"),
        practices_below=("below", "sum"),
        additional_patients=("gain", "sum"),
    )
    table["rate"] = table["achieved"] / table["eligible_patients"]
    table = table.merge(indicators[["indicator_code", "description", "group_name"]], on="indicator_code")
    return _ordered(table)


def _rates(achievement: pd.DataFrame, segments: pd.DataFrame, gross: bool) -> pd.DataFrame:
    """Fitted practices' rows that have a rate: a denominator above zero and a numerator."""
    eligible = achievement["denominator"] + (achievement["pcas"] if gross else 0.0)
    rows = achievement[["practice_code", "indicator_code", "numerator"]].assign(eligible=eligible)
    rows = rows[(rows["eligible"] > 0) & rows["numerator"].notna()]
    rows = rows.assign(rate=rows["numerator"] / rows["eligible"])
    fitted = segments.loc[segments["fitted"], ["practice_code", "segment", "segment_name"]]
    return rows.merge(fitted, on="practice_code")


def _ordered(table: pd.DataFrame) -> pd.DataFrame:
    columns = [
        *("indicator_code", "description", "group_name", "segment", "segment_name", "practices"),
        *("eligible_patients", "rate", "target", "practices_below", "additional_patients"),
    ]
    order = np.lexsort((table["segment"], table["indicator_code"], -table["additional_patients"].round(6)))
    whole = {"practices": "int64", "eligible_patients": "int64", "practices_below": "int64"}
    return table.iloc[order][columns].astype(whole).reset_index(drop=True)
