"""Every encoding that publishers use is read as UTF-8, for any size of the chunks read."""

from __future__ import annotations

import io

import pytest

from gp_segmentation.sources.files import text
from gp_segmentation.sources.files.text import TooLargeError, Utf8Stream

NAMES = "A81001,Café Road Surgery\nA81002,St Mary’s\nA81003,Ellis & Söhne\n"


def decoded(data: bytes, max_bytes: int = 10_000) -> str:
    return io.BufferedReader(Utf8Stream(io.BytesIO(data), max_bytes)).read().decode()


@pytest.mark.parametrize("chunk", [1, 2, 3, 7, 1 << 18])
@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le-bom", "utf-16-be-bom"]
)
def test_any_encoding_gives_the_same_text(monkeypatch, encoding, chunk):
    monkeypatch.setattr(text, "CHUNK", max(chunk, 3))  # a byte-order mark is never cut
    codec = encoding.removesuffix("-bom")
    mark = "\ufeff" if encoding.endswith("-bom") else ""
    assert decoded((mark + NAMES).encode(codec)) == NAMES


def test_a_byte_without_a_windows_character_is_latin_1():
    assert decoded(b"A\x81B") == "A\x81B"


def test_recoded_bytes_are_counted():
    stream = Utf8Stream(io.BytesIO("é,é,plain".encode("latin-1")), 100)
    assert io.BufferedReader(stream).read().decode() == "é,é,plain"
    assert stream.recoded == 2


def test_a_file_cut_within_a_character_ends_with_that_byte_in_windows_1252():
    assert decoded("né".encode()[:-1]) == "nÃ"


def test_no_more_than_the_bound_is_taken():
    assert decoded(b"x" * 50, max_bytes=50) == "x" * 50
    with pytest.raises(TooLargeError):
        decoded(b"x" * 51, max_bytes=50)
