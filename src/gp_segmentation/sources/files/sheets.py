"""A table of any common file format as rows of text: CSV (plain or in a zip), Excel workbook, parquet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gp_segmentation.errors import InputError
from gp_segmentation.sources.files.archive import TextFile, find_text
from gp_segmentation.sources.files.delimited import records

_EXCEL = (".xlsx", ".xlsm")


@dataclass(frozen=True)
class Sheet:
    """A table as found: `rows` of text by column name, their numbers in the file as index (header: row 1)."""

    path: Path
    member: str | None
    rows: pd.DataFrame

    def error(
        self, problem: str, *, row: int | None = None, column: str | None = None, remedy: str | None = None
    ) -> InputError:
        file = self.path.name
        return InputError(problem, file=file, member=self.member, row=row, column=column, remedy=remedy)


def read_sheet(path: Path, skip: int, sheet: str | int, member: str, delimiter: str) -> Sheet:
    """Read the table at `path`; its format is told by the file's suffix, CSV when it is another.

    Parameters
    ----------
    skip : lines before the header.
    sheet : name or position (from 0) of the sheet of a workbook.
    member : regular expression of the member of a zip. delimiter : what separates a CSV's fields.
    """
    if not path.is_file():
        raise InputError("is missing", file=path.name, remedy="Place it in the source's folder")
    suffix = path.suffix.lower()
    if suffix == ".parquet":
        frame = pd.read_parquet(path)
        return Sheet(path, None, _text_frame(list(frame.columns), frame.to_numpy(dtype=object).tolist(), 2))
    if suffix == ".xls":
        raise InputError("is in Excel's old format", file=path.name, remedy="Save it as .xlsx or .csv")
    if suffix in _EXCEL:
        name, lines = None if isinstance(sheet, int) else sheet, _excel_rows(path, sheet)
    else:
        text = find_text(path, member)
        name, lines = None if text.member is None else text.base_name, _csv_rows(text, delimiter)
    table = list(islice(lines, skip, None))
    if not table:
        raise InputError(
            "is empty", file=path.name, member=name, remedy="Place a file with a header and rows"
        )
    return Sheet(path, name, _text_frame(table[0], table[1:], skip + 2))


def _csv_rows(text: TextFile, delimiter: str) -> Iterator[list[Any]]:
    with text.open() as stream:
        yield from records(stream, delimiter)


def _excel_rows(path: Path, sheet: str | int) -> Iterator[list[Any]]:
    try:
        frame = pd.read_excel(path, sheet_name=sheet, header=None, dtype=object, keep_default_na=False)
    except ValueError as error:  # the sheet is not there
        raise InputError(f"{error}", file=path.name, remedy="Name the sheet in the source's YAML") from error
    except Exception as error:  # openpyxl and zipfile raise many kinds
        raise InputError(f"is not a workbook ({error})", file=path.name, remedy="Save it again") from error
    yield from frame.to_numpy(dtype=object).tolist()


def _text_frame(header: list[Any], rows: list[list[Any]], first_row: int) -> pd.DataFrame:
    """Return the rows as text under the header's names, short rows filled up, blank rows left out."""
    names = [cell_text(name) for name in header]
    filled = [
        [cell_text(value) for value in [*row, *[""] * (len(names) - len(row))][: len(names)]] for row in rows
    ]
    frame = pd.DataFrame(filled, columns=names, dtype=str)
    frame.index = pd.RangeIndex(first_row, first_row + len(filled))
    frame = frame.loc[:, ~frame.columns.duplicated()]
    return frame[(frame != "").any(axis=1)]


def cell_text(value: Any) -> str:
    """Return a cell as text: 2024.0 in a workbook is the 2024 of a CSV."""
    if pd.isna(value):
        return ""
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value).strip()
