"""Three nested groupings of the same rows: their codes, their table, and the groups of new rows."""

from dataclasses import dataclass
from string import ascii_lowercase, ascii_uppercase, digits

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.spatial.distance import cdist

from gp_segmentation.clustering.partition import canonical_order, centroids
from gp_segmentation.utils.arrays import Floats, Ints

#: From coarse to fine.
LEVELS = ("supergroup", "segment", "subgroup")


@dataclass(frozen=True)
class Levels:
    """Three nested groupings of n rows.

    Codes are ``A``, ``B`` for supergroups, ``A1``, ``A2`` for the segments of A, ``A1a``, ``A1b`` for the
    subgroups of A1, each by descending number of rows, of equal ones the one with the first row first.
    After ``Z`` comes ``AA``.

    Attributes
    ----------
    supergroup, segment, subgroup : (n,) group of each row, 0-based in the order of `nodes`.
    codes : frame with a column per level and the index of the rows.
    nodes : frame level, code, parent (a code; missing for supergroups), rows, within (sum of squared
        distances to the mean); level by level, the children of one parent together.
    centroids : frame code -> mean of the rows, in the order of `nodes`. All that `assign_levels` needs.
    """

    supergroup: Ints
    segment: Ints
    subgroup: Ints
    codes: pd.DataFrame
    nodes: pd.DataFrame
    centroids: pd.DataFrame


def describe_levels(frame: pd.DataFrame, supergroup: Ints, segment: Ints, subgroup: Ints) -> Levels:
    """Number, name and describe nested groups of the rows of `frame`, given as (n,) labels of any numbers.

    Of groups with as many rows, the one with the first row of `frame` comes first.
    """
    values, n = frame.to_numpy(np.float64), len(frame)
    above, names = np.zeros(n, dtype=np.int64), np.array([""], dtype=object)
    numbers, codes, tables, means = {}, {}, [], []
    for level, labels in zip(LEVELS, (supergroup, segment, subgroup), strict=True):
        pair = above * n + canonical_order(labels) - 1
        _, first, number = np.unique(pair, return_index=True, return_inverse=True)
        parent = above[first]
        place = np.arange(len(first)) - np.searchsorted(parent, parent)
        parents = names[parent]
        names = np.array(
            [above_it + _symbol(level, i) for above_it, i in zip(parents, place, strict=True)], object
        )
        centres = centroids(frame, number).set_axis(pd.Index(names, name="code", dtype="str"))
        squares = np.square(values - centres.to_numpy()[number]).sum(axis=1)
        table = {
            "level": level,
            "code": names,
            "parent": parents if level != LEVELS[0] else None,
            "rows": np.bincount(number),
            "within": np.bincount(number, weights=squares),
        }
        tables.append(pd.DataFrame(table).astype(dict.fromkeys(("level", "code", "parent"), "str")))
        means.append(centres)
        above = numbers[level] = number
        codes[level] = names[number]
    return Levels(
        **numbers,
        codes=pd.DataFrame(codes, index=frame.index, dtype="str"),
        nodes=pd.concat(tables, ignore_index=True),
        centroids=pd.concat(means),
    )


def assign_levels(
    X: pd.DataFrame | ArrayLike, centres: pd.DataFrame, segments: ArrayLike | None = None
) -> pd.DataFrame:
    """Give every row a group at each level: frame of codes with a column per level and the index of `X`.

    The segment is that of the nearest centroid unless given, the subgroup that of the nearest centroid among
    the segment's own, the supergroup the segment's parent.

    Parameters
    ----------
    centres : code -> centroid of every group, see `Levels`.
    segments : (n,) codes of segments that are known, as ``A1``.

    Raises
    ------
    ValueError : a segment without subgroups in `centres`.
    """
    frame = X[centres.columns] if isinstance(X, pd.DataFrame) else pd.DataFrame(np.asarray(X))
    rows, points = frame.to_numpy(np.float64), centres.to_numpy(np.float64)
    codes = centres.index.to_numpy(dtype=object)
    parents = np.array([parent_code(code) for code in codes], dtype=object)

    def nearest(rows: Floats, among: np.ndarray) -> np.ndarray:
        return codes[among][cdist(rows, points[among]).argmin(axis=1)]

    if segments is None:
        segment = nearest(rows, np.array([code[-1].isdigit() for code in codes]))
    else:
        segment = np.asarray(segments, dtype=object)
    subgroup = np.empty_like(segment)
    for code in np.unique(segment):
        if not (parents == code).any():
            raise ValueError(f"no segment {code!r} with subgroups is among the centroids")
        inside = segment == code
        subgroup[inside] = nearest(rows[inside], parents == code)
    supergroup = [parent_code(code) for code in segment]
    columns = dict(zip(LEVELS, (supergroup, segment, subgroup), strict=True))
    return pd.DataFrame(columns, index=frame.index, dtype="str")


def parent_code(code: str) -> str:
    """Return the code of the group above.

    >>> parent_code("A1a"), parent_code("A1"), parent_code("A")
    ('A1', 'A', '')
    """
    if code[-1].islower():
        return code.rstrip(ascii_lowercase)
    return code.rstrip(digits) if code[-1].isdigit() else ""


def _symbol(level: str, place: int) -> str:
    """What the code of a group adds to its parent's: ``A``, ``1`` or ``a`` at place 0."""
    if level == "segment":
        return str(place + 1)
    letters, left = "", place + 1
    while left:
        left, letter = divmod(left - 1, 26)
        letters = ascii_uppercase[letter] + letters
    return letters if level == "supergroup" else letters.lower()
