"""Broken or malicious archives, workbooks, parquet files and GeoJSON."""

from __future__ import annotations

import io
import json
import os
import re
import runpy
import struct
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from gp_segmentation.errors import InputError

RAW = runpy.run_path(str(Path(__file__).resolve().parents[2] / "fixtures" / "raw_files.py"))
ZIPPED = {name: reader for name, reader in RAW["READERS"].items() if reader.member is not None}
BOUNDARIES, read_boundaries = RAW["BOUNDARIES"], RAW["boundaries"]

GIB, MIB = 1 << 30, 1 << 20
#: What a member says it inflates to: all it does, next to nothing, and a size that is read to its end: the
#: largest, with `GPSEG_EXHAUSTIVE`, takes seconds; the smaller one is four times the memory allowed.
STATED = [10 * GIB, 1000, GIB if "GPSEG_EXHAUSTIVE" in os.environ else 256 * MIB]


@pytest.fixture(params=ZIPPED)
def reader(request):
    return ZIPPED[request.param]


@pytest.fixture
def packed(reader, tmp_path):
    return reader.pack(tmp_path, reader.text.encode())


def repacked(path: Path, change) -> Path:
    """Rewrite the members of a zip: `change` returns the new names and contents of each."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            for new_name, new_content in change(name, content):
                archive.writestr(new_name, new_content)
    return path


def deflated_zeros(size: int) -> bytes:
    """Deflate `size` zeros (whole MiB) without ever holding them: the block of one MiB, again and again."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = packer.compress(bytes(MIB)) + packer.flush(zlib.Z_FULL_FLUSH)
    return block * (size // MIB) + zlib.compressobj(9, zlib.DEFLATED, -15).flush()


def bomb(path: Path, member: str, inflated: int, stated: int) -> Path:
    """Write a zip of one member that inflates to `inflated` bytes and says it has `stated` (zip64)."""
    data, name = deflated_zeros(inflated), member.encode()
    extra = struct.pack("<HHQQ", 1, 16, stated, len(data))
    common = struct.pack("<HHHHHIIIHH", 45, 0, 8, 0, 33, 0, 0xFFFFFFFF, 0xFFFFFFFF, len(name), len(extra))
    local = b"PK\x03\x04" + common + name + extra
    central = (
        b"PK\x01\x02" + struct.pack("<H", 45) + common + struct.pack("<HHHII", 0, 0, 0, 0, 0) + name + extra
    )
    end = struct.pack("<HHHHIIH", 0, 0, 1, 1, len(central), len(local) + len(data), 0)
    path.write_bytes(local + data + central + b"PK\x05\x06" + end)
    return path


@pytest.mark.parametrize("stated", STATED)
def test_a_member_that_inflates_to_10_gib_is_refused_in_little_memory(reader, tmp_path, stated):
    members = "ACHIEVEMENT_2425.csv" if "QOF" in reader.file else reader.member
    path = bomb(tmp_path / reader.file, members, 10 * GIB, stated)
    assert path.stat().st_size < 15 * MIB
    tracemalloc.start()
    with pytest.raises(InputError, match=r"holds more than|is damaged|not a table|no member matches"):
        reader.read(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 64 * MIB


def test_folders_and_dots_in_names_make_no_difference_and_nothing_is_unpacked(reader, packed, tmp_path):
    before = reader.read(packed)
    repacked(packed, lambda name, content: [(f"../../{name}", content)])
    after = reader.read(packed)
    assert {name: len(frame) for name, frame in after.items()} == {n: len(f) for n, f in before.items()}
    assert [path.name for path in tmp_path.rglob("*")] == [reader.file]
    assert not list(tmp_path.parent.glob("*.csv"))


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (lambda data: None, "is missing"),
        (lambda data: b"", "is not a zip file|is empty"),
        (lambda data: b"<!DOCTYPE html><title>Not found</title>", "is not a zip file"),
        (lambda data: data[: len(data) // 2], "is not a zip file"),
        (lambda data: data[len(data) // 3 :], "is damaged|no member matches|holds no area file"),
        (lambda data: data.replace(b"PK\x03\x04", b"PK\x03\x05"), "is damaged"),
        (lambda data: b"".join([data[:60], bytes(40), data[100:]]), "is damaged|no member matches"),
    ],
    ids=["missing", "empty", "a page", "first half", "last two thirds", "no local headers", "a hole"],
)
def test_a_broken_archive_is_named(reader, packed, harm, message):
    harmed = harm(packed.read_bytes())
    packed.unlink() if harmed is None else packed.write_bytes(harmed)
    with pytest.raises(InputError, match=rf"^{reader.file}.*({message})"):
        reader.read(packed)


def flag(path: Path, signature: bytes, offset: int, value: int) -> None:
    """Set a 16-bit field of every header that begins with `signature`."""
    data = bytearray(path.read_bytes())
    at = data.find(signature)
    while at >= 0:
        data[at + offset : at + offset + 2] = struct.pack("<H", value)
        at = data.find(signature, at + 1)
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("offsets", "value", "message"),
    [
        ((6, 8), 1, "is encrypted. Place a file without a password"),
        ((6, 8), 32, "is damaged"),  # "patched data", which nobody writes
        ((8, 10), 99, "is packed by method 99. Zip it with Deflate"),
        ((4, 6), 99, "is damaged"),  # a version of the format that does not exist
    ],
    ids=["encrypted", "patched", "unknown method", "unknown version"],
)
def test_a_member_that_cannot_be_unpacked_is_named(reader, packed, offsets, value, message):
    flag(packed, b"PK\x03\x04", offsets[0], value)
    flag(packed, b"PK\x01\x02", offsets[1], value)
    with pytest.raises(InputError, match=message):
        reader.read(packed)


def test_a_missing_member_is_named(reader, packed):
    wanted = reader.member
    repacked(packed, lambda name, content: [] if name == wanted else [(name, content)])
    repacked(packed, lambda name, content: [(name, content)])
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr("readme.txt", "nothing")
    if reader.member == "ACHIEVEMENT_2425.csv":  # feature sets without achievement need none
        assert "no ACHIEVEMENT member" in reader.read(packed)["quality"]["check"].tolist()
        return
    with pytest.raises(InputError, match=r"no member matches|holds no area file"):
        reader.read(packed)


def test_two_members_of_one_name_are_refused(packed, reader):
    repacked(packed, lambda name, content: [(f"a/{name}", content), (f"b/{name}", content)])
    if reader.file == "codepo_gb.zip":
        counted = reader.read(packed)["quality"].set_index("check")["count"]
        assert counted["postcodes that come more than once, first taken"] == 2
    else:
        with pytest.raises(InputError, match=r"2 members match|is in more than one"):
            reader.read(packed)


def test_another_years_archive_under_this_years_name_is_refused(tmp_path):
    reader = ZIPPED["prevalence"]
    path = reader.pack(tmp_path, reader.text.encode())
    repacked(path, lambda name, content: [(name.replace("2425", "2324"), content)])
    with pytest.raises(
        InputError, match=r"^QOF2425\.zip: no member matches .*PREVALENCE_2425.*file of this year"
    ):
        reader.read(path)


def test_registrations_of_another_day_are_counted(tmp_path):
    reader = ZIPPED["registrations"]
    path = reader.pack(tmp_path, reader.text.replace("2025-04-01", "2024-04-01").encode())
    quality = reader.read(path)["quality"].set_index("check")
    assert quality.loc["registrations of another day", "detail"] == "2024-04-01, not 2025-04-01"


def shaped(geometry: object, **properties: object) -> str:
    content = json.loads(BOUNDARIES)
    content["features"][0]["geometry"] = geometry
    content["features"][0]["properties"] |= properties
    return json.dumps(content)


def polygon(*points: tuple[float, ...]) -> dict[str, object]:
    return {"type": "Polygon", "coordinates": [[list(point) for point in points]]}


SQUARE = [(0, 51), (1, 51), (1, 52), (0, 52), (0, 51)]
VRT_LAYER = "<OGRVRTLayer name='a'><SrcDataSource>b.csv</SrcDataSource></OGRVRTLayer>"
VRT = f"<OGRVRTDataSource>{VRT_LAYER}</OGRVRTDataSource>"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not GeoJSON"),
        (BOUNDARIES[:150], "is not GeoJSON"),
        ("\x00\xff" * 100, "is not GeoJSON"),
        ("[" * 100_000, "is not GeoJSON"),
        ("[1, 2]", r"is not GeoJSON \(no FeatureCollection\)"),
        ('{"type": "FeatureCollection", "features": []}', r"is not GeoJSON \(no feature in it\)"),
        ('{"type": "FeatureCollection", "features": [{}]}', "is not GeoJSON"),
        ('{"type": "FeatureCollection", "features": 7}', "is not GeoJSON"),
        (VRT, "is not GeoJSON"),  # GDAL would open the file that it names
        (shaped(polygon((0, 51), (1, 51))), "is not GeoJSON|has a broken geometry"),
        (shaped({"type": "Polygon", "coordinates": "here"}), "is not GeoJSON|has a broken geometry"),
        (shaped({"type": "Blob", "coordinates": []}), "is not GeoJSON|has a broken geometry"),
        (shaped(polygon(*SQUARE)).replace("52", "NaN"), "is not GeoJSON .*NaN is not a number"),
        (shaped(polygon(*SQUARE)).replace("52", "1e999"), "lies outside|broken geometry|is not GeoJSON"),
        (shaped(polygon((5e5, 2e5), (6e5, 2e5), (6e5, 3e5), (5e5, 2e5))), "lies outside the United Kingdom"),
        (BOUNDARIES.replace("ICB23NM", "RGN23NM"), r"no property matches ICB.*found: ICB23CD, RGN23NM"),
    ],
)
def test_a_broken_geojson_is_refused(tmp_path, text, message):
    path = tmp_path / "icb.geojson"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=rf"^icb\.geojson: .*({message})"):
        read_boundaries(path)


