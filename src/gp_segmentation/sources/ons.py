"""The Office for National Statistics' boundaries of integrated care boards (GeoJSON)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from gp_segmentation.errors import InputError
from gp_segmentation.sources.values import Boundaries, QualityLog


def read_boundaries(path: Path, *, name: str = r"ICB\d\dNMC?", code: str = r"ICB\d\dCD") -> Boundaries:
    """Read ICB boundaries; `name` and `code` are regular expressions of the properties' names.

    The file has ONS codes only, which changed between years, so `assemble` joins it to practices by name.
    Raises InputError when the file is no GeoJSON or lacks a property.
    """
    if not path.is_file():
        raise InputError("is missing", file=path.name, remedy="Fetch it with gpseg-data")
    try:
        frame = gpd.read_file(path, engine="pyogrio")
    except Exception as error:  # the reader's own errors are of many kinds
        raise InputError(
            f"is not GeoJSON ({error})", file=path.name, remedy="Fetch it again with gpseg-data"
        ) from error
    log = QualityLog(path.name)
    names, codes = frame[_property(frame, name, path)], frame[_property(frame, code, path)]
    boundaries = gpd.GeoDataFrame(
        {
            "icb_name": names.astype(str),
            "icb_code": pd.Series([None] * len(frame), index=frame.index, dtype=str),
            "ons_code": codes.astype(str),
        },
        geometry=frame.geometry,
        crs=frame.crs or "EPSG:4326",
    ).to_crs("EPSG:4326")
    empty = boundaries.geometry.isna() | boundaries.geometry.is_empty
    log.note("boundaries without a shape left out", int(empty.sum()))
    return Boundaries(boundaries[~empty].sort_values("icb_name", ignore_index=True), log.frame)


def _property(frame: Any, pattern: str, path: Path) -> str:
    found = [column for column in frame.columns if re.fullmatch(pattern, column, re.IGNORECASE)]
    if not found:
        listed = ", ".join(str(column) for column in frame.columns if column != "geometry")
        raise InputError(
            f"no property matches {pattern} (found: {listed})",
            file=path.name,
            remedy="Use ICB boundaries, or name the property in the source's YAML",
        )
    return str(found[0])
