"""Does each segment cluster in space? Join counts on the nearest-neighbour graph, against chance.

Two practices are joined when either is among the `k` nearest of the other (distance on the ground). For a
segment with m of the n practices let B be the number of joins between two of its own. If segments were
assigned to places at random (without replacement), with J joins in all,

    E(B) = J m (m - 1) / (n (n - 1)),

and with W the symmetric 0/1 matrix of joins, S0 = sum W, S1 = 1/2 sum (2 w_ij)^2 = 2 S0,
S2 = sum (2 degree_i)^2 and p_r = m(m - 1)...(m - r + 1) / (n(n - 1)...(n - r + 1)),

    Var(B) = 1/4 [S1 (p_2 - 2 p_3 + p_4) + S2 (p_3 - p_4) + S0^2 (p_4 - p_2^2)].

Source: Cliff and Ord, Spatial Processes (1981), chapter 1, non-free sampling.
"""

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

#: Metres in a degree of latitude; a degree of longitude is shorter by the cosine of the latitude.
DEGREE = 111_200.0


def join_counts(
    practices: pd.DataFrame,
    segments: pd.DataFrame,
    *,
    neighbours: int = 8,
    permutations: int = 999,
    seed: int = 0,
) -> pd.DataFrame:
    """Count the joins within each segment, and compare them with chance.

    Parameters
    ----------
    practices, segments : tables of those schemas; practices without a position are left out.
    neighbours : k. permutations : random assignments of the segments to the places.

    Returns
    -------
    segment, practices (with a position), joins, expected, ratio (joins / expected), z (with the variance
    above), p (share of the assignments, the real one included, with as many joins or more). Empty when too
    few practices have a position.
    """
    located = practices.dropna(subset=["longitude", "latitude"]).merge(
        segments[["practice_code", "segment"]], on="practice_code"
    )
    columns = ["segment", "practices", "joins", "expected", "ratio", "z", "p"]
    if len(located) <= neighbours + 1:
        return pd.DataFrame(columns=columns)
    first, second = joins(project(located["longitude"], located["latitude"]), neighbours)
    numbers, segment = np.unique(located["segment"], return_inverse=True)
    observed = _within(segment, first, second, len(numbers))
    rng = np.random.default_rng(seed)
    as_many = np.ones(len(numbers))
    for _ in range(permutations):
        as_many += _within(rng.permutation(segment), first, second, len(numbers)) >= observed
    sizes = np.bincount(segment)
    degree = np.bincount(np.concatenate([first, second]), minlength=len(segment))
    expected, variance = np.array([chance(m, degree) for m in sizes]).T
    sd = np.sqrt(np.maximum(variance, 0))
    ratio = np.divide(observed, expected, out=np.full(len(sizes), np.nan), where=expected > 0)
    z = np.divide(observed - expected, sd, out=np.full(len(sizes), np.nan), where=sd > 0)
    p = as_many / (permutations + 1)
    values = (numbers, sizes, observed, expected, ratio, z, p)
    return pd.DataFrame(dict(zip(columns, values, strict=True)))


def project(longitude: pd.Series, latitude: pd.Series) -> np.ndarray:
    """Return metres east and north (n, 2); distances are right near the mean latitude."""
    east = longitude * np.cos(np.radians(latitude.mean()))
    return DEGREE * np.column_stack([east, latitude])


def joins(places: np.ndarray, neighbours: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the two ends of every join (row numbers, the smaller first), each join once."""
    n = len(places)
    _, nearest = cKDTree(places).query(places, k=neighbours + 1)
    # A practice is its own nearest, except among many at one place: there it can be missing from the list.
    itself_last = np.argsort(nearest == np.arange(n)[:, None], axis=1, kind="stable")
    nearest = np.take_along_axis(nearest, itself_last[:, :neighbours], axis=1)
    start = np.repeat(np.arange(n), neighbours)
    pairs = np.unique(np.sort(np.column_stack([start, nearest.ravel()]), axis=1), axis=0)
    return pairs[:, 0], pairs[:, 1]


def chance(m: int, degree: np.ndarray) -> tuple[float, float]:
    """Return expectation and variance of the joins within `m` places drawn from all; `degree` is theirs."""
    n, s0 = len(degree), float(degree.sum())
    s1, s2 = 2 * s0, 4 * float((degree.astype(float) ** 2).sum())
    p = [1.0]
    for r in range(4):
        p.append(p[-1] * max(m - r, 0) / (n - r))
    _, _, p2, p3, p4 = p
    variance = (s1 * (p2 - 2 * p3 + p4) + s2 * (p3 - p4) + s0**2 * (p4 - p2**2)) / 4
    return s0 * p2 / 2, variance


def _within(segment: np.ndarray, first: np.ndarray, second: np.ndarray, count: int) -> np.ndarray:
    """Joins whose two ends are in the same segment, per segment."""
    at_first = segment[first]
    return np.bincount(at_first[at_first == segment[second]], minlength=count)
