"""Write docs/SOURCES.md from conf/source: every published file, whose it is, its address, what is read.

    python benchmarks/sources.py

tests/config/test_sources_page.py compares the page with the configuration.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from gp_segmentation import config

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "SOURCES.md"
#: The source that has all files of the option files; tables of other sources are left out.
EVERYTHING = "tables_2024_25"
NO_SOURCES = ("_renumbered", "synthetic", EVERYTHING)
INTRO = """\
# Sources

Every published file that a source in `conf/source/` can take. `gpseg data source=NAME` fetches those with an
address, `from=FOLDER` takes those you have. The others are placed by hand: the comments in the YAML say where
to get them. `synthetic` draws its own files in these layouts.

A table by small area (LSOA) reaches practices through the patients registered by practice and LSOA
(`weight_by`). This page is made from the YAMLs by `python benchmarks/sources.py`; a test compares.
"""
HEADER = ("What", "Publisher", "File and address", "Licence", "Layout", "YAML")
READERS = {
    "read_qof": "zip of CSV members: PREVALENCE, ACHIEVEMENT, MAPPING_INDICATORS, MAPPING_NHS_GEOGRAPHIES",
    "read_registrations": "CSV by practice, sex and five-year age band",
    "read_organisations": "epraccur: CSV without header, 27 columns",
    "read_successors": "succ, succarc: CSV without header, 5 columns; JSON of the interface; CSV with header",
    "read_postcodes": "Code-Point Open: zip of CSV members without header",
    "read_boundaries": "GeoJSON with code and name of each board",
    "read_indicator": "Fingertips CSV, rows of practices",
    "read_lsoa_registrations": "CSV by practice and LSOA",
    "read_lsoa_lookup": "CSV, LSOA11CD to LSOA21CD",
}


@cache
def whole_files(source: str) -> dict[str, Any]:
    """Return the files of a source as they are composed."""
    files: dict[str, Any] = config.compose_config(ROOT, [f"source={source}"], name="data")["source"]["files"]
    return files


def files() -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Yield YAML, name and settings of every file, from the YAML that says which file it is."""
    for path in sorted((ROOT / "conf" / "source").glob("*.yaml")):
        if path.stem in NO_SOURCES:
            continue
        own = yaml.safe_load(path.read_text(encoding="utf-8"))["files"]
        source = EVERYTHING if path.stem.startswith("_") else path.stem
        whole = whole_files(source)
        for name, said in own.items():
            if {"filename", "url"} & said.keys() and said.get("filename") != "???":
                yield path.name, name, {**whole[name], **said, "reader": whole[name]["reader"]}


def layout(reader: Mapping[str, Any]) -> str:
    """Return what a reader takes from its file."""
    name = reader["_target_"].rpartition(".")[2]
    if name != "read_local_table":
        number = reader.get("indicator_id")
        return READERS[name] + (f", indicator {number}" if number else "")
    columns = dict.fromkeys(str(keys.get("column") or measure) for measure, keys in reader["columns"].items())
    listed = ", ".join(f"`{column}`" for column in columns)
    weighted = f"; weighted by {reader['weight_by']}" if "weight_by" in reader else ""
    return f"table by `{reader['code']}`: {listed}{weighted}"


def rows() -> Iterator[tuple[str, ...]]:
    """Yield the cells of the table."""
    for yaml_name, name, file in files():
        licence, _, publisher = str(file["licence"]).partition(". Contains information from ")
        publisher = publisher.removeprefix("the ")
        urls = [file["url"]] if isinstance(file["url"], str) else file["url"] or []
        address = "<br>".join(f"<{url}>" for url in urls) or "placed by hand"
        yield (
            name,
            publisher,
            f"`{file['filename']}`<br>{address}",
            licence,
            layout(file["reader"]),
            yaml_name,
        )


def page(table: Iterable[tuple[str, ...]]) -> str:
    """Return the text of docs/SOURCES.md."""
    lines = [HEADER, ("---",) * len(HEADER), *table]
    return INTRO + "\n" + "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    PAGE.write_text(page(rows()), encoding="utf-8")
