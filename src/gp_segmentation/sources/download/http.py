"""Download one file over HTTP: time-outs, retries, resume, size limit, only safe redirects.

`pooch` cannot replace this module: it starts each attempt from the beginning, follows any redirect unchecked,
has no size limit, tries again after an answer such as 404 or a wrong checksum, and leaves a randomly named
file in the (versioned) raw folder when it is killed.
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
from urllib.parse import urljoin

import requests
from tqdm import tqdm

from gp_segmentation.errors import InputError
from gp_segmentation.sources.download.addresses import check_address, is_local, public_address
from gp_segmentation.sources.download.config import PACKED, DownloadSettings, RawFile
from gp_segmentation.sources.download.errors import TryAgain, download_error, translate_errors
from gp_segmentation.sources.download.partial import Partial, validator_of
from gp_segmentation.utils.files import sha256_of

CHUNK = 1 << 16
MAX_REDIRECTS = 10
#: Answers after which another attempt may succeed: too early, too many requests, server errors.
TRY_AGAIN = frozenset({408, 416, 425, 429, *range(500, 600)})


def download_file(
    file: RawFile, address: str, folder: Path, settings: DownloadSettings, *, restart: bool
) -> tuple[str, str]:
    """Download `file` from `address` into `folder`; return its name there (`RawFile.names`) and its SHA-256.

    What stands in `folder` changes only when the file is complete.

    Bytes received before a failure are kept as ``.NAME.part``. The next call continues from there, unless the
    server's file has changed since or `restart` is set.

    Raises
    ------
    InputError
        The address may not be opened, the server refuses or does not answer, or it sends something other
        than the file (too large, wrong checksum, a web page).
    """
    partial = Partial(folder / file.filename, check_address(address, filename=file.filename))
    if restart:
        partial.discard()
    reason, wait = "", 0.0
    with requests.Session() as session:
        session.headers.update(
            {"User-Agent": f"gp-segmentation/{version('gp-segmentation')}", "Accept-Encoding": "identity"}
        )
        session.trust_env = not is_local(address)  # no proxy to this machine itself
        download = _Download(session, file, partial, settings)
        for attempt in range(settings.attempts):
            if attempt:
                time.sleep(min(max(settings.backoff * 2 ** (attempt - 1), wait), settings.longest_wait))
            try:
                with translate_errors(partial, settings):
                    return download.attempt()
            except TryAgain as failure:
                reason, wait = str(failure), failure.wait
    if partial.validator():
        reason += f" ({partial.size()} bytes received; the next run continues from there)"
    reason = f"{settings.attempts} attempts failed. The last error: {reason}"
    raise download_error(partial, reason)


@dataclass(frozen=True)
class _Download:
    """One file on its way from `session` to `partial`."""

    session: requests.Session
    file: RawFile
    partial: Partial
    settings: DownloadSettings

    def attempt(self) -> tuple[str, str]:
        """Request the file, or the rest of it; return its name and its SHA-256."""
        validator = self.partial.validator()
        offset = self.partial.size() if validator else 0
        headers = {"Range": f"bytes={offset}-", "If-Range": validator} if validator else {}
        with self._open(headers) as response:
            offset = self._start(response, offset)
            self._receive(response, offset)
        return self._finish(resumed=offset > 0)

    @contextmanager
    def _open(self, headers: dict[str, str]) -> Iterator[requests.Response]:
        """Request the file; every redirect is checked before it is followed."""
        address = self.partial.address
        for _ in range(MAX_REDIRECTS + 1):
            response = self.session.get(
                address,
                headers=headers,
                stream=True,
                allow_redirects=False,
                timeout=(self.settings.connect_timeout, self.settings.read_timeout),
            )
            with response:
                if not response.is_redirect:
                    self._check_status(response, address)
                    yield response
                    return
                location = urljoin(address, response.headers["Location"])
            address = check_address(location, filename=self.file.filename, redirected_from=address)
        raise self._error(f"the server redirected more than {MAX_REDIRECTS} times")

    def _check_status(self, response: requests.Response, address: str) -> None:
        status = response.status_code
        if status in (HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT):
            return
        reason = f"the server answered {status} {responses.get(status, '(an unknown status)')}"
        if public_address(address) != public_address(self.partial.address):
            reason += f" after a redirect to {public_address(address)}"
        if status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            self.partial.discard()
        if status in TRY_AGAIN:
            retry_after = response.headers.get("Retry-After", "")
            is_number = retry_after.isascii() and retry_after.isdigit()
            raise TryAgain(reason, float(retry_after) if is_number else 0.0)
        raise self._error(reason)

    def _start(self, response: requests.Response, offset: int) -> int:
        """Return where the response's bytes begin: `offset` if the server continues from there, else 0."""
        headers = response.headers
        if response.status_code == HTTPStatus.PARTIAL_CONTENT:
            sent = re.fullmatch(r"bytes (\d{1,18})-\d+/(?:\d+|\*)", headers.get("Content-Range", ""))
            changed = validator_of(headers) not in (None, self.partial.validator())
            encoded = headers.get("Content-Encoding", "identity") != "identity"
            if sent is None or int(sent[1]) != offset or not offset or changed or encoded:
                self.partial.discard()
                raise TryAgain("the server sent a different part of the file than requested")
        else:
            offset = 0
            self.partial.begin(headers)
        self._check_size(_total(response, offset) or 0)
        return offset

    def _receive(self, response: requests.Response, size: int) -> None:
        """Append the response's bytes to the `size` bytes received before."""
        total = _total(response, size)
        # `disable=None` shows the bar on a terminal only.
        bar = tqdm(
            total=total, initial=size, desc=self.file.filename, unit="B", unit_scale=True, disable=None
        )
        with bar, self.partial.path.open("ab") as handle:
            for chunk in self._chunks(response):
                size += len(chunk)
                self._check_size(size)
                handle.write(chunk)
                bar.update(len(chunk))
        if total is not None and size != total:
            raise TryAgain(f"only {size} of {total} bytes were received")

    def _chunks(self, response: requests.Response) -> Iterator[bytes]:
        """Yield bytes as they come; a server that is too slow counts as one that stopped."""
        start, received = time.monotonic(), 0
        while chunk := response.raw.read1(CHUNK, decode_content=True):
            yield chunk
            received += len(chunk)
            seconds = time.monotonic() - start
            if seconds > self.settings.read_timeout:
                if received < self.settings.slowest * seconds:
                    raise TryAgain(f"only {received} bytes were received in {seconds:.0f} seconds")
                start, received = time.monotonic(), 0

    def _finish(self, *, resumed: bool) -> tuple[str, str]:
        """Check the file and give it the name that fits its format; return that and its SHA-256.

        A file that is wrong after a resume, or looks incomplete, is requested again from the beginning.
        """
        path, name = self.partial.path, self.file.name_for(self.partial.path)
        sha256, suffix = sha256_of(path), Path(name).suffix.lower()
        problem, incomplete = None, False
        if self.file.sha256 not in (None, sha256):
            problem = f"its sha256 is {sha256}, but the configuration gives {self.file.sha256}"
        elif not self.partial.size():
            problem = "the server sent an empty file"
        elif _is_web_page(path) and suffix not in (".htm", ".html"):
            problem = "the server sent a web page instead of the file"
        elif not zipfile.is_zipfile(path) and (suffix in PACKED or _begins(path).startswith(b"PK\3\4")):
            problem, incomplete = "the server sent an incomplete zip archive", True
        if problem is None:
            self.partial.finish(name)
            return name, sha256
        self.partial.discard()
        raise TryAgain(problem) if resumed or incomplete else self._error(problem)

    def _check_size(self, size: int) -> None:
        if size > self.file.max_bytes:
            self.partial.discard()
            raise self._error(f"it has {size} bytes or more, but max_bytes is {self.file.max_bytes}")

    def _error(self, reason: str) -> InputError:
        return download_error(self.partial, reason)


def _begins(path: Path) -> bytes:
    with path.open("rb") as handle:
        return handle.read(200)


def _is_web_page(path: Path) -> bool:
    start = _begins(path).removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return start.startswith((b"<!doctype html", b"<html"))


def _total(response: requests.Response, offset: int) -> int | None:
    """Return the size of the complete file; None if the response does not give it, or is compressed."""
    length = response.headers.get("Content-Length", "")
    unencoded = response.headers.get("Content-Encoding", "identity") == "identity"
    return offset + int(length) if unencoded and re.fullmatch(r"[0-9]{1,18}", length) else None
