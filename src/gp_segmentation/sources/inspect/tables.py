"""A table of practices of any origin: where its header is, and which columns hold codes and numbers."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import pandas as pd

from gp_segmentation.sources.files.sheets import HEADER_WITHIN, WORKBOOKS, cell_text, open_lines, read_sheet
from gp_segmentation.sources.files.workbook import sheet_names
from gp_segmentation.sources.inspect.found import Found, Text, attempt, context_entry
from gp_segmentation.sources.local import read_local_table

PRACTICE = re.compile(r"[A-Z][A-Z0-9]\d{4}", re.IGNORECASE)
#: Lines of a table that are looked at.
_LINES = 1000
#: Most values of a column that may choose among a practice's rows, such as a year.
_MOST_CHOICES = 20


@dataclass(frozen=True)
class _Place:
    """A table in the file: the lines above its header and the column of codes, and how it is reached."""

    skip: int
    column: int
    sheet: str | int
    member: str
    delimiter: str

    @property
    def keys(self) -> dict[str, Any]:
        """The keys of the reader that are not at their default."""
        default = {"skip": 0, "sheet": 0, "member": r".*\.csv", "delimiter": ","}
        return {key: getattr(self, key) for key, value in default.items() if getattr(self, key) != value}


def table_of_practices(path: Path, texts: Sequence[Text]) -> Found:
    """Return what is told of the first table, in any member or sheet, that has a column of practice codes."""
    place = next(_places(path, texts), None)
    if place is None:
        return Found("no reader fits: no column of it has the codes of practices")
    found = Found("a table of practices, read by local.read_local_table")
    table = read_sheet(path, place.skip, place.sheet, place.member, place.delimiter)
    code = _code_name(table.rows, place.column)
    rows = table.rows.drop(columns=[code, *(name for name in table.repeated if name in table.rows)])
    numbers = [name for name in rows.columns if name and _is_numeric(rows[name].head(_LINES))]
    codes = table.rows[code].str.upper()
    where = _latest(rows, codes) if codes.duplicated().any() else {}
    numbers = [name for name in numbers if name not in where]
    others = [name for name in rows.columns if name and name not in numbers]
    found.lines = [
        f"header in line {place.skip + 1}; column of codes: {code}",
        f"practices: {codes.nunique():,} in {len(codes):,} rows",
        f"columns of numbers: {', '.join(numbers) or 'none'}",
        f"other columns: {', '.join(others) or 'none'}",
    ]
    options: dict[str, Any] = {"code": code, **place.keys}
    options |= {"where": where} if where else {}
    options |= {"decimal": ","} if _decimal_commas(rows[numbers], place.delimiter) else {}
    options["columns"] = {own_name(n): {"column": n, "label": n, "unit": "value"} for n in numbers}
    if not numbers:
        return found
    entry = context_entry(path, None, "local.read_local_table", **options)
    found.source = {"files": {own_name(path.stem): entry}}
    return attempt(found, lambda: [f"read: {len(read_local_table(path, **options).frame):,} practices"])


def _places(path: Path, texts: Sequence[Text]) -> Iterator[_Place]:
    ways: list[tuple[str | int, str, str]] = [(0, r".*\.csv", ",")]
    if path.suffix.lower() in WORKBOOKS:
        ways = [(sheet, r".*\.csv", ",") for sheet in sheet_names(path)]
    elif len(texts) == 1:
        ways = [(0, r".*\.csv", texts[0].delimiter)]
    elif texts:
        ways = [(0, re.escape(text.name), text.delimiter) for text in texts]
    for sheet, member, delimiter in ways:
        lines = islice(open_lines(path, sheet, member, delimiter)[2], HEADER_WITHIN + _LINES)
        found = _first_practice([[cell_text(value) for value in line] for line in lines])
        if found is not None:
            yield _Place(*found, sheet, member, delimiter)


def _first_practice(lines: list[list[str]]) -> tuple[int, int] | None:
    """Return the number of lines above the header, and the column in which nearly all below are codes."""
    for at, line in enumerate(lines[1 : HEADER_WITHIN + 1], start=1):
        for column, text in enumerate(line):
            if PRACTICE.fullmatch(text):
                below = [row[column] for row in lines[at:] if len(row) > column and row[column]]
                if sum(bool(PRACTICE.fullmatch(t)) for t in below) >= 0.8 * len(below):
                    return at - 1, column
    return None


def _code_name(rows: pd.DataFrame, column: int) -> str:
    """Return the name of the column of codes; one that the header repeats stands in it only once."""
    near = rows.columns[: column + 1][::-1]
    return next(str(n) for n in near if rows[n].head(_LINES).map(PRACTICE.fullmatch).notna().any())


def _latest(rows: pd.DataFrame, codes: pd.Series) -> dict[str, str]:
    """Return a column, and its last value, with which most practices have one row; nothing if none does."""
    for name in rows.columns:
        chosen = codes[rows[name] == rows[name].max()]
        few = 1 < rows[name].nunique() <= _MOST_CHOICES
        if name and few and not chosen.duplicated().any() and 2 * len(chosen) > codes.nunique():
            return {str(name): str(rows[name].max())}
    return {}


def _is_numeric(texts: pd.Series) -> bool:
    given = texts[~texts.isin(["", "*", ":", "-", "NA", "N/A"])].str.removesuffix("%").str.replace(",", "")
    return len(given) > 0 and bool(pd.to_numeric(given, errors="coerce").notna().all())


def _decimal_commas(numbers: pd.DataFrame, delimiter: str) -> bool:
    """Whether commas are decimal: where they cannot part thousands, or where ";" separates the fields."""
    texts = pd.Series(numbers.to_numpy().ravel(), dtype="str")
    commas = texts[texts.str.fullmatch(r"[+-]?\d+,\d+")]
    thousands = commas.str.fullmatch(r"[+-]?[1-9]\d{0,2},\d{3}")
    return len(commas) > 0 and (delimiter == ";" or not bool(thousands.all()))


def own_name(name: str) -> str:
    """Return a name for a measure or file made of letters, digits and underscores.

    >>> own_name("2014-15 Prevalence (per cent)"), own_name("GP FTE")
    ('m_2014_15_prevalence_per_cent', 'gp_fte')
    """
    words = re.sub(r"\W+", "_", name.lower()).strip("_")
    return words if words[:1].isalpha() else f"m_{words}"
