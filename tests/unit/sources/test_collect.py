"""Taking raw files from a folder."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path
from typing import Any

import pytest

from gp_segmentation.errors import GpsegError, InputError
from gp_segmentation.sources.download import collect
from gp_segmentation.sources.download.manifest import read_manifest

QOF = {"filename": "QOF2425.zip", "url": "https://example.org/QOF2425.zip", "licence": "OGL"}
IMD = {"filename": "imd.csv", "url": None, "aliases": ["93553_imd2019.csv"]}


def _place(folder: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture
def given(tmp_path: Path) -> Path:
    return _place(
        tmp_path / "given", {"deep/er/qof2425.ZIP": b"qof", "93553_IMD2019.csv": b"imd", "other": b""}
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "raw" / "nhs_2024_25"


def _content(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in sorted(folder.iterdir()) if p.name != "manifest.json"}


def test_files_are_found_by_name_or_alias_in_any_case(given: Path, folder: Path) -> None:
    rows = collect({"qof": QOF, "imd": IMD}, given, folder)
    assert _content(folder) == {"QOF2425.zip": b"qof", "imd.csv": b"imd"}
    assert [(row.filename, row.address, row.bytes, row.licence) for row in rows] == [
        ("QOF2425.zip", "folder: given", 3, "OGL"),
        ("imd.csv", "folder: given", 3, None),
    ]
    assert rows[0].sha256 == hashlib.sha256(b"qof").hexdigest()
    assert read_manifest(folder) == rows


def _sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]


def test_again_changes_nothing_and_says_nothing(
    given: Path, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first = collect([QOF, IMD], given, folder)
    assert collect([QOF, IMD], given, folder) == first
    assert _content(folder) == {"QOF2425.zip": b"qof", "imd.csv": b"imd"}
    assert caplog.text == ""


def test_a_file_that_differs_is_replaced_and_both_are_told(
    given: Path, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first = collect([QOF, IMD], given, folder)
    _place(given, {"deep/er/qof2425.ZIP": b"newer"})
    rows = collect([QOF, IMD], given, folder)
    assert _content(folder)["QOF2425.zip"] == b"newer"
    assert rows[1] == first[1]
    (said,) = caplog.messages
    old = f"3 bytes, sha256 {_sha(b'qof')}, folder: given, {first[0].retrieved}"
    new = f"5 bytes, sha256 {_sha(b'newer')}, folder: given, {rows[0].retrieved}"
    assert said == f"QOF2425.zip replaced: was {old}; now {new}"


def test_so_is_one_that_was_placed_by_hand(
    given: Path, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    _place(folder, {"QOF2425.zip": b"by hand"})
    collect([QOF], given, folder)
    assert _content(folder) == {"QOF2425.zip": b"qof"}
    was = f"QOF2425.zip replaced: was 7 bytes, sha256 {_sha(b'by hand')}, placed by hand"
    assert caplog.messages[0].startswith(was)


def test_a_file_the_folder_does_not_have_is_kept_and_that_is_said(
    given: Path, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    _place(folder, {"a.csv": b"by hand"})
    collect([QOF, {"filename": "a.csv"}], given, folder)
    assert f"a.csv kept: 7 bytes, sha256 {_sha(b'by hand')}, placed by hand" in caplog.text


ODS = {"filename": "epraccur.csv", "aliases": ["epraccur.zip"]}


def _zipped(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("epraccur.csv", "A81001")
    return path


def test_a_file_of_another_format_keeps_its_ending(given: Path, folder: Path) -> None:
    _zipped(given / "ods" / "epraccur.zip")
    assert [row.filename for row in collect([ODS], given, folder)] == ["epraccur.zip"]
    assert sorted(_content(folder)) == ["epraccur.zip"]


def test_and_replaces_the_one_that_was_there(
    given: Path, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    archive = _zipped(given / "epraccur.zip")
    collect([ODS], given, folder)
    archive.unlink()
    _place(given, {"epraccur.csv": b"A81001"})
    assert [row.filename for row in collect([ODS], given, folder)] == ["epraccur.csv"]
    assert _content(folder) == {"epraccur.csv": b"A81001"}
    assert "epraccur.zip replaced: was " in caplog.text


def test_two_formats_of_one_file_side_by_side_are_refused(given: Path, folder: Path) -> None:
    _zipped(folder / "epraccur.zip")
    _place(folder, {"epraccur.csv": b"A81001"})
    with pytest.raises(
        InputError, match=r"^epraccur\.csv and epraccur\.zip: this file is in .* more than once"
    ):
        collect([{**ODS, "required": False}], given, folder)


def test_all_missing_files_are_named_and_nothing_is_copied(given: Path, folder: Path) -> None:
    files = [QOF, {"filename": "a.csv"}, {"filename": "b.csv", "aliases": ["c.csv"]}]
    with pytest.raises(InputError, match=r"^a\.csv, b\.csv or c\.csv: not found in .*given"):
        collect(files, given, folder)
    assert _content(folder) == {}


def test_a_missing_optional_file_is_noted(
    given: Path, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rows = collect([QOF, {"filename": "a.csv", "required": False}], given, folder)
    assert [row.filename for row in rows] == ["QOF2425.zip"]
    assert "a.csv is not in" in caplog.text


def test_what_stands_in_the_folder_need_not_be_found(given: Path, folder: Path) -> None:
    _place(folder, {"a.csv": b"by hand"})
    rows = collect([QOF, {"filename": "a.csv"}], given, folder)
    assert [row.address for row in rows] == ["folder: given", "placed by hand"]


def test_unless_it_is_known_to_be_another(given: Path, folder: Path) -> None:
    _place(folder, {"a.csv": b"by hand"})
    with pytest.raises(InputError, match="not found"):
        collect([{"filename": "a.csv", "sha256": "0" * 64}], given, folder)


def test_equal_candidates_are_one_and_different_ones_are_refused(given: Path, folder: Path) -> None:
    _place(given, {"copy/QOF2425.zip": b"qof"})
    assert len(collect([QOF], given, folder)) == 1
    _place(given, {"copy/QOF2425.zip": b"another"})
    with pytest.raises(
        InputError, match=r"2 files of this name differ: .*copy/QOF2425\.zip \(sha256 .*qof2425\.ZIP"
    ):
        collect([QOF], given, folder)
    assert _content(folder) == {"QOF2425.zip": b"qof"}


def test_a_known_checksum_tells_different_candidates_apart(given: Path, folder: Path) -> None:
    _place(given, {"copy/QOF2425.zip": b"another"})
    collect([{**QOF, "sha256": hashlib.sha256(b"another").hexdigest().upper()}], given, folder)
    assert _content(folder) == {"QOF2425.zip": b"another"}


@pytest.mark.parametrize(
    ("more", "message"),
    [({"sha256": "0" * 64}, "but these were found"), ({"max_bytes": 2}, "has 3 bytes, but max_bytes is 2")],
)
def test_a_wrong_file_is_refused(given: Path, folder: Path, more: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        collect([{**QOF, **more}], given, folder)
    assert _content(folder) == {}


def test_a_folder_that_is_not_there(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(InputError, match="this folder does not exist"):
        collect([QOF], tmp_path / "nowhere", folder)
    assert not folder.exists()


def test_a_copy_that_fails_leaves_nothing_half(
    given: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(source: Path, target: Path) -> None:
        Path(target).write_bytes(b"q")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("shutil.copyfile", fail)
    with pytest.raises(GpsegError, match=r"could not be copied from .*: No space left on device"):
        collect([QOF], given, folder)
    assert _content(folder) == {}


def test_the_folder_itself_may_be_searched(given: Path) -> None:
    rows = collect([QOF, IMD], given, given)
    assert [row.filename for row in rows] == ["QOF2425.zip", "imd.csv"]
