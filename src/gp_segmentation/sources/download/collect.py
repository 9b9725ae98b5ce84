"""Take a source's raw files from a folder they were put in: NHS networks are often closed."""

import logging
import os
import shutil
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from gp_segmentation.errors import GpsegError, InputError
from gp_segmentation.sources.download.config import Files, RawFile, read_raw_files
from gp_segmentation.sources.download.folder import Book, lock_folder
from gp_segmentation.sources.download.manifest import ManifestRow, sha256_of
from gp_segmentation.sources.download.partial import Partial

log = logging.getLogger(__name__)


def collect(files: Files, from_folder: Path, folder: Path, *, restart: bool = False) -> list[ManifestRow]:
    """Copy `files` from anywhere below `from_folder` into `folder`, found by name, and write the manifest.

    Upper and lower case are the same, and a file may have one of its `aliases`. What stands in `folder`
    already is kept, unless it has another checksum than the configuration names, or `restart`.

    Raises
    ------
    InputError
        Required files are not there (all are named); one name stands for several different files; or a
        file is larger, or has another checksum, than the configuration says. Nothing has been copied then.
    """
    wanted = read_raw_files(files)
    if not from_folder.is_dir():
        raise InputError("there is no such folder", file=str(from_folder), remedy="Give from= a folder")
    with lock_folder(folder):
        book = Book(folder)
        needed = [file for file in wanted if restart or not book.stands(file)]
        found = _search(needed, from_folder)
        _require_found([f for f in needed if f not in found and not book.good(f)], from_folder)
        for file in wanted:
            if file in found:
                _copy(found[file], folder / file.filename)
                book.enter(file, f"folder: {from_folder.resolve().name}")
            else:
                book.keep(file)
        return book.rows()


def _search(wanted: Sequence[RawFile], from_folder: Path) -> dict[RawFile, Path]:
    """Find each file below `from_folder`, where it is there."""
    by_name: dict[str, list[Path]] = defaultdict(list)
    for parent, folders, names in os.walk(from_folder):
        folders.sort()
        for name in sorted(names):
            by_name[name.casefold()].append(Path(parent) / name)
    found = {}
    for file in wanted:
        accepted = {name.casefold() for name in (file.filename, *file.aliases)}
        candidates = sorted(path for name in accepted for path in by_name[name] if path.is_file())
        if candidates:
            found[file] = _choose(file, candidates)
    return found


def _choose(file: RawFile, candidates: Sequence[Path]) -> Path:
    """Return the first candidate with the right content; several different contents are refused."""
    digests = {path: sha256_of(path) for path in candidates}
    right = [path for path in candidates if file.sha256 in (None, digests[path])]
    listed = "; ".join(f"{path} (sha256 {digest})" for path, digest in digests.items())
    if not right:
        raise InputError(
            f"sha256 {file.sha256} is known for it, but another was found: {listed}",
            file=file.filename,
            remedy="Take the file from its publisher again, or set sha256 to null if it was re-issued",
        )
    if len({digests[path] for path in right}) > 1:
        raise InputError(
            f"{len(right)} files of this name differ: {listed}",
            file=file.filename,
            remedy="Leave only the right one, or give its sha256 in the configuration",
        )
    size = right[0].stat().st_size
    if size > file.max_bytes:
        raise InputError(
            f"{right[0]} has {size} bytes, and {file.max_bytes} are allowed",
            file=file.filename,
            remedy="If it is the right file, raise max_bytes in the configuration",
        )
    return right[0]


def _require_found(missing: Sequence[RawFile], from_folder: Path) -> None:
    names = [" or ".join((file.filename, *file.aliases)) for file in missing if file.required]
    if names:
        raise InputError(
            f"not found anywhere below {from_folder.resolve()} (upper and lower case are the same)",
            file=", ".join(names),
            remedy="Put the files there under these names; their addresses stand in conf/source",
        )
    for file in missing:
        log.warning("%s is not in %s (optional; gone on without it)", file.filename, from_folder)


def _copy(found: Path, target: Path) -> None:
    """Copy whole or not at all."""
    partial = Partial(target, address="")
    partial.discard()
    try:
        shutil.copyfile(found, partial.path)
        partial.finish()
    except OSError as error:
        partial.discard()
        raise GpsegError(f"{target} could not be copied from {found}: {error.strerror}") from None
