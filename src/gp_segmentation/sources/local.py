"""Any table keyed by practice code: CSV, Excel or parquet, its columns named in the source's YAML.

This is how analysts bring their own indicators; see `read_table`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gp_segmentation.errors import ConfigError, InputError
from gp_segmentation.sources.archive import TextFile, find_text
from gp_segmentation.sources.delimited import MISSING, records
from gp_segmentation.sources.values import ContextTable, QualityLog

_THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
_EXCEL = (".xlsx", ".xlsm")
_COLUMN_KEYS = frozenset({"column", "label", "unit", "range", "scale"})


@dataclass(frozen=True)
class Measure:
    """One column to take.

    Parameters
    ----------
    name : own name of the measure. column : its name in the file.
    label, unit : what the values are.
    low, high : the values possible, in the file's own unit.
    scale : what values are multiplied by after the check (100 turns a share into percent).
    """

    name: str
    column: str
    label: str
    unit: str
    low: float = -math.inf
    high: float = math.inf
    scale: float = 1.0


@dataclass(frozen=True)
class _Sheet:
    """A table as found: `rows` of text by column name, their numbers in the file as index."""

    path: Path
    member: str | None
    rows: pd.DataFrame

    def error(
        self, problem: str, *, row: int | None = None, column: str | None = None, remedy: str | None = None
    ) -> InputError:
        file = self.path.name
        return InputError(problem, file=file, member=self.member, row=row, column=column, remedy=remedy)


def read_table(
    path: Path,
    *,
    code: str,
    columns: Mapping[str, Mapping[str, Any]],
    where: Mapping[str, Any] | None = None,
    missing: Sequence[str] = (*MISSING, "NA", "N/A", "NaN"),
    out_of_range: str = "error",
    skip: int = 0,
    sheet: str | int = 0,
    member: str = r".*\.csv",
    delimiter: str = ",",
) -> ContextTable:
    """Read measures of practices from a CSV (plain or in a zip), Excel workbook or parquet file.

    Parameters
    ----------
    code : the column of practice codes.
    columns : measure -> ``column`` (its name in the file; the measure's own when not given), ``label``,
        ``unit``, ``range`` ([lowest, highest] value possible in the file) and ``scale`` (a factor).
    where : column -> the value a row must have in it, such as ``{Year: 2024}``; a list allows several.
    missing : texts that mean "no value".
    out_of_range : ``error`` refuses a value outside its range, ``missing`` leaves it out and counts it.
    skip : lines before the header. sheet : name or position (from 0) of the Excel sheet.
    member : regular expression of the member in a zip. delimiter : what separates a CSV's fields.

    Raises InputError naming file, row (as a spreadsheet counts), column and value of what cannot be used,
    and for a practice with two rows.
    """
    measures = [_measure(name, spec) for name, spec in columns.items()]
    if out_of_range not in ("error", "missing"):
        raise ConfigError(f"out_of_range is {out_of_range!r}; it may be error or missing")
    found = _sheet(path, skip, sheet, member, delimiter)
    _require(found, [code, *(m.column for m in measures), *(where or {})])
    log = QualityLog(path.name)
    rows = _choose(found, where or {}, log)
    codes = _codes(found, rows[code], log)
    rows = rows.loc[codes.index]
    values = {m.name: _values(found, rows[m.column], m, set(missing), out_of_range, log) for m in measures}
    frame = pd.DataFrame({"practice_code": codes, **values})
    return ContextTable(
        frame=frame.sort_values("practice_code", ignore_index=True),
        dictionary=pd.DataFrame(
            [(m.name, m.label, m.unit) for m in measures], columns=["measure", "label", "unit"]
        ),
        quality=log.frame,
    )


def _measure(name: str, spec: Mapping[str, Any]) -> Measure:
    unknown = set(spec) - _COLUMN_KEYS
    if unknown:
        known = ", ".join(sorted(_COLUMN_KEYS))
        raise ConfigError(f"measure {name}: {', '.join(sorted(unknown))} is not a key (known: {known})")
    low, high = spec.get("range") or (-math.inf, math.inf)
    return Measure(
        name=name,
        column=str(spec.get("column", name)),
        label=str(spec.get("label", name)),
        unit=str(spec.get("unit", "")),
        low=-math.inf if low is None else float(low),
        high=math.inf if high is None else float(high),
        scale=float(spec.get("scale", 1.0)),
    )


def _sheet(path: Path, skip: int, sheet: str | int, member: str, delimiter: str) -> _Sheet:
    if not path.is_file():
        raise InputError("is missing", file=path.name, remedy="Place it in the source's folder")
    suffix = path.suffix.lower()
    if suffix == ".parquet":
        frame = pd.read_parquet(path)
        return _Sheet(path, None, _text_frame(list(frame.columns), frame.to_numpy(dtype=object).tolist(), 2))
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
    return _Sheet(path, name, _text_frame(table[0], table[1:], skip + 2))


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
    names = [_text(name) for name in header]
    filled = [
        [_text(value) for value in [*row, *[""] * (len(names) - len(row))][: len(names)]] for row in rows
    ]
    frame = pd.DataFrame(filled, columns=names, dtype=str)
    frame.index = pd.RangeIndex(first_row, first_row + len(filled))
    frame = frame.loc[:, ~frame.columns.duplicated()]
    return frame[(frame != "").any(axis=1)]


def _text(value: Any) -> str:
    """Return a cell as text: 2024.0 in a workbook is the 2024 of a CSV."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _require(found: _Sheet, names: list[str]) -> None:
    for name in names:
        if name not in found.rows.columns:
            listed = ", ".join(found.rows.columns)
            remedy = "Name the column in the source's YAML as it stands in the file"
            raise found.error(f"is missing (found: {listed})", column=name, remedy=remedy)


def _choose(found: _Sheet, where: Mapping[str, Any], log: QualityLog) -> pd.DataFrame:
    rows = found.rows
    for column, value in where.items():
        allowed = [_text(v) for v in (value if isinstance(value, list | tuple) else [value])]
        kept = rows[rows[column].isin(allowed)]
        if kept.empty and len(rows):
            seen = ", ".join(sorted(rows[column].unique())[:8])
            problem = f"no row has {' or '.join(allowed)} (found: {seen})"
            raise found.error(problem, column=column, remedy="Correct `where` in the source's YAML")
        log.note("rows left out by the filter", len(rows) - len(kept), f"{column} = {' or '.join(allowed)}")
        rows = kept
    return rows


def _codes(found: _Sheet, texts: pd.Series, log: QualityLog) -> pd.Series:
    codes = texts.str.upper().str.strip()
    log.note("rows without a practice code left out", int((codes == "").sum()))
    codes = codes[codes != ""]
    repeated = codes[codes.duplicated()]
    if len(repeated):
        rows = ", ".join(str(row) for row in codes.index[codes == repeated.iloc[0]])
        raise found.error(
            f"{repeated.iloc[0]} has more than one row: {rows} ({len(repeated)} rows too many in all)",
            column=str(texts.name),
            remedy="Keep one row for each practice, or choose among them with `where` in the source's YAML",
        )
    return codes


def _values(
    found: _Sheet, texts: pd.Series, measure: Measure, missing: set[str], out_of_range: str, log: QualityLog
) -> pd.Series:
    """Return the numbers of one column, checked against the measure's range, then scaled."""
    given = texts[~texts.isin(missing)]
    log.note(f"{measure.name}: no value", len(texts) - len(given), f"column {measure.column}")
    numbers = given.map(_number).astype(float)
    bad = given[numbers.isna()]
    if len(bad):
        remedy = "Correct it, or add it to `missing` in the source's YAML"
        raise found.error(
            f"{bad.iloc[0]!r} is not a number", row=int(bad.index[0]), column=measure.column, remedy=remedy
        )
    outside = numbers[~numbers.between(measure.low, measure.high)]
    if len(outside) and out_of_range == "error":
        span = f"{measure.low:g} to {measure.high:g}"
        raise found.error(
            f"{given[outside.index[0]]} lies outside {span} ({len(outside)} such)",
            row=int(outside.index[0]),
            column=measure.column,
            remedy="Correct it, or set `range` or `out_of_range: missing` in the source's YAML",
        )
    log.note(f"{measure.name}: value outside its range left out", len(outside), f"column {measure.column}")
    return numbers.drop(outside.index).reindex(texts.index) * measure.scale


def _number(text: str) -> float:
    """Return the number a text states ("1,234", "12.5%" too), NaN where it states none."""
    plain = text.removesuffix("%").strip()
    if _THOUSANDS.fullmatch(plain):
        plain = plain.replace(",", "")
    try:
        number = float(plain)
    except ValueError:
        return np.nan
    return number if math.isfinite(number) else np.nan
