"""Tables as files: written whole, checked against their schema on write and read."""

from pathlib import Path
from typing import Any

import pandas as pd

from gp_segmentation import schemas
from gp_segmentation.utils.files import atomic, existing


def write_table(path: Path, frame: pd.DataFrame, schema: str | None = None) -> None:
    """Write `frame` as parquet or CSV (by the ending of `path`), checked against `schema` first."""
    if schema is not None:
        frame = schemas.check(schema, frame, file=path.name)
    named_index = frame.index.name is not None
    with atomic(path) as temporary:
        if path.suffix == ".parquet":
            frame.to_parquet(temporary, index=named_index, compression="zstd")
        else:
            frame.to_csv(temporary, index=named_index, lineterminator="\n", float_format="%.10g")


def read_table(path: Path, schema: str | None = None) -> pd.DataFrame:
    """Read a table written by `write_table`, checked against `schema`."""
    if existing(path).suffix == ".parquet":
        frame = pd.read_parquet(path)
    else:
        frame = pd.read_csv(path, dtype=_csv_types(schema), keep_default_na=False, na_values=[""])
    return frame if schema is None else schemas.check(schema, frame, file=path.name)


def _csv_types(schema: str | None) -> dict[str, Any]:
    if schema is None:
        return {}
    return {name: column.dtype.type for name, column in schemas.SCHEMAS[schema].columns.items()}
