"""Block: the age structure of the list, in disjoint bands and log-ratios.

Shares of one list add up to 100%, so one band's rise is another's fall; nested bands (65 and over, 75
and over) tell the same thing twice (correlation .97). Disjoint bands on the centred log-ratio scale
avoid both. The six columns add to zero: their covariance has rank five, which distances do not mind.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from gp_segmentation.errors import ConfigError
from gp_segmentation.features.base import BlockFeatures, Tables, check_choice, check_weight
from gp_segmentation.features.transforms import clr

#: First ages of the bands 0-14, 15-24, 25-44, 45-64, 65-74, 75 and over.
DEFAULT_BANDS = (0, 15, 25, 45, 65, 75)


@dataclass(frozen=True)
class AgeStructure:
    """Shares of the list by age band.

    Parameters
    ----------
    weight : the block's total variance in the scaled matrix; None leaves it to the study.
    bands : first age of each band, multiples of 5 from 0 on; the last band is open.
    transform : ``clr`` (centred log-ratio of the counts plus one half) or ``none`` (percent).
    """

    weight: float | None = 1.0
    bands: Sequence[int] = DEFAULT_BANDS
    transform: str = "clr"

    def __post_init__(self) -> None:
        check_weight(self.weight)
        check_choice("transform", self.transform, ("clr", "none"))
        rising = all(a < b for a, b in pairwise(self.bands))
        if len(self.bands) < 2 or self.bands[0] != 0 or not rising or any(b % 5 for b in self.bands):
            raise ConfigError(
                f"bands is {list(self.bands)}. Give rising multiples of 5 from 0 on, two or more"
            )

    def __call__(self, tables: Tables) -> BlockFeatures:
        counts = band_counts(tables.registrations, tables.index, self.bands)
        counts.columns = [f"age_{name}" for name in counts.columns]
        total = counts.sum(axis=1)
        natural = 100 * counts.div(total.where(total > 0), axis=0)
        values = natural
        if self.transform == "clr":
            values = pd.DataFrame(clr(counts.to_numpy() + 0.5), index=counts.index, columns=counts.columns)
            values = values.where(natural.notna())
        labels = dict(zip(counts.columns, band_labels(self.bands), strict=True))
        return BlockFeatures(values, natural, labels, unit="%", transform=self.transform)


def band_counts(age_sex: pd.DataFrame, index: pd.Index, bands: Sequence[int]) -> pd.DataFrame:
    """Return patients per practice and band, columns ``0_14`` ... ``75_plus``; NaN without registrations."""
    first_age = age_sex["age_band"].str.extract(r"^(\d+)", expand=False).astype(int)
    place = np.searchsorted(np.asarray(bands), first_age.to_numpy(), side="right") - 1
    counts = age_sex.assign(place=place).pivot_table(
        index="practice_code", columns="place", values="patients", aggfunc="sum", fill_value=0
    )
    counts = counts.reindex(columns=range(len(bands)), fill_value=0).reindex(index).astype(float)
    return counts.set_axis(_band_names(bands), axis=1)


def _band_names(bands: Sequence[int]) -> list[str]:
    ends = [f"{first}_{after - 1}" for first, after in pairwise(bands)]
    return [*ends, f"{bands[-1]}_plus"]


def band_labels(bands: Sequence[int]) -> list[str]:
    """Return the bands' names for people: ``Patients aged 0 to 14``, ..., ``Patients aged 75 and over``."""
    ends = [f"Patients aged {a} to {b - 1}" for a, b in pairwise(bands)]
    return [*ends, f"Patients aged {bands[-1]} and over"]
