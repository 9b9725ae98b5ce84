"""Take a source's raw files from a folder on this machine: many NHS networks block downloads."""

import logging
import os
import shutil
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from gp_segmentation.errors import GpsegError, InputError
from gp_segmentation.sources.download.config import Files, RawFile, read_raw_files
from gp_segmentation.sources.download.folder import FolderManifest, lock_folder
from gp_segmentation.sources.download.manifest import ManifestRow
from gp_segmentation.sources.download.partial import Partial
from gp_segmentation.utils.files import sha256_of

log = logging.getLogger(__name__)


def collect(files: Files, from_folder: Path, folder: Path) -> list[ManifestRow]:
    """Copy `files` from `from_folder` or its subfolders into `folder` and write the manifest.

    Files are found by their name or one of their `aliases`, upper or lower case. A file in `folder` that
    differs from the one found is replaced, and the log says what was and what is; one that is not found is
    kept, and the log says so.

    Raises
    ------
    InputError
        Required files are missing (all are named), several different files have the same name, or a file is
        larger or has another checksum than configured. No file has been copied then.
    """
    raw_files = read_raw_files(files)
    if not from_folder.is_dir():
        raise InputError(
            "this folder does not exist", file=str(from_folder), remedy="Give an existing one as from=FOLDER"
        )
    with lock_folder(folder):
        manifest = FolderManifest(folder)
        paths = _search(raw_files, from_folder)
        missing = [file for file in raw_files if file not in paths and not manifest.is_expected(file)]
        _check_none_required(missing, from_folder)
        for file in raw_files:
            if file in paths:
                manifest.record_present(file)  # what is replaced can then be told
                name = file.name_for(paths[file])
                _copy(paths[file], folder / name)
                manifest.record(file, name, f"folder: {from_folder.resolve().name}")
            else:
                manifest.keep(file)
        return manifest.rows()


def _search(files: Sequence[RawFile], from_folder: Path) -> dict[RawFile, Path]:
    """Return the path of each file that is in `from_folder` or its subfolders."""
    by_name: dict[str, list[Path]] = defaultdict(list)
    for parent, _, names in os.walk(from_folder):
        for name in names:
            by_name[name.casefold()].append(Path(parent) / name)
    paths = {}
    for file in files:
        accepted = {name.casefold() for name in (file.filename, *file.aliases)}
        if candidates := sorted(path for name in accepted for path in by_name[name] if path.is_file()):
            paths[file] = _choose(file, candidates)
    return paths


def _choose(file: RawFile, candidates: Sequence[Path]) -> Path:
    """Return the first candidate with the right content; candidates with different contents are an error."""
    digests = {path: sha256_of(path) for path in candidates}
    right = [path for path in candidates if file.sha256 in (None, digests[path])]
    listed = "; ".join(f"{path} (sha256 {digest})" for path, digest in digests.items())
    if not right:
        raise InputError(
            f"the configuration gives sha256 {file.sha256}, but these were found: {listed}",
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
            f"{right[0]} has {size} bytes, but max_bytes is {file.max_bytes}",
            file=file.filename,
            remedy="If it is the right file, raise max_bytes in the configuration",
        )
    return right[0]


def _check_none_required(missing: Sequence[RawFile], from_folder: Path) -> None:
    if names := [" or ".join((file.filename, *file.aliases)) for file in missing if file.required]:
        raise InputError(
            f"not found in {from_folder.resolve()} or its subfolders (upper and lower case are the same)",
            file=", ".join(names),
            remedy="Put the files there under these names; their addresses are in conf/source",
        )
    for file in missing:
        log.warning("%s is not in %s (optional file; continuing without it)", file.filename, from_folder)


def _copy(source: Path, target: Path) -> None:
    """Copy a file; `target` is never seen half-written."""
    partial = Partial(target, address="")
    partial.discard()
    try:
        shutil.copyfile(source, partial.path)
        partial.finish(target.name)
    except OSError as error:
        partial.discard()
        raise GpsegError(f"{target} could not be copied from {source}: {error.strerror}") from None
