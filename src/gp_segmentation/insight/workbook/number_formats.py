"""How numbers are shown in the workbooks: one rule for each kind of measure.

A cell holds a number with one more decimal than it shows, so that a small percentage can still be worked
with.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from gp_segmentation.utils.arrays import Floats
from gp_segmentation.utils.rounding import COUNTED

#: Decimals of a number in its cell beyond those that are shown.
KEPT = 1


@dataclass(frozen=True)
class NumberFormat:
    """How numbers of one kind are shown.

    Attributes
    ----------
    decimals : that are shown. thousands : whether a comma stands between thousands. down : whether the number
        is rounded down, so that what falls short of certainty is not shown as certain; it then keeps no more
        decimals than are shown.
    """

    decimals: int
    thousands: bool = False
    down: bool = False

    @property
    def code(self) -> str:
        """The format as spreadsheets write it: ``#,##0.0``."""
        return ("#,##0" if self.thousands else "0") + ("." + "0" * self.decimals if self.decimals else "")

    def rounded(self, values: Floats) -> Floats:
        """Return numbers as a cell holds them; missing ones stay missing."""
        if self.down:
            # 100 * 0.29 is 28.999999999999996: what counting in twos adds is taken away first.
            step = 10.0**self.decimals
            return np.floor(np.round(values * step, 6)) / step
        return np.round(values, self.decimals + KEPT if self.decimals else 0) + 0.0


COUNT = NumberFormat(0, thousands=True)
PERCENT = NumberFormat(1)
PROBABILITY = NumberFormat(0, down=True)  # in percent
DEVIATION = NumberFormat(2)  # in standard deviations
INDEX = NumberFormat(2)  # a coefficient or a distance
SCORE = NumberFormat(1, thousands=True)  # all else
NUMBERED = NumberFormat(0)  # a number that is a name

#: Column -> how its numbers are shown, where its header and type do not say it.
OF_COLUMN = {
    **dict.fromkeys(("segment", "second_segment"), NUMBERED),
    **dict.fromkeys(("margin", "distance", "random_distance", "ari", "jaccard"), INDEX),
    **dict.fromkeys(("median_list_size", "eligible", "rank", "ranked"), COUNT),
    **{
        against + name: COUNT
        for against in ("", "england_", "first_")
        for name in ("additional_patients", "low", "high")
    },
}


def of_column(name: str, header: str, values: pd.Series) -> NumberFormat:
    """Return how the numbers of a column are shown: by the unit in its header, by its name, by its type."""
    if header.endswith("(%)"):
        return PROBABILITY if name.startswith("certainty") else PERCENT
    if header.endswith("(SD)"):
        return DEVIATION
    whole = pd.api.types.is_integer_dtype(values)
    return OF_COLUMN.get(name, COUNT if whole else SCORE)


def of_unit(unit: object) -> NumberFormat:
    """Return how a measure is shown by its unit, as the dictionary of features has it.

    >>> of_unit("%").code, of_unit("patients").code, of_unit("score").code
    ('0.0', '#,##0', '#,##0.0')
    """
    if unit in ("%", unit_in_words("%")):
        return PERCENT
    return COUNT if unit in COUNTED else SCORE


def unit_in_words(unit: str) -> str:
    """Return a unit for a cell or header: screen readers skip a cell of signs alone."""
    return "percent" if unit == "%" else unit


def rounded(values: Floats, formats: NumberFormat | Sequence[NumberFormat]) -> Floats:
    """Return the numbers of a column as its cells hold them, by one format or one for each row."""
    if isinstance(formats, NumberFormat):
        return formats.rounded(values)
    result = values.copy()
    for each in dict.fromkeys(formats):
        rows = np.fromiter((one == each for one in formats), bool, len(formats))
        result[rows] = each.rounded(values[rows])
    return result
