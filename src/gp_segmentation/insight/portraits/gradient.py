"""Where a segment lies on the gradient that its name tells: the band that half of its practices fill.

A segment's gradient is the strongest claim of its name (see `names`), from one end of its concept to the
other: a segment called "Older, less deprived" that differs from England by age most of all is a band between
younger and older. A practice's place is the percentile of its score among the fitted practices. So the band
never tells of something that does not set the segment apart.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from gp_segmentation.insight.portraits.names import Claim
from gp_segmentation.insight.portraits.phrases import composites, concepts


@dataclass(frozen=True)
class Band:
    """Where half of a segment's practices lie on its gradient.

    Attributes
    ----------
    low, high : what practices are like at percentile 0 and at 100.
    lower, upper : lower quartile and upper quartile of its practices' percentiles.
    """

    low: str
    high: str
    lower: float
    upper: float


def defining_bands(
    features: pd.DataFrame,
    dictionary: pd.DataFrame,
    labels: pd.Series,
    claims: Mapping[int, Sequence[Claim]],
) -> dict[int, Band]:
    """Return the band of every segment that has claims.

    Parameters
    ----------
    features : practice_code -> features (analysis scale). dictionary : what the features are.
    labels : practice_code -> segment of the fitted practices. claims : from `name_claims`.
    """
    known = {frozenset(concept.members): replace(concept, minus=()) for concept in concepts(dictionary)}
    values, bands = features.reindex(labels.index).astype(float), {}
    for number, own in claims.items():
        if own:
            strongest = max(own, key=lambda claim: round(abs(claim.difference_sd), 9))
            concept = known[frozenset(strongest.members)]
            percentile = 100 * composites(values, [concept])[0].rank(pct=True)
            lower, upper = np.nanquantile(percentile[labels == number], [0.25, 0.75])
            bands[number] = Band(concept.low, concept.high, float(lower), float(upper))
    return bands
