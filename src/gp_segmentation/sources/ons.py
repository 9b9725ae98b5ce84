"""The Office for National Statistics' boundaries of integrated care boards (GeoJSON)."""

import json
import re
from functools import partial
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj.exceptions import CRSError

from gp_segmentation.errors import InputError
from gp_segmentation.sources.tidy import Boundaries, QualityLog

#: Bytes of the largest file read; the boundaries in full detail have 30 million.
MAX_BYTES = 200_000_000

#: West, south, east, north of the United Kingdom, in degrees.
AROUND = (-9.0, 49.0, 3.0, 61.0)

_AGAIN = "Delete it and fetch it again with gpseg data"


def read_boundaries(path: Path, *, name: str = r"ICB\d\dNMC?", code: str = r"ICB\d\dCD") -> Boundaries:
    """Read ICB boundaries; `name` and `code` are regular expressions of the properties' names.

    The file has only ONS codes, which changed between years, so `assemble` joins it to practices by name.
    Shapes that cross themselves are mended; boundaries without a shape or a name are left out. Both are
    counted. Raises InputError when the file is not GeoJSON, lacks a property, or lies outside the United
    Kingdom.
    """
    fail = partial(InputError, file=path.name)
    frame = _read(path, fail)
    log = QualityLog(path.name)
    boundaries = gpd.GeoDataFrame(
        {
            "icb_name": frame[_property(frame, name, fail)].astype(str),
            "icb_code": pd.Series(None, index=frame.index, dtype=str),
            "ons_code": frame[_property(frame, code, fail)].astype(str),
        },
        geometry=frame.geometry,
        crs=frame.crs,
    ).to_crs("EPSG:4326")
    empty = boundaries.geometry.isna() | boundaries.geometry.is_empty
    log.note("boundaries without a shape left out", int(empty.sum()))
    unnamed = boundaries["icb_name"].isna() & ~empty
    log.note("boundaries without a name left out", int(unnamed.sum()))
    boundaries = boundaries[~empty & ~unnamed]
    _refuse_elsewhere(boundaries, fail)
    broken, names = ~boundaries.geometry.is_valid, boundaries["icb_name"]
    log.note_codes("boundaries that cross themselves, mended", names[broken])
    log.note_codes("boundaries with a name that comes more than once", names[names.duplicated()])
    if broken.any():
        boundaries = boundaries.set_geometry(boundaries.geometry.make_valid())
    return Boundaries(boundaries.sort_values("icb_name", ignore_index=True), log.frame)


def _read(path: Path, fail: partial[InputError]) -> gpd.GeoDataFrame:
    """Return the features of a GeoJSON file.

    The file is parsed as JSON and never given to GDAL: GDAL guesses the format from the content, and some
    formats name other files and addresses, which it would open.
    """
    if not path.is_file():
        raise fail("is missing", remedy="Fetch it with gpseg data")
    if path.stat().st_size > MAX_BYTES:
        raise fail(f"holds more than {MAX_BYTES:,} bytes", remedy=_AGAIN)
    try:
        content = json.loads(path.read_bytes(), parse_constant=_refuse_constant)
        if isinstance(content, dict) and content.get("error"):
            raise ValueError(f"the server answered: {content['error']}")
        if not isinstance(content, dict) or content.get("type") != "FeatureCollection":
            raise ValueError("no FeatureCollection")
        features = content["features"]
        if not features:
            raise ValueError("no feature in it")
        _refuse_cut_short(content, len(features), fail)
        # Older GeoJSON may state its coordinate system; newer GeoJSON always has degrees (WGS 84).
        crs = content["crs"]["properties"]["name"] if content.get("crs") else "EPSG:4326"
        return gpd.GeoDataFrame.from_features(features, crs=str(crs))
    # shapely has no error class of its own for many invalid geometries.
    except (KeyError, AttributeError) as error:
        raise fail(f"is not GeoJSON ({type(error).__name__}: {error})", remedy=_AGAIN) from error
    except (ValueError, TypeError, IndexError, RecursionError) as error:
        raise fail(f"is not GeoJSON ({error})", remedy=_AGAIN) from error
    except (shapely.errors.ShapelyError, CRSError) as error:
        raise fail(f"has a broken geometry ({error})", remedy=_AGAIN) from error


def _refuse_cut_short(content: dict[str, Any], count: int, fail: partial[InputError]) -> None:
    """Refuse a file in which the server says that it left out boundaries."""
    properties = content.get("properties")
    said = (content, properties if isinstance(properties, dict) else {})
    if any(part.get("exceededTransferLimit") is True for part in said):
        found = f"{count} boundar{'y' if count == 1 else 'ies'}"
        problem = f"is cut short: the server's limit left out the rest ({found}, exceededTransferLimit)"
        remedy = (
            "Use more generalised boundaries (BSC or BUC in the address), or get the rest with "
            f"&resultOffset={count} at the address's end and add its features to this file, without "
            "exceededTransferLimit"
        )
        raise fail(problem, remedy=remedy)


def _refuse_constant(text: str) -> float:
    """Refuse NaN and infinity, which Python's JSON parser would accept."""
    raise ValueError(f"{text} is not a number")


def _refuse_elsewhere(boundaries: gpd.GeoDataFrame, fail: partial[InputError]) -> None:
    bounds = boundaries.geometry.bounds.to_numpy()
    west, south, east, north = AROUND
    inside = (bounds >= (west, south, west, south)) & (bounds <= (east, north, east, north))
    outside = ~inside.all(axis=1)
    if outside.any():
        first = int(np.argmax(outside))
        found = ", ".join(f"{value:g}" for value in bounds[first])
        place = boundaries["icb_name"].iloc[first]
        problem = f"{place} lies outside the United Kingdom (west, south, east, north: {found})"
        raise fail(problem, remedy="It should have degrees (WGS 84). " + _AGAIN)


def _property(frame: Any, pattern: str, fail: partial[InputError]) -> str:
    for column in frame.columns:
        if re.fullmatch(pattern, column, re.IGNORECASE):
            return str(column)
    listed = ", ".join(str(column) for column in frame.columns if column != "geometry")
    remedy = "Use ICB boundaries, or name the property in the source's YAML"
    raise fail(f"no property matches {pattern} (found: {listed})", remedy=remedy)
