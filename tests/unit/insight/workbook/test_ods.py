"""The OpenDocument version: the cells of the one for Excel, the same bytes, what its readers need."""

from __future__ import annotations

import zipfile
from pathlib import Path
from xml.etree import ElementTree

import openpyxl
import pandas as pd
import pytest

from gp_segmentation.insight.workbook.layout import WorkbookSheet
from gp_segmentation.insight.workbook.workbook import write_workbook

OASIS = "urn:oasis:names:tc:opendocument:xmlns:"
NAMES = {
    **{name: f"{OASIS}{name}:1.0" for name in ("office", "style", "text", "table", "meta", "config")},
    **{"fo": f"{OASIS}xsl-fo-compatible:1.0", "number": f"{OASIS}datastyle:1.0"},
    **{"xlink": "http://www.w3.org/1999/xlink", "dc": "http://purl.org/dc/elements/1.1/"},
}
ABOUT = (
    {"label": "Nowhere 2025", "synthetic": True, "attribution": "From <nobody>", "licence": "OGL v3.0"},
    {},
    {"configuration_hash": "c0ffee", "data_fingerprint": "decaf"},
)
#: Texts that XML, a spreadsheet or a reader could take for something else.
AWKWARD = ["=1+1", "a < b & c > d", '"quoted"', "_x0041_", "---", "[a](b)", "$$Segment$$", "عيادة", "a\x00b"]
COUNT = 437


def sheets() -> dict[str, WorkbookSheet]:
    number = range(COUNT)
    table = pd.DataFrame(
        {
            "code": [f"A{n:05d}" for n in number],
            "name": [AWKWARD[n % len(AWKWARD)] for n in number],
            "share": [None if n < 3 else n / COUNT for n in number],
            "patients": [1000 * n for n in number],
            "unit": [("percent", "patients", "score")[n % 3] for n in number],
            "mean": [1234.567 * n for n in number],
            "fitted": [n % 2 == 0 for n in number],
        }
    )
    headers = ("Practice code", "Name", "Share (%)", "Registered patients", "Unit", "Mean", "Fitted")
    columns = dict(zip(table, headers, strict=True))
    long = WorkbookSheet(table, "Long", "All", columns, in_unit_of_row=("mean",))
    return {"Everyone": long, "Care boards": WorkbookSheet(table[:3], "Short", "All", columns)}


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("workbook") / "segments.xlsx"
    write_workbook(found, sheets(), *ABOUT)
    return found.with_suffix(".ods")


def name(short: str) -> str:
    """``table:name`` as ElementTree writes it."""
    prefix, _, local = short.partition(":")
    return f"{{{NAMES[prefix]}}}{local}"


def part(path: Path, member: str) -> ElementTree.Element:
    with zipfile.ZipFile(path) as file:
        return ElementTree.fromstring(file.read(member))  # noqa: S314 - our own file


def cells_of(row: ElementTree.Element) -> list[object]:
    values: list[object] = []
    for cell in row.iterfind("table:table-cell", NAMES):
        text = "\n".join("".join(p.itertext()) for p in cell.iterfind("text:p", NAMES))
        number = cell.get(name("office:value-type")) == "float"
        values.append(float(cell.get(name("office:value"), "")) if number else text)
    return values


def tables_of(path: Path) -> dict[str, list[list[object]]]:
    """Name of the sheet -> its rows, each as long as its last cell that is not empty."""
    return {
        str(table.get(name("table:name"))): [
            cells_of(row) for row in table.iterfind(".//table:table-row", NAMES)
        ]
        for table in part(path, "content.xml").iterfind(".//table:table", NAMES)
    }


def test_every_sheet_and_cell_is_that_of_the_workbook_for_excel(path: Path) -> None:
    book = openpyxl.load_workbook(path.with_suffix(".xlsx"))
    found = tables_of(path)
    assert list(found) == book.sheetnames == ["Cover", "Contents", "Notes", "Everyone", "Care boards"]
    assert sum(map(len, found.values())) > COUNT
    for sheet in book:
        rows = [[cell.value for cell in row if cell.value is not None] for row in sheet.iter_rows()]
        assert found[sheet.title] == rows


