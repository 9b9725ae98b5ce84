"""Zip members are found by base name and never unpacked; unusable ones are refused with a clear error."""

from __future__ import annotations

import zipfile

import pytest

from gp_segmentation.errors import InputError
from gp_segmentation.sources.files.archive import find_text, find_texts


def read(text):
    with text.open() as stream:
        return stream.read().decode()


@pytest.mark.parametrize(
    "member",
    [
        "PREVALENCE_2425.csv",
        "qof/data/prevalence_2425.CSV",
        "qof\\Prevalence_2425.csv",
        "../PREVALENCE_2425.csv",
    ],
)
def test_a_member_is_found_by_its_base_name_in_any_folder_and_case(tmp_path, write_zip, member):
    path = write_zip(
        tmp_path / "q.zip", {member: "A\n1\n", "__MACOSX/._PREVALENCE_2425.csv": "x", "b.csv": ""}
    )
    assert read(find_text(path, r"PREVALENCE_2425\.csv")) == "A\n1\n"
    assert [child.name for child in tmp_path.parent.glob("*.csv")] == []  # nothing was unpacked


def test_a_plain_file_is_its_own_only_text(tmp_path):
    path = tmp_path / "any name.txt"
    path.write_text("A\n1\n", encoding="utf-8")
    assert read(find_text(path, r"PREVALENCE\.csv")) == "A\n1\n"


def test_several_members_come_in_the_order_of_their_names(tmp_path, write_zip):
    path = write_zip(tmp_path / "q.zip", {"x/ACH_B.csv": "", "y/ACH_A.csv": "", "z/OTHER.csv": ""})
    assert [text.base_name for text in find_texts(path, r"ACH_.\.csv")] == ["ACH_A.csv", "ACH_B.csv"]


def test_a_missing_member_is_named_with_what_is_there(tmp_path, write_zip):
    path = write_zip(tmp_path / "q.zip", {"d/ONE.csv": "", "TWO.csv": ""})
    with pytest.raises(
        InputError, match=r"q\.zip: no member matches THREE\\.csv \(found: ONE.csv, TWO.csv\)"
    ):
        find_text(path, r"THREE\.csv")


def test_two_members_of_one_name_are_refused(tmp_path, write_zip):
    path = write_zip(tmp_path / "q.zip", {"a/ONE.csv": "", "b/ONE.csv": ""})
    with pytest.raises(InputError, match=r"2 members match .*: a/ONE.csv, b/ONE.csv\. Keep only one"):
        find_text(path, r"ONE\.csv")


def test_the_start_of_a_page_saved_as_a_zip_is_shown(tmp_path):
    path = tmp_path / "q.zip"
    path.write_text("<!DOCTYPE html><title>Not found</title>", encoding="utf-8")
    with pytest.raises(InputError, match=r"is not a zip file \(it begins with b'<!DOCTYPE html>"):
        find_text(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"^q\.zip: is missing\. Fetch it with gpseg data"):
        find_text(tmp_path / "q.zip")


def test_a_text_larger_than_the_bound_is_refused_before_it_is_inflated(tmp_path, write_zip):
    path = write_zip(tmp_path / "q.zip", {"BOMB.csv": b"0" * 1_000_000})
    assert path.stat().st_size < 2_000
    with pytest.raises(InputError, match=r"q\.zip: BOMB\.csv: holds more than 1,000 bytes"):
        read(find_text(path, max_bytes=1000))


def test_the_bound_holds_for_a_plain_file_too(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"0" * 1001)
    with pytest.raises(InputError, match=r"a\.csv: holds more than 1,000 bytes"):
        read(find_text(path, max_bytes=1000))


def test_a_damaged_member_is_refused(tmp_path):
    path = tmp_path / "q.zip"
    with zipfile.ZipFile(path, "w") as archive:  # stored, so that its bytes can be changed
        archive.writestr("ONE.csv", "A,B\n" + "1,2\n" * 100)
    path.write_bytes(path.read_bytes().replace(b"1,2\n1,2\n", b"1,2\n1,3\n", 1))
    with pytest.raises(InputError, match=r"q\.zip: ONE\.csv: is damaged .*CRC.*gpseg data"):
        read(find_text(path))


def test_an_encrypted_member_is_refused(tmp_path, write_zip):
    path = write_zip(tmp_path / "q.zip", {"ONE.csv": "A\n1\n"})
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + offset] |= 1  # the flag that says "encrypted"
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"ONE\.csv: is encrypted\. Place a file without a password"):
        read(find_text(path))
