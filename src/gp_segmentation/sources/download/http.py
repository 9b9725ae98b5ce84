"""One file over HTTP: time-outs, retries, resume, size limit, only safe redirects.

`pooch` was read for this and does not do it: it starts each attempt from nothing, follows any redirect
before it can be looked at, has no size limit, tries again after an answer such as 404 or a wrong checksum,
and leaves a randomly named file in the (versioned) raw folder when it is killed.
"""

import re
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.client import responses
from importlib.metadata import version
from pathlib import Path

import requests
from tqdm import tqdm

from gp_segmentation.errors import InputError
from gp_segmentation.sources.download.addresses import check_address, follow, is_local, public_address
from gp_segmentation.sources.download.config import RawFile
from gp_segmentation.sources.download.errors import TryAgain, refusal, troubles
from gp_segmentation.sources.download.manifest import sha256_of
from gp_segmentation.sources.download.partial import Partial, validator_of

CHUNK = 1 << 16
MAX_REDIRECTS = 10
#: Answers that another attempt may better: too early, too many requests, trouble inside the server.
TRY_AGAIN = frozenset({408, 416, 425, 429, *range(500, 600)})


@dataclass(frozen=True)
class Transfer:
    """How patient a download is.

    Attributes
    ----------
    connect_timeout, read_timeout : seconds without a connection, and without a byte.
    slowest : bytes per second; less than this on average over `read_timeout` is no answer either.
    attempts : how often a file is asked for; a resumed attempt counts.
    backoff : seconds before the second attempt, doubled before each further one.
    longest_wait : seconds; no wait is longer, not even when the server asks for it (Retry-After).
    """

    connect_timeout: float = 15.0
    read_timeout: float = 60.0
    slowest: float = 100.0
    attempts: int = 4
    backoff: float = 1.0
    longest_wait: float = 30.0


def transfer(file: RawFile, target: Path, settings: Transfer, *, restart: bool, progress: bool) -> str:
    """Download `file` to `target` and return its SHA-256; `target` changes only when all is well.

    What came before a failure is kept as ``.NAME.part`` and the next call goes on from there, unless the
    server's file has changed since or `restart` is asked for.

    Raises
    ------
    InputError
        The address may not be opened, the server refuses, does not answer, or sends something else than
        the file (too large, wrong checksum, a web page).
    """
    address = check_address(file.url or "", filename=file.filename)
    partial = Partial(target, address)
    if restart:
        partial.discard()
    found, wait = "", 0.0
    with requests.Session() as session:
        session.headers.update(
            {"User-Agent": f"gp-segmentation/{version('gp-segmentation')}", "Accept-Encoding": "identity"}
        )
        # No proxy stands between us and ourselves.
        session.trust_env = not is_local(address)
        for attempt in range(settings.attempts):
            if attempt:
                time.sleep(min(max(settings.backoff * 2 ** (attempt - 1), wait), settings.longest_wait))
            try:
                return _attempt(session, file, partial, settings, progress)
            except TryAgain as failure:
                found, wait = str(failure), failure.wait
    kept = f" ({partial.size()} bytes came; the next run goes on from there)" if partial.validator() else ""
    raise refusal(file, target, f"asked {settings.attempts} times, the last time {found}{kept}")


def _attempt(
    session: requests.Session, file: RawFile, partial: Partial, settings: Transfer, progress: bool
) -> str:
    validator = partial.validator()
    offset = partial.size() if validator else 0
    headers = {"Range": f"bytes={offset}-", "If-Range": validator} if validator else {}
    with troubles(file, partial.target, settings.connect_timeout, settings.read_timeout):
        with _open(session, file, partial, headers, settings) as answer:
            offset = _start(answer, file, partial, offset)
            _receive(answer, file, partial, settings, offset, progress)
        return _finish(file, partial, resumed=offset > 0)


@contextmanager
def _open(
    session: requests.Session, file: RawFile, partial: Partial, headers: dict[str, str], settings: Transfer
) -> Iterator[requests.Response]:
    """Ask for the file; every redirect is checked before it is followed."""
    address = partial.address
    for _ in range(MAX_REDIRECTS + 1):
        answer = session.get(
            address,
            headers=headers,
            stream=True,
            allow_redirects=False,
            timeout=(settings.connect_timeout, settings.read_timeout),
        )
        with answer:
            if not answer.is_redirect:
                _check_status(answer, file, partial, address)
                yield answer
                return
            address = follow(address, answer.headers["Location"], filename=file.filename)
    raise refusal(file, partial.target, f"more than {MAX_REDIRECTS} redirects were given")


