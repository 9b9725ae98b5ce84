"""Block: what practices achieved, indicator by indicator."""

from dataclasses import dataclass

from gp_segmentation.features.base import BlockFeatures, Tables, check_choice
from gp_segmentation.features.indicators import IndicatorBlock, indicator_counts, indicator_labels
from gp_segmentation.features.rates import rate_features

BASES = {"net": "achievement", "gross": "patients receiving the intervention"}


@dataclass(frozen=True)
class Achievement(IndicatorBlock):
    """Achievement of each chosen indicator (see `IndicatorBlock` for the choice).

    Parameters
    ----------
    basis : ``net`` of personalised care adjustments, numerator / denominator (the publication's
        underlying achievement); or ``gross``, numerator / (denominator + pcas) (patients receiving the
        intervention). Gross needs a published number of adjustments: absent is missing, not zero.
    """

    basis: str = "net"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_choice("basis", self.basis, tuple(BASES))

    def __call__(self, tables: Tables) -> BlockFeatures:
        counts = indicator_counts(tables, self)
        eligible = counts.denominator + counts.pcas if self.basis == "gross" else counts.denominator
        rates = rate_features(
            counts.numerator, eligible, transform=self.transform, shrink=self.shrink, fitted=tables.ordinary
        )
        labels = indicator_labels(tables, [str(code) for code in counts.numerator], BASES[self.basis])
        return BlockFeatures(
            rates.values.add_prefix("achievement_"),
            rates.natural.add_prefix("achievement_"),
            {f"achievement_{code}": label for code, label in labels.items()},
            "%",
            rates.transform,
            dropped={f"achievement_{code}": reason for code, reason in counts.dropped.items()},
        )
