"""Aggregate statistics of England's practices, 2024-25, from which a synthetic England is drawn."""

import json
import zlib
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

import numpy as np

from gp_segmentation.utils.arrays import Floats, Ints


@dataclass(frozen=True)
class Icb:
    """An integrated care board: its codes, its real size and where its practices lie.

    `weights`, `means`, `covariances` and `p_archetype` have one row per Gaussian component of location
    (longitude and latitude in degrees); `offset` shifts the latent variables.
    """

    code: str
    ons: str
    name: str
    region: str
    practices: int
    pcns: int
    offset: Floats
    weights: Floats
    means: Floats
    covariances: Floats
    p_archetype: Floats


@dataclass(frozen=True)
class Archetypes:
    """The mixture of latent normal scores: `means` (K, V), `factors` (K, V, V) with S_k = factor factor'."""

    names: tuple[str, ...]
    means: Floats
    factors: Floats
    pcn_factor: Floats
    kappa: float
    z_grid: Floats
    quantiles: Floats


@dataclass(frozen=True)
class Calibration:
    """Everything the simulation needs; `raw` holds the complete file, for values that one step reads."""

    practices: int
    registered_practices: int
    without_pcn: int
    truncation: float
    regions: tuple[dict[str, Any], ...]
    icbs: tuple[Icb, ...]
    archetypes: Archetypes
    raw: dict[str, Any]


@lru_cache(maxsize=1)
def load_calibration() -> Calibration:
    """Read the package's calibration file."""
    text = resources.files(__package__).joinpath("england_2024_25.json").read_text(encoding="utf-8")
    raw = json.loads(text)
    geography = raw["geography"]
    return Calibration(
        practices=geography["practices"],
        registered_practices=geography["practices_with_patients_april_2025"],
        without_pcn=geography["practices_without_pcn"],
        truncation=geography["location_truncation_mahalanobis2"],
        regions=tuple(geography["regions"]),
        icbs=tuple(_icb(entry) for entry in geography["icbs"]),
        archetypes=_archetypes(raw["archetypes"]),
        raw=raw,
    )


def _icb(entry: dict[str, Any]) -> Icb:
    places = entry["location"]
    return Icb(
        code=entry["code"],
        ons=entry["ons"],
        name=entry["name"],
        region=entry["region"],
        practices=entry["practices"],
        pcns=entry["pcns"],
        offset=np.array(entry["offset"]),
        weights=np.array([place["w"] for place in places]),
        means=np.array([[place["lon"], place["lat"]] for place in places]),
        covariances=np.array([[[xx, xy], [xy, yy]] for xx, xy, yy in (place["cov"] for place in places)]),
        p_archetype=np.array([place["p_archetype"] for place in places]),
    )


def _archetypes(entry: dict[str, Any]) -> Archetypes:
    components = entry["components_list"]
    return Archetypes(
        names=tuple(variable["name"] for variable in entry["variables"]),
        means=np.array([component["mean"] for component in components]),
        factors=np.array([_factor(component["covariance_lower"]) for component in components]),
        pcn_factor=_factor(entry["pcn_covariance_lower"]),
        kappa=entry["dirichlet_kappa"],
        z_grid=np.array(entry["z_grid"], dtype=float),
        quantiles=np.array([variable["quantiles"] for variable in entry["variables"]]),
    )


def _factor(lower: list[list[float]]) -> Floats:
    """Return the Cholesky factor of a covariance given by the rows of its lower triangle."""
    matrix = np.zeros((len(lower), len(lower)))
    for i, row in enumerate(lower):
        matrix[i, : i + 1] = row
        matrix[: i + 1, i] = row
    return np.asarray(np.linalg.cholesky(matrix), dtype=np.float64)


def stream(seed: int, step: str) -> np.random.Generator:
    """Return the random numbers of one named step; a change in one step does not change the others'."""
    return np.random.default_rng(np.random.SeedSequence(entropy=seed, spawn_key=(zlib.crc32(step.encode()),)))


def share_out(weights: Floats | Ints, total: int, *, least: int = 0) -> Ints:
    """Return whole numbers in proportion to `weights` that sum to `total`, each at least `least`.

    Method of largest remainders; equal remainders in order.
    """
    spare = total - least * len(weights)
    exact = spare * np.asarray(weights, dtype=float) / np.sum(weights)
    whole = np.floor(exact).astype(np.int64)
    order = np.argsort(whole - exact, kind="stable")
    whole[order[: spare - int(whole.sum())]] += 1
    return whole + least


def times(factor: Floats, normals: Floats) -> Floats:
    """Return `normals @ factor.T` without BLAS, whose sums may change with the number of threads."""
    product: Floats = np.einsum("ij,kj->ik", normals, factor, optimize=False)
    return product
