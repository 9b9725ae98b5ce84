"""Ordnance Survey's Code-Point Open: the location of every postcode, in a CSV for each postcode area.

The postcode directories of the Office for National Statistics (ONSPD, NSPL) are read as well.
"""

from collections.abc import Collection
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyproj

from gp_segmentation.errors import InputError
from gp_segmentation.sources.files.archive import TextFile, find_texts, member_names
from gp_segmentation.sources.files.delimited import Csv
from gp_segmentation.sources.tidy import Postcodes, QualityLog, compact, read_keyed_rows

_WIDTH = 10
_COLUMNS = {"postcode": 0, "quality": 1, "easting": 2, "northing": 3}
_GRID = 700_000, 1_300_000  # largest easting and northing, in metres
#: The one file of all postcodes; the directories also hold it in parts, an area each.
_DIRECTORY = r"(onspd|nspl).*_UK\.csv"
_DIRECTORY_COLUMNS = {
    "postcode": ("pcds", "pcd8", "pcd7", "pcd2", "pcd"),
    "longitude": "long",
    "latitude": "lat",
}
_NO_LATITUDE = 99  # of a postcode without coordinates
_NO_POINT = 90  # positional quality of a postcode without coordinates


def read_postcodes(path: Path, *, wanted: Collection[str] | None = None) -> Postcodes:
    """Read the zip's area files; easting and northing (EPSG:27700, metres) become degrees (EPSG:4326).

    ONSPD and NSPL (zip or CSV) have degrees already. `wanted` are the postcodes to keep, without blanks; all
    of them (1.7 million) when not given. Raises InputError when the zip is none of these products or a point
    lies outside the National Grid.
    """
    log = QualityLog(path.name)
    keep = None if wanted is None else pa.array(sorted(wanted), pa.string())
    directories = find_texts(path, _DIRECTORY)
    if directories and (directories[0].member or path.suffix.lower() == ".csv"):
        points = pd.concat([_read_directory(text, keep, log) for text in directories], ignore_index=True)
    else:
        points = _code_point(path, keep, log)
    repeated = int(points.duplicated("postcode").sum())
    log.note("postcodes that come more than once, first taken", repeated)
    return Postcodes(points.drop_duplicates("postcode").sort_values("postcode", ignore_index=True), log.frame)


def _code_point(path: Path, keep: pa.Array | None, log: QualityLog) -> pd.DataFrame:
    texts = find_texts(path, r"[a-z]{1,2}\.csv")
    if not texts:
        found = ", ".join(name.rpartition("/")[2] for name in member_names(path)[:5]) or "nothing"
        problem = f"holds no area file such as al.csv (found: {found})"
        remedy = "Use Code-Point Open as CSV, or the ONSPD or NSPL with its file ..._UK.csv"
        raise InputError(problem, file=path.name, remedy=remedy)
    frame = pd.concat([_read_area(text, keep, log) for text in texts], ignore_index=True)
    without = (frame["quality"] >= _NO_POINT) | frame[["easting", "northing"]].isna().any(axis=1)
    log.note("postcodes without coordinates", int(without.sum()))
    frame = frame[~without]
    _refuse_off_grid(frame, path)
    to_degrees = pyproj.Transformer.from_crs("EPSG:27700", "EPSG:4326", always_xy=True)
    longitude, latitude = to_degrees.transform(frame["easting"].to_numpy(), frame["northing"].to_numpy())
    return frame[["postcode"]].assign(longitude=np.asarray(longitude), latitude=np.asarray(latitude))


def _read_directory(text: TextFile, keep: pa.Array | None, log: QualityLog) -> pd.DataFrame:
    source = Csv(text, _DIRECTORY_COLUMNS, frozenset({"longitude", "latitude"}))
    frame = _wanted(read_keyed_rows(source, ["postcode"], log, text.base_name), keep)
    without = ~(frame["latitude"] < _NO_LATITUDE) | frame["longitude"].isna()
    log.note("postcodes without coordinates", int(without.sum()))
    return frame[~without]


def _refuse_off_grid(frame: pd.DataFrame, path: Path) -> None:
    inside = frame["easting"].between(0, _GRID[0]) & frame["northing"].between(0, _GRID[1])
    if not inside.all():
        first = frame[~inside].iloc[0]
        where = f"easting {first['easting']:g}, northing {first['northing']:g}"
        problem = f"{first['postcode']} at {where} lies outside the National Grid"
        raise InputError(problem, file=path.name, remedy="Is it Code-Point Open?")


def _read_area(text: TextFile, wanted: pa.Array | None, log: QualityLog) -> pd.DataFrame:
    source = Csv(text, _COLUMNS, frozenset({"quality", "easting", "northing"}), width=_WIDTH)
    return _wanted(read_keyed_rows(source, ["postcode"], log, text.base_name), wanted)


def _wanted(frame: pd.DataFrame, wanted: pa.Array | None) -> pd.DataFrame:
    frame = frame.assign(postcode=compact(frame["postcode"]))
    if wanted is None:
        return frame
    # pandas' isin would convert the wanted postcodes again for each of 120 areas.
    return frame[pc.is_in(pa.array(frame["postcode"], pa.string()), value_set=wanted).to_numpy(False)]
