"""What every part of a study works from: the fitted rows, the space to search, and limits on the work."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from gp_segmentation.errors import ConfigError
from gp_segmentation.study.space import Point, Space
from gp_segmentation.study.tree_cache import TreeFolder
from gp_segmentation.utils.arrays import Floats, Ints

#: ``build(node, **params)`` gives the unfitted estimator of a configuration node.
Build = Callable[..., Any]

#: Preparation -> its fitted rows, the same practices in each.
Matrices = Mapping[str | None, ArrayLike]


@dataclass(frozen=True)
class Limits:
    """How much work a study may do.

    Attributes
    ----------
    exact_up_to : up to this many rows all pairs of rows are compared; with more, see `large_n`.
    sample_rows : rows sampled for silhouettes when there are more.
    better_starts : whether K-means also starts from a cut of Ward's tree.
    """

    exact_up_to: int = 12_000
    sample_rows: int = 5_000
    better_starts: bool = True


@dataclass(frozen=True)
class Inputs:
    """The rows, the space to search, and the settings that all parts of one study share.

    Attributes
    ----------
    matrices : preparation -> (n, d) fitted rows.
    build : see `Build`; it is given the open parameters only.
    cache : of trees, or None.
    seed : of random samples; the result depends on no other.
    jobs : fits at once; the result does not depend on it.
    """

    matrices: dict[str | None, Floats]
    space: Space
    build: Build
    limits: Limits
    cache: TreeFolder | None = None
    seed: int = 0
    jobs: int | None = 1

    def __post_init__(self) -> None:
        for rows in self.matrices.values():
            _check_enough_rows(self.space, rows)

    def estimator(self, point: Point) -> Any:
        """The unfitted estimator of a point."""
        return self.build(self.space.node_of(point))

    def exact(self, preparation: str | None) -> bool:
        """Whether all pairs of rows are compared."""
        return len(self.matrices[preparation]) <= self.limits.exact_up_to

    def sampled_rows(self, preparation: str | None) -> Ints:
        """Places of all rows, or of ``sample_rows`` evenly spread ones where not all pairs are compared."""
        rows = len(self.matrices[preparation])
        size = rows if self.exact(preparation) else min(self.limits.sample_rows, rows)
        return np.linspace(0, rows - 1, size).round().astype(np.int64)


def as_matrices(X: Matrices | pd.DataFrame | ArrayLike) -> dict[str | None, Floats]:
    """Rows by preparation as arrays; a single matrix gets the name None."""
    matrices = X if isinstance(X, Mapping) else {None: X}
    return {name: np.asarray(rows, dtype=np.float64) for name, rows in matrices.items()}


def _check_enough_rows(space: Space, X: Floats) -> None:
    """Raise ConfigError where a point has as many clusters as there are rows, or more than distinct rows."""
    most = max(space.ks, default=0)
    remedy = "Lower study.n_clusters.high (clusterer.n_clusters if it is set), or take more practices in"
    if most >= len(X):
        raise ConfigError(f"n_clusters reaches {most}, but only {len(X)} practices are fitted. {remedy}")
    distinct = len(np.unique(X, axis=0))
    if most > distinct:
        problem = f"n_clusters reaches {most}, but the {len(X)} fitted practices have only {distinct}"
        raise ConfigError(f"{problem} different rows in the matrix. {remedy}")
