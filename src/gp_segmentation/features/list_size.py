"""Block: how many patients are registered."""

from dataclasses import dataclass

import pandas as pd

from gp_segmentation.features.base import BlockFeatures, Tables, check_choice, check_weight
from gp_segmentation.features.transforms import TRANSFORMS


@dataclass(frozen=True)
class ListSize:
    """Registered patients.

    Parameters
    ----------
    weight : the block's total variance in the scaled matrix; None leaves it to the study.
    transform : ``log`` (lists run from 5 to 106,308) or ``none``.
    """

    weight: float | None = 1.0
    transform: str = "log"

    def __post_init__(self) -> None:
        check_weight(self.weight)
        check_choice("transform", self.transform, ("log", "none"))

    def __call__(self, tables: Tables) -> BlockFeatures:
        natural = pd.DataFrame({"list_size": tables.list_size})
        values = pd.DataFrame(
            TRANSFORMS[self.transform].forward(natural.to_numpy()),
            index=natural.index,
            columns=natural.columns,
        )
        return BlockFeatures(values, natural, {"list_size": "List size"}, "patients", self.transform)
