"""A table of any common file format as rows of text: CSV (plain or in a zip), Excel workbook, parquet."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from gp_segmentation.errors import InputError
from gp_segmentation.sources.files.archive import TextFile, find_text
from gp_segmentation.sources.files.delimited import delimited_records
from gp_segmentation.sources.files.workbook import excel_rows

_EXCEL = (".xlsx", ".xlsm")

_SMALLER = "Keep only the rows and columns that are needed"

#: Bounds of what analysts bring: bytes of a file (of text: inflated) and cells of its table.
MAX_BYTES, MAX_CELLS = 200_000_000, 20_000_000


@dataclass(frozen=True)
class SourceSheet:
    """A table as found: `rows` of text by column name, their numbers in the file as index (header: row 1).

    `repeated` are the names that stand in the header more than once; the first of each is in `rows`.
    `tolerated` is check, count and detail of what was met in reading, for a QualityLog.
    """

    path: Path
    member: str | None
    rows: pd.DataFrame
    repeated: frozenset[str] = frozenset()
    tolerated: tuple[tuple[str, int, str], ...] = ()

    def error(
        self, problem: str, *, row: int | None = None, column: str | None = None, remedy: str | None = None
    ) -> InputError:
        file = self.path.name
        return InputError(problem, file=file, member=self.member, row=row, column=column, remedy=remedy)


def read_sheet(path: Path, skip: int, sheet: str | int, member: str, delimiter: str) -> SourceSheet:
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
    if suffix == ".xls":
        raise InputError("is in Excel's old format", file=path.name, remedy="Save it as .xlsx or .csv")
    if path.stat().st_size > MAX_BYTES:
        raise InputError(f"holds more than {MAX_BYTES:,} bytes", file=path.name, remedy=_SMALLER)
    name: str | None = None
    met = Counter[str]()
    if suffix == ".parquet":
        lines = _parquet_rows(path)
    elif suffix in _EXCEL:
        name, lines = None if isinstance(sheet, int) else sheet, excel_rows(path, sheet)
    else:
        text = find_text(path, member, max_bytes=MAX_BYTES)
        name, lines = None if text.member is None else text.base_name, _csv_rows(text, delimiter, met)
    table = _bounded(islice(lines, skip, None), path, name)
    if not table:
        raise InputError(
            "is empty", file=path.name, member=name, remedy="Place a file with a header and rows"
        )
    return _sheet(path, name, table, skip, met)


def _bounded(lines: Iterable[list[Any]], path: Path, name: str | None) -> list[list[Any]]:
    """Return the lines as a list; raise InputError once a table as wide as its header has MAX_CELLS."""
    table: list[list[Any]] = []
    cells = 0
    for line in lines:
        table.append(line)
        cells += max(len(line), len(table[0]))
        if cells > MAX_CELLS:
            problem = f"has more than {MAX_CELLS:,} cells"
            raise InputError(problem, file=path.name, member=name, remedy=_SMALLER)
    return table


def _csv_rows(text: TextFile, delimiter: str, met: Counter[str]) -> Iterator[list[Any]]:
    with text.open() as stream:
        yield from delimited_records(stream, delimiter)
        met["bytes that are not UTF-8, read as Windows-1252"] = stream.raw.recoded  # type: ignore[attr-defined]


def _parquet_rows(path: Path) -> Iterator[list[Any]]:
    try:
        file = pq.ParquetFile(path)
        shape = file.metadata
        if shape.num_rows * shape.num_columns > MAX_CELLS:
            problem = f"has more than {MAX_CELLS:,} cells"
            raise InputError(problem, file=path.name, remedy=_SMALLER)
        yield [str(name) for name in file.schema_arrow.names]
        for batch in file.iter_batches(1000):
            yield from batch.to_pandas().to_numpy(dtype=object).tolist()
    except (pa.ArrowException, OSError, ValueError, TypeError, KeyError) as error:
        raise InputError(f"is not parquet ({error})", file=path.name, remedy="Save it again") from error


def _sheet(path: Path, name: str | None, table: list[list[Any]], skip: int, met: Counter[str]) -> SourceSheet:
    """Return the rows as text under the header's names, short rows filled up, blank rows left out."""
    names = [cell_text(value) for value in table[0]]
    filled = []
    for number, line in enumerate(table[1:], start=skip + 2):
        texts = [cell_text(value) for value in line]
        if any(texts[len(names) :]):
            problem = f"has {len(texts)} fields where there should be {len(names)}"
            remedy = "Put what holds commas in quotes"
            raise InputError(problem, file=path.name, member=name, row=number, remedy=remedy)
        filled.append([*texts, *[""] * (len(names) - len(texts))][: len(names)])
    frame = pd.DataFrame(filled, columns=names, dtype=str)
    frame.index = pd.RangeIndex(skip + 2, skip + 2 + len(filled))
    twice = frame.columns.duplicated()
    repeated = frozenset(frame.columns[twice])
    frame = frame.loc[:, ~twice]
    given = (frame != "").any(axis=1)
    if not given.any():
        raise InputError("has no row below its header", file=path.name, member=name, remedy="Place another")
    # A line without any field is no row of the table; one of blank fields is.
    met["blank rows left out"] = int((~given).sum()) - sum(not line for line in table[1:])
    tolerated = tuple((check, count, name or path.name) for check, count in sorted(met.items()))
    return SourceSheet(path, name, frame[given], repeated, tolerated)


def cell_text(value: Any) -> str:
    """Return a cell as text: 2024.0 in a workbook is the 2024 of a CSV."""
    if not pd.api.types.is_scalar(value):
        return str(getattr(value, "tolist", lambda: value)())
    if pd.isna(value):
        return ""
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value).strip()
