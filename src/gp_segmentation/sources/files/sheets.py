"""A table of any common file format as rows of text: CSV (plain or in a zip), Excel workbook, parquet."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
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
from gp_segmentation.sources.files.workbook import SMALLER, excel_rows

#: Limits of an analyst's table: bytes of its file (of text: inflated) and cells.
MAX_BYTES, MAX_CELLS = 200_000_000, 20_000_000


@dataclass(frozen=True)
class SourceSheet:
    """A table as found in a file.

    Attributes
    ----------
    rows : texts by column name; the index is the row's number in the file (the header is row 1).
    error : builds the InputError that names file and sheet or member.
    repeated : names that come more than once in the header; `rows` has the first column of each.
    tolerated : check, count and detail of tolerated irregularities, for a QualityLog.
    """

    rows: pd.DataFrame
    error: partial[InputError]
    repeated: frozenset[str]
    tolerated: tuple[tuple[str, int, str], ...]


def read_sheet(path: Path, skip: int, sheet: str | int, member: str, delimiter: str) -> SourceSheet:
    """Read the table at `path`; the suffix gives the format, and any other suffix means CSV.

    Parameters
    ----------
    skip : lines before the header.
    sheet : name or position (from 0) of the sheet of a workbook.
    member : regular expression of the member of a zip. delimiter : separator of a CSV's fields.

    Raises InputError when the file is missing, too large, empty or not of its format.
    """
    name, error = path.name, partial(InputError, file=path.name)
    if not path.is_file():
        raise error("is missing", remedy="Place it in the source's folder")
    suffix = path.suffix.lower()
    if suffix == ".xls":
        raise error("is in Excel's old format", remedy="Save it as .xlsx or .csv")
    if path.stat().st_size > MAX_BYTES:
        raise error(f"holds more than {MAX_BYTES:,} bytes", remedy=SMALLER)
    counts = Counter[str]()
    if suffix == ".parquet":
        lines = _parquet_rows(path)
    elif suffix in (".xlsx", ".xlsm"):
        lines = excel_rows(path, sheet)
        if isinstance(sheet, str):
            name, error = sheet, partial(error, member=sheet)
    else:
        text = find_text(path, member, max_bytes=MAX_BYTES)
        name, error, lines = text.base_name, text.error, _csv_rows(text, delimiter, counts)
    table = _bounded(islice(lines, skip, None), error)
    if not table:
        raise error("is empty", remedy="Place a file with a header and rows")
    rows, repeated = _text_rows(table, skip, error)
    given = (rows != "").any(axis=1)
    if not given.any():
        raise error("has no row below its header", remedy="Place another")
    # A line without any field is no row of the table; one of blank fields is.
    counts["blank rows left out"] = int((~given).sum()) - sum(not line for line in table[1:])
    tolerated = tuple((check, count, name) for check, count in sorted(counts.items()))
    return SourceSheet(rows[given], error, repeated, tolerated)


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
            yield from batch.to_pandas().to_numpy(dtype=object).tolist()
    except (pa.ArrowException, OSError, ValueError, TypeError, KeyError) as error:
        raise InputError(f"is not parquet ({error})", file=path.name, remedy="Save it again") from error


def _text_rows(
    table: list[list[Any]], skip: int, error: partial[InputError]
) -> tuple[pd.DataFrame, frozenset[str]]:
    """Return the rows as text under the header's names, short rows filled up, and the repeated names."""
    names = [cell_text(value) for value in table[0]]
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
    return frame.loc[:, ~twice], frozenset(frame.columns[twice])


def cell_text(value: Any) -> str:
    """Return a cell as text: 2024.0 in a workbook is the 2024 of a CSV."""
    if not pd.api.types.is_scalar(value):
        return str(getattr(value, "tolist", lambda: value)())
    if pd.isna(value):
        return ""
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value).strip()