@pytest.mark.parametrize(
    ("text", "check", "left"),
    [
        (shaped(None), "boundaries without a shape left out", 0),
        (shaped({"type": "Polygon", "coordinates": []}), "boundaries without a shape left out", 0),
        (shaped(polygon(*SQUARE), ICB23NM=None), "boundaries without a name left out", 0),
        (
            shaped(polygon((0, 51), (1, 52), (1, 51), (0, 52), (0, 51))),
            "boundaries that cross themselves, mended",
            1,
        ),
    ],
)
def test_a_dispensable_shape_is_counted(tmp_path, text, check, left):
    path = tmp_path / "icb.geojson"
    path.write_text(text, encoding="utf-8")
    found = read_boundaries(path)
    assert found["quality"]["check"].tolist() == [check]
    assert len(found["frame"]) == left
    assert found["frame"].geometry.is_valid.all()


LOCAL = RAW["AREA"]


def read_local(path: Path) -> pd.DataFrame:
    return RAW["read_local_table"](path, **LOCAL).frame


def workbook(path: Path, *cells: tuple[str, object]) -> Path:
    book = openpyxl.Workbook()
    for place, value in cells:
        book.active[place] = value
    book.save(path)
    return path


HEADER = [("A1", "Practice"), ("B1", "Year"), ("C1", "FTE"), ("A2", "A81001"), ("B2", 2024), ("C2", 3.5)]


