"""A workbook in the format of Excel, laid out by gptables.

gptables follows the Government Analysis Function's guidance on releasing statistics in spreadsheets: one
table per sheet, marked up as a table, titles and units in words, no merged cells.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
from pandas.errors import Pandas4Warning

from gp_segmentation.insight.workbook.layout import AUTHOR, SUBJECT, LaidBook, LaidColumn, LaidSheet
from gp_segmentation.insight.workbook.xlsx_rows import fill_rows

#: Time of creation in the file: a constant, so that the same tables give the same bytes.
CREATED = datetime(2025, 1, 1, tzinfo=UTC)
#: Widths of the columns of the sheet of contents, and of the cover.
CONTENTS = (20, 60)
COVER_WIDTH = 85


def write_xlsx(path: Path, book: LaidBook) -> None:
    """Write a workbook to `path`; the same bytes for the same book."""
    with _ignore_gptables_warnings():
        import gptables

        workbook = gptables.produce_workbook(
            path,
            sheets={sheet.name: gptables.GPTable(**_made_up(sheet)) for sheet in book.sheets},
            cover=gptables.Cover(
                title=book.title, intro=list(book.intro), about=list(book.about), width=COVER_WIDTH
            ),
            contentsheet_options={"column_names": ["Sheet", "Table"]},
            auto_width=False,
            # A title that looks like a formula or a link stays text.
            workbook_options={"strings_to_formulas": False, "strings_to_urls": False},
        )
        for place, width in enumerate(CONTENTS):
            workbook.get_worksheet_by_name("Contents").set_column(place, place, width)
        for sheet in book.sheets:
            written = workbook.get_worksheet_by_name(sheet.name)
            written.freeze_panes(sheet.above, 0)
            for place, column in enumerate(sheet.columns):
                written.set_column(place, place, column.width)
        created = CREATED.replace(tzinfo=None)
        about = {"title": book.title, "subject": SUBJECT, "author": AUTHOR, "created": created}
        workbook.set_properties(about)
        for name, value in book.tags.items():
            workbook.set_custom_property(name, value)
        workbook.close()
    fill_rows(path, {sheet.name: sheet for sheet in book.sheets})


@contextmanager
def _ignore_gptables_warnings() -> Iterator[None]:
    """Ignore what gptables warns of: an open file, old calls of pandas, notes that it does not make."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        warnings.simplefilter("ignore", Pandas4Warning)
        warnings.filterwarnings("ignore", "No note text provided")
        yield


def _made_up(sheet: LaidSheet) -> dict[str, Any]:
    """A table with a row for each look of the sheet's cells, in the form that gptables takes."""
    count = max(len(column.looks) for column in sheet.columns)
    table = pd.DataFrame(
        {c.header: [1 if c.numeric else "text"] * count for c in sheet.columns}, dtype=object
    )
    return {
        "table": table,
        "table_name": f"table_{sheet.name.lower().replace(' ', '_')}",
        "title": sheet.title,
        "instructions": sheet.instructions,
        "source": sheet.source or None,
        "scope": sheet.scope or None,
        "index_columns": {1: 0},
        "additional_formatting": [
            {"cell": {"format": look, "cells": (row + 1, place)}}
            for place, column in enumerate(sheet.columns)
            for row, look in enumerate(_looks(column, count))
        ],
    }


def _looks(column: LaidColumn, count: int) -> list[dict[str, str]]:
    formats = column.looks
    return [
        {"num_format": formats[min(row, len(formats) - 1)].code, "align": "right"}
        for row in range(count)
        if column.numeric
    ]
