"""Any table keyed by practice code: CSV, Excel or parquet, its columns named in the source's YAML.

This is how analysts bring their own indicators; see `read_local_table`.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gp_segmentation.errors import ConfigError
from gp_segmentation.sources.files.delimited import MISSING
from gp_segmentation.sources.files.sheets import SourceSheet, cell_text, read_sheet
from gp_segmentation.sources.tidy import ContextTable, QualityLog

_THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
_COLUMN_KEYS = frozenset({"column", "label", "unit", "range", "per", "scale"})


@dataclass(frozen=True)
class Measure:
    """One column to take.

    Parameters
    ----------
    name : own name of the measure. column : its name in the file.
    label, unit : what the values are.
    low, high : the values possible, in the file's own unit.
    per : the column values are divided by after the check (no value where that is 0), or None.
    scale : what values are then multiplied by (100 turns a share into percent).
    """

    name: str
    column: str
    label: str
    unit: str
    low: float = -math.inf
    high: float = math.inf
    per: str | None = None
    scale: float = 1.0


@dataclass(frozen=True)
class _Policy:
    """Texts that mean "no value", and whether a value outside its range means that too."""

    missing: frozenset[str]
    tolerant: bool
    log: QualityLog


def read_local_table(
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
        ``unit``, ``range`` ([lowest, highest] value possible in the file), ``per`` (a column to divide by)
        and ``scale`` (a factor).
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
    found = read_sheet(path, skip, sheet, member, delimiter)
    named = [name for m in measures for name in (m.column, m.per) if name is not None]
    _require(found, [code, *named, *(where or {})])
    log = QualityLog(path.name)
    log.note_all(found.tolerated)
    rows = _choose(found, where or {}, log)
    codes = _codes(found, rows[code], log)
    rows = rows.loc[codes.index]
    policy = _Policy(frozenset(missing), out_of_range == "missing", log)
    values = {m.name: _measured(found, rows, m, policy) for m in measures}
    frame = pd.DataFrame({"practice_code": codes, **values})
    return ContextTable(
        frame=frame.sort_values("practice_code", ignore_index=True),
        dictionary=_dictionary(measures),
        quality=log.frame,
    )


def _dictionary(measures: Sequence[Measure]) -> pd.DataFrame:
    rows = [(m.name, m.label, m.unit) for m in measures]
    return pd.DataFrame(rows, columns=["measure", "label", "unit"])


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
        per=None if spec.get("per") is None else str(spec["per"]),
        scale=float(spec.get("scale", 1.0)),
    )


def _require(found: SourceSheet, names: list[str]) -> None:
    for name in names:
        if name in found.repeated:
            raise found.error(
                "stands in the header more than once", column=name, remedy="Keep the one that is right"
            )
        if name not in found.rows.columns:
            listed = ", ".join(found.rows.columns)
            remedy = "Name the column in the source's YAML as it stands in the file"
            raise found.error(f"is missing (found: {listed})", column=name, remedy=remedy)


def _choose(found: SourceSheet, where: Mapping[str, Any], log: QualityLog) -> pd.DataFrame:
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


def _codes(found: SourceSheet, texts: pd.Series, log: QualityLog) -> pd.Series:
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


def _measured(found: SourceSheet, rows: pd.DataFrame, measure: Measure, policy: _Policy) -> pd.Series:
    """Return a measure's values: checked in the file's unit, then divided and scaled."""
    values = _values(found, rows[measure.column], measure, policy)
    if measure.per is not None:
        divisor = Measure(f"{measure.name} (divisor)", measure.per, "", "", low=0.0)
        by = _values(found, rows[measure.per], divisor, policy)
        policy.log.note(f"{measure.name}: divisor of zero", int((by == 0).sum()), f"column {measure.per}")
        values = values / by.mask(by == 0)
    return values * measure.scale


def _values(found: SourceSheet, texts: pd.Series, measure: Measure, policy: _Policy) -> pd.Series:
    """Return the numbers of one column, NaN where there is none; refuse what is no number or out of range."""
    name, column, log = measure.name, measure.column, policy.log
    given = texts[~texts.isin(list(policy.missing))]
    log.note(f"{name}: no value", len(texts) - len(given), f"column {column}")
    numbers = given.map(_number).astype(float)
    bad = given[numbers.isna()]
    if len(bad):
        remedy = "Correct it, or add it to `missing` in the source's YAML"
        problem = f"{bad.iloc[0]!r} is not a number"
        raise found.error(problem, row=int(bad.index[0]), column=column, remedy=remedy)
    outside = numbers[~numbers.between(measure.low, measure.high)]
    if len(outside) and not policy.tolerant:
        problem = f"{given[outside.index[0]]} lies outside {measure.low:g} to {measure.high:g}"
        remedy = "Correct it, or set `range` or `out_of_range: missing` in the source's YAML"
        more = f" ({len(outside)} such)"
        raise found.error(problem + more, row=int(outside.index[0]), column=column, remedy=remedy)
    log.note(f"{name}: value outside its range left out", len(outside), f"column {column}")
    return numbers.drop(outside.index).reindex(texts.index)


def _number(text: str) -> float:
    """Return the number a text states ("1,234", "12.5%" too), NaN where it states none."""
    plain = text.removesuffix("%").strip()
    if _THOUSANDS.fullmatch(plain):
        plain = plain.replace(",", "")
    try:
        number = float(plain) if "_" not in plain else math.nan
    except ValueError:
        return np.nan
    return number if math.isfinite(number) else np.nan
