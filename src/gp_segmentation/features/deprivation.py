"""Block: how deprived the places are where the practice's patients live."""

from dataclasses import dataclass

from gp_segmentation.features.base import BlockFeatures, Tables, check_choice
from gp_segmentation.features.context import Context


@dataclass(frozen=True)
class Deprivation:
    """A deprivation score (Index of Multiple Deprivation), higher where people are more deprived.

    Parameters
    ----------
    weight : the block's total variance in the scaled matrix; None leaves it to the study.
    measure : the context column that holds the score.
    transform : ``sqrt`` (scores run from 3 to 70 with a right tail) or ``none``.
    optional : leave the block out, with a note, where the source has no such score.
    """

    weight: float | None = 1.0
    measure: str = "imd_score"
    transform: str = "sqrt"
    optional: bool = False

    def __post_init__(self) -> None:
        check_choice("transform", self.transform, ("sqrt", "none"))
        self._context()

    def _context(self) -> Context:
        return Context(measures=[self.measure], weight=self.weight, transform=self.transform)

    def __call__(self, tables: Tables) -> BlockFeatures:
        return self._context()(tables)
