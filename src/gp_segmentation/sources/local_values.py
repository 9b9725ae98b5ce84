"""The texts of one column of an analyst's table as numbers: words, sentinel codes, ranges, decimal commas."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from gp_segmentation.sources.local_rows import LocalRows

_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d+)?")
_SWAPPED = str.maketrans(",.", ".,")
_NUMBER = r"[+-]?\d+(?:\.\d+)?"
_RANGE = re.compile(rf"({_NUMBER}) to ({_NUMBER})")


@dataclass(frozen=True)
class Numbers:
    """How texts become numbers; `gp_segmentation.sources.local.read_local_table` explains the keys."""

    missing: Sequence[str | float] = ()
    out_of_range: str = "error"
    decimal: str | None = "."

    def is_missing(self, text: str, number: float) -> bool:
        """Whether a text, or the number it is read as, means "no value"."""
        return text == "" or any(_means(mark, text, number) for mark in self.missing)

    def number(self, text: str) -> float:
        """Return the number in a text (also "1,234" and "12.5%"); NaN when it is not a number."""
        plain = text.removesuffix("%").strip()
        if self.decimal == ",":
            plain = plain.translate(_SWAPPED)
        if self.decimal is not None and _THOUSANDS.fullmatch(plain):
            plain = plain.replace(",", "")
        try:
            number = float(plain) if "_" not in plain else math.nan
        except ValueError:
            return math.nan
        return number if math.isfinite(number) else math.nan


@dataclass(frozen=True)
class Column:
    """A column to read numbers from: what its numbers may be, and what its words stand for."""

    measure: str
    name: str
    low: float = -math.inf
    high: float = math.inf
    words: Mapping[str, float] = field(default_factory=dict)


def values(found: LocalRows, rows: pd.DataFrame, column: Column, how: Numbers) -> pd.Series:
    """Return the numbers of a column, NaN where missing; refuse texts and values outside the range."""
    texts, log = rows[column.name], found.log
    read = {text: _read(text, column, how) for text in texts.unique()}
    none = {text for text, number in read.items() if how.is_missing(text, number)}
    log.note(f"{column.measure}: no value", int(texts.isin(none).sum()), f"column {column.name}")
    bad = {text for text, number in read.items() if math.isnan(number)} - none
    if bad:
        row = texts.index[texts.isin(bad)][0]
        raise found.error_at(row, column.name, *_not_a_number(texts[row], column, how))
    outside = {t for t, number in read.items() if not column.low <= number <= column.high} - none
    count = int(texts.isin(outside).sum())
    if outside and how.out_of_range == "error":
        row = texts.index[texts.isin(outside)][0]
        bounds = f"{column.low:g} to {column.high:g}"
        problem = f"{texts[row]} lies outside {bounds} (such values in total: {count})"
        remedy = "Correct it, or set `range` or `out_of_range: missing` in the source's YAML"
        raise found.error_at(row, column.name, problem, remedy)
    log.note(f"{column.measure}: value outside its range left out", count, f"column {column.name}")
    return texts.map({text: math.nan if text in none | outside else read[text] for text in read}).astype(
        float
    )


def _read(text: str, column: Column, how: Numbers) -> float:
    if column.words:
        return column.words.get(text.casefold(), math.nan)
    return how.number(text)


def _means(mark: str | float, text: str, number: float) -> bool:
    """Whether `mark` of `missing` stands for a text: the text itself, or a number or range it lies in."""
    if not isinstance(mark, str):
        return number == mark
    ends = _RANGE.fullmatch(mark)
    return text == mark if ends is None else float(ends[1]) <= number <= float(ends[2])


def _not_a_number(text: str, column: Column, how: Numbers) -> tuple[str, str]:
    """Return what is wrong with a text, and what to do."""
    if column.words:
        problem = f"{text!r} is not among the `categories` (they are: {', '.join(column.words)})"
        return problem, "Add it to `categories`, or to `missing`, in the source's YAML"
    if re.fullmatch(r"[+-]?[\d.]*,\d+", text):
        remedy = 'Say in the source\'s YAML what a comma is: `decimal: ","`, or `decimal: "."` (thousands)'
        return f"{text!r} is not a number", remedy
    return f"{text!r} is not a number", "Correct it, or add it to `missing` in the source's YAML"
