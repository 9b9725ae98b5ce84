"""The tables of a finished run for other programs: a GeoPackage, a star of tidy tables, their dictionary."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import pandas as pd

from gp_segmentation.areas.export_dictionary import KEYS, dictionary
from gp_segmentation.areas.exports import about_run, area_layer, practice_layer, star_tables
from gp_segmentation.errors import ConfigError
from gp_segmentation.figures._icb_areas import Areas, areas
from gp_segmentation.insight.portraits.unused_measures import measures_not_used
from gp_segmentation.pipeline.queries import existing_run, with_prepared
from gp_segmentation.report.evidence_text import verdict_text
from gp_segmentation.schemas import Results
from gp_segmentation.storage.table_files import csv_text, rounded, write_table
from gp_segmentation.utils.files import fresh_folder, write_text

GEOPACKAGE, DICTIONARY = "segments.gpkg", "dictionary.csv"
FORMATS = ("csv", "parquet")
#: All that an export consists of.
PATHS = (
    *(GEOPACKAGE, DICTIONARY, *FORMATS),
    *(f"{ending}/{name}.{ending}" for ending in FORMATS for name in KEYS),
)
#: The time that a GeoPackage holds of its last change: the same every time, so that its bytes are.
LAST_CHANGE = "2025-01-01T00:00:00.000Z"
#: Excel takes a CSV file for UTF-8, rather than for the code page of the machine, only where this begins it;
#: Power BI, R's readr and arrow, DuckDB and pandas skip it.
BYTE_ORDER_MARK = "\ufeff"


@dataclass(frozen=True)
class ExportInput:
    """What an export is made from.

    Attributes
    ----------
    indicators : schema ``indicators``. unused : practice_code -> measures that were not clustered.
    """

    results: Results
    indicators: pd.DataFrame
    unused: pd.DataFrame

    @classmethod
    def read(cls, folder: Path, root: Path) -> ExportInput:
        """Read a finished run; `root` is the project, which has the prepared tables of a job."""
        cfg, ws = with_prepared(folder, root)
        results, indicators = ws.results(cfg), ws.prepared_table("indicators")
        unused, _ = measures_not_used(
            results.practices,
            results.context,
            results.context_dictionary,
            results.natural.columns,
            registers=results.registers,
            achievement=ws.prepared_table("achievement"),
            indicators=indicators,
            used_labels=set(results.dictionary["label"]),
        )
        return cls(results, indicators, unused)


def export_run(folder: Path, root: Path, out: Path) -> str:
    """Write the tables of a finished run into `out`, whole or not at all; return what to know as text.

    Parameters
    ----------
    folder : of a finished run. root : the project. out : replaced, if it holds an earlier export.

    Raises
    ------
    GpsegError : the run is not finished, or `out` holds something that is not of an export.
    """
    return write_export(ExportInput.read(existing_run(folder), root), out)


def write_export(run: ExportInput, out: Path) -> str:
    """Write what `export_run` does, of a run that was read."""
    _check_replaceable(out)
    verdict = verdict_text(run.results, fixed=False)["sentence"]
    about = about_run(run.results, verdict)
    star = star_tables(run.results, run.indicators, run.unused, about)
    layers = _layers(star["practice"], run.results.boundaries)
    with fresh_folder(out) as folder:
        for ending in FORMATS:
            (folder / ending).mkdir()
        for name, table in star.items():
            write_table(folder / "parquet" / f"{name}.parquet", table)
            _write_csv(folder / "csv" / f"{name}.csv", table)
        _write_csv(folder / DICTIONARY, dictionary(star | layers))
        _write_geopackage(folder / GEOPACKAGE, layers, star["about"], str(about["title"]))
    practices, placed = len(star["practice"]), len(layers["practices"])
    lost = practices - placed
    return "\n".join(
        [
            str(about["data"]),
            f"{practices:,} practices in {about['segments']} segments, {len(star)} tables",
            *([f"Left out of the map's layer: {lost:,} practices without a position"] if lost else []),
            f"The map:        {out / GEOPACKAGE} (layers practices, areas and about)",
            f"The tables:     {out / 'csv'} (Excel, Power BI), {out / 'parquet'} (the same)",
            f"Their columns:  {out / DICTIONARY}",
        ]
    ) + "\n"  # fmt: skip


def _check_replaceable(out: Path) -> None:
    """Refuse to replace what is not an export: nothing of anybody's is deleted."""
    inside = out.rglob("*") if out.is_dir() else iter([out] if out.exists() else [])
    other = next((path for path in inside if path.relative_to(out).as_posix() not in PATHS), None)
    if other is not None:
        raise ConfigError(
            f"{out} is replaced as a whole, and {other} is not of an export. Move it away, or name another "
            "folder with --out"
        )


def _layers(practice: pd.DataFrame, boundaries: gpd.GeoDataFrame | None) -> dict[str, gpd.GeoDataFrame]:
    """The layers with shapes, by name."""
    points = practice_layer(practice)
    if points.empty and (boundaries is None or boundaries.empty):
        shapes = Areas(points.rename_geometry("geometry")[["icb_code", "geometry"]], official=False)
    else:
        shapes = areas(boundaries, points)
    return {"practices": points, "areas": area_layer(practice, shapes.shapes, shapes.origin)}


def _write_csv(path: Path, table: pd.DataFrame) -> None:
    write_text(path, BYTE_ORDER_MARK + csv_text(rounded(table)))


def _write_geopackage(
    path: Path, layers: Mapping[str, gpd.GeoDataFrame], about: pd.DataFrame, title: str
) -> None:
    """Write layers with their geometry, and `about` as a table, into a new file."""
    import pyogrio

    kinds = {"practices": "Point", "areas": "MultiPolygon"}
    options = {"driver": "GPKG", "layer_options": {"DESCRIPTION": title}}
    with _fixed_time():
        for name, layer in layers.items():
            pyogrio.write_dataframe(rounded(layer), path, layer=name, geometry_type=kinds[name], **options)
        pyogrio.write_dataframe(about, path, layer="about", **options)


@contextmanager
def _fixed_time() -> Iterator[None]:
    """Make GDAL write `LAST_CHANGE` for the time."""
    import pyogrio

    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": LAST_CHANGE})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})
