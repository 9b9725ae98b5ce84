"""How tables and choice.json name the preparations of the matrix that the configuration leaves open."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

#: How the setting of a block's weight is called: ``weight.deprivation``.
WEIGHT = "weight."


def weighted(dictionary: pd.DataFrame, weights: Mapping[str, float]) -> pd.DataFrame:
    """Return the `dictionary` of the features with `weights` of blocks filled in."""
    return dictionary.assign(weight=dictionary["block"].map(dict(weights)).fillna(dictionary["weight"]))


def weights_of(settings: Mapping[str, Any]) -> dict[str, float]:
    """Return block -> weight of `settings`."""
    return {
        key.removeprefix(WEIGHT): float(value) for key, value in settings.items() if key.startswith(WEIGHT)
    }


def of_preparation(table: pd.DataFrame, name: str | None) -> pd.DataFrame:
    """Return the rows of `table` (trials, or draws of the null) whose ``preparation`` is `name`."""
    return table[_is(table["preparation"], name)].reset_index(drop=True)


def by_chosen_method(table: pd.DataFrame, choice: Mapping[str, Any]) -> pd.Series:
    """Return which rows of `table` (trials, candidates) have the clusterer and the linkage of the choice."""
    return _is(table["clusterer"], choice["clusterer"]) & _is(table["linkage"], choice["linkage"])


def _is(column: pd.Series, value: str | None) -> pd.Series:
    """Where a column has `value`; None is missing."""
    return column.isna() if value is None else column == value
