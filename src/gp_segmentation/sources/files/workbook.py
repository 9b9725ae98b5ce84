"""Rows of an Excel workbook, read in bounded memory: a small file can state a sheet of any size."""

import warnings
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import openpyxl

from gp_segmentation.errors import InputError

#: Bytes all parts of a workbook may inflate to, and the rows a worksheet may have (Excel's own bound).
MAX_BYTES, MAX_ROWS = 500_000_000, 1_048_576
#: Blank rows that may stand between two others.
MAX_GAP = 10_000


def excel_rows(path: Path, sheet: str | int) -> Iterator[list[Any]]:
    """Yield the rows of a sheet (by name, or position from 0), cells that are empty at their end left out.

    Raises InputError when the file is no workbook, is too large, or has no such sheet.
    """
    _refuse_large(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # on styles and extensions, which are not read
            book = openpyxl.load_workbook(path, read_only=True, data_only=True)
            try:
                found = _sheet(book, path, sheet)
                found.reset_dimensions()  # what the file states of them need not be so
                yield from _without_blank_end(found.iter_rows(values_only=True), path)
            finally:
                book.close()
    except InputError:
        raise
    except Exception as error:  # openpyxl, its XML reader and zipfile raise many kinds
        raise InputError(f"is not a workbook ({error})", file=path.name, remedy="Save it again") from error


def _refuse_large(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(info.file_size for info in archive.infolist())
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError) as error:
        raise InputError(f"is not a workbook ({error})", file=path.name, remedy="Save it again") from error
    if size > MAX_BYTES:
        raise _too_large(path, f"{MAX_BYTES:,} bytes")


def _too_large(path: Path, bound: str) -> InputError:
    remedy = "Keep only the rows and columns that are needed"
    return InputError(f"holds more than {bound}", file=path.name, remedy=remedy)


def _sheet(book: Any, path: Path, sheet: str | int) -> Any:
    names = book.sheetnames
    if isinstance(sheet, int) and 0 <= sheet < len(names):
        return book[names[sheet]]
    if sheet in names:
        return book[sheet]
    listed = ", ".join(names)
    remedy = "Name the sheet in the source's YAML"
    raise InputError(f"has no sheet {sheet!r} (found: {listed})", file=path.name, remedy=remedy)


def _without_blank_end(rows: Iterable[tuple[Any, ...]], path: Path) -> Iterator[list[Any]]:
    """Yield the rows, blank ones at the end left out: they are formatted cells, up to a million of them."""
    blank = 0
    for number, row in enumerate(rows, start=1):
        if number > MAX_ROWS:
            raise _too_large(path, f"{MAX_ROWS:,} rows")
        cells = _trimmed(row)
        if not cells:
            blank += 1
            continue
        if blank > MAX_GAP:
            problem = f"stands below {blank:,} blank rows"
            raise InputError(problem, file=path.name, row=number, remedy="Keep one table on the sheet")
        yield from ([] for _ in range(blank))
        blank = 0
        yield cells


def _trimmed(row: tuple[Any, ...]) -> list[Any]:
    last = len(row)
    while last and row[last - 1] is None:
        last -= 1
    return list(row[:last])
