"""Block: the balance of women and men on the list."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from gp_segmentation.features.age_structure import sex_counts
from gp_segmentation.features.base import BlockFeatures, Tables, WeightedBlock
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
        counts = sex_counts(tables.registrations, tables.index)
        total = counts.sum(axis=1, min_count=1)
        female = counts["FEMALE"].fillna(0).where(total.notna())
        rates = rate_features(
            female.to_frame("female_share"), total.to_frame("female_share"), transform=self.transform
        )
        return BlockFeatures(
            rates.values, rates.natural, {"female_share": "Female patients"}, "%", rates.transform
        )
