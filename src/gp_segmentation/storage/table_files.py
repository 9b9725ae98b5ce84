"""Tables as files: written whole, checked against their schema on write and read.

A text from data may begin as a formula does (``=HYPERLINK(...)``, ``-``, ``@``), and a spreadsheet would run
it. In a CSV file such a text stands after an apostrophe, which spreadsheets take for "this is text";
`read_table` takes it away again. What cannot be seen in a text (`utils.wording.visible`) is written visibly.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from gp_segmentation import schemas
from gp_segmentation.utils.files import atomic, existing
from gp_segmentation.utils.wording import visible

#: How a formula begins in some spreadsheet (the last four: full width), after apostrophes that stand there.
_FORMULA = r"'*[=+\-@\t\r\n＝＋－＠]"


def write_table(path: Path, frame: pd.DataFrame, schema: str | None = None) -> None:
    """Write `frame` as parquet or CSV (by the ending of `path`), checked against `schema` first."""
    if schema is not None:
        frame = schemas.check(schema, frame, file=path.name)
    named_index = frame.index.name is not None
    with atomic(path) as temporary:
        if path.suffix == ".parquet":
            frame.to_parquet(temporary, index=named_index, compression="zstd")
        else:
            temporary.write_text(csv_text(frame, index=named_index), encoding="utf-8", newline="")


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
