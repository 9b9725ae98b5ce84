"""How far trials agree with one another: adjusted Rand indices between their labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

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


def adjusted_rand(one: NDArray, other: NDArray) -> float:
    """scikit-learn's adjusted_rand_score of labels 0..k-1, whose checks cost more than the counting."""
    width = int(other.max()) + 1
    both = np.bincount(one * width + other, minlength=(int(one.max()) + 1) * width).reshape(-1, width)
    pairs, total = (both * (both - 1)).sum() / 2, len(one) * (len(one) - 1) / 2
    first, second = ((sums * (sums - 1)).sum() / 2 for sums in (both.sum(axis=1), both.sum(axis=0)))
    expected, most = first * second / total, (first + second) / 2
    return 1.0 if most == expected else float((pairs - expected) / (most - expected))
