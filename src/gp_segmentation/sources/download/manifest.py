"""The manifest beside raw files: the origin, time, size and checksum of each."""

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gp_segmentation.errors import InputError, without_secrets
from gp_segmentation.sources.download.addresses import public_address
from gp_segmentation.sources.download.config import is_plain_file_name
from gp_segmentation.utils.files import sha256_of, write_text

MANIFEST = "manifest.json"
#: The address of a file that this package did not bring in.
BY_HAND = "placed by hand"


@dataclass(frozen=True)
class ManifestRow:
    """Origin and checksum of one raw file.

    Attributes
    ----------
    filename : its name in the folder.
    address : its official address without secrets, ``folder: NAME``, or another origin in words.
    retrieved : when this content was first taken, ISO 8601 in UTC; None for a file that was generated.
    bytes : its size.
    sha256 : 64 lower-case hexadecimal digits.
    licence : under which it is published; None when the configuration does not give it.
    """

    filename: str
    address: str
    retrieved: str | None
    bytes: int
    sha256: str
    licence: str | None


def describe(path: Path, *, address: str, licence: str | None, sha256: str | None = None) -> ManifestRow:
    """Return the row of a file that has just been taken from `address`."""
    return ManifestRow(
        filename=path.name,
        address=public_address(address) if "://" in address else without_secrets(address),
        retrieved=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        bytes=path.stat().st_size,
        sha256=sha256 or sha256_of(path),
        licence=licence,
    )


def told(row: ManifestRow) -> str:
    """Return a row as it is told to people.

    >>> told(ManifestRow("a.csv", "folder: given", "2025-04-01T09:30:00Z", 12345, "0b" * 32, None))
    '12,345 bytes, sha256 0b0b0b0b0b0b, folder: given, 2025-04-01T09:30:00Z'
    """
    found = [f"{row.bytes:,} bytes", f"sha256 {row.sha256[:12]}", row.address, row.retrieved]
    return ", ".join(part for part in found if part)


def write_manifest(folder: Path, rows: Iterable[ManifestRow]) -> None:
    """Write `rows`, sorted by file name, to ``folder/manifest.json``; an equal manifest is not touched."""
    ordered = [asdict(row) for row in sorted(rows, key=lambda row: row.filename)]
    text = json.dumps({"files": ordered}, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    path = folder / MANIFEST
    if not path.is_file() or path.read_bytes() != text.encode():
        write_text(path, text)


def read_manifest(folder: Path) -> list[ManifestRow]:
    """Read ``folder/manifest.json``; a folder without one has no rows.

    Raises
    ------
    InputError
        The manifest is not readable, or a row lacks a field or has an invalid value.
    """
    path = folder / MANIFEST
    if not path.is_file():
        return []
    try:
        rows = json.loads(path.read_bytes())["files"]
        if not isinstance(rows, list):
            raise TypeError
    except (ValueError, KeyError, TypeError):
        raise _broken(path, "it does not hold a list of files") from None
    checked = [_row(path, number, row) for number, row in enumerate(rows, start=1)]
    if len({row.filename for row in checked}) < len(checked):
        raise _broken(path, "a file is listed twice")
    return checked


def verify(folder: Path) -> list[tuple[str, str]]:
    """Return the files that differ from the manifest of `folder`, each with ``missing`` or ``changed``."""
    differences = []
    for row in read_manifest(folder):
        path = folder / row.filename
        if not path.is_file():
            differences.append((row.filename, "missing"))
        elif sha256_of(path) != row.sha256:
            differences.append((row.filename, "changed"))
    return differences


def _row(path: Path, number: int, row: Any) -> ManifestRow:
    names = [field.name for field in fields(ManifestRow)]
    if not isinstance(row, dict) or sorted(row) != sorted(names):
        raise _broken(path, f"entry {number} does not have exactly the fields {', '.join(names)}")
    checks = {
        "filename": is_plain_file_name(row["filename"]),
        "address": isinstance(row["address"], str),
        "retrieved": row["retrieved"] is None or _is_time(row["retrieved"]),
        "bytes": type(row["bytes"]) is int and row["bytes"] >= 0,
        "sha256": isinstance(row["sha256"], str) and re.fullmatch(r"[0-9a-f]{64}", row["sha256"]),
        "licence": row["licence"] is None or isinstance(row["licence"], str),
    }
    for name, is_valid in checks.items():
        if not is_valid:
            raise _broken(path, f"entry {number} has the {name} {row[name]!r}")
    return ManifestRow(**row)


def _is_time(value: Any) -> bool:
    try:
        return datetime.fromisoformat(value).utcoffset() is not None
    except (TypeError, ValueError):
        return False


def _broken(path: Path, problem: str) -> InputError:
    return InputError(
        f"{problem}, so the origin of the raw files is unknown",
        file=str(path),
        remedy=f"Delete it and run: gpseg data source={path.parent.name}",
    )
