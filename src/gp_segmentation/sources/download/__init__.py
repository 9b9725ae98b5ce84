"""Bring a source's raw files into its folder: from their publishers, or from a folder on this machine."""

import logging
from collections.abc import Sequence
from pathlib import Path

from gp_segmentation.errors import InputError
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
from gp_segmentation.sources.download.manifest import ManifestRow, read_manifest, verify

log = logging.getLogger(__name__)


def fetch(
    files: Files, folder: Path, *, restart: bool = False, settings: DownloadSettings | None = None
) -> list[ManifestRow]:
    """Download `files` into `folder` and write the manifest beside them.

    A file is kept if it has the checksum of the configuration or, without one there, of its manifest row. A
    file with neither was placed by hand and is kept.

    Parameters
    ----------
    files : the `files` of a source's configuration (see `RawFile`).
    folder : ``data/raw/NAME``; remedies use NAME as the source's name.
    restart : download every file that has an address again, from its beginning.
    settings : time-outs and retries.

    Returns
    -------
    One row per file now in `folder`, sorted by file name.

    Raises
    ------
    InputError
        A required file could not be downloaded; the text gives its address, the reason and the remedy. Files
        downloaded before it stay. An optional file that could not be downloaded is a logged warning.
    """
    raw_files = read_raw_files(files)
    with lock_folder(folder):
        manifest = FolderManifest(folder)
        _check_placed_by_hand([file for file in raw_files if file.url is None], manifest)
        for file in raw_files:
            if file.url is None or (not restart and manifest.is_current(file)):
                manifest.record_present(file)
                continue
            try:
                digest = download_file(
                    file, folder / file.filename, settings or DownloadSettings(), restart=restart
                )
            except InputError as error:
                if file.required:
                    raise
                log.warning("%s (optional file; continuing without it)", error)
                continue
            log.info("%s downloaded", file.filename)
            manifest.record(file, file.url, digest)
        return manifest.rows()


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
