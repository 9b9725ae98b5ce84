"""Bring a source's raw files into its folder: from their publishers, or from a folder on this machine."""

import logging
from collections.abc import Sequence
from pathlib import Path

from gp_segmentation.errors import InputError
from gp_segmentation.sources.download.addresses import public_address
from gp_segmentation.sources.download.collect import collect
from gp_segmentation.sources.download.config import (
    DownloadSettings,
    Files,
    RawFile,
    hand_remedy,
    read_raw_files,
)
from gp_segmentation.sources.download.folder import FolderManifest, lock_folder
from gp_segmentation.sources.download.http import download_file
from gp_segmentation.sources.download.manifest import ManifestRow, read_manifest, told, verify

log = logging.getLogger(__name__)


def fetch(
    files: Files, folder: Path, *, restart: bool = False, settings: DownloadSettings | None = None
) -> list[ManifestRow]:
    """Download `files` into `folder` and write the manifest beside them.

    A file is kept if it has the checksum of the configuration or, without one there, of its manifest row,
    unless it came from an address that the configuration no longer gives. A file with neither was placed by
    hand and is kept. Of several addresses the first that works is taken; the manifest has it.

    Parameters
    ----------
    files : the `files` of a source's configuration (see `RawFile`).
    folder : ``data/raw/NAME``.
    restart : download every file that has an address again, from its beginning.
    settings : time-outs and retries.

    Returns
    -------
    One row per file now in `folder`, sorted by file name.

    Raises
    ------
    InputError
        A required file could not be downloaded; the text gives its addresses, the reasons and the remedy.
        Files downloaded before it stay. An optional file that could not be downloaded is a logged warning.
    """
    raw_files = read_raw_files(files)
    with lock_folder(folder):
        manifest = FolderManifest(folder)
        _check_placed_by_hand([file for file in raw_files if not file.urls], manifest)
        for file in raw_files:
            if not file.urls or (not restart and manifest.is_current(file)):
                manifest.keep(file)
                continue
            before = manifest.record_present(file)
            try:
                name, address, digest = _from_first_that_works(
                    file, folder, settings or DownloadSettings(), restart=restart
                )
            except InputError as error:
                if file.required:
                    raise
                instead = f"with the file there: {told(before)}" if before else "without it"
                log.warning("%s (optional file; continuing %s)", error, instead)
                continue
            log.info("%s downloaded from %s", name, public_address(address))
            manifest.record(file, name, address, digest)
        return manifest.rows()


def _from_first_that_works(
    file: RawFile, folder: Path, settings: DownloadSettings, *, restart: bool
) -> tuple[str, str, str]:
    """Return the file's name, the address that it came from, and its SHA-256."""
    failures: list[InputError] = []
    for address in file.urls:
        try:
            name, digest = download_file(file, address, folder, settings, restart=restart)
        except InputError as error:
            failures.append(error)
        else:
            for failure in failures:
                log.warning("%s: %s; another address had the file", file.filename, failure.problem)
            return name, address, digest
    if len(failures) == 1:
        raise failures[0]
    raise InputError(
        f"none of its {len(failures)} addresses had it: {'; '.join(f.problem for f in failures)}",
        file=file.filename,
        remedy=max((str(failure.remedy) for failure in failures), key=len),
    )


def _check_placed_by_hand(without_address: Sequence[RawFile], manifest: FolderManifest) -> None:
    """Raise when a required file without an address is missing or has the wrong checksum."""
    missing = [file for file in without_address if not manifest.is_expected(file)]
    if names := [file.filename for file in missing if file.required]:
        raise InputError(
            "this file has no download address, and it is missing or has another sha256 than configured",
            file=", ".join(names),
            remedy=hand_remedy(manifest.folder),
        )
    for file in missing:
        log.warning(
            "%s is missing and has no download address (optional file; continuing without it)", file.filename
        )
