"""A file changed at random is read, or quickly refused with the project's own error; nothing else happens.

Each example changes an intact file in a few places: its text, and the bytes of packed files. `GPSEG_FUZZ`
sets the number of examples of each target (default 60) and then draws new ones each time.
"""

from __future__ import annotations

import os
import runpy
import time
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gp_segmentation.errors import GpsegError

RAW = runpy.run_path(str(Path(__file__).resolve().parents[2] / "fixtures" / "raw_files.py"))
READERS = RAW["READERS"]
LONGEST_SECONDS = 20

#: Text and bytes that change the meaning of a file when they are in the wrong place.
TOKENS = [
    *(
        token.encode()
        for token in [",", '"', "\n", "\r", "\r\n", "\t", ";", "\x00", "*", ":", "-", ".", "NaN"]
    ),
    *(
        token.encode()
        for token in ["inf", "1e999", "1e18", "-1", "0x10", "1,234", "ALL", "TOTAL", "E", "é", "٣"]
    ),
    *(b"\xff\xfe", b"\xef\xbb\xbf", b"\xe9", b"\x80", b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"),
    *(b"{", b"}", b"[", b"]", b"null", b'""', b"\\u0000", b"A81001", b"PRACTICE_CODE", b" ", b",,,,"),
]

harm = st.tuples(
    st.sampled_from(["put", "replace", "cut", "repeat", "swap", "flip", "end"]),
    st.floats(0, 1, exclude_max=True),
    st.integers(0, 40),
    st.sampled_from(TOKENS) | st.binary(min_size=1, max_size=4),
)


def harmed(data: bytes, harms: list[tuple[str, float, int, bytes]]) -> bytes:
    for kind, where, length, token in harms:
        at = int(where * len(data))
        before, piece, after = data[:at], data[at : at + length], data[at + length :]
        if kind == "put":
            data = before + token + piece + after
        elif kind == "replace":
            data = before + token + piece[len(token) :] + after
        elif kind == "cut":
            data = before + after
        elif kind == "repeat":
            data = before + piece + piece + after
        elif kind == "swap":
            data = before + piece[::-1] + after
        elif kind == "flip":
            data = before + bytes(byte ^ 1 << length % 8 for byte in piece[:1]) + piece[1:] + after
        else:
            data = before
    return data


def as_text(name: str) -> Callable[[Path, list], object]:
    reader = READERS[name]

    def read(folder: Path, harms: list) -> object:
        return reader.read(reader.pack(folder, harmed(reader.text.encode(), harms)))

    return read


def as_bytes(name: str) -> Callable[[Path, list], object]:
    reader = READERS[name]

    def read(folder: Path, harms: list) -> object:
        path = reader.pack(folder, reader.text.encode())
        path.write_bytes(harmed(path.read_bytes(), harms))
        return reader.read(path)

    return read


def boundaries(folder: Path, harms: list) -> object:
    path = folder / "icb.geojson"
    path.write_bytes(harmed(RAW["BOUNDARIES"].encode(), harms))
    return RAW["boundaries"](path)


def table_of(suffix: str) -> Callable[[Path, list], object]:
    rows = [line.split(",") for line in RAW["LOCAL"].splitlines()]

    def read(folder: Path, harms: list) -> object:
        path = folder / f"table{suffix}"
        if suffix == ".parquet":
            pd.DataFrame(rows[1:], columns=rows[0]).to_parquet(path)
        else:
            book = openpyxl.Workbook()
            for row in rows:
                book.active.append(row)
            book.save(path)
        path.write_bytes(harmed(path.read_bytes(), harms))
        return RAW["read_local_table"](path, **RAW["AREA"])

    return read


TARGETS: dict[str, Callable[[Path, list], object]] = {
    **{f"{name}, its text": as_text(name) for name in READERS},
    **{f"{name}, its bytes": as_bytes(name) for name in ("prevalence", "registrations", "postcodes")},
    "boundaries": boundaries,
    "workbook": table_of(".xlsx"),
    "parquet": table_of(".parquet"),
}
EXAMPLES = int(os.environ.get("GPSEG_FUZZ", "25"))


@pytest.mark.parametrize("name", TARGETS)
def test_a_harmed_file_is_read_or_refused(tmp_path, name):
    read, outcomes, slowest = TARGETS[name], {"read": 0, "refused": 0}, 0.0

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize="GPSEG_FUZZ" not in os.environ,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(harm, min_size=1, max_size=4))
    def attempt(harms):
        nonlocal slowest
        began = time.monotonic()
        try:
            read(tmp_path, harms)
            outcomes["read"] += 1
        except GpsegError:
            outcomes["refused"] += 1
        slowest = max(slowest, time.monotonic() - began)

    attempt()
    assert slowest < LONGEST_SECONDS
    assert outcomes["refused"] > 0, outcomes
