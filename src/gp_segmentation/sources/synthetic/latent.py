"""Archetypes, the thirty variables that follow from them, and special practices (steps 3 to 5)."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from gp_segmentation.sources.synthetic.calibration import Archetypes, Calibration, times
from gp_segmentation.sources.synthetic.geography import Geography
from gp_segmentation.utils.arrays import Floats, Ints

#: Lowest probability of an archetype in a network.
LEAST_PROBABILITY = 0.001
#: Normal scores are clipped here; the tables of quantiles end at 3.
LARGEST_SCORE = 3.6
#: Lists of these classes have 20 to 999 patients.
TINY_CLASSES = ("care_home_list", "homeless_inclusion")
SMALLEST_LIST, TINY_BELOW = 20, 1000
AGE_LOGITS = ("age65p", "age75_of_65p", "age0_14_of_u65", "age15_24_of_15_64", "age45_64_of_25_64")
LARGEST_AGE_LOGIT = 5.5


def draw_latent(
    calibration: Calibration, geography: Geography, rng: np.random.Generator
) -> tuple[Ints, Floats]:
    """Draw the archetype (0, 1, ...) and the latent variables of each practice.

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
    """Draw one category per row, with the row's probabilities."""
    chosen = (rng.random(len(shares))[:, None] > np.cumsum(shares, axis=1)).sum(axis=1)
    return np.minimum(chosen, shares.shape[1] - 1)


def to_variables(mixture: Archetypes, z: Floats) -> Floats:
    """Give every column of `z` its real marginal distribution: a Gaussian copula.

    The value of rank r of n becomes the real quantile at (r - 1/2)/n, by linear interpolation and
    extrapolation of 25 quantiles at the normal scores `z_grid`.
    """
    n = len(z)
    ranks = np.argsort(np.argsort(z, axis=0, kind="stable"), axis=0, kind="stable")
    scores = np.clip(ndtri((ranks + 0.5) / n), -LARGEST_SCORE, LARGEST_SCORE)
    columns = [_interpolate(mixture.z_grid, row, scores[:, j]) for j, row in enumerate(mixture.quantiles)]
    return np.column_stack(columns)


def _interpolate(grid: Floats, values: Floats, at: Floats) -> Floats:
    inside = np.interp(at, grid, values)
    below = np.minimum(at - grid[0], 0) * (values[1] - values[0]) / (grid[1] - grid[0])
    above = np.maximum(at - grid[-1], 0) * (values[-1] - values[-2]) / (grid[-1] - grid[-2])
    return inside + below + above


def plant_special(
    calibration: Calibration, x: Floats, rng: np.random.Generator
) -> tuple[Floats, NDArray[np.str_]]:
    """Turn randomly chosen practices into special ones (care-home, student, homeless lists ...).

    A practice of a class has x = centre + sd (axis f + sqrt(1 - axis^2) e), with one standard normal f and
    thirty e. Every class has at least one practice, however small the England.

    Returns
    -------
    x : the variables, changed for special practices; special : (n,) class name, "" for ordinary practices.
    """
    names = calibration.archetypes.names
    classes = calibration.raw["archetypes"]["special"]["classes"]
    counts = [max(1, round(entry["fraction_of_practices"] * len(x))) for entry in classes]
    chosen = np.split(rng.permutation(len(x))[: sum(counts)], np.cumsum(counts)[:-1])
    x, special = x.copy(), np.full(len(x), "", dtype="U40")
    for entry, members in zip(classes, chosen, strict=True):
        centre, sd, axis = (np.array(entry[key]) for key in ("centre", "sd", "axis"))
        common = rng.standard_normal((len(members), 1))
        own = rng.standard_normal((len(members), len(names)))
        x[members] = centre + sd * (axis * common + np.sqrt(1 - axis**2) * own)
        special[members] = entry["name"]
    rows = np.flatnonzero(special != "")[:, None]
    ages = np.array([names.index(name) for name in AGE_LOGITS])
    x[rows, ages] = np.clip(x[rows, ages], -LARGEST_AGE_LOGIT, LARGEST_AGE_LOGIT)
    return x, special


def list_sizes(log_list: Floats, special: NDArray[np.str_]) -> Ints:
    """Return patients on the list: below 1,000 in the tiny classes, 1,000 or more in all others."""
    size = np.rint(np.exp(log_list)).astype(np.int64)
    tiny = np.isin(special, TINY_CLASSES)
    return np.where(tiny, np.clip(size, SMALLEST_LIST, TINY_BELOW - 1), np.maximum(size, TINY_BELOW))
