"""Tables as files: written whole, checked against their schema on write and read.

A text from data may begin as a formula does (``=HYPERLINK(...)``, ``-``, ``@``), and a spreadsheet would run
it. In a CSV file such a text stands after an apostrophe, which spreadsheets take for "this is text";
`read_table` takes it away again. What cannot be seen in a text (`utils.wording.visible`) is written visibly.

Numbers are written to the digits that mean something (`rounded`), so that a table has the same bytes wherever
it is computed.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gp_segmentation import schemas
from gp_segmentation.utils.files import atomic, existing
from gp_segmentation.utils.wording import visible

#: How a formula begins in some spreadsheet (the last four: full width), after apostrophes that stand there.
_FORMULA = r"'*[=+\-@\t\r\n＝＋－＠]"
#: Significant digits of a number in a file; how far down, in digits of the largest in its column, they go.
DIGITS, DIGITS_OF_COLUMN = 9, 12
#: Where every number of a column is smaller, it is what rounding left of 0.
MOST_DECIMALS = 15


def write_table(path: Path, frame: pd.DataFrame, schema: str | None = None) -> None:
    """Write `frame`, `rounded`, as parquet or CSV (by the ending of `path`); `schema` is checked first."""
    if schema is not None:
        frame = schemas.check(schema, frame, file=path.name)
    frame = rounded(frame)
    named_index = frame.index.name is not None
    with atomic(path) as temporary:
        if path.suffix == ".parquet":
            frame.to_parquet(temporary, index=named_index, compression="zstd")
        else:
            temporary.write_text(csv_text(frame, index=named_index), encoding="utf-8", newline="")


def rounded(frame: pd.DataFrame) -> pd.DataFrame:
    """Return `frame` with its floats rounded to the digits that mean something.

    Processors differ in the last of 16 digits of the terms of a sum, and so by more of what is left of it.
    Hence a number keeps `DIGITS` significant digits, and no decimal place below the first `DIGITS_OF_COLUMN`
    digits of the largest in its column; -0 becomes 0. A number that lies half-way between two steps can still
    be rounded up on one processor and down on another; of a million numbers it is less than one.
    """
    floats = {name: _rounded(frame[name]) for name in frame.columns[frame.dtypes == np.float64]}
    return frame.assign(**floats) if floats else frame


def _rounded(column: pd.Series) -> pd.Series:
    values = column.to_numpy(copy=True)
    size = np.abs(values)
    some = np.isfinite(values) & (size > 0)
    if some.any():
        # 0.99999999999 and 1 have the same number of decimals.
        largest = int(f"{size[some].max():.6e}".partition("e")[2])
        most = min(DIGITS_OF_COLUMN - 1 - largest, MOST_DECIMALS)
        exponents = np.floor(np.log10(size, where=some, out=np.zeros_like(size))).astype(int)
        decimals = np.clip(DIGITS - 1 - exponents, 0, max(most, 0))
        for places in np.unique(decimals[some]):
            here = some & (decimals == places)
            values[here] = np.round(values[here], places)
    return pd.Series(values + 0.0, column.index, name=column.name)


def read_table(path: Path, schema: str | None = None) -> pd.DataFrame:
    """Read a table written by `write_table`, checked against `schema`."""
    if existing(path).suffix == ".parquet":
        frame = pd.read_parquet(path)
    else:
        frame = pd.read_csv(path, dtype=_csv_types(schema), keep_default_na=False, na_values=[""])
        frame = _texts(frame, lambda text: text.str.replace(rf"^'(?={_FORMULA})", "", regex=True))
    return frame if schema is None else schemas.check(schema, frame, file=path.name)


def write_segments(path: Path, table: pd.DataFrame) -> None:
    """Write segments.csv; a practice that belongs to no segment (-1) has no number there."""
    segment = table["segment"].astype("Int64")
    write_table(path, table.assign(segment=segment.where(segment > 0)), "segments_with_noise")


def read_segments(path: Path, *, everyone: bool = False) -> pd.DataFrame:
    """Read segments.csv: the practices that have a segment (schema ``segments``).

    With `everyone` also those that belong to none: their segment is -1, and they have no codes.
    """
    table = read_table(path, "segments_with_noise")
    if everyone:
        return table.assign(segment=table["segment"].fillna(-1).astype("int64"))
    table = table[table["segment"].notna()].astype({"segment": "int64"})
    return schemas.check("segments", table.reset_index(drop=True), file=path.name)


def csv_text(frame: pd.DataFrame, *, index: bool = False) -> str:
    """Return `frame` as CSV in which no text is a formula."""
    safe = _texts(frame.reset_index() if index else frame, _safe)
    return safe.to_csv(index=False, lineterminator="\n", float_format="%.10g")


def _safe(texts: pd.Series) -> pd.Series:
    seen = texts.map(visible, na_action="ignore").astype("str")
    return seen.str.replace(rf"^(?={_FORMULA})", "'", regex=True)


def _texts(frame: pd.DataFrame, change: Callable[[pd.Series], pd.Series]) -> pd.DataFrame:
    """Return `frame` with `change` made to every column of texts."""
    texts = {
        name: change(frame[name].astype("str"))
        for name in frame.columns
        if pd.api.types.is_string_dtype(frame[name]) or frame[name].dtype in (object, "category")
    }
    return frame.assign(**texts) if texts else frame


def _csv_types(schema: str | None) -> dict[str, Any]:
    if schema is None:
        return {}
    return {name: column.dtype.type for name, column in schemas.SCHEMAS[schema].columns.items()}
