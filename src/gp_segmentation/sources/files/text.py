"""Any of the encodings that published CSV files come in, read as UTF-8."""

import codecs
import io
import lzma
import re
import struct
import threading
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

CHUNK = 1 << 18
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    OSError,
    ValueError,
    NotImplementedError,
)
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
#: What Python's "surrogateescape" makes of a byte that is not UTF-8.
_ESCAPED = re.compile("[\udc80-\udcff]")


def _single_byte(byte: int) -> str:
    try:
        return bytes([byte]).decode("cp1252")
    except UnicodeDecodeError:
        return chr(byte)


_SINGLE_BYTES = {0xDC00 + byte: _single_byte(byte) for byte in range(0x80, 0x100)}


class TooLargeError(Exception):
    """A stream holds more bytes than allowed."""


class DamagedError(Exception):
    """Bytes of an archive or disk cannot be read; the text says why."""


@contextmanager
def whole() -> Iterator[None]:
    """Raise DamagedError for whatever Python's zip reader and its decompressors raise at damaged bytes."""
    try:
        yield
    except _DAMAGED as error:
        raise DamagedError(str(error) or type(error).__name__) from error


class Utf8Stream(io.RawIOBase):
    """Bytes of `raw` as UTF-8 without byte-order mark, at most `max_bytes` of them taken from `raw`.

    UTF-16 is known by its byte-order mark. All else is read as UTF-8, and each byte that is not valid there
    as Windows-1252 (Latin-1 where that has no character), which is what such files then are: pure ASCII but
    for a few names. `recoded` counts those bytes.

    Raises DamagedError where `raw` cannot be read, and TooLargeError past the bound, so that a small archive
    cannot fill the memory.
    """

    def __init__(self, raw: IO[bytes], max_bytes: int) -> None:
        self._raw, self._left = raw, max_bytes
        self._utf16: codecs.IncrementalDecoder | None = None
        self._started = self._ended = False
        self._utf8 = codecs.getincrementaldecoder("utf-8")(errors="surrogateescape")
        self._ready = memoryview(b"")
        self._reading = threading.Lock()
        self.recoded = 0

    def end(self) -> None:
        """Wait for a read that goes on in another thread, and give nothing more from now on.

        A reader that reads ahead in a thread of its own (pyarrow's) may still read when its user has given
        up over an error; `raw` must not be closed beneath it.
        """
        with self._reading:
            self._ended, self._ready = True, memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # typeshed: any writable buffer
        with self._reading:
            while not self._ready and not self._ended:
                self._ready = memoryview(self._convert(self._take()))
            count = min(len(buffer), len(self._ready))
            buffer[:count] = self._ready[:count]
            self._ready = self._ready[count:]
            return count

    def _take(self) -> bytes:
        with whole():
            chunk = self._raw.read(CHUNK)
        self._ended = not chunk
        self._left -= len(chunk)
        if self._left < 0:
            raise TooLargeError
        if not self._started:
            self._started = True
            if chunk.startswith(_UTF16):
                self._utf16 = codecs.getincrementaldecoder("utf-16")()
            chunk = chunk.removeprefix(codecs.BOM_UTF8)
        return chunk

    def _convert(self, chunk: bytes) -> bytes:
        if self._utf16 is not None:
            return self._utf16.decode(chunk, self._ended).encode()
        text = self._utf8.decode(chunk, self._ended)
        if text.isascii():
            return text.encode()
        if escaped := len(_ESCAPED.findall(text)):
            self.recoded += escaped
            text = text.translate(_SINGLE_BYTES)
        return text.encode()