def test_the_same_tables_give_the_same_bytes(path: Path, tmp_path: Path) -> None:
    write_workbook(tmp_path / "again.xlsx", sheets(), *ABOUT)
    assert (tmp_path / "again.ods").read_bytes() == path.read_bytes()


def test_the_file_says_first_and_uncompressed_what_it_is(path: Path) -> None:
    with zipfile.ZipFile(path) as file:
        first, *others = file.infolist()
        assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)
        assert file.read(first) == b"application/vnd.oasis.opendocument.spreadsheet"
        assert {member.date_time[0] for member in (first, *others)} == {1980}
    listed = part(path, "META-INF/manifest.xml")
    named = {entry.get(f"{{{OASIS}manifest:1.0}}full-path") for entry in listed}
    assert named == {"/", *(member.filename for member in others)} - {"META-INF/manifest.xml"}


def test_the_document_has_title_subject_language_and_the_tags_of_its_run(path: Path) -> None:
    meta = part(path, "meta.xml")[0]
    assert meta.findtext("dc:language", namespaces=NAMES) == "en-GB"
    assert meta.findtext("dc:title", namespaces=NAMES) == "Segments of general practices, Nowhere 2025"
    assert str(meta.findtext("dc:subject", namespaces=NAMES)).startswith("Segments of England's")
    tags = {tag.get(name("meta:name")): tag.text for tag in meta.iterfind("meta:user-defined", NAMES)}
    assert tags == ABOUT[2]
    letters = part(path, "styles.xml").find(".//style:default-style/style:text-properties", NAMES)
    assert letters is not None
    assert (letters.get(name("fo:language")), letters.get(name("fo:country"))) == ("en", "GB")


def test_headers_stay_in_sight_and_have_buttons_to_filter_by(path: Path) -> None:
    ranges = part(path, "content.xml").iterfind(".//table:database-range", NAMES)
    assert {
        area.get(name("table:target-range-address")): area.get(name("table:display-filter-buttons"))
        for area in ranges
    } == {f"'Everyone'.A5:'Everyone'.G{COUNT + 5}": "true", "'Care boards'.A5:'Care boards'.G8": "true"}
    frozen = {
        entry.get(name("config:name")): entry.findtext(
            "config:config-item[@config:name='VerticalSplitPosition']", namespaces=NAMES
        )
        for entry in part(path, "settings.xml").iterfind(
            ".//config:config-item-map-named/config:config-item-map-entry", NAMES
        )
    }
    assert frozen == {"Notes": "3", "Everyone": "5", "Care boards": "5"}


def test_numbers_are_shown_in_the_format_of_their_measure(path: Path) -> None:
    """The style of a cell, or else of its column, names a format; Mean is in the unit of the row."""
    content = part(path, "content.xml")
    formats = {
        str(style.get(name("style:name"))).removeprefix("f"): (
            style[0].get(name("number:decimal-places")),
            style[0].get(name("number:grouping")),
        )
        for style in content.iterfind(".//number:number-style", NAMES)
    }
    table = content.find(".//table:table[@table:name='Everyone']", NAMES)
    assert table is not None
    columns = list(table.iterfind("table:table-column", NAMES))
    usual = [column.get(name("table:default-cell-style-name")) for column in columns]
    last = list(table.iterfind("table:table-row", NAMES))[-3:]
    shown = [
        [
            formats.get(cell.get(name("table:style-name"), str(style)))
            for cell, style in zip(row, usual, strict=True)
        ]
        for row in last
    ]
    percent, count, score = ("1", None), ("0", "true"), ("1", "true")
    assert [row[5] for row in shown] == [score, percent, count]
    assert shown[0] == [None, None, percent, count, None, score, None]


def test_contents_lead_to_the_sheets(path: Path) -> None:
    links = [link.get(name("xlink:href")) for link in part(path, "content.xml").iterfind(".//text:a", NAMES)]
    assert links == ["#'Notes'.A1", "#'Everyone'.A1", "#'Care boards'.A1"]
