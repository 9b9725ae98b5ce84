"""Analysts' own indicators from any table keyed by practice code: CSV, Excel or parquet."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, Literal

import pandas as pd
from pydantic import AfterValidator, BaseModel, Field

from gp_segmentation.sources.files.delimited import MISSING
from gp_segmentation.sources.local_rows import Layout, LocalRows, filter_rows, read_rows, refuse_second_rows
from gp_segmentation.sources.local_values import Column, Numbers, values
from gp_segmentation.sources.tidy import LIST_SIZE, ContextTable
from gp_segmentation.utils.allowed import STRICT, problem_error, rising

#: Most values that a column may have to become measures.
MOST_MEASURES = 50


def _rising_ends(ends: list[float | None]) -> list[float | None]:
    rising([end for end in ends if end is not None])
    return ends


class MeasureKeys(BaseModel):
    """What a configuration may say of a measure in the ``columns`` of `read_local_table`.

    Attributes
    ----------
    column : its name in the file; by default the measure's name.
    label, unit : what tables and figures call it, and its unit.
    range : [lowest, highest] possible value, in the file's unit.
    categories : word -> number, for a column of words such as ratings (capitals do not matter).
    where : as for the table, for this measure only.
    combine : how the rows of a practice become one value. ``one`` (default): another row is refused; ``sum``
        or ``mean`` of the column; ``count`` of its rows; ``share`` of the sum of ``column`` (of the rows,
        without it) that lies in the rows of ``where`` or of a pivot's value. Of a practice without any such
        row, sum, count and share are 0 and the mean is missing.
    pivot : a column whose every value becomes a measure of the rows with that value: ``NAME_value``,
        labelled "LABEL: value".
    per : a column to divide by, combined in the same way, after the check of the range (no value where it is
        0). `LIST_SIZE` is the practice's registered patients if the file has no such column.
    scale : a factor applied last: 100 turns a share into percent.
    """

    model_config = STRICT
    column: str | None = None
    label: str | None = None
    unit: str | None = None
    range: (
        Annotated[list[float | None], Field(min_length=2, max_length=2), AfterValidator(_rising_ends)] | None
    ) = None
    per: str | None = None
    scale: Annotated[float, Field(gt=0)] = 1.0
    where: Mapping[str, Any] | None = None
    combine: Literal["one", "sum", "mean", "count", "share"] = "one"
    categories: Annotated[Mapping[str, float], Field(min_length=1)] | None = None
    pivot: str | None = None


def _checked(spec: Mapping[str, Any]) -> Mapping[str, Any]:
    keys = MeasureKeys.model_validate(spec)
    if keys.combine == "share" and keys.per is not None:
        raise problem_error("has both combine: share and per. A share is of the practice's own total")
    return spec


#: The keys of a measure, as they stand in a configuration.
Spec = Annotated[Mapping[str, Any], AfterValidator(_checked)]


@dataclass(frozen=True)
class _Measure:
    """A measure to take; `MeasureKeys` explains the fields. `column` None: rows are counted."""

    name: str
    column: Column | None
    label: str
    unit: str
    per: str | None
    scale: float
    combine: str
    pivot: str | None
    where: Mapping[str, Any] = field(default_factory=dict)


def read_local_table(
    path: Path,
    *,
    code: str,
    columns: Mapping[str, Spec],
    where: Mapping[str, Any] | None = None,
    missing: Sequence[str | float] = (*MISSING, "NA", "N/A", "NaN"),
    out_of_range: Literal["error", "missing"] = "error",
    decimal: Literal[".", ","] | None = None,
    skip: Annotated[int, Field(ge=0)] = 0,
    sheet: str | Annotated[int, Field(ge=0)] = 0,
    member: str = r".*\.csv",
    delimiter: str = ",",
    weight_by: str | None = None,
    min_coverage: Annotated[float, Field(ge=0, le=1)] = 0.9,
) -> ContextTable:
    """Read measures of practices from a CSV (plain or in a zip), Excel workbook or parquet file.

    Parameters
    ----------
    code : the column of practice codes.
    columns : measure -> its keys, each of which may be left out (`MeasureKeys`).
    where : column -> the value a row must have in it, such as ``{Year: 2024}``; a list allows several.
    missing : what, beside nothing, means "no value": texts, numbers, or ranges of them such as "-99 to -90".
    out_of_range : ``error`` refuses a value outside its range, ``missing`` leaves it out and counts it.
    decimal : what stands before decimals: "." (a comma then separates thousands) or ",". By default "."; in a
        file with delimiter ";" a number with a comma is refused until it is said.
    skip : lines before the header. sheet : name or position (from 0) of the Excel sheet.
    member : regular expression of the members in a zip; several (one a month, say) are read as one table.
    delimiter : separator of a CSV's fields.
    weight_by : for a table of small areas (LSOAs), whose codes stand in the column `code`: the source's file
        with the patients of practices by area. A practice gets the mean over its patients
        (`gp_segmentation.sources.small_areas.weight_areas`); of a measure that is 100 in some areas and 0 in
        others (``categories``) that is the percentage of its patients who live in the former.
    min_coverage : the share of a practice's patients whose area must have a value; no value below it.

    Raises InputError for an unusable value, naming file, row (as a spreadsheet counts), column and value,
    and for a practice with two rows that nothing combines.
    """
    measures = [_measure(name, spec) for name, spec in columns.items()]
    layout = Layout(code, where or {}, skip, sheet, member, delimiter, missing)
    found = read_rows(path, layout, [*_columns_of(measures)], optional=[LIST_SIZE])
    numbers = Numbers(missing, out_of_range, decimal or (None if delimiter == ";" else "."))
    table = _combined_table(found, [one for m in measures for one in _pivoted(found, m)], numbers, code)
    return replace(table, weight_by=weight_by, min_coverage=min_coverage)


def _combined_table(found: LocalRows, measures: Sequence[_Measure], how: Numbers, code: str) -> ContextTable:
    """Return a row for every code with its measures."""
    codes = pd.Index(sorted(found.codes.unique()), name="practice_code")
    taken = {m.name: _measured(found, m, how, code).reindex(codes) for m in measures}
    described = [{"measure": m.name, "label": m.label, "unit": m.unit} for m in measures]
    return ContextTable(
        frame=pd.DataFrame(taken, index=codes).reset_index(),
        dictionary=pd.DataFrame(described),
        quality=found.log.frame,
        per_patient=frozenset(m.name for m in measures if _is_per_patient(found, m)),
    )


def _measure(name: str, spec: Mapping[str, Any]) -> _Measure:
    low, high = spec.get("range") or (None, None)
    combine = str(spec.get("combine", "one"))
    rows_only = combine == "count" or (combine == "share" and spec.get("column") is None)
    column = Column(
        measure=name,
        name=str(spec.get("column") or name),
        low=-math.inf if low is None else float(low),
        high=math.inf if high is None else float(high),
        words={word.casefold(): float(number) for word, number in (spec.get("categories") or {}).items()},
    )
    return _Measure(
        name=name,
        column=None if rows_only else column,
        label=str(spec.get("label") or name),
        unit=str(spec.get("unit") or ""),
        per=spec.get("per"),
        scale=float(spec.get("scale", 1.0)),
        combine=combine,
        pivot=spec.get("pivot"),
        where=spec.get("where") or {},
    )


def _columns_of(measures: Sequence[_Measure]) -> Iterator[str]:
    """Yield the columns of the file that measures need; a name may come several times."""
    for measure in measures:
        column = None if measure.column is None else measure.column.name
        names = (column, measure.per, measure.pivot, *measure.where)
        yield from (name for name in names if name is not None)


def _is_per_patient(found: LocalRows, measure: _Measure) -> bool:
    return measure.per == LIST_SIZE and LIST_SIZE not in found.rows.columns


def _pivoted(found: LocalRows, measure: _Measure) -> list[_Measure]:
    """Return the measures that a `pivot` makes of one, in order of their names; without one, the measure."""
    if measure.pivot is None:
        return [measure]
    texts = filter_rows(found, found.rows, measure.where)[measure.pivot].astype("str")
    spelled: dict[str, list[str]] = {}
    for text in sorted(set(texts) - {""}):
        spelled.setdefault(re.sub(r"\W+", "_", text.casefold()).strip("_"), []).append(text)
    if len(spelled) > MOST_MEASURES:
        problem = f"has {len(spelled):,} values, too many to become measures (most: {MOST_MEASURES})"
        raise found.error(
            problem, column=measure.pivot, remedy="Choose fewer with `where`, or another column"
        )
    found.log.note(f"{measure.name}: rows without a value to pivot", int((texts == "").sum()), measure.pivot)
    return [
        replace(
            measure,
            name=f"{measure.name}_{name}",
            label=f"{measure.label}: {texts[0]}",
            where={**measure.where, measure.pivot: texts},
            column=measure.column and replace(measure.column, measure=f"{measure.name}_{name}"),
        )
        for name, texts in sorted(spelled.items())
    ]


def _measured(found: LocalRows, measure: _Measure, how: Numbers, code: str) -> pd.Series:
    """Return practice_code -> value: checked in the file's unit, combined, divided and scaled."""
    rows = filter_rows(found, found.rows, measure.where)
    if measure.combine == "one":
        refuse_second_rows(found, found.codes[rows.index], code)
    if measure.combine == "share":  # of all rows of the practice
        everything = _numbers(found, found.rows, measure, how)
        numbers, divisor = everything[rows.index], _combined(found, everything, "sum")
    else:
        numbers, divisor = _numbers(found, rows, measure, how), None
        if measure.per is not None and not _is_per_patient(found, measure):
            column = Column(f"{measure.name} (divisor)", measure.per, low=0.0)
            divided_by = values(found, rows, column, how).where(numbers.notna())
            numbers = numbers.where(divided_by.notna())
            divisor = _combined(found, divided_by, "sum" if measure.combine == "count" else measure.combine)
    result = _combined(found, numbers, measure.combine)
    if divisor is not None:
        zero = divisor == 0
        found.log.note(f"{measure.name}: divisor of zero", int(zero.sum()), f"column {measure.per or ''}")
        result = result / divisor.mask(zero)
    return result * measure.scale


def _numbers(found: LocalRows, rows: pd.DataFrame, measure: _Measure, how: Numbers) -> pd.Series:
    """Return the value of each row; 1 where rows are counted."""
    if measure.column is None:
        return pd.Series(1.0, index=rows.index)
    return values(found, rows, measure.column, how)


def _combined(found: LocalRows, numbers: pd.Series, combine: str) -> pd.Series:
    """Return practice_code -> the value of its rows; NaN where all are missing."""
    by_practice = numbers.groupby(found.codes[numbers.index])
    if combine in ("one", "mean"):
        return by_practice.mean()
    sums = by_practice.sum(min_count=1)
    without_rows = pd.Index(found.codes.unique()).difference(sums.index)
    return pd.concat([sums, pd.Series(0.0, index=without_rows)])
