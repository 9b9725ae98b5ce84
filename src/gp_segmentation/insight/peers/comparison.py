"""Why two practices are peers: what they share that is unusual, and where they differ all the same."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from gp_segmentation.insight.portraits.phrases import short
from gp_segmentation.utils.wording import natural as in_unit

#: Standard deviations from England from which a feature is unusual enough to make practices alike.
UNUSUAL = 0.5
#: Standard deviations between two practices from which they differ in a feature.
DIFFERENT = 0.5


@dataclass(frozen=True)
class Reasons:
    """Features as text, the strongest first: ``alike`` in both, ``different`` between them."""

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
        """Make one from the feature tables; England is all their practices."""
        spread = features.std().where(lambda s: s > 0)
        return Comparison((features - features.mean()) / spread, natural, dictionary)

    def reasons(self, own: str, peer: str, *, most: int = 3) -> Reasons:
        """Return at most `most` features in which `own` and `peer` are alike, and in which they differ.

        Alike: both at least `UNUSUAL` standard deviations from England on the same side, by how far the
        nearer to England of both is, less the gap between them. Different: at least `DIFFERENT` apart.
        A value that is not known in either counts for neither.
        """
        mine, theirs = self.z.loc[own].to_numpy(dtype=float), self.z.loc[peer].to_numpy(dtype=float)
        gap = np.abs(mine - theirs)
        shared = np.where(np.sign(mine) == np.sign(theirs), np.minimum(np.abs(mine), np.abs(theirs)), 0.0)
        alike = np.where(shared >= UNUSUAL, shared - gap, -np.inf)
        apart = np.where(gap >= DIFFERENT, gap, -np.inf)
        return Reasons(
            [self._both(i, own, peer) for i in _top(alike, most) if alike[i] > 0],
            [self._both(i, own, peer) for i in _top(apart, most) if apart[i] > 0],
        )

    def unusual(self, own: str, *, most: int = 5) -> list[str]:
        """Return what is unusual of one practice, the furthest from England first."""
        size = np.abs(self.z.loc[own].to_numpy(dtype=float))
        found = [i for i in _top(np.where(size >= UNUSUAL, size, -np.inf), most) if size[i] >= UNUSUAL]
        england, mine = self.natural.median().to_numpy(), self._figures(own)
        return [
            f"{self._name(i)} {self._value(i, mine[i])} (England's median {self._value(i, england[i])})"
            for i in found
        ]

    def _both(self, i: int, own: str, peer: str) -> str:
        mine, theirs = self._figures(own)[i], self._figures(peer)[i]
        return f"{self._name(i)} {self._value(i, mine)} and {self._value(i, theirs)}"

    def _figures(self, code: str) -> np.ndarray:
        return self.natural.loc[code].to_numpy(dtype=float)

    def _name(self, i: int) -> str:
        return short(self._about("label")[self.z.columns[i]])

    def _value(self, i: int, value: float) -> str:
        return in_unit(float(value), self._about("unit")[self.z.columns[i]])

    def _about(self, what: str) -> dict[str, str]:
        return dict(zip(self.dictionary["feature"], self.dictionary[what].astype(str), strict=True))


def _top(values: np.ndarray, most: int) -> list[int]:
    """Positions of the largest finite values, ties in order of position."""
    order = np.argsort(-np.nan_to_num(np.round(values, 9), nan=-np.inf), kind="stable")
    return [int(i) for i in order[:most] if np.isfinite(values[i])]
