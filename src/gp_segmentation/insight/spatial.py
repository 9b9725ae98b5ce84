"""Does each segment cluster in space: join counts on the nearest-neighbour graph, against chance.

Two practices are joined when either is among the `k` nearest of the other (distance on the ground). For a
segment with m of the n practices let B be the number of joins between two of its own. If segments were
dealt to places at random (without replacement), with J joins in all,

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
    """Return joins within each segment, and what chance gives.

    Parameters
    ----------
    practices, segments : tables of those schemas; practices without a position are left out.
    neighbours : k. permutations : how often segments are dealt anew to the places.

    Returns
    -------
    segment, practices (with a position), joins, expected, ratio (joins / expected), z (against the variance
    above), p (share of deals, this one counted, with as many joins or more). No rows when fewer practices
    than neighbours have a position.
    """
    placed = practices.dropna(subset=["longitude", "latitude"]).merge(
        segments[["practice_code", "segment"]], on="practice_code"
    )
    columns = ["segment", "practices", "joins", "expected", "ratio", "z", "p"]
    if len(placed) <= neighbours + 1:
        return pd.DataFrame(columns=columns)
    first, second = joins(ground(placed["longitude"], placed["latitude"]), neighbours)
    numbers, own = np.unique(placed["segment"], return_inverse=True)
    observed = _within(own, first, second, len(numbers))
    rng = np.random.default_rng(seed)
    as_many = np.ones(len(numbers))
    for _ in range(permutations):
        as_many += _within(rng.permutation(own), first, second, len(numbers)) >= observed
    sizes = np.bincount(own)
    degree = np.bincount(np.concatenate([first, second]), minlength=len(own))
    expected, variance = np.array([chance(m, degree) for m in sizes]).T
    known = expected > 0
    spread = np.sqrt(np.maximum(variance, 0))
    values = {
        "segment": numbers,
        "practices": sizes,
        "joins": observed,
        "expected": expected,
        "ratio": np.divide(observed, expected, out=np.full(len(sizes), np.nan), where=known),
        "z": np.divide(observed - expected, spread, out=np.full(len(sizes), np.nan), where=spread > 0),
        "p": as_many / (permutations + 1),
    }
    return pd.DataFrame(values, columns=columns)


def ground(longitude: pd.Series, latitude: pd.Series) -> np.ndarray:
    """Return metres east and north (n, 2) on a plane that keeps distances near their middle latitude."""
    east = longitude * np.cos(np.radians(latitude.mean()))
    return DEGREE * np.column_stack([east, latitude])


def joins(places: np.ndarray, neighbours: int) -> tuple[np.ndarray, np.ndarray]:
    """Return both ends (positions, the smaller first) of every join, each join once."""
    n = len(places)
    _, found = cKDTree(places).query(places, k=neighbours + 1)
    own = np.arange(n)[:, None]
    # A practice is mostly its own nearest; among many at one place it can be missing from the list.
    others = np.argsort(found == own, axis=1, kind="stable")[:, :neighbours]
    nearest = np.take_along_axis(found, others, axis=1)
    start = np.repeat(np.arange(n), neighbours)
    pairs = np.unique(np.sort(np.column_stack([start, nearest.ravel()]), axis=1), axis=0)
    return pairs[:, 0], pairs[:, 1]


def chance(m: int, degree: np.ndarray) -> tuple[float, float]:
    """Return expectation and variance of the joins within `m` places drawn from those with `degree` joins."""
    n, s0 = len(degree), float(degree.sum())
    s1, s2 = 2 * s0, 4 * float((degree.astype(float) ** 2).sum())
    p = [1.0]
    for r in range(4):
        p.append(p[-1] * max(m - r, 0) / (n - r))
    _, _, p2, p3, p4 = p
    variance = (s1 * (p2 - 2 * p3 + p4) + s2 * (p3 - p4) + s0**2 * (p4 - p2**2)) / 4
    return s0 * p2 / 2, variance


def _within(own: np.ndarray, first: np.ndarray, second: np.ndarray, count: int) -> np.ndarray:
    inside = own[first]
    return np.bincount(inside[inside == own[second]], minlength=count)
