"""Block: list size."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from gp_segmentation.features.base import BlockFeatures, Tables, WeightedBlock
from gp_segmentation.features.transforms import TRANSFORMS


@dataclass(frozen=True, kw_only=True)
class ListSize(WeightedBlock):
    """Registered patients.

    Parameters
    ----------
    transform : ``log`` (lists run from 5 to 106,308) or ``none``.
    """

    transform: str = "log"

    transforms: ClassVar[Sequence[str]] = ("log", "none")

    def __call__(self, tables: Tables) -> BlockFeatures:
        natural = pd.DataFrame({"list_size": tables.list_size})
        values = TRANSFORMS[self.transform](natural)
        return BlockFeatures(values, natural, {"list_size": "List size"}, "patients", self.transform)
