"""What stands in a workbook, in which form, whatever kind of file it is written to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from gp_segmentation.insight.workbook.notes import NOTES, note_numbers
from gp_segmentation.insight.workbook.number_formats import (
    NUMBERED,
    NumberFormat,
    of_column,
    of_unit,
    rounded,
)
from gp_segmentation.utils.hashes import TO_TRACE
from gp_segmentation.utils.wording import UNCHECKED, data_kind, data_mark, visible_name

#: Shown for a missing figure (screen readers skip a blank cell).
MISSING = "[x]"
#: Smallest and largest width of columns in characters.
NARROW, WIDE = 14, 60
#: Letters of the longest text that a cell takes, and the last row of a sheet: limits of spreadsheets.
CELL, LAST_ROW = 32_767, 1_048_576
#: A row is at most so many lines high.
MOST_LINES = 20
#: Most rows above the first row of a table: title, instructions, source, scope, headers.
ABOVE = 5
AUTHOR = "GP Practice Segmentation"
SUBJECT = "Segments of England's general practices, from published data"
LANGUAGE = "en-GB"


@dataclass(frozen=True)
class WorkbookSheet:
    """One sheet: the table, its title, scope and the headers of its columns.

    Attributes
    ----------
    columns : column of the table -> its header. One that ends in "(%)" is of a share, shown in percent; one
        that ends in "(SD)" of standard deviations.
    in_unit_of_row : columns whose numbers are in the unit that the column "unit" of the same row names.
    units : column -> the unit of its numbers.
    shows_achievement : whether the table shows what practices achieved; all sheets rest on the other tables.
    """

    table: pd.DataFrame
    title: str
    scope: str
    columns: Mapping[str, str]
    in_unit_of_row: tuple[str, ...] = ()
    units: Mapping[str, str] = field(default_factory=dict)
    shows_achievement: bool = False


@dataclass(frozen=True)
class LaidColumn:
    """One column as it is written: texts and numbers, and how each number is shown.

    Attributes
    ----------
    distinct : every text and number once. places : of each row, which of these stands in it.
    formats : of all its numbers, or of that of each row.
    """

    header: str
    distinct: list[Any]
    places: np.ndarray
    formats: NumberFormat | Sequence[NumberFormat]
    width: int

    @property
    def numeric(self) -> bool:
        """Whether some value is a number."""
        return any(not isinstance(value, str) for value in self.distinct)

    @property
    def looks(self) -> list[NumberFormat]:
        """The formats, each once."""
        return [self.formats] if isinstance(self.formats, NumberFormat) else list(dict.fromkeys(self.formats))

    @property
    def lines(self) -> np.ndarray:
        """How many lines the text of each row takes in the width of the column, broken at words."""
        letters = [len(value) if isinstance(value, str) else 0 for value in self.distinct]
        lines: np.ndarray = np.ceil(1.1 * np.array(letters) / self.width).clip(1, MOST_LINES).astype(int)
        return lines[self.places]

    def each(self, written: Sequence[str]) -> list[str]:
        """Return a text for every row, from those of the distinct values."""
        rows: list[str] = np.array(written, dtype=object)[self.places].tolist()
        return rows


@dataclass(frozen=True)
class LaidSheet:
    """One sheet as it is written: the title, the lines below it, the table."""

    name: str
    title: str
    instructions: str
    source: str
    scope: str
    columns: tuple[LaidColumn, ...]
    filtered: bool = True

    @property
    def lines(self) -> tuple[str, ...]:
        """What stands below the title, in the order of gptables; a line each."""
        return tuple(filter(None, (self.instructions, self.source, self.scope)))

    @property
    def above(self) -> int:
        """Rows above the first row of the table: title, lines, headers."""
        return 1 + len(self.lines) + 1

    @property
    def rows(self) -> int:
        """Rows of the table without its headers."""
        return len(self.columns[0].places)


@dataclass(frozen=True)
class LaidBook:
    """A workbook as it is written; `intro` and `about` are paragraphs of the cover."""

    title: str
    intro: tuple[str, ...]
    about: tuple[str, ...]
    tags: Mapping[str, str]
    sheets: tuple[LaidSheet, ...]


def laid_out(
    sheets: Mapping[str, WorkbookSheet],
    source: Mapping[str, Any],
    config: Mapping[str, Any],
    tags: Mapping[str, str],
) -> LaidBook:
    """Return what `write_workbook` writes. Parameters: see there."""
    numbers = note_numbers(header for sheet in sheets.values() for header in sheet.columns.values())
    made = [_sheet(name, sheet, source, config, numbers) for name, sheet in sheets.items()]
    notes = [_notes(numbers)] if numbers else []
    title = f"Segments of general practices, {source['label']}"
    return LaidBook(title, *_cover(source, tags), tags, (*notes, *made))


def _cover(source: Mapping[str, Any], tags: Mapping[str, str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    intro = (data_note(source), "Each sheet holds one table. The contents sheet lists them.")
    about = (
        "Figures describe practices, not patients or clinicians. The Quality and Outcomes Framework is an "
        "incentive scheme, not a performance-management tool.",
        str(source["attribution"]),
        f"Licence: {source['licence']}.",
        *source.get("absent", []),
        f"To trace this workbook: {TO_TRACE}",
        *(f"tags.{name} = '{value}'" for name, value in tags.items()),
    )
    return intro, tuple(map(_unobeyed, about))


def data_note(source: Mapping[str, Any]) -> str:
    """Say whether the data are synthetic, partly simulated, or published figures, and what a row is."""
    return " ".join(filter(None, [_kind_of_data(source), source.get("note")]))


#: Kind of data -> what the cover says of it.
KINDS_OF_DATA = {
    "synthetic": "SYNTHETIC DATA: every practice, name and figure was drawn by computer. None is real.",
    "own": "Worked out from an analyst's own table of practices.",
    "unchecked": f"Worked out from figures of general practices. {UNCHECKED}.",
    "published": "Worked out from published figures of general practices.",
}


def _kind_of_data(source: Mapping[str, Any]) -> str:
    kind, unchecked = data_kind(source), source.get("unchecked") and f"{UNCHECKED}."
    if kind == "simulated":
        return " ".join(filter(None, [str(source["warning"]), unchecked]))
    return KINDS_OF_DATA[kind]


def _notes(numbers: Mapping[str, int]) -> LaidSheet:
    places = np.arange(len(numbers))
    columns = (
        LaidColumn("Note", list(numbers.values()), places, NUMBERED, NARROW),
        LaidColumn("Term", list(numbers), places, NUMBERED, 40),
        LaidColumn("What it means", [NOTES[header] for header in numbers], places, NUMBERED, 110),
    )
    what = "What the terms in the tables mean. A header names the number of its note."
    return LaidSheet("Notes", "Notes", what, "", "", columns, filtered=False)


def _sheet(
    name: str,
    sheet: WorkbookSheet,
    source: Mapping[str, Any],
    config: Mapping[str, Any],
    numbers: Mapping[str, int],
) -> LaidSheet:
    mark = data_mark(source, config, shows_achievement=sheet.shows_achievement)
    most = LAST_ROW - ABOVE
    shown = sheet.table.iloc[:most]
    cut = f" The sheet holds the first {most:,} of {len(sheet.table):,} rows: more do not fit."
    columns = tuple(_column(sheet, shown, column, numbers) for column in sheet.columns)
    return LaidSheet(
        name=name,
        title=_unobeyed(sheet.title) + (f" ({mark})" if mark else ""),
        instructions=f"This sheet holds one table. {MISSING} means not known."
        + (cut if len(shown) < len(sheet.table) else ""),
        source=_unobeyed(str(source["attribution"])),
        scope=_unobeyed(sheet.scope),
        columns=columns,
    )


def _column(sheet: WorkbookSheet, table: pd.DataFrame, name: str, numbers: Mapping[str, int]) -> LaidColumn:
    values, header = table[name], visible_name(sheet.columns[name])
    formats: NumberFormat | list[NumberFormat]
    if name in sheet.in_unit_of_row:
        formats = [of_unit(unit) for unit in table["unit"]]
    elif name in sheet.units:
        formats = of_unit(sheet.units[name])
    else:
        formats = of_column(name, header, values)
    if pd.api.types.is_float_dtype(values):
        whole = values.to_numpy(dtype=float, na_value=np.nan) * (100 if header.endswith("(%)") else 1)
        values = pd.Series(rounded(whole, formats), values.index)
    elif pd.api.types.is_bool_dtype(values):
        values = values.map({True: "yes", False: "no"})
    places, found = pd.factorize(values)  # -1 where there is none
    distinct = [*map(_cell, found), MISSING]
    width = min(max(NARROW, _longest(distinct) + 2), WIDE)
    return LaidColumn(header + _reference(numbers.get(header)), distinct, places, formats, width)


def _reference(number: int | None) -> str:
    return f"\n[note {number}]" if number else ""


def _cell(value: object) -> object:
    """A value as it stands in a cell; an empty text counts as missing."""
    if not isinstance(value, str):
        return value
    text = visible_name(value)
    return (text if len(text) <= CELL else text[: CELL - 1] + "…") or MISSING


def _longest(cells: Iterable[object]) -> int:
    """Letters of the longest text; numbers are narrow."""
    return max((len(text) for text in cells if isinstance(text, str)), default=0)


def _unobeyed(text: str) -> str:
    """A text from data above a table, without what gptables makes a link or a note of."""
    return visible_name(text).replace("](", "] (").replace("$$", "$ $")
