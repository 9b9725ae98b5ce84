"""Archetypes and the thirty variables that follow from them (steps 3 and 4)."""

import numpy as np
from scipy.special import ndtri

from gp_segmentation.sources.synthetic.calibration import Archetypes, Calibration, times
from gp_segmentation.sources.synthetic.geography import Geography
from gp_segmentation.utils.arrays import Floats, Ints

#: No archetype is quite impossible in a network.
LEAST_PROBABILITY = 0.001
#: Normal scores beyond this are drawn in: the tables of quantiles end at 3.
LARGEST_SCORE = 3.6


def draw_latent(
    calibration: Calibration, geography: Geography, rng: np.random.Generator
) -> tuple[Ints, Floats]:
    """Archetype (0, 1, ...) and latent variables of each practice.

    Each network p has shares pi_p ~ Dirichlet(kappa P(. | place)) and a shift c_p ~ N(0, T); a practice's
    archetype is k ~ pi_p and its variables are z = b_icb + c_p + m_k + e with e ~ N(0, S_k).

    Returns
    -------
    archetype : (n,) ; z : (n, 30) on the scale of normal scores.
    """
    mixture = calibration.archetypes
    shares = _network_shares(calibration, geography, rng)
    archetype = _pick(shares[geography.pcn], rng)
    shift = times(mixture.pcn_factor, rng.standard_normal((len(shares), len(mixture.names))))
    noise = rng.standard_normal((len(archetype), len(mixture.names)))
    offsets = np.array([icb.offset for icb in calibration.icbs])
    z = offsets[geography.icb] + shift[geography.pcn] + mixture.means[archetype]
    for k, factor in enumerate(mixture.factors):
        z[archetype == k] += times(factor, noise[archetype == k])
    return archetype, z


def _network_shares(calibration: Calibration, geography: Geography, rng: np.random.Generator) -> Floats:
    place = np.concatenate([icb.p_archetype for icb in calibration.icbs])[geography.pcn_component]
    weight = rng.standard_gamma(calibration.archetypes.kappa * np.maximum(place, LEAST_PROBABILITY))
    return weight / weight.sum(axis=1, keepdims=True)


def _pick(shares: Floats, rng: np.random.Generator) -> Ints:
    """One category per row, with the row's probabilities."""
    chosen = (rng.random(len(shares))[:, None] > np.cumsum(shares, axis=1)).sum(axis=1)
    return np.minimum(chosen, shares.shape[1] - 1)


def to_variables(mixture: Archetypes, z: Floats) -> Floats:
    """Give every column of `z` its real marginal distribution: a Gaussian copula.

    The value of rank r of n becomes the real quantile at (r - 1/2)/n, read from 25 quantiles at the normal
    scores `z_grid`, with straight lines between them and on beyond them.
    """
    n = len(z)
    ranks = np.argsort(np.argsort(z, axis=0, kind="stable"), axis=0, kind="stable")
    scores = np.clip(ndtri((ranks + 0.5) / n), -LARGEST_SCORE, LARGEST_SCORE)
    columns = [_read(mixture.z_grid, row, scores[:, j]) for j, row in enumerate(mixture.quantiles)]
    return np.column_stack(columns)


def _read(grid: Floats, values: Floats, at: Floats) -> Floats:
    inside = np.interp(at, grid, values)
    below = np.minimum(at - grid[0], 0) * (values[1] - values[0]) / (grid[1] - grid[0])
    above = np.maximum(at - grid[-1], 0) * (values[-1] - values[-2]) / (grid[-1] - grid[-2])
    return inside + below + above
