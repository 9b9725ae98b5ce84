"""Block: the balance of women and men on the list."""

from dataclasses import dataclass

import pandas as pd

from gp_segmentation.features.base import BlockFeatures, Tables, check_choice, check_weight
from gp_segmentation.features.rates import RATE_TRANSFORMS, rate_features


@dataclass(frozen=True)
class SexRatio:
    """Share of the list that is female, all ages.

    Parameters
    ----------
    weight : the block's total variance in the scaled matrix; None leaves it to the study.
    transform : ``empirical_logit`` (the log of women per man) or ``none`` (percent).
    """

    weight: float | None = 1.0
    transform: str = "empirical_logit"

    def __post_init__(self) -> None:
        check_weight(self.weight)
        check_choice("transform", self.transform, RATE_TRANSFORMS)

    def __call__(self, tables: Tables) -> BlockFeatures:
        rows = tables.registrations
        totals = rows.pivot_table(index="practice_code", columns="sex", values="patients", aggfunc="sum")
        totals = totals.reindex(index=tables.index, columns=["FEMALE", "MALE"]).astype(float)
        female = pd.DataFrame({"female_share": totals["FEMALE"]})
        everyone = pd.DataFrame({"female_share": totals.sum(axis=1, min_count=1)})
        rates = rate_features(female.fillna(0).where(everyone.notna()), everyone, transform=self.transform)
        return BlockFeatures(
            rates.values, rates.natural, {"female_share": "Female patients"}, "%", rates.transform
        )
