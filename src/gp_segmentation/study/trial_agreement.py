"""How far trials agree with one another: adjusted Rand indices between their labels."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

from numpy.typing import NDArray

from gp_segmentation.validity import adjusted_rand

Row = Mapping[str, Any]


def agreements(rows: Sequence[Row], labels: Mapping[int, NDArray]) -> list[float | None]:
    """Of each trial, the highest agreement with one of as many segments by another clusterer or linkage.

    Only trials on the same matrix are compared. None where there is no such trial.

    Parameters
    ----------
    rows : trial, preparation, clusterer, linkage and n_clusters of each trial.
    labels : trial -> (n,) segments 0..k-1.
    """
    alike: dict[tuple[Any, Any], list[Row]] = {}
    for row in rows:
        alike.setdefault((row["preparation"], row["n_clusters"]), []).append(row)
    best: dict[int, float] = {}
    for group in alike.values():
        for one, other in combinations(group, 2):
            if (one["clusterer"], one["linkage"]) != (other["clusterer"], other["linkage"]):
                pair = one["trial"], other["trial"]
                ari = adjusted_rand(labels[pair[0]], labels[pair[1]])
                best |= {trial: max(ari, best.get(trial, -1.0)) for trial in pair}
    return [best.get(row["trial"]) for row in rows]
