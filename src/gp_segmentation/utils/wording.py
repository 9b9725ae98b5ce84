"""Names, lists and sentences as people read them, and what is said of data in many places."""

import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from gp_segmentation.errors import visible
from gp_segmentation.utils.rounding import percent_reached

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
