"""The Office for National Statistics' boundaries of integrated care boards (GeoJSON)."""

import json
import re
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj.exceptions import CRSError

from gp_segmentation.errors import InputError
from gp_segmentation.sources.tidy import Boundaries, QualityLog, some

#: Bytes of the largest file read; the boundaries in full detail have 30 million.
MAX_BYTES = 200_000_000

#: West, south, east, north of the United Kingdom, in degrees.
AROUND = (-9.0, 49.0, 3.0, 61.0)

_AGAIN = "Fetch it again with gpseg-data"


def read_boundaries(path: Path, *, name: str = r"ICB\d\dNMC?", code: str = r"ICB\d\dCD") -> Boundaries:
    """Read ICB boundaries; `name` and `code` are regular expressions of the properties' names.

    The file has ONS codes only, which changed between years, so `assemble` joins it to practices by name.
    Shapes that cross themselves are mended, boundaries without a shape or a name left out; both are counted.
    Raises InputError when the file is no GeoJSON, lacks a property, or lies outside the United Kingdom.
    """
    frame = _read(path)
    log = QualityLog(path.name)
    names, codes = frame[_property(frame, name, path)], frame[_property(frame, code, path)]
    boundaries = gpd.GeoDataFrame(
        {
            "icb_name": names.astype(str),
            "icb_code": pd.Series([None] * len(frame), index=frame.index, dtype=str),
            "ons_code": codes.astype(str),
        },
        geometry=frame.geometry,
        crs=frame.crs,
    ).to_crs("EPSG:4326")
    empty = boundaries.geometry.isna() | boundaries.geometry.is_empty
    log.note("boundaries without a shape left out", int(empty.sum()))
    unnamed = boundaries["icb_name"].isna() & ~empty
    log.note("boundaries without a name left out", int(unnamed.sum()))
    boundaries = boundaries[~empty & ~unnamed]
    _refuse_elsewhere(boundaries, path)
    boundaries = _mended(boundaries, log)
    return Boundaries(boundaries.sort_values("icb_name", ignore_index=True), log.frame)


def _read(path: Path) -> gpd.GeoDataFrame:
    """Return the features of a GeoJSON file.

    It is read as JSON and as nothing else: GDAL would go by what the file holds, and some of the formats it
    then takes it for name other files and addresses to open.
    """
    if not path.is_file():
        raise InputError("is missing", file=path.name, remedy="Fetch it with gpseg-data")
    if path.stat().st_size > MAX_BYTES:
        raise InputError(f"holds more than {MAX_BYTES:,} bytes", file=path.name, remedy=_AGAIN)
    try:
        content = json.loads(path.read_bytes(), parse_constant=_no_number)
        if not isinstance(content, dict) or content.get("type") != "FeatureCollection":
            raise ValueError("no FeatureCollection")
        features = content["features"]
        if not features:
            raise ValueError("no feature in it")
        return gpd.GeoDataFrame.from_features(features, crs=_crs(content))
    # A geometry can be wrong in more ways than shapely has errors of its own for.
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, RecursionError) as error:
        raise InputError(f"is not GeoJSON ({_said(error)})", file=path.name, remedy=_AGAIN) from error
    except (shapely.errors.ShapelyError, CRSError) as error:
        raise InputError(f"has a broken geometry ({error})", file=path.name, remedy=_AGAIN) from error


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no number")


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if isinstance(error, KeyError | AttributeError) else str(error)


def _crs(content: dict[str, Any]) -> str:
    """Return the coordinate system of the older GeoJSON; the newer has degrees of WGS 84 only."""
    stated = content.get("crs") or {}
    return str(stated["properties"]["name"]) if stated else "EPSG:4326"


def _refuse_elsewhere(boundaries: gpd.GeoDataFrame, path: Path) -> None:
    bounds = boundaries.geometry.bounds.to_numpy()
    west, south, east, north = AROUND
    inside = (bounds >= (west, south, west, south)) & (bounds <= (east, north, east, north))
    wrong = ~inside.all(axis=1)
    if wrong.any():
        place = boundaries["icb_name"].iloc[int(np.argmax(wrong))]
        found = ", ".join(f"{value:g}" for value in bounds[int(np.argmax(wrong))])
        problem = f"{place} lies outside the United Kingdom (west, south, east, north: {found})"
        raise InputError(problem, file=path.name, remedy="It should have degrees (WGS 84). " + _AGAIN)


def _mended(boundaries: gpd.GeoDataFrame, log: QualityLog) -> gpd.GeoDataFrame:
    broken = ~boundaries.geometry.is_valid
    names = boundaries["icb_name"]
    log.note("boundaries that cross themselves, mended", int(broken.sum()), some(names[broken]))
    repeated = names.duplicated()
    log.note("boundaries of a name that comes more than once", int(repeated.sum()), some(names[repeated]))
    return boundaries.set_geometry(boundaries.geometry.make_valid()) if broken.any() else boundaries


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
