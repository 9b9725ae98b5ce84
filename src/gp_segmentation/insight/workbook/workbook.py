"""The accessible Excel workbook: cover, contents, notes, and the tables an analyst looks things up in.

Written with gptables, which follows the Government Analysis Function's guidance on releasing statistics in
spreadsheets: one table per sheet, marked up as a table, titles and units in words, no merged cells.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from pandas.errors import Pandas4Warning

if TYPE_CHECKING:
    import gptables

#: Written into the file as its time of creation, so that the same tables give the same bytes.
CREATED = datetime(2025, 1, 1, tzinfo=UTC).replace(tzinfo=None)
#: Shown where a figure is not known (a blank cell would not be read out).
MISSING = "[x]"
#: Width of columns in characters: at least, at most; and of the two sheets that gptables makes.
NARROW, WIDE = 14, 60
FIXED = {"Contents": (20, 60), "Notes": (14, 110)}
#: Rows of the sheets that hold the top rows of longer tables.
TOP = 500


@dataclass(frozen=True)
class WorkbookSheet:
    """One sheet: the table, its title, scope and what its columns are called.

    `percent` are shares to be shown as percentages, `whole` columns without decimals.
    """

    table: pd.DataFrame
    title: str
    scope: str
    columns: Mapping[str, str]
    decimals: int = 1
    percent: tuple[str, ...] = ()
    whole: tuple[str, ...] = ()


#: Reference of a note, the column it explains, its text.
NOTES = [
    (
        "segments",
        "Segment",
        "A segment groups practices with similar patients or recorded care, so that like can be compared "
        "with like. No segment is better than another.",
    ),
    (
        "margin",
        "Margin",
        "1 at the centre of the practice's own segment, 0 half-way to the next nearest one. Near 0 the "
        "practice could as well be in either.",
    ),
    (
        "fitted",
        "Fitted",
        "Special practices (very small, care-home, student, homeless and digital ones) did not shape the "
        "segments; each was given the nearest one.",
    ),
    (
        "difference",
        "Difference from England (SD)",
        "In standard deviations between practices, with its 95% interval. Features used to make the "
        "segments differ by design: there the interval says how exactly the difference is known.",
    ),
    (
        "additional",
        "Additional patients, own segment",
        "Additional patients if practices below the upper quartile of their own segment reached it. Rates "
        "are shrunk for small numbers; a practice at or above the quartile adds nothing. Beside it, the same "
        "against the upper quartile of England. Patients of several indicators overlap: do not add "
        "indicators up.",
    ),
    (
        "interval",
        "Interval from",
        "95%. Of additional patients: from a bootstrap of what happened to the patients of that year. It "
        "does not say what a change of care could achieve.",
    ),
]


def write_workbook(path: Path, sheets: Mapping[str, WorkbookSheet], source: Mapping[str, Any]) -> None:
    """Write `workbook_sheets` (label -> sheet) to `path`, the same bytes for the same tables.

    Parameters
    ----------
    source : contents of source.json: what the data are, whether they are synthetic or partly simulated.
    """
    with _tolerated():
        import gptables

        workbook = gptables.produce_workbook(
            path,
            sheets={label: _gptable(label, sheet, source) for label, sheet in sheets.items()},
            cover=_cover(source),
            notes_table=_notes(sheets),
            notesheet_options={"title": "Notes", "instructions": "What the words of the tables mean."},
            contentsheet_options={"column_names": ["Sheet", "Table"]},
            auto_width=False,
            # A practice's name is never a formula or a link, whatever it looks like.
            workbook_options={"strings_to_formulas": False, "strings_to_urls": False},
        )
        for label, widths in {**{name: _widths(s) for name, s in sheets.items()}, **FIXED}.items():
            for column, width in enumerate(widths):
                workbook.get_worksheet_by_name(label).set_column(column, column, width)
        properties = {"title": _title(source), "created": CREATED, "author": "GP Practice Segmentation"}
        workbook.set_properties(properties)
        workbook.close()


def _notes(sheets: Mapping[str, WorkbookSheet]) -> pd.DataFrame:
    """The notes on columns that some sheet has."""
    shown = {column for sheet in sheets.values() for column in sheet.columns.values()}
    rows = [(name, text) for name, column, text in NOTES if column in shown]
    return pd.DataFrame(rows, columns=["Note reference", "Note text"])


def _widths(sheet: WorkbookSheet) -> list[int]:
    """Characters wide enough for each column's texts, within `NARROW` and `WIDE`."""
    table = sheet.table
    longest = (table[c].astype(str).str.len().max() if len(table) else 0 for c in sheet.columns)
    return [int(min(max(NARROW, size + 2), WIDE)) for size in longest]


@contextmanager
def _tolerated() -> Iterator[None]:
    """Pass over gptables' own debts: it leaves its theme's file open and calls what pandas deprecates."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        warnings.simplefilter("ignore", Pandas4Warning)
        yield


def _title(source: Mapping[str, Any]) -> str:
    return f"Segments of general practices, {source['label']}"


def _cover(source: Mapping[str, Any]) -> gptables.Cover:
    import gptables

    return gptables.Cover(
        title=_title(source),
        intro=[_kind(source), "Each sheet holds one table. The contents sheet lists them."],
        about=[
            "Figures are of practices, not of patients or clinicians. The Quality and Outcomes Framework is "
            "an incentive scheme, not a performance-management tool.",
            str(source["attribution"]),
            f"Licence: {source['licence']}.",
        ],
    )


def _kind(source: Mapping[str, Any]) -> str:
    if source["synthetic"]:
        return "SYNTHETIC DATA: every practice, name and figure was drawn by computer. None is real."
    if source.get("warning"):
        return str(source["warning"])
    return "Worked out from published figures of general practices."


def _gptable(label: str, sheet: WorkbookSheet, source: Mapping[str, Any]) -> gptables.GPTable:
    import gptables

    table = sheet.table[list(sheet.columns)].copy()
    for column in table.columns:
        if column in sheet.percent:
            table[column] = 100 * table[column]
        if pd.api.types.is_float_dtype(table[column]):
            table[column] = table[column].round(0 if column in sheet.whole else sheet.decimals)
        elif pd.api.types.is_bool_dtype(table[column]):
            table[column] = table[column].map({True: "yes", False: "no"})
        elif pd.api.types.is_string_dtype(table[column]):
            table[column] = table[column].str.split().str.join(" ")  # descriptions hold line feeds
    table = table.astype(object).where(table.notna(), MISSING).reset_index(drop=True)
    table = table.rename(columns=dict(sheet.columns))
    return gptables.GPTable(
        table=table,
        table_name=f"table_{label.lower().replace(' ', '_')}",
        title=sheet.title + (" (synthetic data)" if source["synthetic"] else ""),
        scope=sheet.scope,
        source=str(source["attribution"]),
        instructions=f"This sheet holds one table. {MISSING} means not known.",
        index_columns={1: 0},
        table_notes={column: f"$${name}$$" for name, column, _ in NOTES if column in table},
    )
