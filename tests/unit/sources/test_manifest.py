"""The manifest, what a source may say of its files, and addresses without secrets."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from gp_segmentation.errors import ConfigError, InputError
from gp_segmentation.sources.download.addresses import public_address
from gp_segmentation.sources.download.config import RawFile, read_raw_files
from gp_segmentation.sources.download.manifest import (
    ManifestRow,
    describe,
    read_manifest,
    verify,
    write_manifest,
)

ROW = ManifestRow("a.csv", "https://example.org/a.csv", "2025-04-01T09:00:00Z", 3, "0" * 64, "OGL")


def test_rows_come_back_as_written_and_sorted(tmp_path: Path) -> None:
    rows = [ManifestRow("b.csv", "folder: x", None, 0, "f" * 64, None), ROW]
    write_manifest(tmp_path, rows)
    assert read_manifest(tmp_path) == [ROW, rows[0]]


def test_without_a_manifest_there_are_no_rows(tmp_path: Path) -> None:
    assert read_manifest(tmp_path) == []
    assert verify(tmp_path) == []


@pytest.mark.parametrize("text", ["", "{", "[]", '{"files": {}}', '{"files": 1}', "null", "\udcff"])
def test_an_unreadable_manifest_is_an_error_with_a_remedy(tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(InputError, match=r"manifest\.json: .* Delete it and run: gpseg data source="):
        read_manifest(tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        {"filename": "../a.csv"},
        {"filename": ".a"},
        {"filename": "manifest.json"},
        {"filename": None},
        {"address": 1},
        {"retrieved": "yesterday"},
        {"retrieved": "2025-04-01T09:00:00"},
        {"retrieved": 5},
        {"bytes": -1},
        {"bytes": True},
        {"bytes": 1.5},
        {"sha256": "ABC"},
        {"sha256": 1},
        {"licence": 1},
        {"more": 1},
    ],
)
def test_a_row_that_is_not_what_it_should_be_is_named(tmp_path: Path, change: dict[str, Any]) -> None:
    (tmp_path / "manifest.json").write_text(
        json.dumps({"files": [{**asdict(ROW), **change}]}), encoding="utf-8"
    )
    with pytest.raises(InputError, match="entry 1 "):
        read_manifest(tmp_path)


def test_a_file_twice_is_refused(tmp_path: Path) -> None:
    write_manifest(tmp_path, [ROW, ROW])
    with pytest.raises(InputError, match="twice"):
        read_manifest(tmp_path)


def test_verify_names_what_is_missing_and_what_has_changed(tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv", "c.csv"):
        (tmp_path / name).write_text(name, encoding="utf-8")
    rows = [describe(tmp_path / name, address="x", licence=None) for name in ("a.csv", "b.csv", "c.csv")]
    write_manifest(tmp_path, rows)
    assert verify(tmp_path) == []
    (tmp_path / "a.csv").unlink()
    (tmp_path / "b.csv").write_text("B.csv", encoding="utf-8")
    assert verify(tmp_path) == [("a.csv", "missing"), ("b.csv", "changed")]


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://example.org/a%20b.csv", "https://example.org/a%20b.csv"),
        ("https://u:p@example.org:8443/a?b=1#frag", "https://***@example.org:8443/a?b=1"),
        ("https://u@h/a?Access_Token=x&id=7&X-Amz-Signature=y", "https://***@h/a?Access_Token=***&id=7&X-Amz-Signature=***"),
        ("https://h/a?area=GB&format=CSV&redirect", "https://h/a?area=GB&format=CSV&redirect"),
        ("https://h/\x1b[31m", "https://h/{U+001B}[31m"),
        ("https://[", "(not readable as an address)"),
    ],
)  # fmt: skip
def test_addresses_are_shown_without_secrets(address: str, shown: str) -> None:
    assert public_address(address) == shown


def test_files_are_read_from_configuration() -> None:
    node = {
        "filename": "a.csv",
        "url": None,
        "role": "qof",
        "reader": print,
        "max_bytes": 1e6,
        "sha256": "A" * 64,
    }
    assert read_raw_files({"one": node, "same": dict(node)}) == [
        RawFile("a.csv", (), "a" * 64, True, 1_000_000, None, ())
    ]


@pytest.mark.parametrize(
    ("node", "message"),
    [
        ({}, "filename: None"),
        ({"filename": "x/a.csv"}, "not a plain file name"),
        ({"filename": ".."}, "not a plain file name"),
        ({"filename": "c:a"}, "not a plain file name"),
        ({"filename": "a", "url": ""}, "a: url is ''"),
        ({"filename": "a", "sha256": "12"}, "must be 64 hexadecimal digits"),
        ({"filename": "a", "required": "no"}, "must be true or false"),
        ({"filename": "a", "max_bytes": 0}, "must be a number of bytes"),
        ({"filename": "a", "max_bytes": float("nan")}, "must be a number of bytes"),
        ({"filename": "a", "max_bytes": float("inf")}, "must be a number of bytes"),
        ({"filename": "a", "aliases": "b"}, "must be a list of plain file names"),
        ({"filename": "a", "aliases": ["../b"]}, "must be a list of plain file names"),
    ],
)
def test_a_wrong_entry_is_named(node: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read_raw_files([node])


def test_two_entries_that_disagree_are_refused() -> None:
    with pytest.raises(ConfigError, match="two entries"):
        read_raw_files([{"filename": "a.csv"}, {"filename": "A.csv", "required": False}])
