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
    mine = table["preparation"].isna() if name is None else table["preparation"] == name
    return table[mine].reset_index(drop=True)
