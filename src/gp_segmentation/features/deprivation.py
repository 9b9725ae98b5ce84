"""Block: deprivation of the places where the practice's patients live."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from gp_segmentation.features.base import BlockFeatures, Tables, WeightedBlock
from gp_segmentation.features.context import context_features


@dataclass(frozen=True, kw_only=True)
class Deprivation(WeightedBlock):
    """A deprivation score (Index of Multiple Deprivation), higher where people are more deprived.

    Parameters
    ----------
    measure : the context column that holds the score.
    transform : ``sqrt`` (scores run from 3 to 70 with a right tail) or ``none``.
    optional : leave the block out, with a note, where the source has no such score.
    """

    measure: str = "imd_score"
    transform: str = "sqrt"
    optional: bool = False

    transforms: ClassVar[Sequence[str]] = ("sqrt", "none")

    def __call__(self, tables: Tables) -> BlockFeatures:
        return context_features(tables, [self.measure], self.transform)
