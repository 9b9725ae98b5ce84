"""Numbers and names as people read them: one way for portraits, figures, tables, slides and pages.

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
- additional patients: as their interval bears (`utils.intervals`).
"""

import math
import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from gp_segmentation.errors import visible

#: Units of what is counted: shown without decimals.
COUNTED = ("patients", "people", "count")
UNKNOWN = "not known"
#: Measures of less per cent than this have two decimals.
RARE = 2
#: What is said of files that were not fetched from the publisher.
UNCHECKED = "The files were supplied locally and not checked against the publisher"
#: Marks of a figure or a sheet: nothing in it is real, or a table that it rests on is not.
SYNTHETIC, SIMULATED = "SYNTHETIC DATA", "SIMULATED FIGURES"
#: Kinds of blocks of features that are made from the table of achievement.
OF_ACHIEVEMENT = (".Achievement", ".Adjustments")
#: From this probability on a practice's segment is called certain.
CERTAIN = 0.9
#: What Markdown obeys within a line: marks, HTML, addresses.
_MARKDOWN = re.compile(r"[\\`*_{}\[\]<>|~$&#@]|:(?=//)|(?<=www)\.")


def data_kind(source: Mapping[str, Any]) -> str:
    """Return what kind of data those of source.json are.

    ``synthetic``; ``simulated`` (some tables are); ``own`` (an analyst's table of practices); ``unchecked``
    (files that were supplied locally); or ``published``.

    >>> data_kind({"synthetic": False, "warning": "", "unchecked": ["q.zip"]})
    'unchecked'
    """
    kinds = {"synthetic": "synthetic", "warning": "simulated", "own_list": "own", "unchecked": "unchecked"}
    return next((kind for key, kind in kinds.items() if source.get(key)), "published")


def data_mark(source: Mapping[str, Any], config: Mapping[str, Any], *, shows_achievement: bool) -> str:
    """Return the mark of a figure or sheet: `SYNTHETIC`, `SIMULATED` or "".

    Each rests on practices, registers, ages and context, which make up the features, and on achievement where
    it shows that or the segments are made from it.

    Parameters
    ----------
    source : contents of source.json. config : the whole configuration.

    >>> data_mark({"synthetic": False, "simulated": {"achievement": ""}}, {}, shows_achievement=True)
    'SIMULATED FIGURES'
    """
    if source["synthetic"]:
        return SYNTHETIC
    simulated = set(source.get("simulated") or {})
    blocks = ((config.get("features") or {}).get("blocks") or {}).values()
    clustered = any(str(block.get("_target_", "")).endswith(OF_ACHIEVEMENT) for block in blocks)
    if not clustered and not shows_achievement:
        simulated -= {"achievement"}
    return SIMULATED if simulated else ""


def visible_name(name: object) -> str:
    r"""Return a name from data as `visible` does, without blanks at its ends and without two in a row.

    >>> visible_name(" The\tOak \nSurgery ")
    'The Oak Surgery'
    """
    return " ".join(visible(str(name)).split())


def plain_name(text: object) -> str:
    """Return a name in small letters, without blanks and signs, and "&" as a word, to compare names by.

    >>> plain_name("Birmingham & Solihull"), plain_name("PRACTICE_CODE")
    ('birminghamandsolihull', 'practicecode')
    """
    return "".join(sign for sign in str(text).casefold().replace("&", "and") if sign.isalnum())


def shorten(text: str, width: int) -> str:
    """Return `text`, cut to `width` letters with an ellipsis: after a word, or within a very long one.

    >>> shorten("The Oak Surgery", 12), shorten("Meddygfeydd", 6)
    ('The Oak…', 'Meddy…')
    """
    short = textwrap.shorten(text, width, placeholder="…")
    return short if min(len(text), width) < 2 * len(short) else text[: width - 1] + "…"


