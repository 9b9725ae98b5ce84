"""Downloading, against a real server on this machine that misbehaves in every way servers do."""

from __future__ import annotations

import gzip
import hashlib
import io
import logging
import socket
import ssl
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from filelock import FileLock

from gp_segmentation.errors import GpsegError, InputError
from gp_segmentation.sources.download import DownloadSettings, fetch
from gp_segmentation.sources.download.folder import lock_folder
from gp_segmentation.sources.download.manifest import read_manifest

CONTENT = bytes(range(256)) * 2000  # 512,000 bytes
QUICK = DownloadSettings(
    connect_timeout=2, read_timeout=0.4, slowest=1000, attempts=3, backoff=0.01, longest_wait=0.05
)
SHA = hashlib.sha256(CONTENT).hexdigest()


@dataclass
class Site:
    """What the server holds, how it behaves (one entry per request, then well), and what it was asked."""

    content: bytes = CONTENT
    etag: str | None = '"one"'
    ranges: bool = True
    port: int = 0
    behaviours: list[Callable[[Handler], None]] = field(default_factory=list)
    ranges_asked: list[str | None] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def url(self, path: str = "a.csv") -> str:
        return f"http://127.0.0.1:{self.port}/{path}"

    def file(self, **more: Any) -> dict[str, Any]:
        return {
            "filename": "a.csv",
            "url": self.url(),
            "sha256": None,
            "licence": "OGL",
            "required": True,
            **more,
        }


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 5

    def __init__(self, site: Site, *args: Any) -> None:
        self.site = site
        super().__init__(*args)

    def do_GET(self) -> None:
        self.site.ranges_asked.append(self.headers.get("Range"))
        behave = self.site.behaviours.pop(0) if self.site.behaviours else serve
        behave(self)

    def log_message(self, *args: Any) -> None:
        """Say nothing."""

    def begin(self, status: int, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()


class Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, *args: Any) -> None:
        """Say nothing of a client that hung up: giving up is what is being tested."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(*args)


def serve(handler: Handler, upto: int | None = None) -> None:
    """Serve the content, or the part asked for; stop after `upto` bytes and hang up."""
    site, headers = handler.site, {}
    start, status = 0, 200
    if site.etag:
        headers["ETag"] = site.etag
    asked = handler.headers.get("Range")
    if site.ranges and asked and handler.headers.get("If-Range") in (None, site.etag):
        start, status = int(asked.removeprefix("bytes=").rstrip("-")), 206
        headers["Content_Range"] = f"bytes {start}-{len(site.content) - 1}/{len(site.content)}"
    body = site.content[start:]
    handler.begin(status, Content_Length=str(len(body)), **headers)
    handler.wfile.write(body[:upto])
    if upto is not None:
        handler.close_connection = True


def broken_off(upto: int) -> Callable[[Handler], None]:
    return partial(serve, upto=upto)


def status(code: int, **headers: str) -> Callable[[Handler], None]:
    return lambda handler: handler.begin(code, Content_Length="0", **headers)


def sends(body: bytes, **headers: str) -> Callable[[Handler], None]:
    def behave(handler: Handler) -> None:
        handler.begin(200, Content_Length=str(len(body)), **headers)
        handler.wfile.write(body)

    return behave


def silent_after(upto: int) -> Callable[[Handler], None]:
    def behave(handler: Handler) -> None:
        etag = {"ETag": handler.site.etag} if handler.site.etag else {}
        handler.begin(200, Content_Length=str(len(handler.site.content)), **etag)
        handler.wfile.write(handler.site.content[:upto])
        handler.site.stop.wait(5)
        handler.close_connection = True

    return behave


def dripping(handler: Handler) -> None:
    handler.begin(200, Content_Length=str(len(handler.site.content)))
    for byte in handler.site.content[:1000]:
        if handler.site.stop.wait(0.05):
            break
        try:
            handler.wfile.write(bytes([byte]))
        except OSError:  # the other side has had enough
            break
    handler.close_connection = True


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    server = Server(("127.0.0.1", 0), partial(Handler, site))
    site.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield site
    site.stop.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "nhs_2024_25"


get = partial(fetch, settings=QUICK)


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def _zip(size: int = 4000) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.csv", "a" * size)
    return buffer.getvalue()


class TestWell:
    def test_a_file_arrives_with_its_manifest_row(self, site: Site, folder: Path) -> None:
        rows = get({"qof": site.file(sha256=SHA)}, folder)
        assert (folder / "a.csv").read_bytes() == CONTENT
        assert _names(folder) == ["a.csv", "manifest.json"]
        (row,) = rows
        assert (row.filename, row.address, row.bytes, row.sha256, row.licence) == (
            "a.csv", site.url(), 512_000, SHA, "OGL",
        )  # fmt: skip
        assert row.retrieved is not None
        assert row.retrieved.endswith("Z")
        assert read_manifest(folder) == rows

    def test_what_stands_there_unchanged_is_not_asked_for_again(self, site: Site, folder: Path) -> None:
        first = get([site.file()], folder)
        before = (folder / "manifest.json").stat().st_mtime_ns
        assert get([site.file()], folder) == first
        assert len(site.ranges_asked) == 1
        assert (folder / "manifest.json").stat().st_mtime_ns == before

    def test_what_has_changed_on_disk_is_taken_again(self, site: Site, folder: Path) -> None:
        first = get([site.file()], folder)
        (folder / "a.csv").write_bytes(b"spoilt")
        assert get([site.file()], folder) == first, "the same bytes keep their row and time"
        assert (folder / "a.csv").read_bytes() == CONTENT

    def test_restart_takes_everything_again(self, site: Site, folder: Path) -> None:
        get([site.file()], folder)
        site.content = b"new edition"
        (row,) = get([site.file()], folder, restart=True)
        assert row.bytes == len(b"new edition")
        assert (folder / "a.csv").read_bytes() == b"new edition"

    def test_a_file_placed_by_hand_is_kept_and_entered(self, site: Site, folder: Path) -> None:
        folder.mkdir()
        (folder / "a.csv").write_bytes(b"by hand")
        (row,) = get([site.file()], folder)
        assert (row.address, row.bytes) == ("placed by hand", 7)
        assert site.ranges_asked == []

    def test_a_slow_server_is_waited_for(self, site: Site, folder: Path) -> None:
        def slow(handler: Handler) -> None:
            handler.begin(200, Content_Length=str(len(CONTENT)))
            for start in range(0, len(CONTENT), 64_000):
                handler.wfile.write(CONTENT[start : start + 64_000])
                time.sleep(0.1)

        site.behaviours = [slow]
        (row,) = get([site.file()], folder)
        assert row.sha256 == SHA
        assert len(site.ranges_asked) == 1

    def test_a_chunked_and_a_compressed_answer_are_stored_as_the_file_is(
        self, site: Site, folder: Path
    ) -> None:
        def chunked(handler: Handler) -> None:
            handler.begin(200, Transfer_Encoding="chunked")
            handler.wfile.write(b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n")

        packed = gzip.compress(CONTENT)
        site.behaviours = [chunked, sends(packed, Content_Encoding="gzip", ETag='"z"')]
        get([site.file(), site.file(filename="b.csv")], folder)
        assert (folder / "a.csv").read_bytes() == b"hello world"
        assert (folder / "b.csv").read_bytes() == CONTENT

    def test_the_bar_is_for_terminals(
        self, site: Site, folder: Path, capfd: pytest.CaptureFixture[str]
    ) -> None:
        get([site.file()], folder)
        assert capfd.readouterr() == ("", "")


class TestResume:
    def test_a_broken_off_download_goes_on_where_it_stopped(self, site: Site, folder: Path) -> None:
        site.behaviours = [broken_off(200_000)]
        (row,) = get([site.file()], folder)
        assert row.sha256 == SHA
        assert site.ranges_asked == [None, "bytes=200000-"]

    def test_also_in_a_later_run(self, site: Site, folder: Path) -> None:
        site.behaviours = [broken_off(100_000), broken_off(100_000), broken_off(100_000)]
        with pytest.raises(
            InputError, match=r"3 attempts failed.*300000 bytes received; the next run continues"
        ):
            get([site.file()], folder)
        assert not (folder / "a.csv").exists(), "half a file is never seen under its name"
        assert _names(folder) == [".a.csv.part", ".a.csv.part.state"]
        (row,) = get([site.file()], folder)
        assert row.sha256 == SHA
        assert site.ranges_asked[-1] == "bytes=300000-"
        assert _names(folder) == ["a.csv", "manifest.json"]

    def test_restart_begins_anew(self, site: Site, folder: Path) -> None:
        site.behaviours = [broken_off(100_000)] * 3
        with pytest.raises(InputError):
            get([site.file()], folder)
        get([site.file()], folder, restart=True)
        assert site.ranges_asked[-1] is None

    @pytest.mark.parametrize("etag", [None, 'W/"weak"'])
    def test_without_a_strong_validator_it_begins_anew(
        self, site: Site, folder: Path, etag: str | None
    ) -> None:
        site.etag = etag
        site.behaviours = [broken_off(200_000)]
        (row,) = get([site.file()], folder)
        assert row.sha256 == SHA
        assert site.ranges_asked == [None, None]

    def test_a_server_without_ranges_sends_all_again(self, site: Site, folder: Path) -> None:
        site.ranges = False
        site.behaviours = [broken_off(200_000)]
        (row,) = get([site.file()], folder)
        assert row.sha256 == SHA
        assert site.ranges_asked == [None, "bytes=200000-"]

    def test_a_file_that_changed_meanwhile_begins_anew(self, site: Site, folder: Path) -> None:
        def change_and_serve(handler: Handler) -> None:
            site.content, site.etag = CONTENT[::-1], '"two"'
            serve(handler)

        site.behaviours = [broken_off(200_000), change_and_serve]
        (row,) = get([site.file()], folder)
        assert (folder / "a.csv").read_bytes() == CONTENT[::-1]
        assert row.sha256 == hashlib.sha256(CONTENT[::-1]).hexdigest()

    def test_a_server_that_heeds_no_if_range_is_caught_by_its_etag(self, site: Site, folder: Path) -> None:
        def careless(handler: Handler) -> None:
            site.content, site.etag = CONTENT[::-1], '"two"'
            del handler.headers["If-Range"]
            serve(handler)

        site.behaviours = [broken_off(200_000), careless]
        get([site.file()], folder)
        assert (folder / "a.csv").read_bytes() == CONTENT[::-1]
        assert site.ranges_asked == [None, "bytes=200000-", None]

    def test_a_wrong_part_begins_anew(self, site: Site, folder: Path) -> None:
        def wrong_part(handler: Handler) -> None:
            handler.begin(206, Content_Length="3", Content_Range="bytes 7-9/512000", ETag='"one"')
            handler.wfile.write(b"abc")

        site.behaviours = [broken_off(200_000), wrong_part]
        (row,) = get([site.file()], folder)
        assert row.sha256 == SHA

    def test_parts_that_do_not_fit_the_checksum_are_taken_once_more_whole(
        self, site: Site, folder: Path
    ) -> None:
        site.behaviours = [broken_off(100_000)] * 3
        with pytest.raises(InputError):
            get([site.file()], folder)
        (folder / ".a.csv.part").write_bytes(b"x" * 300_000)
        (row,) = get([site.file(sha256=SHA)], folder)
        assert row.sha256 == SHA
        assert site.ranges_asked[-1] is None

    def test_a_whole_part_left_by_a_kill_is_no_trouble(self, site: Site, folder: Path) -> None:
        site.behaviours = [broken_off(100_000)] * 3
        with pytest.raises(InputError):
            get([site.file()], folder)
        (folder / ".a.csv.part").write_bytes(CONTENT)
        site.behaviours = [status(416)]
        (row,) = get([site.file()], folder)
        assert row.sha256 == SHA

    def test_a_killed_run_leaves_no_half_file_and_the_next_goes_on(self, site: Site, folder: Path) -> None:
        site.behaviours = [silent_after(200_000)]
        code = (
            "import sys; from pathlib import Path; from gp_segmentation.sources.download import fetch;"
            "fetch([{'filename': 'a.csv', 'url': sys.argv[1]}], Path(sys.argv[2]))"
        )
        run = subprocess.Popen([sys.executable, "-c", code, site.url(), str(folder)])
        part = folder / ".a.csv.part"
        deadline = time.monotonic() + 30
        while not (part.is_file() and part.stat().st_size) and time.monotonic() < deadline:
            time.sleep(0.02)
        run.kill()
        assert run.wait(10) < 0
        assert _names(folder) == [".a.csv.part", ".a.csv.part.state"]
        come = part.stat().st_size
        (row,) = get([site.file()], folder)
        assert row.sha256 == SHA
        assert site.ranges_asked == [None, f"bytes={come}-"]
        assert _names(folder) == ["a.csv", "manifest.json"]

    @pytest.mark.parametrize("state", [b"", b"[]", b"{}", b'{"address": 1, "validator": 2}', b"\xff"])
    def test_an_unreadable_state_begins_anew(self, site: Site, folder: Path, state: bytes) -> None:
        folder.mkdir()
        (folder / ".a.csv.part").write_bytes(b"something")
        (folder / ".a.csv.part.state").write_bytes(state)
        (row,) = get([site.file()], folder)
        assert row.sha256 == SHA


class TestRefused:
    def test_404_names_address_finding_and_remedy_and_is_not_repeated(self, site: Site, folder: Path) -> None:
        site.behaviours = [status(404)]
        with pytest.raises(InputError) as caught:
            get([site.file()], folder)
        text = str(caught.value)
        assert text.startswith(
            f"a.csv: {site.url()} could not be downloaded: the server answered 404 Not Found. Place it"
        )
        assert text.endswith("give the same command with from=FOLDER")
        assert len(site.ranges_asked) == 1

    def test_500_then_200(self, site: Site, folder: Path) -> None:
        site.behaviours = [status(500), status(503, Retry_After="9999")]
        (row,) = get([site.file()], folder)
        assert row.sha256 == SHA

    def test_500_for_ever(self, site: Site, folder: Path) -> None:
        site.behaviours = [status(500)] * 5
        with pytest.raises(
            InputError,
            match=r"3 attempts failed\. The last error: the server answered 500 Internal Server Error",
        ):
            get([site.file()], folder)
        assert len(site.ranges_asked) == 3

    def test_a_wrong_checksum_stores_nothing(self, site: Site, folder: Path) -> None:
        with pytest.raises(InputError, match=f"its sha256 is {SHA}, but the configuration gives {'0' * 64}"):
            get([site.file(sha256="0" * 64)], folder)
        assert _names(folder) == []
        assert len(site.ranges_asked) == 1

    def test_a_failure_leaves_the_file_that_was_there(self, site: Site, folder: Path) -> None:
        get([site.file()], folder)
        site.content = b"other"
        with pytest.raises(InputError):
            get([site.file(sha256="0" * 64)], folder)
        assert (folder / "a.csv").read_bytes() == CONTENT

    def test_too_large_by_its_own_account(self, site: Site, folder: Path) -> None:
        with pytest.raises(InputError, match="512000 bytes or more, but max_bytes is 1000"):
            get([site.file(max_bytes=1000)], folder)
        assert _names(folder) == []

    def test_too_large_without_saying_so(self, site: Site, folder: Path) -> None:
        def endless(handler: Handler) -> None:
            handler.begin(200, Transfer_Encoding="chunked")
            try:
                while not site.stop.is_set():
                    handler.wfile.write(b"1000\r\n" + b"x" * 4096 + b"\r\n")
            except OSError:
                handler.close_connection = True

        site.behaviours = [endless]
        with pytest.raises(InputError, match="max_bytes is 100000"):
            get([site.file(max_bytes=100_000)], folder)
        assert _names(folder) == []

    def test_a_compressed_answer_is_measured_unpacked(self, site: Site, folder: Path) -> None:
        site.behaviours = [sends(gzip.compress(b"0" * 10_000_000), Content_Encoding="gzip")]
        with pytest.raises(InputError, match="max_bytes is 1000000"):
            get([site.file(max_bytes=1_000_000)], folder)

    @pytest.mark.parametrize("upto", [0, 100_000])
    def test_a_server_that_stops_answering_is_given_up(self, site: Site, folder: Path, upto: int) -> None:
        site.etag = None
        site.behaviours = [silent_after(upto)] * 3
        begin = time.monotonic()
        with pytest.raises(InputError, match=r"nothing was received for 0\.4 seconds"):
            get([site.file()], folder)
        assert time.monotonic() - begin < 4

    def test_and_its_bytes_are_not_lost(self, site: Site, folder: Path) -> None:
        site.behaviours = [silent_after(100_000)]
        (row,) = get([site.file()], folder)
        assert row.sha256 == SHA
        assert site.ranges_asked == [None, "bytes=100000-"]

    def test_a_server_that_drips_is_given_up(self, site: Site, folder: Path) -> None:
        site.behaviours = [dripping] * 3
        begin = time.monotonic()
        with pytest.raises(InputError, match=r"only \d+ bytes were received in"):
            get([site.file()], folder)
        assert time.monotonic() - begin < 4

    def test_no_server_at_all(self, site: Site, folder: Path) -> None:
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{unused.getsockname()[1]}/a.csv"
            with pytest.raises(
                InputError, match=r"3 attempts failed.*no connection could be made \(Connection refused\)"
            ):
                get([site.file(url=url)], folder)

    @pytest.mark.parametrize(
        "page", [b"<!DOCTYPE html><title>Log in</title>", b"\xef\xbb\xbf\n<html>blocked"]
    )
    def test_a_web_page_in_place_of_the_file(self, site: Site, folder: Path, page: bytes) -> None:
        site.content = page
        with pytest.raises(InputError, match="the server sent a web page instead of the file"):
            get([site.file()], folder)
        assert _names(folder) == []

    def test_an_empty_file(self, site: Site, folder: Path) -> None:
        site.content = b""
        with pytest.raises(InputError, match="the server sent an empty file"):
            get([site.file()], folder)

    def test_a_zip_cut_off_without_notice(self, site: Site, folder: Path) -> None:
        def cut(handler: Handler) -> None:
            handler.begin(200, Connection="close")
            handler.wfile.write(_zip()[:3000])

        site.content = _zip()
        site.behaviours = [cut]
        (row,) = get([site.file(filename="a.zip")], folder)
        assert row.bytes == len(_zip())
        site.behaviours = [cut] * 3
        with pytest.raises(InputError, match="an incomplete zip archive"):
            get([site.file(filename="b.zip")], folder)

    def test_a_full_disk(self, site: Site, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def full(self: Path, *args: Any) -> Any:
            raise OSError(28, "No space left on device")

        folder.mkdir()
        with monkeypatch.context() as patch:
            patch.setattr("gp_segmentation.sources.download.partial.Partial.begin", full)
            with pytest.raises(GpsegError, match=r"a\.csv could not be written: No space left on device"):
                get([site.file()], folder)

    def test_two_runs_at_once_are_kept_apart(self, site: Site, folder: Path) -> None:
        with lock_folder(folder), pytest.raises(GpsegError, match="another run is bringing files into"):
            get([site.file()], folder)
        assert len(get([site.file()], folder)) == 1

    def test_the_lock_is_beside_the_folder_of_all_raw_files(self, tmp_path: Path) -> None:
        folder = tmp_path / "data" / "raw" / "nhs_2024_25"
        with lock_folder(folder):
            assert _names(tmp_path / "data") == [".raw.nhs_2024_25.lock", "raw"]
            assert _names(tmp_path / "data" / "raw") == ["nhs_2024_25"], "DVC hashes what is in data/raw"
            assert _names(folder) == []

    def test_a_drive_without_locks_stops_nobody(
        self, site: Site, folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        def no_locks(lock: FileLock) -> None:
            raise OSError(37, "No locks available")

        monkeypatch.setattr(FileLock, "_acquire", no_locks)
        with caplog.at_level(logging.WARNING):
            assert len(get([site.file()], folder)) == 1
        assert "could not be locked against a second run: No locks available" in caplog.text


@pytest.fixture
def connections(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every host a connection was tried to; only this machine is really connected to."""
    tried: list[str] = []
    resolve = socket.getaddrinfo

    def watched(host: str, *args: Any, **more: Any) -> Any:
        tried.append(host)
        if host not in ("127.0.0.1", "localhost"):
            raise socket.gaierror(-2, "Name or service not known")
        return resolve(host, *args, **more)

    monkeypatch.setattr(socket, "getaddrinfo", watched)
    return tried


