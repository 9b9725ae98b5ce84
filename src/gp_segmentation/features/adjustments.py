"""Block: personalised care adjustments of each indicator."""

from dataclasses import dataclass
from typing import ClassVar

from gp_segmentation.features.indicators import IndicatorBlock, IndicatorCounts, IndicatorRates


@dataclass(frozen=True, kw_only=True)
class Adjustments(IndicatorBlock):
    """Adjustments as a share of eligible patients, pcas / (denominator + pcas), of each chosen indicator.

    Where no number of adjustments is published the rate is missing, not zero.
    """

    prefix: ClassVar[str] = "adjustments_"

    def rates(self, counts: IndicatorCounts) -> IndicatorRates:
        """Return adjustments over eligible patients."""
        return IndicatorRates(counts.pcas, counts.eligible, "personalised care adjustments")
