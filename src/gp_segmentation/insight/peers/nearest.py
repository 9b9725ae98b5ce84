"""The practices most like a practice: exact nearest neighbours in the matrix that was clustered."""

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd
from scipy.spatial.distance import cdist

from gp_segmentation.insight.peers.stability import PeerSearch, inclusion

#: Rows whose distances are in memory at once (512 x 6,200 distances are 25 MB).
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

    Every practice gets peers; only fitted (ordinary) practices that are open can be one. Ties are broken by
    practice code, so the table is the same on every machine.

    Parameters
    ----------
    matrix : practice_code -> the columns that were clustered.
    segments, practices : schemas ``segments`` and ``practices``.
    closed : codes of practices that are not open. blocks : column of `matrix` -> its block (default: one).
    resamples : of features and practices (see `stability`); 0: no ``inclusion``.

    Returns
    -------
    practice_code, peer_code, rank (1 the nearest), distance, same_segment, same_icb, inclusion (among the
    resamples that contain the peer, the share in which it is among the nearest; NaN without resamples).
    """
    matrix = matrix.sort_index()
    codes, x = matrix.index, matrix.to_numpy(dtype=float)
    candidates = np.flatnonzero(can_be_peer(segments, codes, closed))
    neighbours, distances = _nearest(x, candidates, count)
    block = np.array([(blocks or {}).get(str(column), "") for column in matrix.columns])
    shares = inclusion(PeerSearch(x, candidates, neighbours, block, count), resamples, seed, jobs)
    own, position = np.nonzero(neighbours >= 0)
    peer = neighbours[own, position]
    segment = segments.set_index("practice_code")["segment"].reindex(codes).to_numpy()
    icb = practices.set_index("practice_code")["icb_code"].reindex(codes).to_numpy()
    return pd.DataFrame(
        {
            "practice_code": codes.to_numpy()[own],
            "peer_code": codes.to_numpy()[peer],
            "rank": (position + 1).astype("int64"),
            "distance": distances[own, position],
            "same_segment": (segment[own] == segment[peer]) & (segment[own] > 0),  # -1: in none
            "same_icb": icb[own] == icb[peer],
            "inclusion": shares[own, position],
        }
    )


def can_be_peer(segments: pd.DataFrame, codes: pd.Index, closed: Collection[str]) -> np.ndarray:
    """Return, for each of `codes`, whether the practice is fitted and not among the `closed`."""
    fitted = segments.set_index("practice_code")["fitted"].reindex(codes).to_numpy(dtype=bool)
    return np.asarray(fitted & ~codes.isin(list(closed)))


def _nearest(x: np.ndarray, candidates: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Positions and distances (rows of x by `count`) of the nearest candidates; -1 where there are fewer."""
    count = min(count, len(candidates))
    neighbours = np.full((len(x), count), -1, dtype="int64")
    distances = np.full((len(x), count), np.nan)
    if count == 0:
        return neighbours, distances
    for start in range(0, len(x), CHUNK):
        block = cdist(x[start : start + CHUNK], x[candidates])
        for row, distance in enumerate(block, start=start):
            distance[candidates == row] = np.inf
            # Distances that differ only by the order of a sum are ties.
            order = _smallest(np.round(distance, 12), count)
            order = order[np.isfinite(distance[order])]
            neighbours[row, : len(order)] = candidates[order]
            distances[row, : len(order)] = distance[order]
    return neighbours, distances


def _smallest(values: np.ndarray, count: int) -> np.ndarray:
    """Positions of the `count` smallest values in order, ties by position (20 times faster than a sort)."""
    limit = np.partition(values, count - 1)[count - 1]
    near = np.flatnonzero(values <= limit)
    return near[np.argsort(values[near], kind="stable")][:count]
