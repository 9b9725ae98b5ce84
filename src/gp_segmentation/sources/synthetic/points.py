"""QOF points from rates, and the payment thresholds between which they are linear."""

import numpy as np

from gp_segmentation.utils.arrays import Floats, Ints

#: Lower and upper payment threshold in percent. Approximate: remembered from the QOF guidance, good enough
#: to give synthetic practices points of the right size, not a statement of any year's contract.
THRESHOLDS = {
    "AF006": (40, 90), "AF008": (70, 95), "AST007": (45, 70), "AST008": (45, 80), "AST011": (45, 80),
    "BP002": (50, 90), "CAN004": (50, 90), "CAN005": (70, 90), "CHD005": (56, 96), "CHD015": (40, 77),
    "CHD016": (46, 86), "CHOL003": (70, 95), "CHOL004": (20, 35), "COPD010": (50, 90), "COPD014": (40, 90),
    "CS005": (45, 80), "CS006": (45, 80), "DEM004": (35, 70), "DEP004": (45, 80), "DM006": (57, 97),
    "DM012": (50, 90), "DM014": (40, 90), "DM020": (35, 75), "DM021": (52, 92), "DM022": (50, 90),
    "DM023": (50, 90), "DM033": (38, 78), "HF003": (60, 92), "HF006": (60, 92), "HF007": (50, 90),
    "HF008": (50, 90), "HYP008": (40, 77), "HYP009": (40, 80), "MH002": (40, 90), "MH003": (50, 90),
    "MH006": (50, 90), "MH007": (50, 90), "MH011": (50, 90), "MH012": (50, 90), "MH021": (40, 90),
    "NDH002": (50, 90), "SMOK002": (50, 90), "SMOK004": (40, 90), "SMOK005": (56, 96), "STIA007": (57, 97),
    "STIA014": (40, 73), "STIA015": (46, 86), "VI001": (89, 96), "VI002": (86, 96), "VI003": (81, 96),
    "VI004": (50, 60),
}  # fmt: skip


def points_of_rates(codes: list[str], maximum: Floats, numerator: Ints, denominator: Ints) -> Floats:
    """Points of indicators with a rate: none at the lower threshold, `maximum` at the upper, linear between.

    Two decimals, as published; none where the denominator is zero.
    """
    lower, upper = np.array([THRESHOLDS[code] for code in codes]).T / 100
    rate = numerator / np.maximum(denominator, 1)
    part = np.clip((rate - lower) / (upper - lower), 0, 1)
    points: Floats = np.round(np.where(denominator > 0, part, 0) * maximum, 2)
    return points


def points_of_declarations(
    share: Floats, maximum: Floats, practices: int, rng: np.random.Generator
) -> Floats:
    """Points of registers and quality improvement: all or none, earned by the given share of practices."""
    return np.where(rng.random((practices, len(share))) < share, maximum, 0.0)
