"""Why a practice has another segment than in the run: a move, England's shift, noise at a border, the rule.

A practice has a row x in the matrix of the run's year and a row x' in the other year, measured by the same
ruler. Over the m ordinary practices of both years whose figures are not the same,

    s   = mean of x' - x          England's shift, one number per column
    e   = x' - x - s              a practice's own drift
    r, q = nearest centroid of x, and of x' - s: the rule's segment then, and now without England's shift.

Where q is another segment than r, the practice has crossed the plane half-way between the centroids c_r and
c_q by its own drift. Its depth on either side is the distance from that plane,

    h(x) = (|x - c_q|^2 - |x - c_r|^2) / (2 |c_q - c_r|) >= 0,   and the same from c_q's side for x' - s,

and the chance that drift alone carries a practice of depth h across is half the share of the m practices
with |e . u| >= h, where u is the plane's normal. (Half: across is one of two directions. Both directions are
counted together, since a group that truly moved one way would otherwise pass for what is usual that way.)

The classes, the first that holds:

* ``new``: not in the run.
* ``stayed``: has the segment it had.
* ``rule only``: has what the rule, nearest centroid, gave it in the run's year already. Segments that are not
  made of nearest centroids, as hierarchical ones, differ from their rule.
* ``with England``: q is r, or the segment it had: without England's shift it would not have changed.
* ``near a border``: the larger of its two chances, then and now, is above `LEVEL`.
* ``moved``: none of these.

For normal drift of standard deviation d, `LEVEL` = 0.1 asks for a depth of 1.28 d on both sides, hence for a
drift of 2.56 d at least: of the changes that come of noise alone, fewer than 1 in 100 are then called moves.
The price: a true move that starts or ends within 1.28 d of a border is not called one.

With fewer than `FEWEST` such practices nothing is known of drift. England's shift then counts as none, and
``near a border`` is a relative margin (d_q - d_r) / d_q of distances to centroids, then or now, below `NEAR`.
"""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd

from gp_segmentation.clustering import assign_nearest
from gp_segmentation.schemas import CHANGES

NEW, STAYED, RULE, ENGLAND, BORDER, MOVED = CHANGES
#: Chance of crossing by drift alone above which a practice is near a border.
LEVEL = 0.1
#: Practices from which drift is known; margin below which a practice is near a border when it is not.
FEWEST, NEAR = 100, 0.05
#: A practice that drifted no further (in the matrix) has the same figures.
SAME = 1e-8


@dataclass(frozen=True)
class Changes:
    """Why practices changed their segment.

    Attributes
    ----------
    table : practice_code -> change (one of `tables.CHANGES`); run_rule_segment, what the rule gives the
        practice on the figures of the run's year (null where new); drift_chance, the larger of the two
        chances (NaN unless near a border or moved, and drift is known).
    compared : m, practices whose drift was measured.
    shift : England's shift of each column, NaN where m is below `FEWEST`.
    level : chance above which a practice is near a border.
    """

    table: pd.DataFrame
    compared: int
    shift: pd.Series
    level: float

    @property
    def known(self) -> bool:
        """Whether enough practices were compared for drift to be known."""
        return self.compared >= FEWEST