def markdown(text: str) -> str:
    """Return a text from data as Markdown that shows it as it is: no mark, no table cell, no HTML, no link.

    What Markdown would obey is written as a numbered character: dialects differ in what a backslash is for.

    >>> markdown("a|b [x](javascript:alert(1)), 65+")
    'a&#124;b &#91;x&#93;(javascript:alert(1)), 65+'
    """
    return _MARKDOWN.sub(lambda found: f"&#{ord(found[0])};", visible(text))


def natural(value: float | None, unit: str) -> str:
    """Return `value` in its unit, or "not known".

    Per cent have one decimal, below 2% two; counts have none. What the unit of another measure is worth is
    not known: such have one decimal from 1 on, and below two digits that count.

    >>> natural(24.13, "%"), natural(1.5, "%"), natural(0.02, "%"), natural(9843.2, "patients")
    ('24.1%', '1.50%', '0.02%', '9,843')
    >>> natural(21.84, "score"), natural(-0.584, "transformed score"), natural(0, "score")
    ('21.8', '−0.58', '0')
    """
    if value is None or not math.isfinite(value):
        return UNKNOWN
    if unit == "%":
        return percent(value / 100, 2 if abs(value) < RARE else 1)
    number = natural_number(value, unit)
    text = f"{number:.1f}" if 1 <= abs(number) < 1000 and unit not in COUNTED else f"{number:,g}"
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


def membership_text(codes: Sequence[str], shares: Sequence[float]) -> str:
    """Say how sure a practice's segment is: its own segment first, then those it may as well be in.

    `shares` are probabilities. From `CERTAIN` on a segment is certain; else others are named, the likeliest
    first, until together they are as certain.

    >>> membership_text(["A1"], [1.0]), membership_text(["A1", "B2"], [0.93, 0.07])
    ('A1 (certain)', 'A1 (certain)')
    >>> membership_text(["A1", "B2", "B1"], [0.62, 0.35, 0.03]), membership_text(["A1", "B2"], [0.4, 0.6])
    ('A1 or B2 (62%, 35%)', 'A1 or B2 (40%, 60%)')
    """
    if shares[0] >= CERTAIN:
        return f"{codes[0]} (certain)"
    together, named = shares[0], 1
    while together < CERTAIN and named < len(codes):
        together, named = together + shares[named], named + 1
    probabilities = ", ".join(map(percent_reached, shares[:named]))
    return f"{listed(list(codes[:named]), 'or')} ({probabilities})"


def signed(value: float) -> str:
    """Return a difference with its sign, a true minus and two decimals, or "not known"; zero has no sign.

    >>> signed(-0.584), signed(1.2), signed(-0.001)
    ('−0.58', '+1.20', '0.00')
    """
    if not math.isfinite(value):
        return UNKNOWN
    text = f"{value:+,.2f}"
    return text.replace("-", "−") if float(text.replace(",", "")) else text[1:]


def inline(label: str) -> str:
    """Return a label as it stands in a sentence: a small first letter, unless an abbreviation begins it.

    >>> inline("Asthma prevalence"), inline("COPD prevalence"), inline("A practice")
    ('asthma prevalence', 'COPD prevalence', 'a practice')
    """
    starts_word = label[:1].isupper() and (label[1:2].islower() or label[1:2] in ("", " ", "-"))
    return label[:1].lower() + label[1:] if starts_word else label


def short_icb(name: str) -> str:
    """Return the name of a board without "NHS" and "Integrated Care Board"."""
    return str(name).removeprefix("NHS ").removesuffix(" Integrated Care Board").removesuffix(" ICB").strip()


def listed(parts: list[str], last: str = "and") -> str:
    """Join parts as in a sentence: "a, b and c"."""
    return f" {last} ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else "".join(parts)


def first_few(parts: Iterable[object], most: int = 5) -> str:
    """Return the first distinct parts as text, and how many more there are.

    >>> first_few(["A1", "A2", "A1", "A3"], 2), first_few([])
    ('A1, A2 and 1 more', '')
    """
    every = list(dict.fromkeys(map(str, parts)))
    rest = len(every) - most
    return ", ".join(every[:most]) + (f" and {rest:,} more" if rest > 0 else "")
