"""The manifest beside raw files: where each came from, when, how large, and its checksum."""

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gp_segmentation.errors import InputError
from gp_segmentation.sources.download.addresses import public_address
from gp_segmentation.sources.download.config import is_plain_file_name
from gp_segmentation.utils.files import atomic

MANIFEST = "manifest.json"
#: The address of a file somebody else put into the folder.
BY_HAND = "placed by hand"


@dataclass(frozen=True)
class ManifestRow:
    """What is known of one raw file.

    Attributes
    ----------
    filename : its name in the folder.
    address : its official address without secrets, ``folder: NAME``, or how else it came.
    retrieved : when this content was first taken, ISO 8601 in UTC; None for what was made, not taken.
    bytes : its size.
    sha256 : 64 lower-case hexadecimal digits.
    licence : under which it is published; None when the configuration does not say.
    """

    filename: str
    address: str
    retrieved: str | None
    bytes: int
    sha256: str
    licence: str | None


@dataclass(frozen=True)
class Difference:
    """One raw file that is not as its manifest says; `problem` is ``missing`` or ``changed``."""

    filename: str
    problem: str
    expected_sha256: str
    found_sha256: str | None


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes as 64 lower-case hexadecimal digits."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def describe(path: Path, *, address: str, licence: str | None, sha256: str | None = None) -> ManifestRow:
    """Return the row of a file that has just come from `address`."""
    return ManifestRow(
        filename=path.name,
        address=public_address(address) if "://" in address else address,
        retrieved=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        bytes=path.stat().st_size,
        sha256=sha256 or sha256_of(path),
        licence=licence,
    )


def write_manifest(folder: Path, rows: Iterable[ManifestRow]) -> None:
    """Write `rows`, sorted by file name, to ``folder/manifest.json``; an equal manifest is not touched."""
    ordered = sorted(rows, key=lambda row: row.filename)
    value = {"files": [asdict(row) for row in ordered]}
    text = json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    path = folder / MANIFEST
    if path.is_file() and path.read_bytes() == text.encode():
        return
    with atomic(path) as temporary:
        temporary.write_bytes(text.encode())


def read_manifest(folder: Path) -> list[ManifestRow]:
    """Read ``folder/manifest.json``; without one there are no rows.

    Raises
    ------
    InputError
        The manifest is not readable, or a row is not what it should be.
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
    found = [_row(path, number, row) for number, row in enumerate(rows, start=1)]
    if len({row.filename for row in found}) < len(found):
        raise _broken(path, "a file stands in it twice")
    return found


def verify(folder: Path) -> list[Difference]:
    """Compare the files in `folder` with its manifest; an empty list says they are the same bytes."""
    differences = []
    for row in read_manifest(folder):
        path = folder / row.filename
        found = sha256_of(path) if path.is_file() else None
        if found != row.sha256:
            problem = "missing" if found is None else "changed"
            differences.append(Difference(row.filename, problem, row.sha256, found))
    return differences


def _row(path: Path, number: int, row: Any) -> ManifestRow:
    names = [field.name for field in fields(ManifestRow)]
    if not isinstance(row, dict) or sorted(row) != sorted(names):
        raise _broken(path, f"entry {number} does not have exactly {', '.join(names)}")
    checks = {
        "filename": is_plain_file_name(row["filename"]),
        "address": isinstance(row["address"], str),
        "retrieved": row["retrieved"] is None or _is_time(row["retrieved"]),
        "bytes": type(row["bytes"]) is int and row["bytes"] >= 0,
        "sha256": isinstance(row["sha256"], str) and re.fullmatch(r"[0-9a-f]{64}", row["sha256"]),
        "licence": row["licence"] is None or isinstance(row["licence"], str),
    }
    for name, good in checks.items():
        if not good:
            raise _broken(path, f"entry {number} has {name} {row[name]!r}")
    return ManifestRow(**row)


def _is_time(value: Any) -> bool:
    try:
        return datetime.fromisoformat(value).utcoffset() is not None
    except (TypeError, ValueError):
        return False


def _broken(path: Path, problem: str) -> InputError:
    return InputError(
        f"{problem}, so it does not say where the raw files came from",
        file=str(path),
        remedy=f"Delete it and run: gpseg-data source={path.parent.name}",
    )
