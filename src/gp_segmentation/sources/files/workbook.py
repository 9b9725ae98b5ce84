"""Rows of an Excel workbook, read in bounded memory: a small file can state a sheet of any size."""

import warnings
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from gp_segmentation.errors import InputError

#: Limits: bytes all parts of a workbook may inflate to, and rows of a worksheet (Excel's own limit).
MAX_BYTES, MAX_ROWS = 500_000_000, 1_048_576
#: Blank rows allowed between two other rows.
MAX_GAP = 10_000

SMALLER = "Keep only the rows and columns that are needed"


def excel_rows(path: Path, sheet: str | int) -> Iterator[list[Any]]:
    """Yield the rows of a sheet (by name, or position from 0) without empty cells at their end.

    Raises InputError when the file is not a workbook, is too large, or has no such sheet.
    """
    with _opened(path) as book:
        fail = partial(InputError, file=path.name)
        found = _sheet(book, sheet, fail)
        found.reset_dimensions()  # the size stated in the file can be wrong
        yield from _without_blank_end(found.iter_rows(values_only=True), fail)


def sheet_names(path: Path) -> list[str]:
    """Return the names of a workbook's sheets; raise InputError as `excel_rows`."""
    with _opened(path) as book:
        return list(book.sheetnames)


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    import openpyxl  # most sources have no workbook

    fail = partial(InputError, file=path.name)
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(info.file_size for info in archive.infolist())
        if size > MAX_BYTES:
            raise fail(f"holds more than {MAX_BYTES:,} bytes", remedy=SMALLER)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # on styles and extensions, which are not read
            book = openpyxl.load_workbook(path, read_only=True, data_only=True)
            try:
                yield book
            finally:
                book.close()
    except InputError:
        raise
    except Exception as error:  # openpyxl, its XML reader and zipfile raise many kinds
        raise fail(f"is not a workbook ({error})", remedy="Save it again") from error


def _sheet(book: Any, sheet: str | int, fail: partial[InputError]) -> Any:
    names = book.sheetnames
    if isinstance(sheet, int) and 0 <= sheet < len(names):
        return book[names[sheet]]
    if sheet in names:
        return book[sheet]
    problem = f"has no sheet {sheet!r} (found: {', '.join(names)})"
    raise fail(problem, remedy="Name the sheet in the source's YAML")


def _without_blank_end(rows: Iterable[tuple[Any, ...]], fail: partial[InputError]) -> Iterator[list[Any]]:
    """Yield the rows without blank ones at the end: those are formatted cells, up to a million of them."""
    blank = 0
    for number, row in enumerate(rows, start=1):
        if number > MAX_ROWS:
            raise fail(f"holds more than {MAX_ROWS:,} rows", remedy=SMALLER)
        cells = list(row)
        while cells and cells[-1] is None:
            cells.pop()
        if not cells:
            blank += 1
            continue
        if blank > MAX_GAP:
            problem = f"comes after {blank:,} blank rows"
            raise fail(problem, row=number, remedy="Keep one table on the sheet")
        yield from ([] for _ in range(blank))
        blank = 0
        yield cells
