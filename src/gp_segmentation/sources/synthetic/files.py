"""CSV text, zip archives and manifest rows that have the same bytes every time."""

import csv
import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from gp_segmentation.sources.download.manifest import ManifestRow, describe
from gp_segmentation.utils.files import atomic

CRLF, LF = "\r\n", "\n"
#: Date of all zip members, the earliest possible: the time of writing would change the bytes.
EPOCH = (1980, 1, 1, 0, 0, 0)
COMPRESSION_LEVEL = 6
LICENCE = "Open Government Licence v3.0"


def csv_text(rows: Iterable[Sequence[object]], *, end: str = CRLF, quoting: Any = csv.QUOTE_MINIMAL) -> str:
    """Return rows as CSV text."""
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator=end, quoting=quoting).writerows(rows)
    return buffer.getvalue()


def write_zip(path: Path, members: Mapping[str, str]) -> None:
    """Write an archive of UTF-8 text members, in the order given."""
    with atomic(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for name, text in members.items():
            info = zipfile.ZipInfo(name, EPOCH)
            info.create_system, info.external_attr = 3, 0o644 << 16
            archive.writestr(info, text.encode("utf-8"), zipfile.ZIP_DEFLATED, COMPRESSION_LEVEL)


def manifest_row(path: Path, address: str) -> ManifestRow:
    """Return the manifest row of a generated file: without a time, so the same every time."""
    return replace(describe(path, address=address, licence=LICENCE), retrieved=None)