def changes(
    before: pd.DataFrame,
    after: pd.DataFrame,
    centres: pd.DataFrame,
    then: pd.Series,
    now: pd.Series,
    *,
    ordinary: Collection[str],
    level: float = LEVEL,
) -> Changes:
    """Classify every practice of `after` (see the module).

    Parameters
    ----------
    before, after : practice_code -> columns of the matrix, in the run's year and in the other.
    centres : segment -> centroid, the same columns.
    then, now : practice_code -> segment in the run, and segment assigned to the rows of `after`.
    ordinary : codes of practices whose drift counts: fitted in the run, not special in either year.
    level : chance above which a practice is near a border, between 0 and 0.5.
    """
    both = after.index.intersection(before.index).intersection(then.index)
    x, drift = before.loc[both], after.loc[both] - before.loc[both]
    counted = both.isin(list(ordinary)) & (drift.abs().max(axis=1) > SAME).to_numpy()
    known = bool(counted.sum() >= FEWEST)
    shift = drift[counted].mean() if known else pd.Series(np.nan, index=centres.columns)
    own = after.loc[both] - shift.fillna(0.0)
    rule, free = (assign_nearest(rows, centres).labels for rows in (x, own))
    had, has = then.loc[both].to_numpy("int64"), now.loc[both].to_numpy("int64")
    told = np.select([has == had, has == rule, (free == rule) | (free == had)], [STAYED, RULE, ENGLAND], "")
    crossed = np.flatnonzero(told == "")
    start, end = ((part.to_numpy()[crossed], at[crossed]) for part, at in ((x, rule), (own, free)))
    chance = np.full(len(both), np.nan)
    near = np.zeros(len(both), dtype=bool)
    if known:
        chance[crossed] = _chances(start, end, centres, (drift - shift)[counted].to_numpy())
        near = chance > level
    else:
        near[crossed] = _least_margins(start, end, centres) < NEAR
    told = np.where(told == "", np.where(near, BORDER, MOVED), told)
    table = pd.DataFrame(
        {"change": told, "run_rule_segment": pd.array(rule, dtype="Int64"), "drift_chance": chance}, both
    ).reindex(after.index)
    table["change"] = table["change"].fillna(NEW).astype("str")
    return Changes(table, int(counted.sum()), shift, level)


#: Rows of the matrix (n, p), and the segments on whose side they are (n,).
_End = tuple[np.ndarray, np.ndarray]


def _chances(start: _End, end: _End, centres: pd.DataFrame, drift: np.ndarray) -> np.ndarray:
    """Return the larger chance, of then and now, that drift alone carries each row from start to end."""
    pairs = np.column_stack([start[1], end[1]])
    found = np.empty(len(pairs))
    for pair in np.unique(pairs, axis=0):
        mine = (pairs == pair).all(axis=1)
        first, other = centres.loc[list(pair)].to_numpy()
        normal = (other - first) / np.linalg.norm(other - first)
        depths = [np.abs((rows[mine] - (first + other) / 2) @ normal) for rows, _ in (start, end)]
        along = np.sort(np.abs(drift @ normal))
        beyond = len(along) - np.searchsorted(along, np.minimum(*depths))
        found[mine] = beyond / len(along) / 2
    return found


def _least_margins(start: _End, end: _End, centres: pd.DataFrame) -> np.ndarray:
    """Return the smaller margin, of then and now, between the two segments of each row."""
    margins = []
    for (rows, own), (_, other) in ((start, end), (end, start)):
        near, far = (np.linalg.norm(rows - centres.loc[at].to_numpy(), axis=1) for at in (own, other))
        margins.append((far - near) / far)
    return np.minimum(*margins)


def in_words(found: Changes, labels: dict[str, str], spread: pd.Series) -> list[str]:
    """Return how many practices are of each class, and what the classes rest on.

    Parameters
    ----------
    labels : column of the matrix -> its name for people, where it has one.
    spread : standard deviation of each column over the run's fitted practices.
    """
    counts = found.table["change"].value_counts().reindex(CHANGES, fill_value=0)
    other = int(counts[[RULE, ENGLAND, BORDER, MOVED]].sum())
    told = [
        f"{other:,} of {int(counts.sum() - counts[NEW]):,} have another segment than in the run: "
        f"{counts[MOVED]:,} moved, {counts[BORDER]:,} near a border, {counts[ENGLAND]:,} with England, "
        f"{counts[RULE]:,} rule only (column change)."
    ]
    if not found.known:
        return [
            *told,
            f"Only {found.compared:,} ordinary practices can be compared with the run's year (fewer than "
            f"{FEWEST}): how far practices drift is not known, near a border is a margin below {NEAR}.",
        ]
    size = (found.shift / spread.where(spread > 0)).fillna(0.0)
    most = [
        f"{labels.get(str(name), str(name))} {size[name]:+.2f} SD"
        for name in size.abs().sort_values(ascending=False, kind="stable").index[:3]
    ]
    return [
        *told,
        "Near a border: drift alone carries a practice across, from where it was or from where it is, with a "
        f"probability above {found.level:g}. Moved: not so. With England: it would have stayed had England "
        "not shifted. Rule only: nearest centroid would have given it this segment in the run's year.",
        f"Drift is that of {found.compared:,} practices. England's shift was largest in {', '.join(most)}.",
    ]