def test_a_workbook_with_one_far_cell_takes_little_memory(tmp_path):
    path = workbook(tmp_path / "far.xlsx", *HEADER, ("XFD200000", 1))
    tracemalloc.start()
    with pytest.raises(InputError, match=r"^far\.xlsx, row 200000: comes after 199,997 blank rows"):
        read_local(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 64 * MIB


def test_a_workbook_that_inflates_to_10_gib_is_refused(tmp_path):
    path = bomb(tmp_path / "bomb.xlsx", "xl/worksheets/sheet1.xml", 10 * GIB, 10 * GIB)
    with pytest.raises(InputError, match=r"^bomb\.xlsx: holds more than 500,000,000 bytes"):
        read_local(path)


def test_the_stated_size_of_a_sheet_makes_no_difference(tmp_path):
    path = workbook(tmp_path / "a.xlsx", *HEADER)
    repacked(
        path, lambda n, c: [(n, c.replace(b'<dimension ref="A1:C2"', b'<dimension ref="A1:XFD1048576"'))]
    )
    assert read_local(path)["fte"].tolist() == [3.5]


@pytest.mark.parametrize("suffix", [".xlsx", ".parquet"])
@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"PAR1", b"<html>", bytes(5000)])
def test_a_file_that_is_not_a_workbook_or_parquet_is_named(tmp_path, suffix, content):
    path = tmp_path / f"table{suffix}"
    path.write_bytes(content)
    with pytest.raises(InputError, match=rf"^table{suffix}: is not (a workbook|parquet)"):
        read_local(path)


def test_half_a_parquet_file_and_lists_in_it_are_named(tmp_path):
    path = tmp_path / "t.parquet"
    pd.DataFrame({"Practice": ["A81001"], "Year": [2024], "FTE": [[1, 2]]}).to_parquet(path)
    with pytest.raises(InputError, match=r"t\.parquet, row 2, column FTE: '\[1, 2\]' is not a number"):
        read_local(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(InputError, match=r"t\.parquet: is not parquet"):
        read_local(path)


def test_a_parquet_file_of_very_many_rows_is_refused(tmp_path):
    frame = pd.DataFrame({name: pd.Series(0, index=range(7_000_000)) for name in ("Practice", "Year", "FTE")})
    buffer = io.BytesIO()
    frame.to_parquet(buffer)
    path = tmp_path / "long.parquet"
    path.write_bytes(buffer.getvalue())
    assert path.stat().st_size < MIB
    with pytest.raises(InputError, match=r"^long\.parquet: has more than 20,000,000 cells"):
        read_local(path)


@pytest.mark.parametrize("name", RAW["READERS"])
def test_codes_in_small_letters_are_the_same(tmp_path, name):
    """Of practices, groups, indicators, areas and postcodes, in every reader."""
    reader = RAW["READERS"][name]
    plain = reader.read(reader.pack(tmp_path, reader.text.encode()))
    codes = re.compile(r"\b([A-Z]{1,4}\d\w+|HYP|DM|QHM|QMJ|CL)\b")
    small = codes.sub(lambda found: found[0].lower(), reader.text)
    assert small != reader.text
    found = reader.read(reader.pack(tmp_path, small.encode()))
    for table in plain.keys() - {"quality"}:
        assert_frame_equal(found[table], plain[table])
