"""Numbers of patients as their interval bears them: one way for page, workbook, areas and slides."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from gp_segmentation.utils.arrays import Floats
from gp_segmentation.utils.rounding import UNKNOWN

#: A number is shown in steps of at most this part of its interval's width.
PART = 1 / 8


class Interval(NamedTuple):
    """A number and the ends of its 95% interval, in steps that the interval bears; ends may be missing."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        """The number, with its interval if it has one: ``290 (250 to 340)``."""
        return self.number if math.isnan(self.low) else f"{self.number} ({self.ends})"

    @property
    def number(self) -> str:
        """The number alone: ``290``."""
        return UNKNOWN if math.isnan(self.value) else f"{self.value:,.0f}"

    @property
    def ends(self) -> str:
        """The ends of the interval: ``250 to 340``, or "not known"."""
        return UNKNOWN if math.isnan(self.low) else f"{self.low:,.0f} to {self.high:,.0f}"


def rounded_interval(value: float, low: float = math.nan, high: float = math.nan) -> Interval:
    """Round a number of patients and its interval to 1, 10, 100, ...: to what the interval bears.

    The step is the largest that is at most an eighth of the interval's width, so that rounding moves no
    figure by more than a sixteenth of it. A number without an interval keeps two digits.

    >>> str(rounded_interval(288.4, 246.1, 335.7)), str(rounded_interval(14_070, 13_900, 14_240))
    ('290 (250 to 340)', '14,070 (13,900 to 14,240)')
    >>> str(rounded_interval(17_776, 17_100, 18_300)), str(rounded_interval(7.4, 3.2, 11.9))
    ('17,800 (17,100 to 18,300)', '7 (3 to 12)')
    >>> str(rounded_interval(284.0))
    '280'
    """
    return Interval(*(float(column[0]) for column in rounded_intervals(*np.array([[value], [low], [high]]))))


def rounded_intervals(value: Floats, low: Floats, high: Floats) -> tuple[Floats, Floats, Floats]:
    """Round many numbers and their intervals, as `rounded_interval` does one."""
    width = high - low
    low, high = (np.where(np.isfinite(width), end, np.nan) for end in (low, high))
    size = np.maximum(1.0, np.where(np.isfinite(width), PART * width, np.nan_to_num(np.abs(value)) / 10))
    step = 10.0 ** np.floor(np.log10(size) + 1e-9)
    value, low, high = (np.round(number / step) * step + 0.0 for number in (value, low, high))
    return value, low, high


def beside_expected(recorded: float, expected: float, low: float, high: float) -> str:
    """Return a recorded number of patients beside the expected one, as a sentence says it.

    >>> beside_expected(352, 410.3, 395, 426)
    'expected 410 (395 to 426), recorded 352'
    """
    return f"expected {rounded_interval(expected, low, high)}, recorded {recorded:,.0f}"


def percent_difference(recorded: float, expected: float) -> str:
    """Return by how much the recorded number differs from the expected one, in percent of it.

    >>> percent_difference(352, 410), percent_difference(421, 410), percent_difference(5, 0)
    ('14% fewer', '3% more', 'not known')
    """
    if not expected > 0:
        return UNKNOWN
    share = recorded / expected - 1
    return f"{abs(share):.0%} {'more' if share > 0 else 'fewer'}" if abs(share) >= 0.005 else "about the same"
