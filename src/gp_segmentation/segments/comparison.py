"""Segmentations of the same practices beside each other: how alike they are, and where they differ."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from gp_segmentation.utils.arrays import Ints
from gp_segmentation.validity import adjusted_rand, match_labels


@dataclass(frozen=True)
class Comparison:
    """What comes out.

    Attributes
    ----------
    agreement : (runs, runs), adjusted Rand indices of every two runs, over the practices that have a segment
        in both; NaN where these are fewer than two. 1: the same segments; about 0: alike by chance only.
    contingency : run, segment (of the first run), other (of this run), practices, matched: a row for every
        two segments. A segment is matched with the one it shares most practices with, one to one.
    matching : (runs,), share of the practices with a segment in the first run and this one that are in
        matched segments.
    differing : (practices, runs), bool: which practices a run has in another segment than the one that is
        matched with that of the first run, or in none where the first has, or the other way round.
    """

    agreement: pd.DataFrame
    contingency: pd.DataFrame
    matching: pd.Series
    differing: pd.DataFrame


def compare_segmentations(labels: pd.DataFrame) -> Comparison:
    """Compare every two runs, and every run with the first practice by practice.

    Parameters
    ----------
    labels : (practices, runs), numbers of segments from 1; less where a practice is in none, and missing
        where a run does not have the practice.
    """
    first = labels.iloc[:, 0]
    pairs = {str(run): _pairs(first, labels[run]) for run in labels.columns}
    contingency = pd.concat([pair.assign(run=run) for run, pair in pairs.items()], ignore_index=True)
    return Comparison(
        _agreement(labels),
        contingency[["run", "segment", "other", "practices", "matched"]],
        pd.Series({run: _share_matched(pair) for run, pair in pairs.items()}, dtype=float),
        pd.DataFrame({run: _differs(first, labels[run], pair) for run, pair in pairs.items()}),
    )


def _agreement(labels: pd.DataFrame) -> pd.DataFrame:
    codes = [pd.factorize(labels[run].where(labels[run] > 0))[0] for run in labels.columns]
    values = [[_adjusted_rand(one, other) for other in codes] for one in codes]
    return pd.DataFrame(values, index=labels.columns, columns=labels.columns)


def _adjusted_rand(one: Ints, other: Ints) -> float:
    common = (one >= 0) & (other >= 0)
    return adjusted_rand(one[common], other[common]) if common.sum() > 1 else float("nan")


def _pairs(first: pd.Series, other: pd.Series) -> pd.DataFrame:
    """Count the practices that have a segment in both runs, by every two segments."""
    common = (first > 0) & (other > 0)
    one, two = first[common].astype(int), other[common].astype(int)
    counts = pd.crosstab(one, two).rename_axis(index="segment", columns="other")
    table = counts.reset_index().melt("segment", var_name="other", value_name="practices").astype(int)
    table = table.sort_values(["segment", "other"], ignore_index=True)
    partner = dict(zip(two, match_labels(one, two), strict=True)) if common.any() else {}
    return table.assign(matched=(table["other"].map(partner) == table["segment"]) & (table["practices"] > 0))


def _share_matched(pairs: pd.DataFrame) -> float:
    common = pairs["practices"].sum()
    return float(pairs.loc[pairs["matched"], "practices"].sum() / common) if common else np.nan


def _differs(first: pd.Series, other: pd.Series, pairs: pd.DataFrame) -> pd.Series:
    matched = pairs[pairs["matched"]].set_index("other")["segment"]
    renamed = other.map(matched).fillna(-1).where(other > 0, 0)
    return (renamed != first.where(first > 0, 0)) & first.notna() & other.notna()
