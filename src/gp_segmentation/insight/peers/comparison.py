"""Why two practices are peers: unusual features they share, and features in which they differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from gp_segmentation.insight.portraits.phrases import short
from gp_segmentation.utils.rounding import natural as in_unit

#: Standard deviations from England from which a feature is unusual.
UNUSUAL = 0.5
#: Standard deviations between two practices from which they differ in a feature.
DIFFERENT = 0.5


class Reasons(NamedTuple):
    """Features as text, the strongest first: ``alike`` in both practices, ``different`` between them."""

    alike: list[str]
    different: list[str]


@dataclass(frozen=True)
class Comparison:
    """Compares practices of one run.

    Attributes
    ----------
    z : practice_code -> features on the analysis scale, in standard deviations from England's mean.
    natural : the same features in natural units.
    dictionary : what the features are (schema ``dictionary``).
    """

    z: pd.DataFrame
    natural: pd.DataFrame
    dictionary: pd.DataFrame

    @staticmethod
    def of(features: pd.DataFrame, natural: pd.DataFrame, dictionary: pd.DataFrame) -> Comparison:
        """Return the comparison of the practices of the feature tables; England is all of them."""
        spread = features.std().where(lambda s: s > 0)
        return Comparison((features - features.mean()) / spread, natural, dictionary)

    def reasons(self, own: str, peer: str, *, most: int = 3) -> Reasons:
        """Return at most `most` features in which `own` and `peer` are alike, and in which they differ.

        Alike: both lie at least `UNUSUAL` standard deviations from England on the same side; sorted by the
        smaller of the two distances from England, less the gap between them. Different: at least `DIFFERENT`
        apart. A value that is missing in either counts for neither.
        """
        mine, theirs = (self.z.loc[code].to_numpy(dtype=float) for code in (own, peer))
        gap = np.abs(mine - theirs)
        shared = np.where(np.sign(mine) == np.sign(theirs), np.minimum(np.abs(mine), np.abs(theirs)), 0.0)
        alike = _largest(np.where(shared >= UNUSUAL, shared - gap, -np.inf), most)
        different = _largest(np.where(gap >= DIFFERENT, gap, -np.inf), most)
        return Reasons(*([self._pair(i, own, peer) for i in features] for features in (alike, different)))

    def unusual(self, own: str, *, most: int = 5) -> list[str]:
        """Return the unusual features of one practice, the furthest from England first."""
        size = np.abs(self.z.loc[own].to_numpy(dtype=float))
        texts = []
        for i in _largest(np.where(size >= UNUSUAL, size, -np.inf), most):
            label, unit = self._label_and_unit(i)
            mine, england = (
                in_unit(self.natural.loc[own].to_numpy()[i], unit),
                in_unit(self.natural.iloc[:, i].median(), unit),
            )
            texts.append(f"{label} {mine} (England's median {england})")
        return texts

    def _pair(self, i: int, own: str, peer: str) -> str:
        label, unit = self._label_and_unit(i)
        mine, theirs = (in_unit(self.natural.loc[code].to_numpy()[i], unit) for code in (own, peer))
        return f"{label} {mine} and {theirs}"

    def _label_and_unit(self, i: int) -> tuple[str, str]:
        feature = self.dictionary.set_index("feature").loc[self.z.columns[i]]
        return short(str(feature["label"])), str(feature["unit"])


def _largest(values: np.ndarray, most: int) -> list[int]:
    """Positions of the largest positive values, ties by position."""
    order = np.argsort(-np.round(values, 9), kind="stable")[:most]
    return [int(i) for i in order if values[i] > 0]
