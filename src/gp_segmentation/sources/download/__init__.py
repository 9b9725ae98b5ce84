"""Bring a source's raw files into its folder: from their publishers, or from a folder they were put in."""

import logging
from collections.abc import Sequence
from pathlib import Path

from gp_segmentation.errors import InputError
from gp_segmentation.sources.download.collect import collect
from gp_segmentation.sources.download.config import Files, RawFile, hand_remedy, read_raw_files
from gp_segmentation.sources.download.folder import Book, lock_folder
from gp_segmentation.sources.download.http import Transfer, transfer
from gp_segmentation.sources.download.manifest import ManifestRow, read_manifest, verify

log = logging.getLogger(__name__)


def fetch(
    files: Files,
    folder: Path,
    *,
    restart: bool = False,
    progress: bool = True,
    settings: Transfer | None = None,
) -> list[ManifestRow]:
    """Download `files` into `folder` and write the manifest beside them.

    A file that stands there with the checksum of its manifest row (or of the configuration, where that
    names one) is kept, as is a file without a row, which somebody placed by hand.

    Parameters
    ----------
    files : the `files` of a source's configuration (see `RawFile`).
    folder : ``data/raw/NAME``; NAME is the source's, and is used in remedies.
    restart : download every file that has an address again, from its beginning.
    progress : show a bar per file, on a terminal.
    settings : time-outs and retries.

    Returns
    -------
    One row per file now in `folder`, in the manifest's order.

    Raises
    ------
    InputError
        A required file could not be had; the text names its address, what was found and the remedy. What
        had come before it stays. An optional file that could not be had is a logged warning.
    """
    wanted = read_raw_files(files)
    with lock_folder(folder):
        book = Book(folder)
        _check_by_hand([file for file in wanted if file.url is None], book)
        for file in wanted:
            if file.url is None or (not restart and book.stands(file)):
                book.keep(file)
            elif digest := _download(file, folder, settings or Transfer(), restart, progress):
                book.enter(file, file.url, digest)
        return book.rows()


def _download(file: RawFile, folder: Path, settings: Transfer, restart: bool, progress: bool) -> str | None:
    """Download one file and return its checksum; None for an optional file that could not be had."""
    try:
        digest = transfer(file, folder / file.filename, settings, restart=restart, progress=progress)
    except InputError as error:
        if file.required:
            raise
        log.warning("%s (optional; gone on without it)", error)
        return None
    log.info("%s downloaded", file.filename)
    return digest


def _check_by_hand(unaddressed: Sequence[RawFile], book: Book) -> None:
    """Refuse to begin when a required file without an address is not there, or is not the expected one."""
    missing = [file for file in unaddressed if not book.good(file)]
    if names := [file.filename for file in missing if file.required]:
        raise InputError(
            "no address is known for this file, and it is not there (or has another sha256 than is known)",
            file=", ".join(names),
            remedy=hand_remedy(book.folder),
        )
    for file in missing:
        log.warning("%s is not there and has no address (optional; gone on without it)", file.filename)
