"""Practices whose rate lies outside the funnel of their segment, either way.

Per indicator and segment, on the variance-stabilising scale y = asin(sqrt(x / n)) with standard error
s = 1 / (2 sqrt(n)) and the segment's pooled rate theta as the centre (Spiegelhalter 2005, Qual Saf Health
Care 14:347; the form used in England's published mortality and prescribing indicators):

1. z = (y - asin(sqrt(theta))) / s; the z of the outer 10% on either side are drawn in to that 10% point
   (winsorised), so that outliers do not hide themselves.
2. phi = mean of the squares of these z, over what it is for a standard normal distribution so winsorised
   (0.679): the overdispersion; about 1 where practices differ by chance alone. Without the divisor, as in
   the paper, the spread would come out too small, and a tenth of practices rather than a twentieth beyond 2.
3. If phi > 1, the spread between practices beyond chance is
   tau^2 = (N phi - (N - 1)) / (sum w - sum w^2 / sum w) with w = 1 / s^2 over N practices, else 0.
4. The adjusted z is (y - asin(sqrt(theta))) / sqrt(s^2 + tau^2), flagged from 2 and from 3 on.

Of practices that differ no more than the others, about 1 in 20 is beyond 2 and 1 in 370 beyond 3 by chance.
A flag is a reason to look at the data first, not a finding about care.
"""

import numpy as np
import pandas as pd

#: |z| from which a practice is flagged.
WARN, ALARM = 2.0, 3.0
WINSORISED = 0.1
#: E(z^2) of a standard normal z held within its 10% points -+ c: 0.8 - 2 c phi(c) + 0.2 c^2, c = 1.2816.
WINSORISED_SQUARE = 0.6786
#: The values of a flag.
FLAGS = np.array([-3, -2, 0, 2, 3])
#: Practices a segment needs for its spread to be estimated.
FEWEST = 10


def find_outliers(rows: pd.DataFrame, *, min_denominator: int = 20) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return every practice's adjusted z, and the funnel of every indicator and segment.

    Parameters
    ----------
    rows : from `achieved_rates`.
    min_denominator : eligible patients from which a practice is placed in the funnel (the normal
        approximation needs some).

    Returns
    -------
    placed : indicator_code, practice_code, segment, eligible, rate, segment_rate, z, flag (-3, -2, 0, 2, 3;
        negative below the segment).
    funnels : indicator_code, segment, practices, segment_rate, overdispersion (phi), between_sd (tau).
    """
    rows = rows[rows["eligible"] >= min_denominator]
    parts, funnels = [], []
    for (code, segment), part in rows.groupby(["indicator_code", "segment"], sort=True):
        if len(part) < FEWEST:
            continue
        theta = part["numerator"].sum() / part["eligible"].sum()
        z, phi, tau = adjusted_z(part["numerator"].to_numpy(), part["eligible"].to_numpy(), theta)
        placed = part[["indicator_code", "practice_code", "segment", "eligible", "rate"]]
        parts.append(placed.assign(segment_rate=theta, z=z, flag=flags(z)))
        funnels.append((code, segment, len(part), theta, phi, tau))
    columns = ["indicator_code", "segment", "practices", "segment_rate", "overdispersion", "between_sd"]
    empty = rows[["indicator_code", "practice_code", "segment", "eligible", "rate"]].iloc[:0]
    found = parts or [empty.assign(segment_rate=0.0, z=0.0, flag=0)]
    return pd.concat(found, ignore_index=True), pd.DataFrame(funnels, columns=columns)


def adjusted_z(x: np.ndarray, n: np.ndarray, theta: float) -> tuple[np.ndarray, float, float]:
    """Return the overdispersion-adjusted z of each rate x / n about `theta`, phi and tau."""
    gap = np.arcsin(np.sqrt(x / n)) - np.arcsin(np.sqrt(theta))
    weight = 4.0 * n
    z = gap * np.sqrt(weight)
    held = np.clip(z, *np.quantile(z, [WINSORISED, 1 - WINSORISED]))
    phi = float((held**2).mean() / WINSORISED_SQUARE)
    scale = weight.sum() - (weight**2).sum() / weight.sum()
    excess = len(z) * phi - (len(z) - 1)
    tau2 = max(0.0, excess / scale) if phi > 1 and scale > 0 else 0.0
    return gap / np.sqrt(1.0 / weight + tau2), phi, float(np.sqrt(tau2))


def flags(z: np.ndarray) -> np.ndarray:
    """Return 3 or 2 with the sign of z where it is that far out, else 0."""
    size = np.where(np.abs(z) >= ALARM, 3, np.where(np.abs(z) >= WARN, 2, 0))
    return (np.sign(z) * size).astype("int64")


def count_flags(placed: pd.DataFrame, groups: pd.DataFrame) -> pd.DataFrame:
    """Count flags per indicator in every group of every level.

    Parameters
    ----------
    placed : from `find_outliers`. groups : practice_code -> one column per level.

    Returns
    -------
    level, area, indicator_code, practices, below_3, below_2 (those at 3 left out), above_2, above_3.
    """
    indicator, indicators = pd.factorize(placed["indicator_code"], sort=True)
    flag = np.searchsorted(FLAGS, placed["flag"])
    row = groups.index.get_indexer(pd.Index(placed["practice_code"]))
    parts = []
    for level in groups.columns:
        area, areas = pd.factorize(groups[level], sort=True)
        shape = len(areas), len(indicators), len(FLAGS)
        cell = np.ravel_multi_index((area[row], indicator, flag), shape)
        counted = np.bincount(cell, minlength=int(np.prod(shape))).reshape(-1, len(FLAGS))
        below_3, below_2, _, above_2, above_3 = counted.T
        table = pd.DataFrame(
            {
                "level": level,
                "area": np.repeat(areas.astype(str), len(indicators)),
                "indicator_code": np.tile(indicators, len(areas)),
                "practices": counted.sum(axis=1),
                "below_3": below_3,
                "below_2": below_2,
                "above_2": above_2,
                "above_3": above_3,
            }
        )
        parts.append(table[table["practices"] > 0])
    return pd.concat(parts, ignore_index=True)
