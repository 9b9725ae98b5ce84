"""A source's folder while its raw files arrive: locked against other runs, with an up-to-date manifest."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from filelock import FileLock, Timeout

from gp_segmentation.errors import GpsegError
from gp_segmentation.sources.download.addresses import public_address
from gp_segmentation.sources.download.config import RawFile, find_in_folder
from gp_segmentation.sources.download.manifest import (
    BY_HAND,
    ManifestRow,
    describe,
    read_manifest,
    told,
    write_manifest,
)
from gp_segmentation.utils.files import sha256_of

log = logging.getLogger(__name__)


class FolderManifest:
    """The manifest of `folder` while files arrive; written after each, so that a killed run loses no row."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._rows = {r.filename: r for r in read_manifest(folder) if (folder / r.filename).is_file()}

    def path(self, file: RawFile) -> Path | None:
        """Return where the file is, by whichever name; None if it is absent."""
        return find_in_folder({"filename": file.filename, "aliases": file.aliases}, self.folder)

    def row(self, file: RawFile) -> ManifestRow | None:
        """Return the row of the file that is there."""
        path = self.path(file)
        return self._rows.get(path.name) if path else None

    def is_current(self, file: RawFile) -> bool:
        """Return whether the file is there with the checksum of the configuration, else of its row.

        One that came from an address that the configuration no longer gives is not.
        """
        row = self.row(file)
        if row and "://" in row.address and row.address not in map(public_address, file.urls):
            return False
        return self._has(file, file.sha256 or (row.sha256 if row else None))

    def is_expected(self, file: RawFile) -> bool:
        """Return whether the file is there with the checksum of the configuration, if that gives one."""
        return self._has(file, file.sha256)

    def _has(self, file: RawFile, sha256: str | None) -> bool:
        path = self.path(file)
        return path is not None and (sha256 is None or sha256_of(path) == sha256)

    def record_present(self, file: RawFile) -> ManifestRow | None:
        """Record a file that was already there, if it is; return its row."""
        path = self.path(file)
        if path is None:
            return None
        self.record(file, path.name, BY_HAND)
        return self._rows[path.name]

    def keep(self, file: RawFile) -> None:
        """Record a file that was already there, if it is, and say so."""
        if row := self.record_present(file):
            log.info("%s kept: %s", row.filename, told(row))

    def record(self, file: RawFile, name: str, address: str, sha256: str | None = None) -> None:
        """Record a file that has just come under `name`; what it replaces is said, and deleted if left.

        Unchanged bytes keep their row, and with it the time they were first taken.
        """
        row = describe(self.folder / name, address=address, licence=file.licence, sha256=sha256)
        known = {old: self._rows.get(old) for old in file.names}
        for old, before in known.items():
            if old != name:
                (self.folder / old).unlink(missing_ok=True)
                self._rows.pop(old, None)
            if before is not None and before.sha256 != row.sha256:
                log.warning("%s replaced: was %s; now %s", old, told(before), told(row))
        same = known[name]
        if same is None or same.sha256 != row.sha256:
            self._rows[name] = row
        elif "://" in row.address:
            self._rows[name] = replace(same, address=row.address)
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
