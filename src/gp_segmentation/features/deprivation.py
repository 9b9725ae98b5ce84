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
    measure : the context column that holds the score. otherwise : the column where the source has none of
        that name (the current index under its plain name).
    transform : ``sqrt`` (scores run from 3 to 70 with a right tail) or ``none``.
    optional : leave the block out, with a note, where the source has no such score.
    """

    measure: str = "imd_score"
    otherwise: str | None = None
    transform: str = "sqrt"
    optional: bool = False

    transforms: ClassVar[Sequence[str]] = ("sqrt", "none")

    def __call__(self, tables: Tables) -> BlockFeatures:
        absent = self.measure not in tables.context
        measure = self.otherwise if self.otherwise is not None and absent else self.measure
        return context_features(tables, [measure], self.transform)
