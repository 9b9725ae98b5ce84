"""Where a run's numbers come from: its raw files, and whether prepared tables are current."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pandas as pd

from gp_segmentation.errors import GpsegError
from gp_segmentation.sources.download.config import find_in_folder
from gp_segmentation.sources.download.manifest import (
    BY_HAND,
    MANIFEST,
    ManifestRow,
    describe,
    read_manifest,
)
from gp_segmentation.sources.simulated import MARKER, simulated_tables, simulated_warning
from gp_segmentation.storage.workspace import PREPARED
from gp_segmentation.utils.files import read_json, sha256_of

#: What of a source's configuration goes into source.json.
DESCRIBED = ("name", "label", "period", "synthetic", "licence", "attribution")

#: What is said of results of which a row is no practice, and how such data are called.
NETWORKS = "Each row is a primary care network; where a text says practice, read network."
OF_NETWORKS = ", primary care networks"

_CHANGED = (
    "{} was replaced while this job read it, so its results mix two states of the data and are not recorded. "
    "Wait until dvc repro (or whatever prepares the tables) has ended, and run the job again"
)


def describe_source(cfg: Mapping[str, Any], folder: Path, practices: pd.DataFrame) -> dict[str, Any]:
    """Return the contents of source.json: what the data are, how many, and every raw file with its SHA-256.

    ``unit`` is what a row is, practice or pcn; ``note`` what a reader must know of that, or "".
    ``own_list``: the practices are those of an analyst's table, not of an official publication.
    ``unchecked``: the files that came neither from an official address nor with the checksum that the source
    names: nobody has compared them with what the publisher published.
    ``simulated`` maps each simulated table to a remark; ``warning`` is the text to show with results.
    """
    source, unit = cfg["source"], unit_of(cfg)
    files = describe_raw_files(source, folder)
    simulated = simulated_tables(source.get("simulated"), folder)
    return {
        **{key: source[key] for key in DESCRIBED},
        "label": source["label"] + (OF_NETWORKS if unit == "pcn" else ""),
        "unit": unit,
        "note": NETWORKS if unit == "pcn" else "",
        "own_list": any(file.get("role") == "practices" for file in source["files"].values()),
        "simulated": simulated,
        "warning": simulated_warning(simulated),
        "unchecked": [] if source["synthetic"] else _unchecked(source, files),
        "practices": len(practices),
        "patients": int(practices["list_size"].sum()),
        "files": files,
        "fingerprint": fingerprint(cfg, files),
    }


def _unchecked(source: Mapping[str, Any], files: list[dict[str, Any]]) -> list[str]:
    known = {file.get("sha256") for file in source["files"].values()}
    return [
        str(file["filename"])
        for file in files
        if file["filename"] != MARKER
        and not str(file["address"]).startswith(("https://", "http://"))
        and file["sha256"] not in known
    ]


def unit_of(cfg: Mapping[str, Any]) -> str:
    """Return what a row of the prepared tables is: practice or pcn; before there was a scope, a practice."""
    return str(cfg.get("scope", {}).get("unit", "practice"))


def describe_raw_files(source: Mapping[str, Any], folder: Path) -> list[dict[str, Any]]:
    """Return a row per raw file that stands in `folder`: name, address, time, size, SHA-256, licence.

    The marker of simulated tables is among them, so that prepared tables change with it. A file that the
    manifest does not know, or that has changed since, is described as it stands.
    """
    known = {row.filename: row for row in read_manifest(folder)} if (folder / MANIFEST).is_file() else {}
    present = (find_in_folder(file, folder) for file in source["files"].values())
    names = sorted({path.name for path in (folder / MARKER, *present) if path and path.is_file()})
    return [asdict(_described(folder / name, known.get(name))) for name in names]


def _described(path: Path, row: ManifestRow | None) -> ManifestRow:
    digest = sha256_of(path)
    if row is not None and row.sha256 == digest:
        return row
    address = BY_HAND if row is None else f"{BY_HAND}; differs from what was taken from {row.address}"
    described = describe(path, address=address, licence=None, sha256=digest)
    # A marker is a remark, not data: without a time, the same remark gives the same source.json.
    return replace(described, retrieved=None) if path.name == MARKER else described


def fingerprint(cfg: Mapping[str, Any], files: list[dict[str, Any]]) -> str:
    """Return a hash of how a source is prepared and of the bytes it is prepared from."""
    content: dict[str, Any] = {
        "source": cfg["source"],
        "special": cfg["special"],
        "tables": PREPARED,  # tables prepared before a table was added are not used
        "files": [(file["filename"], file["sha256"]) for file in files],
    }
    if (
        unit_of(cfg) != "practice"
    ):  # tables of practices keep the fingerprint they had before there were units
        content["unit"] = unit_of(cfg)
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()


def is_current(prepared: Path, wanted: str) -> bool:
    """Tell whether the tables in `prepared` have the fingerprint `wanted`."""
    path = prepared / "source.json"
    return path.is_file() and bool(read_json(path)["fingerprint"] == wanted)


def content(folder: Path) -> str:
    """Return the SHA-256 over names and bytes of every file in `folder`; one that is gone has none."""
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*")):
        with suppress(OSError):  # a file that vanishes meanwhile changes the content in any case
            digest.update(f"{path.name} {sha256_of(path)}\n".encode())
    return digest.hexdigest()


@contextmanager
def fail_if_changed(folder: Path, seen: str) -> Iterator[None]:
    """Guard work with the tables in `folder`, whose `content` was `seen`.

    Raises
    ------
    GpsegError : the content has changed by the end. An error from within becomes its cause, since tables
        that vanish half-way make the next read fail.
    """
    try:
        yield
    except Exception as error:
        if content(folder) != seen:
            raise GpsegError(_CHANGED.format(folder)) from error
        raise
    if content(folder) != seen:
        raise GpsegError(_CHANGED.format(folder))
