"""Block: the balance of women and men on the list."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from gp_segmentation.features.age_structure import sex_counts
from gp_segmentation.features.base import BlockFeatures, Tables, WeightedBlock
from gp_segmentation.features.counted import CountedRates
from gp_segmentation.features.rates import RATE_TRANSFORMS, rate_features


@dataclass(frozen=True, kw_only=True)
class SexRatio(WeightedBlock):
    """Share of the list that is female, all ages.

    Parameters
    ----------
    transform : ``empirical_logit`` (the log of women per man) or ``none`` (percent).
    """

    transform: str = "empirical_logit"

    transforms: ClassVar[Sequence[str]] = RATE_TRANSFORMS

    def __call__(self, tables: Tables) -> BlockFeatures:
        rates = rate_features(*_women(tables), transform=self.transform)
        return BlockFeatures(
            rates.values, rates.natural, {"female_share": "Female patients"}, "%", rates.transform
        )

    def counted(self, tables: Tables) -> CountedRates:
        """Return the women on each list, and how they become features."""
        return CountedRates.of(*_women(tables), self.transform, "none", tables.ordinary)


def _women(tables: Tables) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Women and all patients of each practice, as columns ``female_share``."""
    counts = sex_counts(tables.registrations, tables.index)
    total = counts.sum(axis=1, min_count=1)
    female = counts["FEMALE"].fillna(0).where(total.notna())
    return female.to_frame("female_share"), total.to_frame("female_share")
