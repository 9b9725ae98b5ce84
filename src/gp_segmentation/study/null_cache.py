"""The null of each preparation of the matrix: drawn when it is first asked for, and kept with the study."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import optuna
import pandas as pd

from gp_segmentation.study.evaluate import Limits
from gp_segmentation.utils.arrays import Floats, Ints
from gp_segmentation.validity import draw_null, null_means

#: Columns of the draws, and their types.
TYPES = {
    "preparation": "str",
    "draw": "int64",
    "k": "int64",
    "silhouette": "float64",
    "log_within": "float64",
}


class KeptNulls:
    """Draws of the null of every preparation.

    Parameters
    ----------
    study : where draws are kept, so that a study that goes on draws none again.
    matrices : preparation -> its rows.
    ks : numbers of clusters of the trials; 1 joins them, for the gap statistic.
    asked : ``kind``, ``draws`` and ``n_init``, as in ``conf/study``.
    limits : with more rows than they allow, the null is of some.
    seed, jobs : the draws depend on `seed` alone.
    """

    def __init__(
        self,
        study: optuna.Study,
        matrices: Mapping[str | None, Floats],
        ks: Sequence[int],
        asked: Mapping[str, Any],
        limits: Limits,
        seed: int,
        jobs: int | None,
    ) -> None:
        self._study, self._matrices, self._ks = study, matrices, sorted({1, *ks})
        self._asked, self._limits, self._seed, self._jobs = asked, limits, seed, jobs
        self._drawn: dict[str | None, pd.DataFrame] = {}

    def means(self, preparation: str | None) -> dict[int, float]:
        """Number of clusters -> mean silhouette of the draws."""
        return null_means(self._of(preparation))

    def drawn(self, preparations: Iterable[str | None]) -> pd.DataFrame:
        """Preparation, draw, k, silhouette and log_within of the draws for `preparation_rows`."""
        tables = [
            self._of(name).assign(preparation=name).reindex(columns=list(TYPES)) for name in preparations
        ]
        return pd.concat(tables, ignore_index=True).astype(TYPES)

    def _of(self, preparation: str | None) -> pd.DataFrame:
        if preparation not in self._drawn:
            self._drawn[preparation] = self._kept(preparation)
        return self._drawn[preparation]

    def _kept(self, preparation: str | None) -> pd.DataFrame:
        """The draws the study keeps, or new ones."""
        name = "null" if preparation is None else f"null {preparation}"
        kept = self._study.user_attrs.get(name)
        if kept is not None:
            return pd.DataFrame(kept).astype({key: kind for key, kind in TYPES.items() if key in kept})
        values = self._matrices[preparation]
        rows = values[sampled_rows(len(values), self._limits)]
        null = draw_null(rows, self._ks, **self._asked, seed=self._seed, jobs=self._jobs)
        # log W of fewer rows than the data have is not comparable with theirs.
        null["log_within"] += np.log(len(values) / len(rows))
        self._study.set_user_attr(name, {column: null[column].tolist() for column in null})
        return null


def sampled_rows(rows: int, limits: Limits) -> Ints:
    """Every row, or as many as silhouettes are sampled of where there are too many to compare all."""
    taken = rows if rows <= limits.exact_up_to else min(limits.sample_rows, rows)
    return np.linspace(0, rows - 1, taken).round().astype(np.int64)
