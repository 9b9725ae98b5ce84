"""Any of the encodings that published CSV files come in, read as UTF-8."""

from __future__ import annotations

import codecs
import io
from typing import IO

CHUNK = 1 << 18
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class TooLargeError(Exception):
    """A stream holds more bytes than allowed."""


class Utf8Stream(io.RawIOBase):
    """Bytes of `raw` as UTF-8 without byte-order mark, at most `max_bytes` of them taken from `raw`.

    UTF-16 is known by its byte-order mark. All else is read as UTF-8, and each byte that is not valid there
    as Windows-1252 (Latin-1 where that has no character), which is what such files then are: pure ASCII but
    for a few names. `recoded` counts those bytes.

    Raises TooLargeError past the bound, so that a small archive cannot fill the memory.
    """

    def __init__(self, raw: IO[bytes], max_bytes: int) -> None:
        self._raw, self._left = raw, max_bytes
        self._utf16: codecs.IncrementalDecoder | None = None
        self._started = self._ended = False
        self._pending = b""
        self._ready = memoryview(b"")
        self.recoded = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # typeshed: any writable buffer
        while not self._ready and not self._ended:
            self._ready = memoryview(self._convert(self._take()))
        count = min(len(buffer), len(self._ready))
        buffer[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count

    def _take(self) -> bytes:
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
        if not self._pending and chunk.isascii():
            return chunk
        return self._mend(self._pending + chunk).encode()

    def _mend(self, data: bytes) -> str:
        """Decode `data` as UTF-8, byte by byte otherwise; a character cut off by the chunk's end waits."""
        parts: list[str] = []
        self._pending = b""
        while data:
            try:
                parts.append(data.decode())
                break
            except UnicodeDecodeError as error:
                parts.append(data[: error.start].decode())
                if error.reason == "unexpected end of data" and not self._ended:
                    self._pending = data[error.start :]
                    break
                parts.append(_single_byte(data[error.start : error.start + 1]))
                self.recoded += 1
                data = data[error.start + 1 :]
        return "".join(parts)


def _single_byte(byte: bytes) -> str:
    try:
        return byte.decode("cp1252")
    except UnicodeDecodeError:
        return byte.decode("latin-1")
