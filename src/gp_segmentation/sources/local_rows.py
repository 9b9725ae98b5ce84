"""The rows of an analyst's table: read from any format, filtered, and given their practice codes."""

import zipfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import accumulate
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from gp_segmentation.errors import InputError
from gp_segmentation.sources.files.archive import TextFile, find_texts
from gp_segmentation.sources.files.delimited import Csv, delimited_records
from gp_segmentation.sources.files.sheets import MAX_BYTES, cell_text, pointing_to_header, read_sheet
from gp_segmentation.sources.tidy import NoRowsError, QualityLog

_BOOKS = (".parquet", ".xlsx", ".xlsm", ".xls")


@dataclass(frozen=True)
class Layout:
    """Where the rows stand in a file; `gp_segmentation.sources.local.read_local_table` explains the keys."""

    code: str
    where: Mapping[str, Any] = field(default_factory=dict)
    skip: int = 0
    sheet: str | int = 0
    member: str = r".*\.csv"
    delimiter: str = ","
    missing: Collection[Any] = ()


@dataclass(frozen=True)
class LocalRows:
    """Rows of a table as texts.

    Attributes
    ----------
    rows : texts by column name. codes : the practice code of each row. error : builds an InputError that
        names the file; `error_at` also names the row. log : what was tolerated.
    """

    rows: pd.DataFrame
    codes: pd.Series
    error: partial[InputError]
    log: QualityLog
    texts: Sequence[tuple[int, TextFile]] = ()  # of several CSV texts: the first index of each

    def error_at(self, row: int, column: str, problem: str, remedy: str) -> InputError:
        """Return the error about the value in `column` of the row with index `row`."""
        if not self.texts:
            return self.error(problem, row=row, column=column, remedy=remedy)
        text = next(text for first, text in reversed(self.texts) if first <= row)
        number = _row_of(text, column, str(self.rows.loc[row, column]))
        return text.error(problem, row=number, column=column, remedy=remedy)


def read_rows(path: Path, layout: Layout, columns: Sequence[str], optional: Sequence[str] = ()) -> LocalRows:
    """Return the rows that `layout` chooses, with `columns` (of them `optional` if there) and its own.

    CSV texts larger than an analyst's table, or several in one zip (a month each, say), are read one after
    the other as far as the named columns go.

    Raises InputError for a missing or repeated column, and for a filter that no row passes.
    """
    log = QualityLog(path.name)
    named = list(dict.fromkeys([layout.code, *columns, *layout.where]))
    texts = [] if path.suffix.lower() in _BOOKS or not path.is_file() else find_texts(path, layout.member)
    plain = layout.skip == 0 and layout.delimiter == ","
    if plain and (len(texts) > 1 or any(_size(text) > MAX_BYTES for text in texts)):
        found = _read_texts(texts, named, optional, path, log)
    else:
        required = [name for name in named if name not in optional]
        with pointing_to_header(path, layout.code, layout.skip, layout.member, layout.delimiter):
            sheet = read_sheet(path, layout.skip, layout.sheet, layout.member, layout.delimiter)
            _require(sheet.rows, required, sheet.repeated, sheet.error)
        log.note_all(sheet.tolerated)
        found = LocalRows(sheet.rows, sheet.rows[layout.code], sheet.error, log)
    rows = filter_rows(found, found.rows, layout.where, of_table=True)
    codes = rows[layout.code].map(lambda text: text.strip().upper()).astype("str")
    none = codes.isin(["", *map(str, layout.missing)])
    log.note("rows without a practice code left out", int(none.sum()))
    codes = codes[~none]
    return LocalRows(rows.loc[codes.index], codes, found.error, log, found.texts)


