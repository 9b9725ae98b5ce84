"""Chosen columns of a CSV text under the project's own names, read fast and in bounded memory (pyarrow)."""

from __future__ import annotations

import csv
import io
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import IO

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from gp_segmentation.sources.files.archive import TextFile

#: How publishers write "no value": nothing, suppressed, not available.
MISSING = ("", "*", ":", "-", "..", "#N/A", "NULL", "null")

_PADDED = sorted(
    {f"{before}{mark}{after}" for mark in MISSING for before in ("", " ") for after in ("", " ")}
)
_BLOCK = 1 << 20
_TEXT = pa.dictionary(pa.int32(), pa.string())
_NUMBER = pa.float64()
_NAME_IT = "Check that it is the file of this year, or name the column in the source's YAML"


@dataclass
class Csv:
    """Columns to take from one CSV text.

    Parameters
    ----------
    text : where it is.
    columns : own name -> name in the header (or several, the first present is taken), whatever its case; or
        the position from zero in a text without header.
    numbers : own names of the columns that hold numbers.
    optional : own names that may be absent; they are then null.
    width : number of columns of a text without header.

    After reading, `rows` is the number of rows read and `blank_rows` that of rows left out as blank.
    """

    text: TextFile
    columns: Mapping[str, str | int | Sequence[str]]
    numbers: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()
    width: int | None = None
    rows: int = 0
    blank_rows: int = 0
    _header: list[str] = field(default_factory=list)

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield the rows in record batches; text columns are dictionary-encoded, blank rows left out.

        Raises InputError naming row, column and value for what is not a number, and naming the columns
        found when one is missing.
        """
        where = self._positions()
        types = {str(at): _NUMBER if name in self.numbers else _TEXT for name, at in where.items()}
        try:
            with self.text.open() as stream:
                reader = pa.csv.open_csv(stream, *self._options(types))
                for batch in reader:
                    yield self._tidy(batch, where)
        except pa.ArrowInvalid as error:
            raise self._explain(where, error) from error

    def frame(self) -> pd.DataFrame:
        """Return all rows; texts stripped of blanks around them, numbers as floats."""
        batches = list(self.batches())
        if not batches:
            return pd.DataFrame({name: pd.Series(dtype=self._dtype(name)) for name in self.columns})
        table = pa.Table.from_batches(batches)
        arrays = [self._plain(table.column(name), name) for name in self.columns]
        return pa.table(arrays, names=list(self.columns)).to_pandas()

    def _dtype(self, name: str) -> type:
        return float if name in self.numbers else str

    def _plain(self, column: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
        return column if name in self.numbers else pc.utf8_trim_whitespace(column.cast(pa.string()))

    def _positions(self) -> dict[str, int]:
        """Own name -> position of the column; the header is read first for it."""
        if self.width is not None:
            self._header = [str(i) for i in range(self.width)]
            return {name: int(str(at)) for name, at in self.columns.items()}
        with closing(self._records()) as lines:
            self._header = next(lines, [])
        if not any(name.strip() for name in self._header):
            raise self.text.error("is empty", remedy="Fetch it again with gpseg-data")
        found = {name.strip().upper(): at for at, name in reversed(list(enumerate(self._header)))}
        where = {}
        for name, accepted in self.columns.items():
            names = [accepted] if isinstance(accepted, str) else [str(a) for a in accepted]  # type: ignore[union-attr]
            at = next((found[n.upper()] for n in names if n.upper() in found), None)
            if at is not None:
                where[name] = at
            elif name not in self.optional:
                listed = ", ".join(self._header)
                raise self.text.error(
                    f"is missing (found: {listed})", column=" or ".join(names), remedy=_NAME_IT
                )
        return where

    def _options(
        self, types: dict[str, pa.DataType]
    ) -> tuple[pa.csv.ReadOptions, pa.csv.ParseOptions, pa.csv.ConvertOptions]:
        # Columns go by position: a header may repeat a name, and its case does not matter.
        read = pa.csv.ReadOptions(
            block_size=_BLOCK,
            column_names=[str(i) for i in range(len(self._header))],
            skip_rows=0 if self.width is not None else 1,
        )
        parse = pa.csv.ParseOptions(newlines_in_values=True, invalid_row_handler=self._ragged)
        convert = pa.csv.ConvertOptions(
            include_columns=list(types), column_types=types, null_values=_PADDED, strings_can_be_null=True
        )
        return read, parse, convert

    def _ragged(self, row: pa.csv.InvalidRow) -> str:
        """Skip a row of blanks that has too many or too few fields; refuse any other."""
        if row.text.strip('," \t\r\n'):
            return "error"
        self.blank_rows += 1
        return "skip"

    def _tidy(self, batch: pa.RecordBatch, where: dict[str, int]) -> pa.RecordBatch:
        arrays = [
            batch.column(str(where[name])) if name in where else pa.nulls(len(batch), self._type(name))
            for name in self.columns
        ]
        blank = pc.is_null(arrays[0])
        if blank.true_count:
            for array in arrays[1:]:
                blank = pc.and_(blank, pc.is_null(array))
        self.blank_rows += blank.true_count
        self.rows += len(batch) - blank.true_count
        tidy = pa.RecordBatch.from_arrays(arrays, names=list(self.columns))
        return tidy.filter(pc.invert(blank)) if blank.true_count else tidy

    def _type(self, name: str) -> pa.DataType:
        return _NUMBER if name in self.numbers else _TEXT

    def _explain(self, where: dict[str, int], error: Exception) -> Exception:
        """Read the text again, slowly, to name the row that pyarrow refused."""
        numbers = {at: name for name, at in where.items() if name in self.numbers}
        for row, record in enumerate(self._records(), start=1):
            if row == 1 and self.width is None:
                continue
            if any(field.strip() for field in record) and len(record) != len(self._header):
                problem = f"has {len(record)} fields where there should be {len(self._header)}"
                return self.text.error(problem, row=row, remedy="Fetch it again with gpseg-data")
            bad = next((at for at in numbers if at < len(record) and not _is_number(record[at])), None)
            if bad is not None:
                problem = f"{record[bad]!r} is not a number"
                return self.text.error(problem, row=row, column=self._header[bad], remedy="Correct the value")
        return self.text.error(f"cannot be read ({error})", remedy="Fetch it again with gpseg-data")

    def _records(self) -> Generator[list[str]]:
        with self.text.open() as stream:
            yield from records(stream)


def records(stream: IO[bytes], delimiter: str = ",") -> Iterator[list[str]]:
    """Yield each record of a CSV text, blank ones included as empty lists."""
    with io.TextIOWrapper(stream, encoding="utf-8", newline="") as lines:
        yield from csv.reader(lines, delimiter=delimiter)


def _is_number(text: str) -> bool:
    if text.strip() in MISSING:
        return True
    try:
        float(text)
    except ValueError:
        return False
    return True
