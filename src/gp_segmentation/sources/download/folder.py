"""A source's folder while its raw files arrive: one run at a time, and a manifest that is never behind."""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gp_segmentation.errors import GpsegError
from gp_segmentation.sources.download.config import RawFile
from gp_segmentation.sources.download.manifest import (
    BY_HAND,
    ManifestRow,
    describe,
    read_manifest,
    sha256_of,
    write_manifest,
)

log = logging.getLogger(__name__)


class Book:
    """The manifest of `folder` while files arrive; written after each, so that no kill loses a row."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._rows = {r.filename: r for r in read_manifest(folder) if (folder / r.filename).is_file()}

    def has(self, file: RawFile) -> bool:
        return (self.folder / file.filename).is_file()

    def stands(self, file: RawFile) -> bool:
        """Tell whether the file is there with the checksum it should have."""
        if not self.has(file):
            return False
        row = self._rows.get(file.filename)
        expected = file.sha256 or (row.sha256 if row else None)
        return expected is None or sha256_of(self.folder / file.filename) == expected

    def good(self, file: RawFile) -> bool:
        """Tell whether the file is there, and is the one the configuration names if it names one."""
        return self.has(file) and (file.sha256 is None or self.stands(file))

    def keep(self, file: RawFile) -> None:
        """Enter a file that was not taken now; its row stays if it is still the same file."""
        if self.has(file):
            self.enter(file, BY_HAND)

    def enter(self, file: RawFile, address: str, sha256: str | None = None) -> None:
        """Enter a file; the row of unchanged bytes stays, and with it the time they were first taken."""
        row = describe(self.folder / file.filename, address=address, licence=file.licence, sha256=sha256)
        known = self._rows.get(file.filename)
        if known is None or known.sha256 != row.sha256:
            self._rows[file.filename] = row
        self.write()

    def rows(self) -> list[ManifestRow]:
        self.write()
        return sorted(self._rows.values(), key=lambda row: row.filename)

    def write(self) -> None:
        write_manifest(self.folder, self._rows.values())


@contextmanager
def lock_folder(folder: Path) -> Iterator[None]:
    """Hold `folder` against a second download into it at the same time (on Windows nothing is held)."""
    folder.mkdir(parents=True, exist_ok=True)
    if sys.platform == "win32":
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        _lock(handle, folder)
        yield
    finally:
        os.close(handle)


def _lock(handle: int, folder: Path) -> None:
    if sys.platform == "win32":
        return
    import fcntl

    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise GpsegError(f"another run is bringing files into {folder}. Wait for it to end") from None
    except OSError as error:  # some network drives know no locks; that alone should not stop anybody
        log.warning("%s could not be held against a second run: %s", folder, error.strerror)