def filter_rows(
    found: LocalRows, rows: pd.DataFrame, where: Mapping[str, Any], *, of_table: bool = False
) -> pd.DataFrame:
    """Return the `rows` with the values of `where`.

    Raises InputError where none is left. Of the filter `of_table` it is a NoRowsError, and the log says how
    many rows are left out.
    """
    for column, value in where.items():
        allowed = [cell_text(v) for v in (value if isinstance(value, list | tuple) else [value])]
        kept = rows[rows[column].isin(allowed)]
        if kept.empty and len(rows):
            seen = ", ".join(sorted(map(str, rows[column].unique()))[:8])
            problem = f"no row has {' or '.join(allowed)} (found: {seen})"
            text, remedy = found.error(problem), "Correct `where` in the source's YAML"
            kind = NoRowsError if of_table else InputError
            raise kind(problem, file=text.file, member=text.member, column=column, remedy=remedy)
        if of_table:
            detail = f"{column} = {' or '.join(allowed)}"
            found.log.note("rows left out by the filter", len(rows) - len(kept), detail)
        rows = kept
    return rows


def refuse_second_rows(found: LocalRows, codes: pd.Series, column: str) -> None:
    """Raise InputError when a practice has more than one row."""
    repeated = codes[codes.duplicated()]
    if len(repeated):
        first = codes.index[codes == repeated.iloc[0]]
        # Of several texts the index is no row's number.
        rows = f"{len(first)} in all" if found.texts else ", ".join(map(str, first[:5]))
        surplus = f"surplus rows in total: {len(repeated)}"
        problem = f"{repeated.iloc[0]} has more than one row: {rows} ({surplus})"
        remedy = (
            "Keep one row for each practice, choose among them with `where` in the source's YAML, or say how "
            "to `combine` them (sum, mean, share, count)"
        )
        raise found.error(problem, column=column, remedy=remedy)


def _require(
    rows: pd.DataFrame, names: Sequence[str], repeated: frozenset[str], error: partial[InputError]
) -> None:
    for name in names:
        if name in repeated:
            banded = [other for other in rows.columns if other.endswith(f" {name}")]
            remedy = "Keep the right one" + f", or name it under its band: {', '.join(banded)}" * bool(banded)
            raise error("is in the header more than once", column=name, remedy=remedy)
        if name not in rows.columns:
            listed = ", ".join(rows.columns)
            remedy = "Name the column in the source's YAML as it stands in the file"
            raise error(f"is missing (found: {listed})", column=name, remedy=remedy)


def _read_texts(
    texts: Sequence[TextFile], columns: Sequence[str], optional: Sequence[str], path: Path, log: QualityLog
) -> LocalRows:
    """Return `columns` of CSV texts below each other; equal values are held once, so millions of rows fit."""
    schema = pa.schema([(name, pa.dictionary(pa.int32(), pa.string())) for name in columns])
    tables = []
    for text in texts:
        csv = Csv(text, {c: c for c in columns}, optional=frozenset(optional), names=frozenset(columns))
        tables.append(pa.Table.from_batches(csv.batches(), schema))
        log.note_all(csv.tolerated())
    rows = pa.concat_tables(tables).unify_dictionaries().to_pandas()
    for name in columns:
        if name in optional and rows[name].isna().all():
            rows = rows.drop(columns=name)
            continue
        rows[name] = rows[name].cat.add_categories([""] if "" not in rows[name].cat.categories else [])
        rows[name] = rows[name].fillna("").map(str.strip)
    starts = accumulate((len(table) for table in tables), initial=0)
    return LocalRows(
        rows, rows[columns[0]], partial(InputError, file=path.name), log, [*zip(starts, texts, strict=False)]
    )


def _row_of(text: TextFile, column: str, value: str) -> int | None:
    """Return the number of the first row with `value` in `column`, as a spreadsheet counts."""
    with text.open() as stream:
        records = delimited_records(stream)
        at = [name.strip().casefold() for name in next(records)].index(column.casefold())
        for number, record in enumerate(records, start=2):
            if at < len(record) and record[at].strip() == value:
                return number
    return None


def _size(text: TextFile) -> int:
    if text.member is None:
        return text.path.stat().st_size
    with zipfile.ZipFile(text.path) as archive:
        return archive.getinfo(text.member).file_size
