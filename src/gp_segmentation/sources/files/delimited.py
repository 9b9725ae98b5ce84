"""Chosen columns of a CSV text under the project's names, read fast (pyarrow)."""

from __future__ import annotations

import csv
import io
import math
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import IO

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from gp_segmentation.sources.files.archive import FETCH_AGAIN, TextFile

#: How publishers write "no value": nothing, suppressed, not available.
MISSING = ("", "*", ":", "-", "..", "#N/A", "NA", "NULL", "null")

#: Own names of columns with codes, which some publishers write in small letters.
CODES = frozenset({"postcode"}) | {
    f"{of}_code" for of in ("practice", "group", "indicator", "domain", "pcn", "sub_icb", "icb", "region")
}

_PADDED = sorted(
    {f"{before}{mark}{after}" for mark in MISSING for before in ("", " ") for after in ("", " ")}
)
_BLOCK = 1 << 20
#: Characters allowed in a header; the longest published header has 600.
_LONGEST_HEADER = 100_000
_TEXT = pa.dictionary(pa.int32(), pa.string())
_NUMBER = pa.float64()
_NAME_IT = (
    "Check that it is the file of this year, or name the column in the source's YAML (gpseg data "
    "inspect=FILE proposes it)"
)


@dataclass
class Csv:
    """Columns to take from one CSV text.

    Parameters
    ----------
    text : the text to read.
    columns : own name -> name in the header in any case (or several names: the first one present is taken);
        or the position from zero in a text without header. Where no name is there as it stands, one with
        other blanks, dots or underscores is taken: programs write ``Area.Code`` for ``Area Code``.
    numbers : own names of the columns that hold numbers.
    optional : own names of columns that may be absent; they are then null.
    names : own names of the columns that hold names: of `MISSING`, only nothing means "no value" in them.
        Columns of `CODES` are read in capitals.
    width : number of columns of a text without header.

    After reading, `rows` is the number of rows read; `tolerated` lists the irregularities met.
    """

    text: TextFile
    columns: Mapping[str, str | int | Sequence[str]]
    numbers: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    width: int | None = None
    rows: int = 0
    blank_rows: int = 0
    recoded: int = 0
    _header: list[str] = field(default_factory=list)

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield the rows in record batches; text columns are dictionary-encoded, blank rows left out.

        Raises InputError for a text that is not a number (naming row, column and value), and for a missing
        column (naming the columns found).
        """
        where = self._positions()
        types = {str(at): self._type(name) for name, at in where.items()}
        whole = self._whole()
        try:
            table = pa.csv.read_csv(pa.BufferReader(whole), *self._options(types))
        except pa.ArrowInvalid as error:
            raise self._explain(where, error) from error
        for batch in table.to_batches():
            yield self._finite(self._tidy(batch, where), where)

    def frame(self) -> pd.DataFrame:
        """Return all rows; texts without blanks at either end, numbers as floats."""
        schema = pa.schema([(name, self._type(name)) for name in self.columns])
        table = pa.Table.from_batches(self.batches(), schema)
        columns = {
            name: column if name in self.numbers else pc.utf8_trim_whitespace(column.cast(pa.string()))
            for name, column in zip(table.column_names, table.columns, strict=True)
        }
        return pa.table(columns).to_pandas()

    def tolerated(self) -> list[tuple[str, int, str]]:
        """Return check, count and detail of the tolerated irregularities, for a QualityLog."""
        name = self.text.base_name
        return [
            ("blank rows left out", self.blank_rows, name),
            ("bytes that are not UTF-8, read as Windows-1252", self.recoded, name),
        ]

    def _whole(self) -> pa.Buffer:
        """Return the text in pyarrow's own memory.

        Given a stream of Python's, pyarrow reads ahead in threads of its own; at a damaged file such a thread
        now and then brought the whole process down.
        """
        with self.text.open() as stream, pa.BufferOutputStream() as whole:
            while block := stream.read(_BLOCK):
                whole.write(block)
            self.recoded = stream.raw.recoded  # type: ignore[attr-defined]  # a Utf8Stream
            return whole.getvalue()

    def _type(self, name: str) -> pa.DataType:
        return _NUMBER if name in self.numbers else _TEXT

    def _positions(self) -> dict[str, int]:
        """Read the header and return own name -> position of the column."""
        if self.width is not None:
            self._header = [str(i) for i in range(self.width)]
            return {name: int(str(at)) for name, at in self.columns.items()}
        self._header = self._first_record()
        exact, loose = defaultdict[str, list[int]](list), defaultdict[str, list[int]](list)
        for at, name in enumerate(self._header):
            exact[name.strip().upper()].append(at)
            loose[letters_of(name)].append(at)
        where = {}
        for name, accepted in self.columns.items():
            names = [accepted] if isinstance(accepted, str) else [str(a) for a in accepted]  # type: ignore[union-attr]
            places = [exact[n.upper()] for n in names] + [loose[letters_of(n)] for n in names]
            found = next(filter(None, places), [])
            if len(found) > 1:
                problem = f"is in the header {len(found)} times"
                raise self.text.error(problem, column=names[0], remedy="Keep the right one")
            if found:
                where[name] = found[0]
            elif name not in self.optional:
                problem = f"is missing (found: {', '.join(self._header[:40])})"
                raise self.text.error(problem, column=" or ".join(names), remedy=_NAME_IT)
        return where

    def _first_record(self) -> list[str]:
        header = next(self._records(_LONGEST_HEADER), None)
        if header is None:
            raise self.text.error("is empty", remedy=FETCH_AGAIN)
        if not any(name.strip() for name in header):
            raise self.text.error("is empty where the header should be", row=1, remedy=_NAME_IT)
        return header

    def _finite(self, batch: pa.RecordBatch, where: dict[str, int]) -> pa.RecordBatch:
        """Return the batch; raise InputError when a number in it is infinite."""
        for name in self.numbers & where.keys():
            column = batch.column(name)
            if pc.any(pc.is_inf(column)).as_py():
                raise self._explain(where, ValueError("an infinite number"))
        return batch

    def _options(
        self, types: dict[str, pa.DataType]
    ) -> tuple[pa.csv.ReadOptions, pa.csv.ParseOptions, pa.csv.ConvertOptions]:
        # pyarrow gets positions as column names: a header may repeat a name, and its case does not matter.
        read = pa.csv.ReadOptions(
            use_threads=False,  # `_ragged` is called in this thread
            block_size=_BLOCK,
            column_names=[str(i) for i in range(len(self._header))],
            # Not `skip_rows`, which counts lines: a name in the header may be longer than one.
            skip_rows_after_names=0 if self.width is not None else 1,
        )
        parse = pa.csv.ParseOptions(newlines_in_values=True, invalid_row_handler=self._ragged)
        convert = pa.csv.ConvertOptions(
            include_columns=list(types),
            column_types=types,
            null_values=_PADDED,
            strings_can_be_null=not self.names,  # else `_values` tells a name from "no value"
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
            self._values(name, batch.column(str(where[name])))
            if name in where
            else pa.nulls(len(batch), self._type(name))
            for name in self.columns
        ]
        blank = reduce(pc.and_, map(pc.is_null, arrays))
        self.blank_rows += blank.true_count
        self.rows += len(batch) - blank.true_count
        tidy = pa.RecordBatch.from_arrays(arrays, names=list(self.columns))
        return tidy.filter(pc.invert(blank)) if blank.true_count else tidy

    def _values(self, name: str, column: pa.Array) -> pa.Array:
        """Return a column as read; of a text with names, one of texts gets its nulls only here."""
        if name in self.numbers:
            return column
        if name in CODES:
            column = pa.DictionaryArray.from_arrays(column.indices, pc.utf8_upper(column.dictionary))
        if not self.names:
            return column
        marks = pa.array([""] if name in self.names else MISSING)
        missing = pc.is_in(pc.utf8_trim_whitespace(column.dictionary), marks).take(column.indices)
        return pa.DictionaryArray.from_arrays(pc.if_else(missing, None, column.indices), column.dictionary)

    def _explain(self, where: dict[str, int], error: Exception) -> Exception:
        """Read the text again, slowly, to name the row that pyarrow refused."""
        if "Empty CSV" in str(error):
            return self.text.error("is empty", remedy=FETCH_AGAIN)
        numbers = [at for name, at in where.items() if name in self.numbers]
        for row, record in enumerate(self._records(), start=1):
            if row == 1 and self.width is None:
                continue
            if any(field.strip() for field in record) and len(record) != len(self._header):
                problem = f"has {len(record)} fields where there should be {len(self._header)}"
                return self.text.error(problem, row=row, remedy=FETCH_AGAIN)
            bad = next((at for at in numbers if at < len(record) and not _is_number(record[at])), None)
            if bad is not None:
                problem = f"{record[bad]!r} is not a number"
                return self.text.error(problem, row=row, column=self._header[bad], remedy="Correct the value")
        return self.text.error(f"cannot be read ({error})", remedy=FETCH_AGAIN)

    def _records(self, longest: int = _BLOCK) -> Iterator[list[str]]:
        with self.text.open() as stream:
            yield from delimited_records(stream, longest=longest)


def letters_of(name: str) -> str:
    """Return the letters and digits of a column's name, in capitals.

    >>> letters_of("Area Code"), letters_of("area_code"), letters_of("Area.Code")
    ('AREACODE', 'AREACODE', 'AREACODE')
    """
    return re.sub(r"[\s._-]+", "", name).upper()


def delimited_records(stream: IO[bytes], delimiter: str = ",", longest: int = _BLOCK) -> Iterator[list[str]]:
    """Yield each record of a CSV text; a blank line is an empty list.

    Raises csv.Error for a record of more than `longest` characters, so that one row cannot fill the memory.
    """
    left = longest  # characters that the current record may still have

    def lines() -> Iterator[str]:
        nonlocal left
        while line := text.readline(left + 1):
            left -= len(line)
            if left < 0:
                raise csv.Error(f"one row has more than {longest:,} characters")
            yield line

    with io.TextIOWrapper(stream, encoding="utf-8", newline="") as text:
        for record in csv.reader(lines(), delimiter=delimiter):
            left = longest
            yield record


def _is_number(text: str) -> bool:
    """Whether pyarrow reads `text` as a number or as no value; it takes fewer forms than Python's float."""
    if text in _PADDED:
        return True
    digits = text.strip(" \t")
    if not digits.isascii() or digits != digits.strip() or "_" in digits:
        return False
    try:
        return not math.isinf(float(digits))
    except ValueError:
        return False
