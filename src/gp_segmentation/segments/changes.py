"""Why a practice has another segment than in the run: it moved, England shifted, chance, or the rule differs.

A practice has a row x in the matrix of the run's year and a row x' in that of the other year; both matrices
are made with the estimates of the run. Over the m ordinary practices whose figures differ between the years,

    s    = mean of x' - x         England's shift, one number per column
    e    = x' - x - s             a practice's own drift
    r, q = segments whose centroids are nearest to x and to x' - s: what the nearest-centroid rule gives in
           the run's year, and what it gives now without England's shift

If q differs from r, the practice's own drift took it across the plane half-way between the centroids c_r and
c_q. Its depth is its distance from that plane, on either side,

    h(x) = (|x - c_q|^2 - |x - c_r|^2) / (2 |c_q - c_r|) >= 0,   and likewise for x' - s from c_q's side.

The chance that drift alone takes a practice of depth h across is half the share of the m practices with
|e . u| >= h, where u is the normal of the plane. Half, because only one of two directions leads across. Both
directions are counted, because otherwise a group that truly moved one way would make such drift look usual.

A practice is in the first class that applies:

* ``new``: not in the run.
* ``stayed``: in the segment it had; or without one, where it had none and its figures are the same.
* ``had no segment``: the run left it without one, as clusterers of dense regions do, and its figures have
  changed since. The rule knows no such practices, so it has the nearest segment now.
* ``rule only``: in the segment that the rule already gave it in the run's year. Segments that are not defined
  by nearest centroids, such as hierarchical ones, can differ from the rule.
* ``with England``: q is r or the segment it had, so it changed only because England shifted.
* ``near a border``: the larger of its chances in the two years is above `BORDER_CHANCE`.
* ``moved``: none of these.

If drift is normal with standard deviation d, `BORDER_CHANCE` = 0.1 requires a depth of 1.28 d on both sides
for a move, hence a drift of at least 2.56 d. Fewer than 1 in 100 changes by chance are then called moves. The
price: true moves that start or end within 1.28 d of a border are missed.

Drift cannot be estimated from fewer than `FEWEST` practices. England's shift is then taken as zero, and a
practice is near a border when its margin (d_q - d_r) / d_q, with d the distances to the centroids, is below
`NEAR` in either year.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from gp_segmentation.clustering import NOISE, assign_nearest
from gp_segmentation.schemas import CHANGES
from gp_segmentation.segments.model import SAME_FIGURES
from gp_segmentation.utils.rounding import signed

NEW, STAYED, HAD_NONE, RULE, ENGLAND, BORDER, MOVED = CHANGES
#: Chance of crossing by drift alone above which a practice is near a border.
BORDER_CHANCE = 0.1
#: Practices needed to estimate drift; margin below which a practice is near a border when there are fewer.
FEWEST, NEAR = 100, 0.05


@dataclass(frozen=True)
class Changes:
    """Why practices changed their segment.

    Attributes
    ----------
    table : practice_code -> change (one of `CHANGES`); run_rule_segment, the segment by nearest centroid in
        the run's year (null where new); drift_chance, the larger of the two chances (NaN unless the
        practice is near a border or moved, and drift is known).
    compared : m, practices whose drift was measured.
    shift : England's shift of each column, NaN where m is below `FEWEST`.
    level : chance above which a practice is near a border.
    """

    table: pd.DataFrame
    compared: int
    shift: pd.Series
    level: float


def classify_changes(
    before: pd.DataFrame,
    after: pd.DataFrame,
    centres: pd.DataFrame,
    run_segment: pd.Series,
    new_segment: pd.Series,
    *,
    ordinary: Collection[str],
    level: float = BORDER_CHANCE,
) -> Changes:
    """Classify every practice of `after` by the formulas and classes of this module.

    Parameters
    ----------
    before, after : practice_code -> columns of the matrix, in the run's year and in the other year.
    centres : segment -> centroid, the same columns.
    run_segment, new_segment : practice_code -> segment in the run, and segment given to the rows of `after`;
        `NOISE` for none.
    ordinary : practices whose drift counts: fitted in the run and special in neither year.
    level : chance above which a practice is near a border, between 0 and 0.5.
    """
    both = after.index.intersection(before.index).intersection(run_segment.index)
    x, drift = before.loc[both], after.loc[both] - before.loc[both]
    counted = both.isin(list(ordinary)) & (drift.abs().max(axis=1) > SAME_FIGURES).to_numpy()
    known = bool(counted.sum() >= FEWEST)
    shift = drift[counted].mean() if known else pd.Series(np.nan, index=centres.columns)
    unshifted = after.loc[both] - shift.fillna(0.0)
    r, q = (assign_nearest(rows, centres).labels for rows in (x, unshifted))
    old, new = run_segment.loc[both].to_numpy("int64"), new_segment.loc[both].to_numpy("int64")
    explained = [new == old, old == NOISE, new == r, (q == r) | (q == old)]
    crossed = np.flatnonzero(~np.any(explained, axis=0))
    sides = [(rows.to_numpy()[crossed], side[crossed]) for rows, side in ((x, r), (unshifted, q))]
    chance, near = np.full(len(both), np.nan), np.zeros(len(both), dtype=bool)
    if known:
        chance[crossed] = _drift_chances(sides, centres, (drift - shift)[counted].to_numpy())
        near = chance > level
    else:
        near[crossed] = _smaller_margins(sides, centres) < NEAR
    change = np.select([*explained, near], [STAYED, HAD_NONE, RULE, ENGLAND, BORDER], MOVED)
    table = pd.DataFrame(
        {"change": change, "run_rule_segment": pd.array(r, dtype="Int64"), "drift_chance": chance}, both
    ).reindex(after.index)
    table["change"] = table["change"].fillna(NEW).astype("str")
    return Changes(table, int(counted.sum()), shift, level)


#: For each of the two years: rows of the matrix (n, p), and the segment on whose side each is (n,).
_Sides = list[tuple[np.ndarray, np.ndarray]]


def _drift_chances(sides: _Sides, centres: pd.DataFrame, drift: np.ndarray) -> np.ndarray:
    """Return for each row the larger of its two chances to cross by drift alone."""
    pairs = np.column_stack([segments for _, segments in sides])
    chances = np.empty(len(pairs))
    for pair in np.unique(pairs, axis=0):
        rows_of_pair = (pairs == pair).all(axis=1)
        first, second = centres.loc[list(pair)].to_numpy()
        normal = (second - first) / np.linalg.norm(second - first)
        depths = [np.abs((rows[rows_of_pair] - (first + second) / 2) @ normal) for rows, _ in sides]
        along = np.sort(np.abs(drift @ normal))
        beyond = len(along) - np.searchsorted(along, np.minimum(*depths))
        chances[rows_of_pair] = beyond / len(along) / 2
    return chances


def _smaller_margins(sides: _Sides, centres: pd.DataFrame) -> np.ndarray:
    """Return for each row the smaller of its margins between its two segments in the two years."""
    margins = []
    for (rows, own), (_, other) in (sides, sides[::-1]):
        near, far = (np.linalg.norm(rows - centres.loc[at].to_numpy(), axis=1) for at in (own, other))
        margins.append((far - near) / far)
    return np.minimum(*margins)


def describe_changes(changes: Changes, labels: Mapping[str, str], spread: pd.Series) -> list[str]:
    """Return sentences with the number of practices in each class and the meaning of the classes.

    Parameters
    ----------
    labels : column of the matrix -> its name for people, where it has one.
    spread : standard deviation of each column over the run's fitted practices.
    """
    counts = changes.table["change"].value_counts().reindex(CHANGES, fill_value=0)
    total = int(counts[[RULE, ENGLAND, BORDER, MOVED]].sum())
    summary = (
        f"{total:,} of {int(counts.sum() - counts[NEW]):,} changed segment since the run: "
        f"{counts[MOVED]:,} moved, {counts[BORDER]:,} near a border, {counts[ENGLAND]:,} with England, "
        f"{counts[RULE]:,} rule only (column change)."
    )
    if counts[HAD_NONE]:
        summary += f" {counts[HAD_NONE]:,} had no segment in the run, and have other figures now."
    if changes.compared < FEWEST:
        return [
            summary,
            f"Only {changes.compared:,} ordinary practices have figures that differ from the run's year; "
            f"estimating drift needs {FEWEST}. Near a border therefore means a margin below {NEAR}.",
        ]
    size = (changes.shift / spread.where(spread > 0)).fillna(0.0)
    largest = [
        f"{labels.get(str(name), str(name))} {signed(size[name])} SD"
        for name in size.abs().sort_values(ascending=False, kind="stable").index[:3]
    ]
    return [
        summary,
        "Near a border: ordinary drift between years takes such a practice across with a probability above "
        f"{changes.level:g}. Moved: this probability is lower. With England: the practice would not have "
        "changed segment if England as a whole had not shifted. Rule only: in the run's year its nearest "
        "centroid was already that of this segment.",
        f"Drift was measured on {changes.compared:,} practices. England's shift was largest in "
        f"{', '.join(largest)}.",
    ]
