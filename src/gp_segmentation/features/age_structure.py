"""Block: the age structure of the list, in disjoint bands and log-ratios.

Shares of one list add up to 100%, so a larger share of one band means smaller shares of others; nested
bands (65 and over, 75 and over) measure the same twice (correlation 0.97). Disjoint bands on the centred
log-ratio scale avoid both. The six columns of a practice add up to zero; distances are not affected by that.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import numpy as np
import pandas as pd

from gp_segmentation.errors import ConfigError
from gp_segmentation.features.age_counts import CountedBands
from gp_segmentation.features.base import BlockFeatures, Tables, WeightedBlock
from gp_segmentation.features.transforms import clr

#: First ages of the bands 0-14, 15-24, 25-44, 45-64, 65-74, 75 and over.
DEFAULT_BANDS = (0, 15, 25, 45, 65, 75)


@dataclass(frozen=True, kw_only=True)
class AgeStructure(WeightedBlock):
    """Shares of the list by age band.

    Parameters
    ----------
    bands : first age of each band, multiples of 5 from 0 on; the last band is open.
    transform : ``clr`` (centred log-ratio of the counts plus one half) or ``none`` (percent).
    """

    bands: Sequence[int] = DEFAULT_BANDS
    transform: str = "clr"

    transforms: ClassVar[Sequence[str]] = ("clr", "none")

    def __post_init__(self) -> None:
        super().__post_init__()
        rising = all(a < b for a, b in pairwise(self.bands))
        if len(self.bands) < 2 or self.bands[0] != 0 or not rising or any(b % 5 for b in self.bands):
            raise ConfigError(
                f"bands is {list(self.bands)}. Give rising multiples of 5 from 0 on, two or more"
            )

    def __call__(self, tables: Tables) -> BlockFeatures:
        counts = band_counts(tables.registrations, tables.index, self.bands).add_prefix("age_")
        total = counts.sum(axis=1)
        natural = 100 * counts.div(total.where(total > 0), axis=0)
        values = natural if self.transform == "none" else clr(counts + 0.5).where(natural.notna())
        labels = dict(zip(counts.columns, band_labels(self.bands), strict=True))
        return BlockFeatures(values, natural, labels, "%", self.transform)

    def counted(self, _: Tables) -> CountedBands:
        """Return the bands, and how the patients in them become features."""
        columns = pd.Index(band_names(self.bands))
        return CountedBands(tuple(self.bands), "age_" + columns, self.transform)


def band_counts(age_sex: pd.DataFrame, index: pd.Index, bands: Sequence[int]) -> pd.DataFrame:
    """Return patients per practice and band, columns ``0_14`` ... ``75_plus``; NaN without registrations."""
    number, names = pd.factorize(age_sex["age_band"])
    first_age = names.str.extract(r"^(\d+)", expand=False).astype(int)
    band = np.searchsorted(np.asarray(bands), first_age.to_numpy(), side="right") - 1
    counts = age_sex.assign(band=band[number]).pivot_table(
        index="practice_code", columns="band", values="patients", aggfunc="sum", fill_value=0
    )
    counts = counts.reindex(columns=range(len(bands)), fill_value=0).reindex(index).astype(float)
    return counts.set_axis(band_names(bands), axis=1)


def band_names(bands: Sequence[int]) -> list[str]:
    """Return names of the bands: ``0_14``, ..., ``75_plus``."""
    return [*(f"{first}_{after - 1}" for first, after in pairwise(bands)), f"{bands[-1]}_plus"]


def band_labels(bands: Sequence[int]) -> list[str]:
    """Return labels of the bands: ``Patients aged 0 to 14``, ..., ``Patients aged 75 and over``."""
    labels = [f"Patients aged {first} to {after - 1}" for first, after in pairwise(bands)]
    return [*labels, f"Patients aged {bands[-1]} and over"]


def sex_counts(age_sex: pd.DataFrame, index: pd.Index) -> pd.DataFrame:
    """Return patients per practice, columns ``FEMALE`` and ``MALE``; NaN without registrations."""
    counts = age_sex.pivot_table(index="practice_code", columns="sex", values="patients", aggfunc="sum")
    return counts.reindex(index=index, columns=["FEMALE", "MALE"]).astype(float)
