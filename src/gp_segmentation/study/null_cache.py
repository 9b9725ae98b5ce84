"""The null of each preparation of the matrix: drawn when first needed, and kept with the study."""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import numpy as np
import optuna
import pandas as pd

from gp_segmentation.study.inputs import Inputs
from gp_segmentation.validity import draw_null, null_means

#: Columns of the draws, and their types.
TYPES = {
    "preparation": "str",
    "draw": "int64",
    "k": "int64",
    "silhouette": "float64",
    "log_within": "float64",
}


class NullCache:
    """Draws of the null of every preparation, for the numbers of clusters of the trials and for 1.

    Parameters
    ----------
    study : keeps the draws, so that a resumed study does not draw them again.
    inputs : with too many rows to compare all, the null is of ``inputs.sampled_rows``.
    options : ``kind``, ``draws`` and ``n_init``, the node ``null_model`` of ``conf/study``.
    name : under which the draws are kept.
    """

    def __init__(
        self, study: optuna.Study, inputs: Inputs, options: Mapping[str, Any], name: str = "null"
    ) -> None:
        self._study, self._inputs, self._options, self._name = study, inputs, options, name
        self._draws = cache(self._read_or_draw)

    def means(self, preparation: str | None) -> dict[int, float]:
        """Number of clusters -> mean silhouette of the draws."""
        return null_means(self._draws(preparation))

    def drawn(self, preparations: Iterable[str | None]) -> pd.DataFrame:
        """The draws of some preparations: frame with the columns of `TYPES`."""
        tables = [
            self._draws(name).assign(preparation=name).reindex(columns=list(TYPES)) for name in preparations
        ]
        return pd.concat(tables, ignore_index=True).astype(TYPES)

    def _read_or_draw(self, preparation: str | None) -> pd.DataFrame:
        name = self._name if preparation is None else f"{self._name} {preparation}"
        kept = self._study.user_attrs.get(name)
        if kept is not None:
            return pd.DataFrame(kept).astype({key: kind for key, kind in TYPES.items() if key in kept})
        values = self._inputs.matrices[preparation]
        rows = values[self._inputs.sampled_rows(preparation)]
        ks = sorted({1, *self._inputs.space.ks})  # the gap statistic needs 1
        null = draw_null(rows, ks, **self._options, seed=self._inputs.seed, jobs=self._inputs.jobs)
        # Sums of squares grow with the number of rows: scale those of a sample to all rows.
        null["log_within"] += np.log(len(values) / len(rows))
        self._study.set_user_attr(name, {column: null[column].tolist() for column in null})
        return null
