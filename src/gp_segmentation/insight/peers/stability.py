"""How firmly a practice's peers are its peers: the search repeated on resampled features and practices.

Who is nearest depends on which features happen to be published and which practices happen to exist. In
each resample

* half of the practices that can be peers are drawn without replacement, and
* within every block as many features are drawn with replacement as it has; a feature drawn m times
  counts m times, and the block is scaled back to the total variance (weight) it had.

A peer of rank r among the `count` nearest stays one in a resample that contains it when it is among the
nearest ``count / 2`` practices of that half, which reach as far on average as `count` of all. Its inclusion
probability is the share of such resamples among those that contain it. Half-samples vary as bootstrap
samples of full size do (Efron 1982, section 8.4), without repeated practices at distance zero.
"""

import numpy as np

from gp_segmentation.utils.parallel import parallel_map

#: Rows whose distances are held at once.
CHUNK = 1024


def inclusion(
    x: np.ndarray,
    candidates: np.ndarray,
    neighbours: np.ndarray,
    block: np.ndarray,
    count: int,
    resamples: int,
    seed: int,
    jobs: int | None,
) -> np.ndarray:
    """Return the inclusion probability of every entry of `neighbours` (rows of x by peers).

    Parameters
    ----------
    x : practices x columns. candidates : rows that can be peers. neighbours : rows of peers, -1 for none.
    block : the block of every column.
    """
    stays, present = np.zeros(neighbours.shape), np.zeros(neighbours.shape)
    seeds = np.random.SeedSequence(seed).spawn(resamples) if resamples else []
    tasks = [(x, candidates, neighbours, block, count, child) for child in seeds]
    for stayed, there in parallel_map(_one_resample, tasks, jobs):
        stays += stayed
        present += there
    return np.divide(stays, present, out=np.full(stays.shape, np.nan), where=present > 0)


def _one_resample(
    x: np.ndarray,
    candidates: np.ndarray,
    neighbours: np.ndarray,
    block: np.ndarray,
    count: int,
    seed: np.random.SeedSequence,
) -> tuple[np.ndarray, np.ndarray]:
    """For every peer: whether it stays one, and whether the resample contains it."""
    rng = np.random.default_rng(seed)
    half = np.sort(rng.choice(candidates, max(1, len(candidates) // 2), replace=False))
    scaled = (x * np.sqrt(feature_weights(x, block, rng))).astype(np.float32)
    kept = np.zeros(len(x), dtype=bool)
    kept[half] = True
    there = kept[neighbours] & (neighbours >= 0)
    places = min(max(1, round(count / 2)), len(half))
    stayed = np.zeros(neighbours.shape, dtype=bool)
    for start in range(0, len(x), CHUNK):
        rows = slice(start, min(start + CHUNK, len(x)))
        radius = _radius(scaled, rows, half, places)
        gaps = scaled[rows, None, :] - scaled[neighbours[rows]]
        # Single precision: a peer at the radius itself may come out a rounding error beyond it.
        inside = np.einsum("ijk,ijk->ij", gaps, gaps) <= radius[:, None] * (1 + 1e-4) + 1e-6
        stayed[rows] = inside & there[rows]
    return stayed, there


def feature_weights(x: np.ndarray, block: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw how much each column counts: drawn with replacement within blocks, block variances kept."""
    variance = x.var(axis=0)
    weights = np.zeros(x.shape[1])
    for name in dict.fromkeys(block):
        columns = np.flatnonzero(block == name)
        drawn = rng.multinomial(len(columns), np.full(len(columns), 1 / len(columns))).astype(float)
        drawn_variance = (drawn * variance[columns]).sum()
        weights[columns] = drawn * (variance[columns].sum() / drawn_variance if drawn_variance > 0 else 1.0)
    return weights


def _radius(scaled: np.ndarray, rows: slice, half: np.ndarray, places: int) -> np.ndarray:
    """Squared distance of each row to its `places`-th nearest practice of `half`, itself left out."""
    theirs, mine = scaled[half], scaled[rows]
    squares = np.einsum("ij,ij->i", theirs, theirs)
    # Up to a constant of the row: |theirs|^2 - 2 mine . theirs
    distance = mine @ (-2 * theirs.T)
    distance += squares
    inside = (half >= rows.start) & (half < rows.stop)
    distance[half[inside] - rows.start, np.flatnonzero(inside)] = np.inf
    each = np.arange(len(mine))
    for _ in range(places - 1):  # a few passes of argmin are faster than a partition
        distance[each, distance.argmin(axis=1)] = np.inf
    return distance.min(axis=1) + np.einsum("ij,ij->i", mine, mine)
