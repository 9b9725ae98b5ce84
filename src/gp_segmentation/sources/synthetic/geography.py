"""Locations of synthetic practices and their primary care networks (steps 1 and 2)."""

from dataclasses import dataclass

import numpy as np

from gp_segmentation.sources.synthetic.calibration import Calibration, Icb, share_out
from gp_segmentation.sources.synthetic.coast import move_ashore
from gp_segmentation.utils.arrays import Floats, Ints

#: Length of a degree of longitude over one of latitude, in England.
LONGITUDE_SCALE = 0.61
#: An ICB with more location components than this has a sub-ICB location for each of them, otherwise one.
ONE_SUB_ICB_UP_TO = 3


@dataclass(frozen=True)
class Geography:
    """One entry per practice, practices grouped by ICB; numbers count from zero.

    `component` is the location component, numbered through all ICBs, and `pcn` the primary care network.
    `pcn_component` is the component of each network; `component_icb` and `sub_icb_of_component` are the ICB
    and the sub-ICB location of each component.
    """

    icb: Ints
    component: Ints
    pcn: Ints
    longitude: Floats
    latitude: Floats
    pcn_component: Ints
    component_icb: Ints
    sub_icb_of_component: Ints


def draw_geography(calibration: Calibration, practices: int, rng: np.random.Generator) -> Geography:
    """Place `practices` practices, at least one per ICB, on the map and group neighbours into networks."""
    icbs = calibration.icbs
    counts = share_out(np.array([icb.practices for icb in icbs]), practices, least=1)
    places = [
        _place(icb, count, calibration.truncation, rng) for icb, count in zip(icbs, counts, strict=True)
    ]
    sizes = np.array([len(icb.weights) for icb in icbs])
    first = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    component = np.concatenate([place + first[g] for g, (place, _) in enumerate(places)])
    points = np.concatenate([point for _, point in places])
    component_icb = np.repeat(np.arange(len(icbs)), sizes)
    wanted = _networks_wanted(calibration, counts, component, sizes)
    pcn, pcn_component = _networks(component, points, wanted, rng)
    return Geography(
        icb=np.repeat(np.arange(len(icbs)), counts),
        component=component,
        pcn=pcn,
        longitude=points[:, 0],
        latitude=points[:, 1],
        pcn_component=pcn_component,
        component_icb=component_icb,
        sub_icb_of_component=_sub_icbs(sizes),
    )


def _place(icb: Icb, count: int, truncation: float, rng: np.random.Generator) -> tuple[Ints, Floats]:
    """Draw location component and (longitude, latitude) of `count` practices of an ICB.

    A point's squared Mahalanobis distance from its component is exponential with mean 2, truncated at
    `truncation` and drawn by inversion. A point outside England is moved towards its component's mean.
    """
    which = rng.choice(len(icb.weights), size=count, p=icb.weights / icb.weights.sum())
    within = rng.random(count) * -np.expm1(-truncation / 2)
    radius, angle = np.sqrt(-2 * np.log1p(-within)), 2 * np.pi * rng.random(count)
    unit = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
    factors = np.linalg.cholesky(icb.covariances)[which]
    centres = icb.means[which]
    return which, move_ashore(centres + np.einsum("nij,nj->ni", factors, unit, optimize=False), centres)


def _networks_wanted(calibration: Calibration, counts: Ints, component: Ints, sizes: Ints) -> Ints:
    """Return the number of networks of each location component: its ICB's, shared out by practices."""
    members = np.bincount(component, minlength=int(sizes.sum()))
    scale = len(component) / calibration.registered_practices
    wanted = []
    for part, icb in zip(np.split(members, np.cumsum(sizes)[:-1]), calibration.icbs, strict=True):
        total = max(1, round(icb.pcns * scale), int(np.count_nonzero(part)))
        here = np.minimum(share_out(part, total), part)
        wanted.append(np.maximum(here, part > 0))
    return np.concatenate(wanted)


def _networks(component: Ints, points: Floats, wanted: Ints, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Return the network of each practice, numbered through all components, and each network's component."""
    pcn = np.empty(len(component), dtype=np.int64)
    owners: list[int] = []
    for c in np.flatnonzero(wanted):
        members = np.flatnonzero(component == c)
        labels = group_neighbours(points[members] * [LONGITUDE_SCALE, 1.0], int(wanted[c]), rng)
        pcn[members] = labels + len(owners)
        owners += [int(c)] * (int(labels.max()) + 1)
    return pcn, np.array(owners)


def group_neighbours(points: Floats, k: int, rng: np.random.Generator, *, steps: int = 25) -> Ints:
    """Cluster by k-means (Lloyd's iterations from a k-means++ start): labels 0, 1, ... without gaps.

    Written out here, so that a new version of a library does not change the synthetic England.
    """
    centres = points[[rng.integers(len(points))]]
    for _ in range(k - 1):
        nearest = _squared_distances(points, centres).min(axis=1)
        weight = nearest / nearest.sum() if nearest.sum() > 0 else None
        centres = np.vstack([centres, points[rng.choice(len(points), p=weight)]])
    labels = np.full(len(points), -1, dtype=np.int64)
    for _ in range(steps):
        new = _squared_distances(points, centres).argmin(axis=1)
        if np.array_equal(new, labels):
            break
        labels = new
        size = np.bincount(labels, minlength=k)
        sums = np.column_stack([np.bincount(labels, points[:, d], minlength=k) for d in (0, 1)])
        centres = np.where(size[:, None] > 0, sums / np.maximum(size, 1)[:, None], centres)
    return np.unique(labels, return_inverse=True)[1]


def _squared_distances(points: Floats, centres: Floats) -> Floats:
    return ((points[:, None, :] - centres[None, :, :]) ** 2).sum(axis=2)


def _sub_icbs(sizes: Ints) -> Ints:
    """Return the number of the sub-ICB location of each location component."""
    starts = [np.arange(size) == 0 if size <= ONE_SUB_ICB_UP_TO else np.ones(size, bool) for size in sizes]
    return np.cumsum(np.concatenate(starts)) - 1
