"""Analysts' own indicators from any table keyed by practice code: CSV, Excel or parquet."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
from pydantic import AfterValidator, BaseModel, Field

from gp_segmentation.sources.files.delimited import MISSING
from gp_segmentation.sources.files.sheets import SourceSheet, cell_text, read_sheet
from gp_segmentation.sources.tidy import ContextTable, QualityLog
from gp_segmentation.utils.allowed import STRICT, rising

_THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")


def _rising_ends(ends: list[float | None]) -> list[float | None]:
    rising([end for end in ends if end is not None])
    return ends


class MeasureKeys(BaseModel):
    """What a configuration may say of a measure; `read_local_table` explains the keys."""

    model_config = STRICT
    column: str | None = None
    label: str | None = None
    unit: str | None = None
    range: (
        Annotated[list[float | None], Field(min_length=2, max_length=2), AfterValidator(_rising_ends)] | None
    ) = None
    per: str | None = None
    scale: Annotated[float, Field(gt=0)] = 1.0


def _checked(spec: Mapping[str, Any]) -> Mapping[str, Any]:
    MeasureKeys.model_validate(spec)
    return spec


#: The keys of a measure, as they stand in a configuration.
Spec = Annotated[Mapping[str, Any], AfterValidator(_checked)]


@dataclass(frozen=True)
class _Measure:
    """One column to take; `read_local_table` explains the fields (`low`, `high`: the ``range``)."""

    name: str
    column: str
    label: str = ""
    unit: str = ""
    low: float = -math.inf
    high: float = math.inf
    per: str | None = None
    scale: float = 1.0


@dataclass(frozen=True)
class _Table:
    """The rows to take values from, and how to treat the values."""

    sheet: SourceSheet
    rows: pd.DataFrame
    missing: list[str]
    range_is_strict: bool  # a value outside its range is an error; otherwise it is left out and counted
    log: QualityLog


def read_local_table(
    path: Path,
    *,
    code: str,
    columns: Mapping[str, Spec],
    where: Mapping[str, Any] | None = None,
    missing: Sequence[str] = (*MISSING, "NA", "N/A", "NaN"),
    out_of_range: Literal["error", "missing"] = "error",
    skip: Annotated[int, Field(ge=0)] = 0,
    sheet: str | Annotated[int, Field(ge=0)] = 0,
    member: str = r".*\.csv",
    delimiter: str = ",",
) -> ContextTable:
    """Read measures of practices from a CSV (plain or in a zip), Excel workbook or parquet file.

    Parameters
    ----------
    code : the column of practice codes.
    columns : measure -> ``column`` (its name in the file; by default the measure's name), ``label``,
        ``unit``, ``range`` ([lowest, highest] possible value, in the file's unit), ``per`` (a column to
        divide by after that check; no value where it is 0) and ``scale`` (a factor applied last: 100 turns
        a share into percent).
    where : column -> the value a row must have in it, such as ``{Year: 2024}``; a list allows several.
    missing : texts that mean "no value".
    out_of_range : ``error`` refuses a value outside its range, ``missing`` leaves it out and counts it.
    skip : lines before the header. sheet : name or position (from 0) of the Excel sheet.
    member : regular expression of the member in a zip. delimiter : separator of a CSV's fields.

    Raises InputError for an unusable value, naming file, row (as a spreadsheet counts), column and value,
    and for a practice with two rows.
    """
    measures = [_measure(name, spec) for name, spec in columns.items()]
    found = read_sheet(path, skip, sheet, member, delimiter)
    named = [name for m in measures for name in (m.column, m.per) if name is not None]
    _require(found, [code, *named, *(where or {})])
    log = QualityLog(path.name)
    log.note_all(found.tolerated)
    rows = _filter_rows(found, where or {}, log)
    codes = _practice_codes(found, rows[code], log)
    table = _Table(found, rows.loc[codes.index], list(missing), out_of_range == "error", log)
    frame = pd.DataFrame({"practice_code": codes, **{m.name: _measured(table, m) for m in measures}})
    described = [(m.name, m.label, m.unit) for m in measures]
    return ContextTable(
        frame=frame.sort_values("practice_code", ignore_index=True),
        dictionary=pd.DataFrame(described, columns=["measure", "label", "unit"]),
        quality=log.frame,
    )


def _measure(name: str, spec: Mapping[str, Any]) -> _Measure:
    low, high = spec.get("range") or (-math.inf, math.inf)
    return _Measure(
        name=name,
        column=str(spec.get("column", name)),
        label=str(spec.get("label", name)),
        unit=str(spec.get("unit", "")),
        low=-math.inf if low is None else float(low),
        high=math.inf if high is None else float(high),
        per=None if spec.get("per") is None else str(spec["per"]),
        scale=float(spec.get("scale", 1.0)),
    )


def _require(found: SourceSheet, names: list[str]) -> None:
    for name in names:
        if name in found.repeated:
            problem = "is in the header more than once"
            raise found.error(problem, column=name, remedy="Keep the right one")
        if name not in found.rows.columns:
            listed = ", ".join(found.rows.columns)
            remedy = "Name the column in the source's YAML as it stands in the file"
            raise found.error(f"is missing (found: {listed})", column=name, remedy=remedy)


def _filter_rows(found: SourceSheet, where: Mapping[str, Any], log: QualityLog) -> pd.DataFrame:
    rows = found.rows
    for column, value in where.items():
        allowed = [cell_text(v) for v in (value if isinstance(value, list | tuple) else [value])]
        kept = rows[rows[column].isin(allowed)]
        if kept.empty and len(rows):
            seen = ", ".join(sorted(rows[column].unique())[:8])
            problem = f"no row has {' or '.join(allowed)} (found: {seen})"
            raise found.error(problem, column=column, remedy="Correct `where` in the source's YAML")
        log.note("rows left out by the filter", len(rows) - len(kept), f"{column} = {' or '.join(allowed)}")
        rows = kept
    return rows


def _practice_codes(found: SourceSheet, texts: pd.Series, log: QualityLog) -> pd.Series:
    codes = texts.str.upper().str.strip()
    log.note("rows without a practice code left out", int((codes == "").sum()))
    codes = codes[codes != ""]
    repeated = codes[codes.duplicated()]
    if len(repeated):
        rows = ", ".join(str(row) for row in codes.index[codes == repeated.iloc[0]])
        surplus = f"surplus rows in total: {len(repeated)}"
        problem = f"{repeated.iloc[0]} has more than one row: {rows} ({surplus})"
        remedy = "Keep one row for each practice, or choose among them with `where` in the source's YAML"
        raise found.error(problem, column=str(texts.name), remedy=remedy)
    return codes


def _measured(table: _Table, measure: _Measure) -> pd.Series:
    """Return a measure's values: checked in the file's unit, then divided and scaled."""
    values = _values(table, measure)
    if measure.per is not None:
        divisor = _values(table, _Measure(f"{measure.name} (divisor)", measure.per, low=0.0))
        zero = divisor == 0
        table.log.note(f"{measure.name}: divisor of zero", int(zero.sum()), f"column {measure.per}")
        values = values / divisor.mask(zero)
    return values * measure.scale


def _values(table: _Table, measure: _Measure) -> pd.Series:
    """Return the numbers of one column, NaN where missing; refuse texts and values outside the range."""
    name, column, log = measure.name, measure.column, table.log
    texts = table.rows[column]
    given = texts[~texts.isin(table.missing)]
    log.note(f"{name}: no value", len(texts) - len(given), f"column {column}")
    numbers = given.map(_number).astype(float)
    bad = given[numbers.isna()]
    if len(bad):
        remedy = "Correct it, or add it to `missing` in the source's YAML"
        problem = f"{bad.iloc[0]!r} is not a number"
        raise table.sheet.error(problem, row=int(bad.index[0]), column=column, remedy=remedy)
    outside = numbers[~numbers.between(measure.low, measure.high)]
    if len(outside) and table.range_is_strict:
        bounds = f"{measure.low:g} to {measure.high:g}"
        problem = f"{given[outside.index[0]]} lies outside {bounds} (such values in total: {len(outside)})"
        remedy = "Correct it, or set `range` or `out_of_range: missing` in the source's YAML"
        raise table.sheet.error(problem, row=int(outside.index[0]), column=column, remedy=remedy)
    log.note(f"{name}: value outside its range left out", len(outside), f"column {column}")
    return numbers.drop(outside.index).reindex(texts.index)


def _number(text: str) -> float:
    """Return the number in a text (also "1,234" and "12.5%"); NaN when it is not a number."""
    plain = text.removesuffix("%").strip()
    if _THOUSANDS.fullmatch(plain):
        plain = plain.replace(",", "")
    try:
        number = float(plain) if "_" not in plain else math.nan
    except ValueError:
        return np.nan
    return number if math.isfinite(number) else np.nan
