"""Practices whose rate lies outside the funnel of their segment, above or below.

Per indicator and segment, on the variance-stabilising scale y = asin(sqrt(x / n)) with standard error
s = 1 / (2 sqrt(n)) and the segment's pooled rate theta as the centre (Spiegelhalter 2005, Qual Saf Health
Care 14:347; the form used in England's published mortality and prescribing indicators):

1. z = (y - asin(sqrt(theta))) / s. The outer 10% of z on either side are set to the 10% point
   (winsorised), so that outliers do not widen the funnel that should show them.
2. phi, the overdispersion = mean of the squared winsorised z, divided by its value for a standard normal
   distribution (0.679). It is about 1 where practices differ by chance alone. The paper does not divide; the
   spread is then too small, and a tenth of practices lies beyond 2, not a twentieth.
3. If phi > 1, the variance between practices beyond chance is
   tau^2 = (N phi - (N - 1)) / (sum w - sum w^2 / sum w) with w = 1 / s^2 over N practices, else 0.
4. The adjusted z is (y - asin(sqrt(theta))) / sqrt(s^2 + tau^2), flagged from 2 and from 3 on.

Among practices that are not unusual, about 1 in 20 is beyond 2 and 1 in 370 beyond 3 by chance.
A flag is a reason to check the data first, not a finding about care.
"""

import numpy as np
import pandas as pd

#: |z| from which a practice is flagged.
WARN, ALARM = 2.0, 3.0
WINSORISED = 0.1
#: E(z^2) of a standard normal z held within its 10% points -+ c: 0.8 - 2 c phi(c) + 0.2 c^2, c = 1.2816.
WINSORISED_SQUARE = 0.6786
#: Values of a flag and the columns that count them.
FLAG_COLUMNS = {-3: "below_3", -2: "below_2", 2: "above_2", 3: "above_3"}
#: Practices a segment needs for its spread to be estimated.
MIN_PRACTICES = 10


def find_outliers(rates: pd.DataFrame, *, min_denominator: int = 20) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return every practice's adjusted z, and the funnel of every indicator and segment.

    Parameters
    ----------
    rates : from `achieved_rates`.
    min_denominator : eligible patients a practice needs for the funnel (a normal approximation).

    Returns
    -------
    scored : indicator_code, practice_code, segment, eligible, rate, segment_rate, z, flag (-3, -2, 0, 2, 3;
        negative below the segment).
    funnels : indicator_code, segment, practices, segment_rate, overdispersion (phi), between_sd (tau).
    """
    rates = rates[rates["eligible"] >= min_denominator]
    columns = ["indicator_code", "practice_code", "segment", "eligible", "rate"]
    parts = [rates[columns].iloc[:0].assign(segment_rate=0.0, z=0.0, flag=0)]
    funnels = []
    for (code, segment), part in rates.groupby(["indicator_code", "segment"], sort=True):
        if len(part) < MIN_PRACTICES:
            continue
        theta = part["numerator"].sum() / part["eligible"].sum()
        z, phi, tau = adjusted_z(part["numerator"].to_numpy(), part["eligible"].to_numpy(), theta)
        parts.append(part[columns].assign(segment_rate=theta, z=z, flag=flags(z)))
        funnels.append((code, segment, len(part), theta, phi, tau))
    columns = ["indicator_code", "segment", "practices", "segment_rate", "overdispersion", "between_sd"]
    return pd.concat(parts, ignore_index=True), pd.DataFrame(funnels, columns=columns)


def adjusted_z(x: np.ndarray, n: np.ndarray, theta: float) -> tuple[np.ndarray, float, float]:
    """Return the overdispersion-adjusted z of each rate x / n about `theta`, phi and tau."""
    gap = np.arcsin(np.sqrt(x / n)) - np.arcsin(np.sqrt(theta))
    weight = 4.0 * n
    z = gap * np.sqrt(weight)
    winsorised = np.clip(z, *np.quantile(z, [WINSORISED, 1 - WINSORISED]))
    phi = float((winsorised**2).mean() / WINSORISED_SQUARE)
    scale = weight.sum() - (weight**2).sum() / weight.sum()
    excess = len(z) * phi - (len(z) - 1)
    tau2 = max(0.0, excess / scale) if phi > 1 and scale > 0 else 0.0
    return gap / np.sqrt(1.0 / weight + tau2), phi, float(np.sqrt(tau2))


def flags(z: np.ndarray) -> np.ndarray:
    """Return 3 or 2 with the sign of z where it is that far out, else 0."""
    size = np.where(np.abs(z) >= ALARM, 3, np.where(np.abs(z) >= WARN, 2, 0))
    return (np.sign(z) * size).astype("int64")


def count_flags(scored: pd.DataFrame, groups: pd.DataFrame) -> pd.DataFrame:
    """Count flags per indicator in every group of every level.

    Parameters
    ----------
    scored : from `find_outliers`. groups : practice_code -> one column per level.

    Returns
    -------
    level, area, indicator_code, practices, below_3, below_2 (those at 3 left out), above_2, above_3.
    """
    flagged = pd.DataFrame({column: scored["flag"] == flag for flag, column in FLAG_COLUMNS.items()})
    flagged.insert(0, "practices", 1)
    parts = []
    for level in groups.columns:
        area = scored["practice_code"].map(groups[level]).rename("area")
        counts = flagged.groupby([area, scored["indicator_code"]]).sum().reset_index()
        counts.insert(0, "level", level)
        parts.append(counts)
    return pd.concat(parts, ignore_index=True)
