"""Who went from which segment to which, and how many would by ordinary drift alone.

Between two years a practice with a row x in the matrix has moved to x'. England's shift s and the drifts
e = x' - x - s of the ordinary practices are those of `segments.changes`. By drift alone a practice is next
year at x + e or x - e with e the drift of another practice, drawn at random; the sign is drawn too, so that a
group that truly moved one way does not make its way look usual. Hence

    chance(j)        share of the draws in which the segment nearest to x + e is j
    certainty        chance of the segment that the practice has
    expected(i, j)   sum of chance(j) over the practices of segment i

The drifts contain true moves, too: what is expected is at most what chance does, and a flow above it is more
than drift explains. England's shift is not in it.
"""

from collections.abc import Collection
from itertools import product

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from gp_segmentation.clustering import assign_nearest
from gp_segmentation.panel.through_time import CLOSED, OPENED
from gp_segmentation.segments.changes import ENGLAND, FEWEST, MOVED
from gp_segmentation.segments.model import SAME_FIGURES

COLUMNS = (
    *("segment_from", "segment_to", "practices", "share", "low", "high", "expected"),
    *("moved", "with_england"),
)


def own_drift(before: pd.DataFrame, after: pd.DataFrame, ordinary: Collection[str]) -> pd.DataFrame:
    """Return practice_code -> e, over ordinary practices of both years whose figures differ."""
    both = before.index.intersection(after.index).intersection(list(ordinary))
    drift = after.loc[both] - before.loc[both]
    drift = drift[drift.abs().max(axis=1) > SAME_FIGURES]
    return drift - drift.mean()


def drift_chances(
    matrix: pd.DataFrame, centres: pd.DataFrame, drift: pd.DataFrame, *, draws: int, seed: int
) -> pd.DataFrame:
    """Return practice_code -> chance of each segment next year by drift alone.

    NaN where fewer than `segments.changes.FEWEST` practices drifted: it cannot be estimated then.

    Parameters
    ----------
    matrix : rows of one year. centres : segment -> centroid. drift : from `own_drift`.
    """
    if len(drift) < FEWEST:
        return pd.DataFrame(np.nan, matrix.index, centres.index)
    rng, rows = np.random.default_rng(seed), matrix.to_numpy()
    counts = np.zeros((len(rows), len(centres)))
    for _ in range(draws):
        drawn = drift.to_numpy()[rng.integers(len(drift), size=len(rows))]
        sign = rng.choice([-1.0, 1.0], size=(len(rows), 1))
        labels = assign_nearest(rows + sign * drawn, centres).labels
        counts[np.arange(len(rows)), centres.index.get_indexer(pd.Index(labels))] += 1
    return pd.DataFrame(counts / draws, matrix.index, centres.index)


def certainty(chances: pd.DataFrame, segment: pd.Series) -> pd.Series:
    """Return practice_code -> chance of the segment it has."""
    rows = chances.loc[segment.index].to_numpy()
    columns = chances.columns.get_indexer(pd.Index(segment))
    return pd.Series(rows[np.arange(len(rows)), columns], segment.index)


def flows(before: pd.Series, after: pd.Series, chances: pd.DataFrame, change: pd.Series) -> pd.DataFrame:
    """Count the practices that went from each segment to each, with what drift alone would do.

    Parameters
    ----------
    before, after : practice_code -> segment in the two years. chances : of `before`'s practices.
    change : practice_code -> class of change (`schemas.CHANGES`) of those in both years.

    Returns
    -------
    segment_from, segment_to (numbers as text; opened, closed), practices, share (of the segment's practices
    in both years; of all its practices for those that closed; NaN for those that opened), low and high (95%,
    Wilson), expected (practices by drift alone, NaN for opened and closed), moved and with_england (practices
    of these classes).
    """
    both = before.index.intersection(after.index)
    start, end, why = before[both], after[both], change.reindex(both)
    sums = chances.loc[both].groupby(start).sum(min_count=1)
    rows = []
    for i, j in product(chances.columns, repeat=2):
        there = start == i
        went = why[there & (end == j)]
        expected = sums.loc[i, j] if there.any() else 0.0
        counts = (int((went == MOVED).sum()), int((went == ENGLAND).sum()))
        rows.append((str(i), str(j), *_share(len(went), int(there.sum())), expected, *counts))
    gone, fresh = before.drop(both), after.drop(both)
    for i in chances.columns:
        closed = _share(int((gone == i).sum()), int((before == i).sum()))
        rows.append((str(i), CLOSED, *closed, np.nan, 0, 0))
        rows.append((OPENED, str(i), int((fresh == i).sum()), np.nan, np.nan, np.nan, np.nan, 0, 0))
    return pd.DataFrame(rows, columns=COLUMNS)


def _share(part: int, total: int) -> tuple[int, float, float, float]:
    """Practices, their share, and its 95% interval (Wilson)."""
    if not total:
        return part, np.nan, np.nan, np.nan
    interval = binomtest(part, total).proportion_ci(method="wilson")
    return part, part / total, float(interval.low), float(interval.high)
