"""How stable a practice's peers are: the search repeated on resampled features and practices.

Who is nearest depends on which features are published and which practices exist. In each resample

* half of the practices that can be peers are drawn without replacement, and
* within every block as many features are drawn with replacement as it has; a feature drawn m times
  counts m times, and the block is scaled back to the total variance (weight) it had.

A peer stays a peer in a resample that contains it when it is among the ``count / 2`` nearest practices of
that half, which reach as far on average as `count` of all. Its inclusion probability is the share of the
resamples containing it in which it stays. Half-samples vary as bootstrap samples of full size do (Efron
1982, section 8.4), without repeated practices at distance zero.
"""

from dataclasses import dataclass

import numpy as np

from gp_segmentation.utils.parallel import parallel_map
from gp_segmentation.utils.progress import progress_bar

#: Rows whose distances are in memory at once.
CHUNK = 1024


@dataclass(frozen=True)
class PeerSearch:
    """A search for the `count` nearest practices, and its result.

    Attributes
    ----------
    x : practices x columns. candidates : rows that can be peers. neighbours : practices x peers, the row of
        each peer; -1 for none. block : the block of every column.
    """

    x: np.ndarray
    candidates: np.ndarray
    neighbours: np.ndarray
    block: np.ndarray
    count: int

    def resample(self, seed: np.random.SeedSequence) -> tuple[np.ndarray, np.ndarray]:
        """Return for every peer whether it stays one, and whether the resample contains it."""
        rng = np.random.default_rng(seed)
        half = np.sort(rng.choice(self.candidates, max(1, len(self.candidates) // 2), replace=False))
        scaled = (self.x * np.sqrt(feature_weights(self.x, self.block, rng))).astype(np.float32)
        drawn = np.zeros(len(self.x), dtype=bool)
        drawn[half] = True
        present = drawn[self.neighbours] & (self.neighbours >= 0)
        places = min(max(1, round(self.count / 2)), len(half))
        stays = np.zeros(self.neighbours.shape, dtype=bool)
        for start in range(0, len(scaled), CHUNK):
            rows = slice(start, min(start + CHUNK, len(scaled)))
            radius = _radius(scaled, rows, half, places)
            gaps = scaled[rows, None, :] - scaled[self.neighbours[rows]]
            # Single precision: a peer at the radius itself may come out a rounding error beyond it.
            inside = np.einsum("ijk,ijk->ij", gaps, gaps) <= radius[:, None] * (1 + 1e-4) + 1e-6
            stays[rows] = inside & present[rows]
        return stays, present


def inclusion(search: PeerSearch, resamples: int, seed: int, jobs: int | None) -> np.ndarray:
    """Return the inclusion probability of every peer, practices x peers; NaN in no resample."""
    stays, present = np.zeros(search.neighbours.shape), np.zeros(search.neighbours.shape)
    seeds = np.random.SeedSequence(seed).spawn(resamples)
    drawn = parallel_map(search.resample, [(child,) for child in seeds], jobs)
    for stayed, contained in progress_bar(drawn, resamples, "peers in resamples"):
        stays += stayed
        present += contained
    return np.divide(stays, present, out=np.full(stays.shape, np.nan), where=present > 0)


def feature_weights(x: np.ndarray, block: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw a weight for each column: counts drawn with replacement in blocks, block variances kept."""
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
    # |theirs - mine|^2 without the constant |mine|^2, which is added at the end
    distance = mine @ (-2 * theirs.T)
    distance += squares
    inside = (half >= rows.start) & (half < rows.stop)
    distance[half[inside] - rows.start, np.flatnonzero(inside)] = np.inf
    row = np.arange(len(mine))
    for _ in range(places - 1):  # a few passes of argmin are faster than a partition
        distance[row, distance.argmin(axis=1)] = np.inf
    return distance.min(axis=1) + np.einsum("ij,ij->i", mine, mine)
