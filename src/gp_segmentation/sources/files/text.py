"""Published CSV files in any encoding, read as UTF-8."""

import codecs
import io
import lzma
import re
import struct
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
#: Python's "surrogateescape" of a byte that is not UTF-8, and its character in Windows-1252 or Latin-1.
_ESCAPED = re.compile("[\udc80-\udcff]")
_SINGLE_BYTES = {
    0xDC00 + byte: bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in range(0x80, 0x100)
}


class TooLargeError(Exception):
    """A stream holds more bytes than allowed."""


class DamagedError(Exception):
    """An archive or disk cannot be read; the text gives the reason."""


@contextmanager
def damaged_as_error() -> Iterator[None]:
    """Raise DamagedError instead of what Python's zip reader and its decompressors raise at damaged bytes."""
    try:
        yield
    except _DAMAGED as error:
        raise DamagedError(str(error) or type(error).__name__) from error


class Utf8Stream(io.RawIOBase):
    """Bytes of `raw` as UTF-8 without byte-order mark; at most `max_bytes` are read from `raw`.

    UTF-16 is recognised by its byte-order mark. Everything else is read as UTF-8; a byte that is not valid
    UTF-8 is read as Windows-1252 (Latin-1 where that has no character), because such files are ASCII except
    for a few names. `recoded` counts those bytes; `encoding` says what was recognised.

    Raises DamagedError where `raw` cannot be read, and TooLargeError above `max_bytes`, so that a small
    archive cannot fill the memory.
    """

    def __init__(self, raw: IO[bytes], max_bytes: int) -> None:
        self._raw, self._left = raw, max_bytes
        self._decoder: codecs.IncrementalDecoder | None = None  # chosen at the first bytes
        self._ended = False
        self._ready = memoryview(b"")
        self.recoded = 0
        self._mark = ""

    @property
    def encoding(self) -> str:
        """The encoding of what was read so far, in words."""
        return "Windows-1252" if self.recoded else self._mark or "UTF-8"

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # typeshed: any writable buffer
        while not self._ready and not self._ended:
            self._ready = memoryview(self._next())
        count = min(len(buffer), len(self._ready))
        buffer[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count

    def _next(self) -> bytes:
        """Return the next bytes of `raw` as UTF-8; there may be none yet."""
        with damaged_as_error():
            chunk = self._raw.read(CHUNK)
        self._ended = not chunk
        self._left -= len(chunk)
        if self._left < 0:
            raise TooLargeError
        if self._decoder is None:
            utf16 = chunk.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
            if utf16 or chunk.startswith(codecs.BOM_UTF8):
                self._mark = "UTF-16" if utf16 else "UTF-8 with a byte-order mark"
            decoder = codecs.getincrementaldecoder("utf-16" if utf16 else "utf-8")
            self._decoder = decoder("strict" if utf16 else "surrogateescape")
            chunk = chunk.removeprefix(codecs.BOM_UTF8)
        text = self._decoder.decode(chunk, self._ended)
        if text.isascii():
            return text.encode()
        if escaped := len(_ESCAPED.findall(text)):
            self.recoded += escaped
            text = text.translate(_SINGLE_BYTES)
        return text.encode()