def _check_status(answer: requests.Response, file: RawFile, partial: Partial, address: str) -> None:
    status = answer.status_code
    if status in (200, 206):
        return
    found = f"{status} {responses.get(status, 'without a known meaning')} was answered"
    if public_address(address) != public_address(partial.address):
        found += f" by {public_address(address)}, to which we were sent on"
    if status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        partial.discard()
    if status in TRY_AGAIN:
        asked = answer.headers.get("Retry-After", "")
        raise TryAgain(found, float(asked) if asked.isascii() and asked.isdigit() else 0.0)
    raise refusal(file, partial.target, found)


def _start(answer: requests.Response, file: RawFile, partial: Partial, offset: int) -> int:
    """Return where the answer's bytes begin: `offset` when the server goes on from there, else 0."""
    if answer.status_code == HTTPStatus.PARTIAL_CONTENT:
        given = re.fullmatch(r"bytes (\d{1,18})-\d+/(?:\d+|\*)", answer.headers.get("Content-Range", ""))
        changed = validator_of(answer.headers) not in (None, partial.validator())
        encoded = answer.headers.get("Content-Encoding", "identity") != "identity"
        if given is None or int(given[1]) != offset or not offset or changed or encoded:
            partial.discard()
            raise TryAgain("another part of the file was sent than the one asked for")
    else:
        offset = 0
        partial.begin(answer.headers)
    total = _total(answer, offset)
    if total is not None and total > file.max_bytes:
        partial.discard()
        raise _too_large(file, partial.target, total)
    return offset


def _receive(
    answer: requests.Response, file: RawFile, partial: Partial, settings: Transfer, size: int, progress: bool
) -> None:
    total = _total(answer, size)
    # On a terminal only: `disable=None` is silent elsewhere.
    disable = None if progress else True
    bar = tqdm(total=total, initial=size, desc=file.filename, unit="B", unit_scale=True, disable=disable)
    with bar, partial.path.open("ab") as handle:
        for chunk in _chunks(answer, settings):
            size += len(chunk)
            if size > file.max_bytes:
                partial.discard()
                raise _too_large(file, partial.target, size)
            handle.write(chunk)
            bar.update(len(chunk))
    if total is not None and size != total:
        raise TryAgain(f"{size} of {total} bytes came")


def _chunks(answer: requests.Response, settings: Transfer) -> Iterator[bytes]:
    """Yield bytes as they come, so that a server which drips is noticed as well as one that stops."""
    since, came = time.monotonic(), 0
    while chunk := answer.raw.read1(CHUNK, decode_content=True):
        yield chunk
        came += len(chunk)
        seconds = time.monotonic() - since
        if seconds > settings.read_timeout:
            if came < settings.slowest * seconds:
                raise TryAgain(f"only {came} bytes came in {seconds:.0f} seconds")
            since, came = time.monotonic(), 0


def _finish(file: RawFile, partial: Partial, *, resumed: bool) -> str:
    """Check what came, give it its name, and return its SHA-256.

    What is wrong after a resume, or looks cut off, is asked for once more, from the beginning.
    """
    found = sha256_of(partial.path)
    wrong, cut = None, False
    if file.sha256 not in (None, found):
        wrong = f"its sha256 is {found}, but {file.sha256} is known for it"
    elif not partial.size():
        wrong = "an empty file was sent"
    elif _is_web_page(partial.path) and Path(file.filename).suffix.lower() not in (".htm", ".html"):
        wrong = "a web page was sent in place of the file"
    elif Path(file.filename).suffix.lower() == ".zip" and not zipfile.is_zipfile(partial.path):
        wrong, cut = "what was sent is not a whole zip archive", True
    if wrong is None:
        partial.finish()
        return found
    partial.discard()
    if resumed or cut:
        raise TryAgain(wrong)
    raise refusal(file, partial.target, wrong)


def _is_web_page(path: Path) -> bool:
    with path.open("rb") as handle:
        start = handle.read(200).removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return start.startswith((b"<!doctype html", b"<html"))


def _total(answer: requests.Response, offset: int) -> int | None:
    """Return the size of the whole file, when the answer says it and its bytes are the file's own."""
    length = answer.headers.get("Content-Length", "")
    plain = answer.headers.get("Content-Encoding", "identity") == "identity"
    return offset + int(length) if plain and re.fullmatch(r"[0-9]{1,18}", length) else None


def _too_large(file: RawFile, target: Path, size: int) -> InputError:
    return refusal(file, target, f"it is {size} bytes or more, and {file.max_bytes} are allowed (max_bytes)")