@contextmanager
def _listening_with_own_certificate(pem: Path) -> Iterator[tuple[int, list[int]]]:
    """Listen with a certificate nobody vouches for; gives the port and a count of connections."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1))
        .not_valid_after(datetime(2120, 1, 1))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    pem.write_bytes(certificate.public_bytes(Encoding.PEM) + private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    accepted: list[int] = [0]

    def answer() -> None:
        with suppress(OSError):
            while True:
                plain, _ = server.accept()
                accepted[0] += 1
                plain.settimeout(5)
                with plain, suppress(OSError):
                    context.wrap_socket(plain, server_side=True).close()

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=answer)
        thread.start()
        yield server.getsockname()[1], accepted
        server.shutdown(socket.SHUT_RDWR)
        thread.join(5)


class TestAddresses:
    def test_a_redirect_is_followed(self, site: Site, folder: Path) -> None:
        site.behaviours = [status(302, Location="/elsewhere"), status(307, Location=site.url("b"))]
        (row,) = get([site.file()], folder)
        assert row.sha256 == SHA
        assert row.address == site.url()

    def test_redirects_without_end(self, site: Site, folder: Path) -> None:
        site.behaviours = [status(302, Location="/again")] * 20
        with pytest.raises(InputError, match="the server redirected more than 10 times"):
            get([site.file()], folder)
        assert len(site.ranges_asked) == 11

    def test_a_404_after_a_redirect_names_both(self, site: Site, folder: Path) -> None:
        site.behaviours = [status(302, Location="/b?token=abc"), status(404)]
        with pytest.raises(
            InputError, match=r"404 Not Found after a redirect to http://127.*/b\?token=\*\*\*\."
        ):
            get([site.file()], folder)

    @pytest.mark.parametrize(
        "location",
        [
            "http://example.org/a.csv",
            "//example.org/a.csv",
            "ftp://example.org/a",
            "file:///etc/passwd",
        ],
    )
    def test_a_redirect_to_an_unsafe_address_is_not_followed(
        self, site: Site, folder: Path, connections: list[str], location: str
    ) -> None:
        site.behaviours = [status(302, Location=location)]
        with pytest.raises(InputError, match=r"\(redirected from http://127.*\) is not an https address"):
            get([site.file()], folder)
        assert set(connections) == {"127.0.0.1"}

    @pytest.mark.parametrize(
        "url",
        ["http://example.org/a.csv", "ftp://127.0.0.1/a", "file:///etc/passwd", "a.csv", "https://", "https://[/a",
         "http://127.0.0.1@example.org/", "http://127.0.0.1.example.org/", "https://example.org:port/"],
    )  # fmt: skip
    def test_an_unsafe_address_is_not_opened(self, folder: Path, connections: list[str], url: str) -> None:
        with pytest.raises(InputError, match="is not an https address, so it was not opened"):
            get([{"filename": "a.csv", "url": url}], folder)
        assert connections == []

    def test_an_https_address_is_opened(self, folder: Path, connections: list[str]) -> None:
        with pytest.raises(InputError, match=r"no connection could be made \(Name or service not known\)"):
            get([{"filename": "a.csv", "url": "https://example.org/a.csv"}], folder)
        assert set(connections) == {"example.org"}

    def test_a_server_that_does_not_speak_tls(self, site: Site, folder: Path) -> None:
        with pytest.raises(
            InputError, match=r"3 attempts failed\. The last error: no secure connection could be made"
        ):
            get([site.file(url=site.url().replace("http:", "https:"))], folder)
        assert _names(folder) == []

    def test_a_certificate_nobody_vouches_for_is_not_asked_for_twice(
        self, folder: Path, tmp_path: Path
    ) -> None:
        with _listening_with_own_certificate(tmp_path / "own.pem") as (port, accepted):
            with pytest.raises(
                InputError, match=r"certificate could not be verified\. Behind .* REQUESTS_CA_BUNDLE"
            ):
                get([{"filename": "a.csv", "url": f"https://127.0.0.1:{port}/a.csv"}], folder)
            assert accepted == [1]
        assert _names(folder) == []

    def test_secrets_are_shown_nowhere(self, site: Site, folder: Path) -> None:
        url = site.url("a.csv?area=GB&token=hunter2").replace("http://", "http://me:hunter2@")
        site.behaviours = [broken_off(10)] * 3
        with pytest.raises(InputError) as caught:
            get([site.file(url=url)], folder)
        assert "hunter2" not in str(caught.value)
        assert caught.value.__context__ is None
        assert "hunter2" not in (folder / ".a.csv.part.state").read_text(encoding="utf-8")
        (row,) = get([site.file(url=url)], folder)
        assert row.address == site.url("a.csv?area=GB&token=***").replace("://", "://***@")
        assert "hunter2" not in (folder / "manifest.json").read_text(encoding="utf-8")

    def test_nor_in_a_failed_connection(self, folder: Path, connections: list[str]) -> None:
        with pytest.raises(InputError) as caught:
            get([{"filename": "a.csv", "url": "https://me:hunter2@example.org/a?sig=hunter2"}], folder)
        assert "hunter2" not in str(caught.value)
        assert caught.value.__context__ is None
        assert connections


class TestWithoutAddress:
    def test_all_missing_required_files_are_named_before_anything_is_asked(
        self, site: Site, folder: Path
    ) -> None:
        files = [site.file(), {"filename": "b.csv", "url": None}, {"filename": "c.csv"}]
        with pytest.raises(
            InputError,
            match=r"^b\.csv, c\.csv: this file has no download address.*the same command with from=FOLDER",
        ):
            get(files, folder)
        assert site.ranges_asked == []

    def test_what_was_placed_by_hand_will_do(self, folder: Path) -> None:
        folder.mkdir()
        (folder / "b.csv").write_bytes(b"1")
        (row,) = get([{"filename": "b.csv", "url": None}], folder)
        assert row.address == "placed by hand"

    def test_unless_it_is_another_file(self, folder: Path) -> None:
        folder.mkdir()
        (folder / "b.csv").write_bytes(b"1")
        with pytest.raises(InputError, match="another sha256 than configured"):
            get([{"filename": "b.csv", "url": None, "sha256": "0" * 64}], folder)

    def test_optional_ones_are_noted(
        self, site: Site, folder: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        site.behaviours = [status(404)]
        files = [
            {"filename": "b.csv", "required": False},
            site.file(required=False),
            site.file(filename="c.csv"),
        ]
        with caplog.at_level(logging.WARNING):
            rows = get(files, folder)
        assert [row.filename for row in rows] == ["c.csv"]
        assert [record.getMessage().split(" ")[0] for record in caplog.records] == ["b.csv", "a.csv:"]


class TestSeveralAddresses:
    def test_the_first_that_works_is_taken_and_recorded(
        self, site: Site, folder: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        site.behaviours = [status(403)]
        (row,) = get([site.file(url=[site.url("old"), site.url("new"), site.url("never")])], folder)
        assert (row.address, row.sha256) == (site.url("new"), SHA)
        assert len(site.ranges_asked) == 2
        refused = f"a.csv: {site.url('old')} could not be downloaded: the server answered 403 Forbidden"
        assert caplog.messages == [f"{refused}; another address had the file"]

    def test_when_none_works_every_failure_is_named(self, site: Site, folder: Path) -> None:
        site.behaviours = [status(403), status(404)]
        with pytest.raises(InputError) as caught:
            get([site.file(url=[site.url("old"), site.url("new")])], folder)
        assert str(caught.value).startswith(
            f"a.csv: none of its 2 addresses had it: {site.url('old')} could not be downloaded: the server "
            f"answered 403 Forbidden; {site.url('new')} could not be downloaded: the server answered 404 Not "
            f"Found. Place it in {folder} by hand"
        )

    def test_what_one_address_broke_off_is_not_joined_to_what_another_sends(
        self, site: Site, folder: Path
    ) -> None:
        site.behaviours = [broken_off(100_000)] * QUICK.attempts
        (row,) = get([site.file(url=[site.url("old"), site.url("new")])], folder)
        assert row.sha256 == SHA
        assert site.ranges_asked[-1] is None

    def test_a_file_from_any_of_them_is_current(self, site: Site, folder: Path) -> None:
        get([site.file(url=site.url("old"))], folder)
        get([site.file(url=[site.url("new"), site.url("old")])], folder)
        assert len(site.ranges_asked) == 1

    def test_one_from_an_address_no_longer_configured_is_taken_anew_and_told(
        self, site: Site, folder: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        get([site.file(url=site.url("v1.csv"))], folder)
        site.content, site.etag = b"version two", '"two"'
        (row,) = get([site.file(url=site.url("v2.csv"))], folder)
        assert (folder / "a.csv").read_bytes() == b"version two"
        assert row.address == site.url("v2.csv")
        assert caplog.messages[0].startswith("a.csv replaced: was 512,000 bytes, sha256 ")
        get([site.file(url=site.url("v2.csv"))], folder)
        assert len(site.ranges_asked) == 2

    def test_the_same_bytes_from_a_new_address_are_asked_for_once(self, site: Site, folder: Path) -> None:
        for path in ("v1.csv", "v2.csv", "v2.csv"):
            (row,) = get([site.file(url=site.url(path))], folder)
        assert row.address == site.url("v2.csv")
        assert len(site.ranges_asked) == 2

    def test_an_optional_file_that_no_address_gives_any_more_is_said_to_be_the_one_there(
        self, site: Site, folder: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        get([site.file(url=site.url("v1.csv"))], folder)
        site.behaviours = [status(404)]
        (row,) = get([site.file(url=site.url("v2.csv"), required=False)], folder)
        assert row.address == site.url("v1.csv")
        assert "continuing with the file there: 512,000 bytes, sha256 " in caplog.text

    def test_a_kept_file_is_told(self, site: Site, folder: Path, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.INFO)
        (row,) = get([site.file()], folder)
        get([site.file()], folder)
        kept = f"a.csv kept: 512,000 bytes, sha256 {SHA[:12]}, {site.url()}, {row.retrieved}"
        assert caplog.messages[-1] == kept


class TestFormats:
    """The name follows what came: a CSV where a zip was before, and the other way round."""

    FILE: ClassVar = {"filename": "list.csv", "aliases": ["list.zip"]}

    @pytest.mark.parametrize(
        ("content", "name"), [(b"A81001,one", "list.csv"), (_zip(), "list.zip")], ids=["plain", "zip"]
    )
    def test_the_name_follows_what_came(self, site: Site, folder: Path, content: bytes, name: str) -> None:
        site.content = content
        (row,) = get([site.file(**self.FILE)], folder)
        assert row.filename == name
        assert (folder / name).read_bytes() == content
        assert _names(folder) == sorted([name, "manifest.json"])
        get([site.file(**self.FILE)], folder)
        assert len(site.ranges_asked) == 1

    def test_an_archive_that_was_cut_short_is_no_table(self, site: Site, folder: Path) -> None:
        site.content = _zip()[:100]
        with pytest.raises(InputError, match="incomplete zip archive"):
            get([site.file(**self.FILE)], folder)

    def test_the_other_format_is_replaced(
        self, site: Site, folder: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        site.content = _zip()
        get([site.file(**self.FILE)], folder)
        site.content, site.etag = b"A81001,one", '"two"'
        (row,) = get([site.file(**self.FILE)], folder, restart=True)
        assert row.filename == "list.csv"
        assert _names(folder) == ["list.csv", "manifest.json"]
        assert caplog.messages[0].startswith("list.zip replaced: was ")
