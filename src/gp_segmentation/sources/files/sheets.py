"""A table of any common file format as rows of text: CSV (plain or in a zip), Excel workbook, parquet."""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, time
from functools import partial
from itertools import accumulate, islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from gp_segmentation.errors import InputError
from gp_segmentation.sources.files.archive import TextFile, find_text
from gp_segmentation.sources.files.delimited import delimited_records
from gp_segmentation.sources.files.workbook import SMALLER, excel_rows, sheet_names

#: Limits of an analyst's table: bytes of its file (of text: inflated) and cells.
MAX_BYTES, MAX_CELLS = 200_000_000, 20_000_000
WORKBOOKS = (".xlsx", ".xlsm")
#: Lines within which a header is looked for.
HEADER_WITHIN = 50
SAVE_IT = (
    "Open it in a spreadsheet program, save it as .xlsx or .csv, and name that file in the source's YAML"
)
OTHER_FORMATS = {
    ".xls": "in Excel's old format",
    ".xlsb": "in Excel's binary format",
    ".ods": "an OpenDocument spreadsheet",
}


@dataclass(frozen=True)
class SourceSheet:
    """A table as found in a file.

    Attributes
    ----------
    rows : texts by column name; the index is the row's number in the file (the header is row 1).
    error : builds the InputError that names file and sheet or member.
    repeated : names that come more than once in the header; `rows` has the first column of each, and all of
        them under their bands (see `read_sheet`).
    tolerated : check, count and detail of tolerated irregularities, for a QualityLog.
    """

    rows: pd.DataFrame
    error: partial[InputError]
    repeated: frozenset[str]
    tolerated: tuple[tuple[str, int, str], ...]


def read_sheet(path: Path, skip: int, sheet: str | int, member: str, delimiter: str) -> SourceSheet:
    """Read the table at `path`; the suffix gives the format, and any other suffix means CSV.

    Names in the header are read with single blanks between words. Where a name comes more than once and the
    line above the header has bands ("2014-15" over "Register" and "List Size"), each such column can be had
    under its band too: "2014-15 Register".

    Parameters
    ----------
    skip : lines before the header.
    sheet : name or position (from 0) of the sheet of a workbook.
    member : regular expression of the member of a zip. delimiter : separator of a CSV's fields.

    Raises InputError when the file is missing, too large, empty or not of its format.
    """
    name, error, lines, counts = open_lines(path, sheet, member, delimiter)
    lines = iter(lines)
    above = list(islice(lines, skip))
    table = _bounded(lines, error)
    if not table:
        raise error("is empty", remedy="Place a file with a header and rows")
    rows, repeated = _text_rows(table, skip, above[-1] if above else [], error)
    given = (rows != "").any(axis=1)
    if not given.any():
        raise error("has no row below its header", remedy="Place another")
    # A line without any field is no row of the table; one of blank fields is.
    counts["blank rows left out"] = int((~given).sum()) - sum(not line for line in table[1:])
    tolerated = tuple((check, count, name) for check, count in sorted(counts.items()))
    return SourceSheet(rows[given], error, repeated, tolerated)


def open_lines(
    path: Path, sheet: str | int = 0, member: str = r".*\.csv", delimiter: str = ","
) -> tuple[str, partial[InputError], Iterable[list[Any]], Counter[str]]:
    """Return the name of a table, what builds its errors, its lines as read, and counts of irregularities."""
    name, error = path.name, partial(InputError, file=path.name)
    if not path.is_file():
        raise error("is missing", remedy="Place it in the source's folder")
    suffix = path.suffix.lower()
    if suffix in OTHER_FORMATS:
        raise error(f"is {OTHER_FORMATS[suffix]}", remedy=SAVE_IT)
    if path.stat().st_size > MAX_BYTES:
        raise error(f"holds more than {MAX_BYTES:,} bytes", remedy=SMALLER)
    counts = Counter[str]()
    if suffix == ".parquet":
        return name, error, _parquet_rows(path), counts
    if suffix in WORKBOOKS:
        lines = excel_rows(path, sheet)
        return (sheet, partial(error, member=sheet), lines, counts) if isinstance(sheet, str) else (
            name, error, lines, counts
        )  # fmt: skip
    text = find_text(path, member, max_bytes=MAX_BYTES)
    return text.base_name, text.error, _csv_rows(text, delimiter, counts), counts


@contextmanager
def pointing_to_header(path: Path, name: str, skip: int, member: str, delimiter: str) -> Iterator[None]:
    """Where reading after `skip` lines fails and another line has `name`, say so in the error's remedy."""
    try:
        yield
    except InputError as error:
        found = find_header(path, name, member, delimiter) if path.is_file() else None
        if found is None:
            raise
        sheet, above = found
        if above == skip and sheet in (None, error.member):
            raise  # it was read there
        place, keys = f"Line {above + 1}", f"`skip: {above}`"
        if sheet is not None:
            place, keys = f"{place} of sheet {sheet}", f"{keys} and `sheet: {sheet}`"
        raise InputError(
            error.problem,
            file=error.file,
            member=error.member,
            row=error.row,
            column=error.column,
            remedy=f"{place} has {name}: set {keys} in the source's YAML",
        ) from None


