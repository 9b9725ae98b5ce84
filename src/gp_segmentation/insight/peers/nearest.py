"""The practices most like a practice: exact nearest neighbours in the matrix that was clustered."""

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd
from scipy.spatial.distance import cdist

from gp_segmentation.insight.peers.stability import inclusion

#: Rows whose distances are held at once (512 x 6,200 distances are 25 MB).
CHUNK = 512


def nearest_peers(
    matrix: pd.DataFrame,
    segments: pd.DataFrame,
    practices: pd.DataFrame,
    *,
    closed: Collection[str] = (),
    blocks: Mapping[str, str] | None = None,
    count: int = 10,
    resamples: int = 40,
    seed: int = 0,
    jobs: int | None = 1,
) -> pd.DataFrame:
    """Return the `count` nearest practices of every practice, by Euclidean distance in `matrix`.

    Every practice gets peers; only fitted (ordinary) practices that are open can be one. Equal distances
    are put in the order of practice codes, so the table is the same on every machine.

    Parameters
    ----------
    matrix : practice_code -> the columns that were clustered.
    segments, practices : schemas ``segments`` and ``practices``.
    closed : codes of practices that no longer operate.
    blocks : column of `matrix` -> its block, for resampling (default: one block).
    resamples : how often features and practices are drawn again (see `resampled`); 0: no ``inclusion``.

    Returns
    -------
    practice_code, peer_code, rank (1 the nearest), distance, same_segment, same_icb, inclusion (share of
    the resamples that contain the peer in which it is among the nearest; NaN when not resampled).
    """
    matrix = matrix.sort_index()
    about = segments.set_index("practice_code").reindex(matrix.index)
    candidates = np.flatnonzero(can_be_peer(segments, matrix.index, closed))
    x = matrix.to_numpy(dtype=float)
    neighbours, distances = _nearest(x, candidates, count)
    named = blocks or {}
    block = np.array([named.get(str(column), "") for column in matrix.columns])
    shares = inclusion(x, candidates, neighbours, block, count, resamples, seed, jobs)
    icb = practices.set_index("practice_code")["icb_code"].reindex(matrix.index)
    return _long(neighbours, {"distance": distances, "inclusion": shares}, about["segment"], icb)


def can_be_peer(segments: pd.DataFrame, codes: pd.Index, closed: Collection[str]) -> np.ndarray:
    """Tell of each of `codes` whether it can be a peer: it is fitted and not among the `closed`."""
    fitted = segments.set_index("practice_code")["fitted"].reindex(codes).to_numpy(dtype=bool)
    return np.asarray(fitted & ~codes.isin(list(closed)))


def _long(
    neighbours: np.ndarray, figures: dict[str, np.ndarray], segment: pd.Series, icb: pd.Series
) -> pd.DataFrame:
    """One row per practice and peer, from arrays of practices by peers (-1: no such peer)."""
    filled = neighbours >= 0
    own = np.repeat(np.arange(len(neighbours)), filled.sum(axis=1))
    other = neighbours[filled]
    codes, segments, boards = segment.index.to_numpy(), segment.to_numpy(), icb.to_numpy()
    return pd.DataFrame(
        {
            "practice_code": codes[own],
            "peer_code": codes[other],
            "rank": (np.nonzero(filled)[1] + 1).astype("int64"),
            "distance": figures["distance"][filled],
            "same_segment": segments[own] == segments[other],
            "same_icb": boards[own] == boards[other],
            "inclusion": figures["inclusion"][filled],
        }
    )


def _nearest(x: np.ndarray, candidates: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Positions and distances (rows of x by `count`) of the nearest candidates; -1 where there are fewer."""
    count = min(count, len(candidates))
    neighbours = np.full((len(x), count), -1, dtype="int64")
    distances = np.full((len(x), count), np.nan)
    if count == 0:
        return neighbours, distances
    for start in range(0, len(x), CHUNK):
        block = cdist(x[start : start + CHUNK], x[candidates])
        for row, found in enumerate(block, start=start):
            found[candidates == row] = np.inf
            # Rounding makes ties of distances that differ only by the order of a sum.
            order = _smallest(np.round(found, 12), count)
            order = order[np.isfinite(found[order])]
            neighbours[row, : len(order)] = candidates[order]
            distances[row, : len(order)] = found[order]
    return neighbours, distances


def _smallest(values: np.ndarray, count: int) -> np.ndarray:
    """Positions of the `count` smallest values in order, earlier positions first among equal ones."""
    limit = np.partition(values, count - 1)[count - 1]
    near = np.flatnonzero(values <= limit)
    return near[np.argsort(values[near], kind="stable")][:count]
