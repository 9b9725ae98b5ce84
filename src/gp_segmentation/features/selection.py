"""Rules that drop uninformative features, each with its reason."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import pandas as pd
from pydantic import Field

from gp_segmentation.utils.rounding import percent

Limit = Annotated[float, Field(gt=0, le=1)]


@dataclass(frozen=True)
class Selection:
    """Rules applied over ordinary practices, in this order.

    The parts of a composition (log-ratios) are meaningful only together; only `max_missing` applies to them.

    Parameters
    ----------
    max_missing : drop a feature missing in more than this share of practices (1: in all practices).
    max_constant_share : drop a feature if at least this share of practices has its commonest natural value.
    min_variance : drop a feature whose variance on the analysis scale is below this; null drops none.
    duplicate_correlation : drop the later of two features whose absolute correlation is at least this.
    max_correlation : the same at a lower correlation; null drops none.
    """

    max_missing: Limit = 0.5
    max_constant_share: Limit = 0.99
    duplicate_correlation: Limit = 0.9999
    min_variance: Annotated[float, Field(ge=0)] | None = None
    max_correlation: Limit | None = None

    def drop(
        self, features: pd.DataFrame, natural: pd.DataFrame, parts: Collection[str] = ()
    ) -> dict[str, str]:
        """Return feature -> reason for the features that the rules drop.

        Parameters
        ----------
        features, natural : ordinary practices x features, on the analysis scale and in natural units.
        parts : features that are parts of a composition.
        """
        dropped = _mostly_missing(features, self.max_missing)
        single = [name for name in features if name not in dropped and name not in parts]
        dropped |= _nearly_constant(natural[single], self.max_constant_share)
        if self.min_variance is not None:
            dropped |= _small_variance(features[[n for n in single if n not in dropped]], self.min_variance)
        limit = min(self.duplicate_correlation, self.max_correlation or 1.0)
        return dropped | _correlated(features.drop(columns=list(dropped)), limit, parts)


def _mostly_missing(features: pd.DataFrame, limit: float) -> dict[str, str]:
    share = features.isna().mean()
    over = share[(share > limit) | (share == 1)]
    return {str(name): f"missing in {percent(value)} of practices" for name, value in over.items()}


def _nearly_constant(natural: pd.DataFrame, limit: float) -> dict[str, str]:
    dropped = {}
    for name, column in natural.items():
        counts = column.value_counts()
        most, total = counts.iloc[0], counts.sum()
        if most >= limit * total:
            dropped[str(name)] = f"nearly constant: {percent(most / total)} are {counts.index[0]:g}"
    return dropped


def _small_variance(features: pd.DataFrame, limit: float) -> dict[str, str]:
    variance = features.var(ddof=0)
    small = variance[variance < limit]
    return {str(name): f"variance {value:.2g} below {limit:g}" for name, value in small.items()}


def _correlated(features: pd.DataFrame, limit: float, parts: Collection[str]) -> dict[str, str]:
    """Drop the later of each closely correlated pair; `parts` come first and are kept."""
    correlation = features.corr().abs().to_numpy()
    names = [str(name) for name in features.columns]
    kept = [j for j, name in enumerate(names) if name in parts]
    dropped = {}
    for j, name in enumerate(names):
        if j in kept:
            continue
        close = [i for i in kept if correlation[i, j] >= limit]
        if close:
            nearest = close[int(np.argmax(correlation[close, j]))]
            dropped[name] = f"correlates {correlation[nearest, j]:.4f} with {names[nearest]}"
        else:
            kept.append(j)
    return dropped
