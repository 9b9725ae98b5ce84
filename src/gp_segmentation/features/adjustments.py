"""Block: how often personalised care adjustments are made, indicator by indicator."""

from dataclasses import dataclass

from gp_segmentation.features.base import BlockFeatures, Tables
from gp_segmentation.features.indicators import IndicatorBlock, indicator_counts, indicator_labels
from gp_segmentation.features.rates import rate_features


@dataclass(frozen=True)
class Adjustments(IndicatorBlock):
    """Adjustments as a share of eligible patients, pcas / (denominator + pcas), of each chosen indicator.

    Where the publication has no number of adjustments the rate is missing, not zero.
    """

    def __call__(self, tables: Tables) -> BlockFeatures:
        counts = indicator_counts(tables, self)
        rates = rate_features(
            counts.pcas,
            counts.denominator + counts.pcas,
            transform=self.transform,
            shrink=self.shrink,
            fitted=tables.ordinary,
        )
        labels = indicator_labels(
            tables, [str(code) for code in counts.pcas], "personalised care adjustments"
        )
        return BlockFeatures(
            rates.values.add_prefix("adjustments_"),
            rates.natural.add_prefix("adjustments_"),
            {f"adjustments_{code}": label for code, label in labels.items()},
            "%",
            rates.transform,
            dropped={f"adjustments_{code}": reason for code, reason in counts.dropped.items()},
        )
