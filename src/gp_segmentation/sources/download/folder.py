"""A source's folder while its raw files arrive: locked against other runs, with an up-to-date manifest."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from gp_segmentation.errors import GpsegError
from gp_segmentation.sources.download.config import RawFile
from gp_segmentation.sources.download.manifest import (
    BY_HAND,
    ManifestRow,
    describe,
    read_manifest,
    write_manifest,
)
from gp_segmentation.utils.files import sha256_of

log = logging.getLogger(__name__)


class FolderManifest:
    """The manifest of `folder` while files arrive; written after each, so that a killed run loses no row."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._rows = {r.filename: r for r in read_manifest(folder) if (folder / r.filename).is_file()}

    def is_current(self, file: RawFile) -> bool:
        """Return whether the file is there with the checksum of the configuration, else of its row."""
        row = self._rows.get(file.filename)
        return self._has(file, file.sha256 or (row.sha256 if row else None))

    def is_expected(self, file: RawFile) -> bool:
        """Return whether the file is there with the checksum of the configuration, if that gives one."""
        return self._has(file, file.sha256)

    def _has(self, file: RawFile, sha256: str | None) -> bool:
        path = self.folder / file.filename
        return path.is_file() and (sha256 is None or sha256_of(path) == sha256)

    def record_present(self, file: RawFile) -> None:
        """Record a file that was already there, if it is."""
        if self._has(file, None):
            self.record(file, BY_HAND)

    def record(self, file: RawFile, address: str, sha256: str | None = None) -> None:
        """Record a file; unchanged bytes keep their row, and with it the time they were first taken."""
        row = describe(self.folder / file.filename, address=address, licence=file.licence, sha256=sha256)
        known = self._rows.get(file.filename)
        if known is None or known.sha256 != row.sha256:
            self._rows[file.filename] = row
        write_manifest(self.folder, self._rows.values())

    def rows(self) -> list[ManifestRow]:
        """Write the manifest and return its rows, sorted by file name."""
        write_manifest(self.folder, self._rows.values())
        return sorted(self._rows.values(), key=lambda row: row.filename)


@contextmanager
def lock_folder(folder: Path) -> Iterator[None]:
    """Lock `folder`, made when it does not exist, against other runs that bring files into it.

    The lock of ``data/raw/NAME`` is the file ``data/.raw.NAME.lock``: DVC hashes every file in data/raw.

    Raises
    ------
    GpsegError
        Another run holds the lock.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder.resolve()
    lock = FileLock(path.parent.parent / f".{path.parent.name}.{path.name}.lock", timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise GpsegError(f"another run is bringing files into {folder}. Wait for it to end") from None
    except OSError as error:  # some network drives have no locks; that alone should not stop anybody
        log.warning("%s could not be locked against a second run: %s", folder, error.strerror)
    try:
        yield
    finally:
        lock.release()
