"""Files that are the same bytes every time: text, zip archives, rows of the manifest."""

import csv
import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from gp_segmentation.sources.download.manifest import ManifestRow, sha256_of
from gp_segmentation.utils.files import atomic

CRLF, LF = "\r\n", "\n"
#: The earliest date a zip archive can hold: no clock is read.
EPOCH = (1980, 1, 1, 0, 0, 0)
LEVEL = 6
LICENCE = "Open Government Licence v3.0"


def csv_text(rows: Iterable[Sequence[object]], *, end: str = CRLF, quoting: Any = csv.QUOTE_MINIMAL) -> str:
    """Rows as CSV text."""
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator=end, quoting=quoting).writerows(rows)
    return buffer.getvalue()


def write_zip(path: Path, members: Mapping[str, str]) -> None:
    """Write an archive of UTF-8 text members, in the order given."""
    with atomic(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for name, text in members.items():
            info = zipfile.ZipInfo(name, EPOCH)
            info.create_system, info.external_attr = 3, 0o644 << 16
            archive.writestr(info, text.encode("utf-8"), zipfile.ZIP_DEFLATED, LEVEL)


def write_raw_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8, its line ends as they are."""
    with atomic(path) as temporary:
        temporary.write_bytes(text.encode("utf-8"))


def manifest_row(path: Path, address: str) -> ManifestRow:
    """What the manifest says of a file that was made here: no time, so the same every time."""
    return ManifestRow(
        filename=path.name,
        address=address,
        retrieved=None,
        bytes=path.stat().st_size,
        sha256=sha256_of(path),
        licence=LICENCE,
    )
