"""How sure a practice's groups are: each practice assigned again and again, with other counts and centroids.

A segment is uncertain because the practice's figures are counts, and because the practices are a draw, which
moves the borders. Each draw takes the counts of all practices anew (`gp_segmentation.features.redraw`) and
the centroids of one bootstrap sample of practices (`gp_segmentation.validity.resample`), in turn. The share
of draws in which a practice falls into a group is the probability that it belongs there.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.spatial.distance import cdist

from gp_segmentation.clustering import LEVELS, Levels, parent_code
from gp_segmentation.utils.arrays import Floats, Ints
from gp_segmentation.utils.parallel import parallel_map
from gp_segmentation.utils.progress import progress_bar
from gp_segmentation.utils.wording import membership_text

#: Draws that go through the matrix pipeline together: its checks cost as much as its arithmetic.
BATCH = 5


@dataclass(frozen=True)
class _Groups:
    """Groups of k segments and m subgroups, and where the n practices stand with the figures observed.

    segment, subgroup : (n,) positions of each practice's own. nearest_segment, nearest_subgroup : (n,) of the
    nearest centroids, the latter within its own segment. inside : (k, m) whether a segment has the subgroup.
    """

    segment: Ints
    subgroup: Ints
    nearest_segment: Ints
    nearest_subgroup: Ints
    subgroup_centres: Floats
    inside: np.ndarray

    def place(self, rows: Floats, centres: Floats) -> Ints:
        """Return the subgroup (n,) of each practice, by its row in a draw and the draw's centroids (k, d).

        A practice keeps its own group as long as it is nearest to the same centroid as with the figures
        observed: hierarchical segments, unlike those of K-means, are not those of the nearest centroid.
        """
        nearest = _nearest(rows, centres)
        segment = np.where(nearest == self.nearest_segment, self.segment, nearest)
        within = _nearest(rows, self.subgroup_centres, self.inside[segment])
        same = (segment == self.segment) & (within == self.nearest_subgroup)
        return np.where(same, self.subgroup, within)


def membership_probabilities(
    draw: Callable[[range], Floats],
    observed: pd.DataFrame,
    levels: Levels,
    resampled: Floats,
    *,
    draws: int,
    jobs: int | None = 1,
) -> pd.DataFrame:
    """Return the table ``membership``: a row per practice and group that it falls into, with the probability.

    Parameters
    ----------
    draw : numbers -> the matrices with the counts drawn for these times, one below the other, each with its
        rows as in `observed`.
    observed : practice_code -> the matrix of the practices that have a segment.
    levels : of these practices.
    resampled : (r, k, d) centroids of the segments in samples of practices, in the order of ``levels.nodes``;
        a segment that a sample does not have is NaN there. With r = 0 the segments' own centroids.
    draws : number of draws. jobs : at once; the result does not depend on it.
    """
    groups, own = _groups(observed, levels), _centres(levels, "segment")
    centres = np.where(np.isnan(resampled), np.inf, resampled) if len(resampled) else own[None]

    def place(numbers: range) -> list[Ints]:
        drawn = draw(numbers).reshape(len(numbers), *observed.shape)
        of_draw = (centres[number % len(centres)] for number in numbers)
        return [groups.place(*pair) for pair in zip(drawn, of_draw, strict=True)]

    counts = np.zeros((len(observed), len(groups.subgroup_centres)), dtype=np.int64)
    rows = np.arange(len(observed))
    batches = [(range(first, min(first + BATCH, draws)),) for first in range(0, draws, BATCH)]
    found = parallel_map(place, batches, jobs, here=True)
    for placed in progress_bar(found, len(batches), "counts redrawn"):
        for subgroup in placed:
            counts[rows, subgroup] += 1
    return _long_table(counts / max(draws, 1), observed.index, levels)


def how_sure(membership: pd.DataFrame, codes: pd.Series) -> pd.DataFrame:
    """Return ``certainty``, the probability of each practice's own segment, and ``membership``, in words.

    Practices that were not drawn have neither (see `utils.wording.membership_text`).

    Parameters
    ----------
    membership : the table of that schema. codes : practice_code -> code of its segment.
    """
    rows = membership[membership["level"] == "segment"]
    shares: dict[str, dict[str, float]] = {}
    for practice, code, share in zip(rows["practice_code"], rows["code"], rows["probability"], strict=True):
        # Its own segment comes first, also where it never falls into it; then the likeliest.
        shares.setdefault(practice, {codes[practice]: 0.0})[code] = share
    texts = {practice: membership_text(list(own), list(own.values())) for practice, own in shares.items()}
    own = {practice: next(iter(one.values())) for practice, one in shares.items()}
    table = {"certainty": pd.Series(own, dtype="float64"), "membership": pd.Series(texts, dtype="str")}
    return pd.DataFrame(table).reindex(codes.index)


def _groups(observed: pd.DataFrame, levels: Levels) -> _Groups:
    rows = observed.to_numpy()
    segments, subgroups = (_codes(levels, level) for level in LEVELS[1:])
    inside = np.array([[parent_code(code) == segment for code in subgroups] for segment in segments])
    centres = _centres(levels, "subgroup")
    nearest = _nearest(rows, _centres(levels, "segment"))
    own = (levels.codes.loc[observed.index, level] for level in LEVELS[1:])
    segment, subgroup = (
        pd.Index(codes).get_indexer(of) for codes, of in zip((segments, subgroups), own, strict=True)
    )
    # Within its own segment, since a practice that keeps its segment is looked at there.
    return _Groups(segment, subgroup, nearest, _nearest(rows, centres, inside[segment]), centres, inside)


def _codes(levels: Levels, level: str) -> list[str]:
    return levels.nodes.loc[levels.nodes["level"] == level, "code"].tolist()


def _centres(levels: Levels, level: str) -> Floats:
    return levels.centroids.loc[_codes(levels, level)].to_numpy()


def _nearest(rows: Floats, centres: Floats, among: np.ndarray | None = None) -> Ints:
    """Return the position of the nearest of the `centres` (m, d), for each row of those `among` (n, m)."""
    distances = cdist(rows, centres, "sqeuclidean")
    if among is not None:
        distances[~among] = np.inf
    return distances.argmin(axis=1)


def _long_table(shares: Floats, index: pd.Index, levels: Levels) -> pd.DataFrame:
    """Return practice_code, level, code, probability of every group with any probability."""
    frame = pd.DataFrame(shares, index.rename("practice_code"), _codes(levels, "subgroup"))
    parts = {"subgroup": frame}
    for level, below in (("segment", "subgroup"), ("supergroup", "segment")):
        parts[level] = parts[below].T.groupby(parent_code, sort=False).sum().T
    tables = []
    for place, level in enumerate(LEVELS):
        long = parts[level].reset_index().melt("practice_code", var_name="code", value_name="probability")
        tables.append(long[long["probability"] > 0].assign(level=level, place=place))
    table = pd.concat(tables, ignore_index=True).assign(probability=lambda t: t["probability"].round(9))
    order = ["practice_code", "place", "probability", "code"]
    table = table.sort_values(order, ascending=[True, True, False, True], ignore_index=True)
    return table[["practice_code", "level", "code", "probability"]]