def find_header(
    path: Path, name: str, member: str = r".*\.csv", delimiter: str = ","
) -> tuple[str | None, int] | None:
    """Return the sheet (None: no workbook) with `name` in one of its first lines, and the lines above it."""
    sheets = sheet_names(path) if path.suffix.lower() in WORKBOOKS else [None]
    for sheet in sheets:
        _, _, lines, _ = open_lines(path, 0 if sheet is None else sheet, member, delimiter)
        for above, line in enumerate(islice(lines, HEADER_WITHIN)):
            if _blanks(name) in {_blanks(cell_text(value)) for value in line}:
                return sheet, above
    return None


def _bounded(lines: Iterable[list[Any]], error: partial[InputError]) -> list[list[Any]]:
    """Return the lines as a list; raise InputError once a table as wide as its header has MAX_CELLS."""
    table: list[list[Any]] = []
    cells = 0
    for line in lines:
        table.append(line)
        cells += max(len(line), len(table[0]))
        if cells > MAX_CELLS:
            raise error(f"has more than {MAX_CELLS:,} cells", remedy=SMALLER)
    return table


def _csv_rows(text: TextFile, delimiter: str, counts: Counter[str]) -> Iterator[list[Any]]:
    with text.open() as stream:
        yield from delimited_records(stream, delimiter)
        counts["bytes that are not UTF-8, read as Windows-1252"] = stream.raw.recoded  # type: ignore[attr-defined]


def _parquet_rows(path: Path) -> Iterator[list[Any]]:
    try:
        file = pq.ParquetFile(path)
        shape = file.metadata
        if shape.num_rows * shape.num_columns > MAX_CELLS:
            raise InputError(f"has more than {MAX_CELLS:,} cells", file=path.name, remedy=SMALLER)
        yield [str(name) for name in file.schema_arrow.names]
        for batch in file.iter_batches(1000):
            # Not through pandas, which takes the columns of a stored index out of the table.
            columns = [column.to_pylist() for column in batch.columns]
            yield from (list(row) for row in zip(*columns, strict=True))
    except (pa.ArrowException, OSError, ValueError, TypeError, KeyError) as error:
        raise InputError(f"is not parquet ({error})", file=path.name, remedy="Save it again") from error


def _text_rows(
    table: list[list[Any]], skip: int, above: list[Any], error: partial[InputError]
) -> tuple[pd.DataFrame, frozenset[str]]:
    """Return the rows as text under the header's names, short rows filled up, and the repeated names."""
    names = [_blanks(cell_text(value)) for value in table[0]]
    filled = []
    for number, line in enumerate(table[1:], start=skip + 2):
        texts = [cell_text(value) for value in line]
        if any(texts[len(names) :]):
            problem = f"has {len(texts)} fields where there should be {len(names)}"
            raise error(problem, row=number, remedy="Put values that hold commas in quotes")
        filled.append([*texts, *[""] * (len(names) - len(texts))][: len(names)])
    index = pd.RangeIndex(skip + 2, skip + 2 + len(filled))
    frame = pd.DataFrame(filled, index=index, columns=names, dtype=str)
    twice = frame.columns.duplicated()
    repeated = frozenset(frame.columns[twice])
    under_bands = _under_bands(names, above) if repeated else names
    banded = [at for at, name in enumerate(names) if name in repeated and under_bands[at] not in names]
    extra = frame.iloc[:, banded].set_axis([under_bands[at] for at in banded], axis=1)
    extra = extra.loc[:, ~extra.columns.duplicated(keep=False)]
    return pd.concat([frame.loc[:, ~twice], extra], axis=1), repeated


def _under_bands(names: list[str], above: list[Any]) -> list[str]:
    """Return each name with the band above it: a band reaches to the next one."""
    bands = [_blanks(cell_text(value)) for value in above]
    bands += [""] * (len(names) - len(bands))
    reached: Iterable[str] = accumulate(bands[: len(names)], lambda before, band: band or before)
    return [f"{band} {name}".strip() for band, name in zip(reached, names, strict=True)]


def _blanks(text: str) -> str:
    return " ".join(text.split())


def cell_text(value: Any) -> str:
    """Return a cell as text: 2024.0 in a workbook is the 2024 of a CSV, and a day has no time."""
    if not pd.api.types.is_scalar(value):
        return str(getattr(value, "tolist", lambda: value)())
    if pd.isna(value):
        return ""
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value).strip()
