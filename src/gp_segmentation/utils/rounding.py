"""Numbers as people read them: one way for portraits, figures, tables, slides and pages.

A number has as many decimals as its kind, wherever it stands:

- measures in per cent: one, and two below 2%, since rare conditions differ there (`natural`);
- variance explained: one (`percent`);
- shares of practices or patients: none (`whole_percent`); one in tables of what patients are like and beside
  an interval;
- overlap, prediction strength and probabilities: per cent without decimals, rounded down (`percent_reached`);
- differences in standard deviations: two, with a sign (`signed`);
- scores such as a silhouette: two (`score`); agreement and excess, which a limit is set for, are rounded down
  to two (`score_reached`), and densities at borders, whose limit is the most, up to per cent (`density`);
- p values: three (`p_value`); counts: none, with separators of thousands;
- additional patients: as their interval bears (`utils.intervals`); sums of gaps: two digits (`about`).
"""

import math

#: Units of what is counted: shown without decimals.
COUNTED = ("patients", "people", "count")
UNKNOWN = "not known"
#: Measures of less per cent than this have two decimals.
RARE = 2


def natural(value: float | None, unit: str) -> str:
    """Return `value` in its unit, or "not known".

    Per cent have one decimal, below 2% two; counts have none. What the unit of another measure is worth is
    not known: such have one decimal from 1 on, and below two digits that count.

    >>> natural(24.13, "%"), natural(1.5, "%"), natural(0.02, "%"), natural(9843.2, "patients")
    ('24.1%', '1.50%', '0.02%', '9,843')
    >>> natural(21.84, "score"), natural(-0.584, "score"), natural(0, "score"), natural(8979204, "patients")
    ('21.8', '−0.58', '0', '8,979,204')
    """
    if value is None or not math.isfinite(value):
        return UNKNOWN
    if unit == "%":
        return percent(value / 100, 2 if abs(value) < RARE else 1)
    number = natural_number(value, unit)
    if unit in COUNTED or abs(number) >= 1000:
        return f"{number:,.0f}".replace("-", "−")
    text = f"{number:.1f}" if abs(number) >= 1 else f"{number:g}"
    return text.replace("-", "−")


def natural_number(value: float, unit: str) -> float:
    """Return `value` rounded as `natural` shows it: for scripts, which must show the same.

    >>> natural_number(24.149, "%"), natural_number(0.5849, "score"), natural_number(9843.2, "patients")
    (24.1, 0.58, 9843.0)
    """
    if unit in COUNTED or abs(value) >= 1000:
        return float(round(value))
    if unit == "%":
        return round(value, 2 if abs(value) < RARE else 1)
    return round(value, 1) if abs(value) >= 1 else float(f"{value:.2g}")


def percent(share: float, decimals: int = 1) -> str:
    """Return a share as per cent, with one decimal; what is more than nothing is never shown as 0.0%.

    >>> percent(0.2413), percent(0.0002), percent(0), percent(-0.021)
    ('24.1%', 'under 0.1%', '0.0%', '−2.1%')
    """
    if not math.isfinite(share):
        return UNKNOWN
    text = f"{100 * share:.{decimals}f}%"
    if not float(text.rstrip("%")):
        return f"under {10.0**-decimals:g}%" if share > 0 else text.lstrip("-")
    return text.replace("-", "−")


def whole_percent(share: float) -> str:
    """Return a share of practices or patients as per cent; a few are not none, and most are not all.

    >>> whole_percent(0.244), whole_percent(0.002), whole_percent(0.999), whole_percent(1), whole_percent(0)
    ('24%', 'under 1%', 'over 99%', '100%', '0%')
    """
    if not math.isfinite(share):
        return UNKNOWN
    text = f"{share:.0%}"
    if text == "0%" and share > 0:
        return "under 1%"
    return "over 99%" if text == "100%" and share < 1 else text


def percent_reached(share: float | None) -> str:
    """Return an overlap, a strength or a probability as per cent, rounded down (`rounded_down`).

    >>> percent_reached(0.9899), percent_reached(0.99), percent_reached(None)
    ('98%', '99%', 'not known')
    """
    if share is None or not math.isfinite(share):
        return UNKNOWN
    return f"{rounded_down(100 * share):.0f}%"


def score(value: float | None) -> str:
    """Return a score with two decimals.

    >>> score(0.157), score(-0.029), score(-0.001), score(None)
    ('0.16', '−0.03', '0.00', 'not known')
    """
    if value is None or not math.isfinite(value):
        return UNKNOWN
    text = f"{value:,.2f}"
    return text.replace("-", "−") if float(text.replace(",", "")) else "0.00"


def score_reached(value: float | None) -> str:
    """Return agreement or excess, rounded down to two decimals: it may be asked to reach a limit.

    >>> score_reached(0.6499), score_reached(0.05), score_reached(1.0)
    ('0.64', '0.05', '1.00')
    """
    return score(value if value is None or not math.isfinite(value) else rounded_down(value, 2))


def density(share: float | None) -> str:
    """Return the density at a border, of that at the centres, as per cent.

    It is rounded up: what exceeds the most that is allowed is not shown as keeping it. Only where there is
    no gap at all is it 100%.

    >>> density(0.2501), density(0.999), density(1.0), density(None)
    ('26%', '99%', '100%', 'not known')
    """
    if share is None or not math.isfinite(share):
        return UNKNOWN
    up = -rounded_down(-100 * share)
    return f"{min(up, 99) if share < 1 else up:,.0f}%"


def p_value(p: float) -> str:
    """Return a p value with three decimals.

    >>> p_value(0.0321), p_value(0.0002)
    ('0.032', 'under 0.001')
    """
    return "under 0.001" if 0 <= p < 0.0005 else f"{p:.3f}"


def rounded_down(value: float, decimals: int = 0) -> float:
    """Return `value` rounded down, so that what falls short of a limit is never shown as reaching it.

    >>> rounded_down(74.99), rounded_down(100 * 0.29), rounded_down(0.6499, 2)
    (74.0, 29.0, 0.64)
    """
    # 100 * 0.29 is 28.999999999999996: what counting in twos adds is taken away first.
    return math.floor(round(value * 10**decimals, 6)) / 10**decimals


def about(count: float) -> str:
    """Return a sum of many uncertain numbers with the two digits that it bears.

    >>> about(2118), about(270), about(40), about(7)
    ('2,100', '270', '40', '7')
    """
    return f"{float(f'{count:.2g}'):,.0f}"


def signed(value: float) -> str:
    """Return a difference with its sign, a true minus and two decimals, or "not known"; zero has no sign.

    >>> signed(-0.584), signed(1.2), signed(-0.001)
    ('−0.58', '+1.20', '0.00')
    """
    if not math.isfinite(value):
        return UNKNOWN
    text = f"{value:+,.2f}"
    return text.replace("-", "−") if float(text.replace(",", "")) else text[1:]
