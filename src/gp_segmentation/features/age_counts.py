"""Patients by age and sex, as the blocks that count them take them."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from gp_segmentation.features.transforms import clr
from gp_segmentation.utils.arrays import Floats

#: First ages of bands, as ``(0, 15, 65)``.
Bands = tuple[int, ...]


@dataclass(frozen=True)
class Ages:
    """Patients of each practice by age, in every division into bands that is used, and by sex where it is."""

    bands: Mapping[Bands, pd.DataFrame]
    sexes: pd.DataFrame | None


@dataclass(frozen=True)
class CountedBands:
    """The age bands of a block (`columns`, its features): parts of one list, that add up to it."""

    bands: Bands
    columns: pd.Index
    transform: str

    def values(self, ages: Ages) -> Floats:
        """Return the features (n, bands) of lists of these `ages`."""
        counts = ages.bands[self.bands]
        if self.transform == "none":
            return 100 * counts.div(counts.sum(axis=1), axis=0).to_numpy()
        return clr(counts + 0.5).to_numpy()
