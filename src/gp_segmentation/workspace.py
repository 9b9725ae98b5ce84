"""Every path below a workspace root, and how tables and JSON are written there: whole or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from gp_segmentation import tables
from gp_segmentation.atomic import atomic, existing, fresh_folder, read_json, write_json, write_text

__all__ = [
    "Workspace",
    "atomic",
    "fresh_folder",
    "read_json",
    "read_table",
    "write_json",
    "write_table",
    "write_text",
]


@dataclass(frozen=True)
class Workspace:
    """The folders of one run.

    Parameters
    ----------
    root : where the run's results go (`data/` under DVC, the job's folder under Hydra).
    raw_folder, prepared_folder : where raw files and prepared tables stand when not below `root`. A Hydra
        job takes both from the project, so that a sweep never reads raw files again.
    """

    root: Path
    raw_folder: Path | None = None
    prepared_folder: Path | None = None

    @property
    def raw(self) -> Path:
        return self.raw_folder or self.root / "raw"

    @property
    def prepared(self) -> Path:
        return self.prepared_folder or self.root / "prepared"

    @property
    def features(self) -> Path:
        return self.root / "features"

    @property
    def matrix(self) -> Path:
        return self.root / "matrix"

    @property
    def study(self) -> Path:
        return self.root / "study"

    @property
    def segments(self) -> Path:
        return self.root / "segments"

    @property
    def evidence(self) -> Path:
        return self.root / "evidence"

    @property
    def insight(self) -> Path:
        return self.root / "insight"

    @property
    def figures(self) -> Path:
        return self.root / "figures"

    @property
    def report(self) -> Path:
        return self.root / "report"

    @property
    def metrics(self) -> Path:
        return self.root / "metrics.json"


def write_table(path: Path, frame: pd.DataFrame, schema: str | None = None) -> None:
    """Write `frame` as parquet or CSV (by the ending of `path`), checked against `schema` first."""
    if schema is not None:
        frame = tables.check(schema, frame, file=path.name)
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
    return frame if schema is None else tables.check(schema, frame, file=path.name)


def _csv_types(schema: str | None) -> dict[str, Any]:
    if schema is None:
        return {}
    return {name: column.dtype.type for name, column in tables.SCHEMAS[schema].columns.items()}
