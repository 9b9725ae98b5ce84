"""Block: achievement of each indicator."""

from dataclasses import dataclass
from typing import ClassVar

from gp_segmentation.features.base import check_choice
from gp_segmentation.features.indicators import IndicatorBlock, IndicatorCounts, IndicatorRates

MEASURES = {"net": "achievement", "gross": "patients receiving the intervention"}


@dataclass(frozen=True, kw_only=True)
class Achievement(IndicatorBlock):
    """Achievement of each chosen indicator (see `IndicatorBlock` for the choice).

    Parameters
    ----------
    basis : ``net`` of personalised care adjustments, numerator / denominator (the publication's
        underlying achievement); or ``gross``, numerator / (denominator + pcas) (patients receiving the
        intervention). Gross is missing where no number of adjustments is published.
    """

    basis: str = "net"
    prefix: ClassVar[str] = "achievement_"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_choice("basis", self.basis, MEASURES)

    def rates(self, counts: IndicatorCounts) -> IndicatorRates:
        """Return achievement, net or gross."""
        denominator = counts.eligible if self.basis == "gross" else counts.denominator
        return IndicatorRates(counts.numerator, denominator, MEASURES[self.basis])
