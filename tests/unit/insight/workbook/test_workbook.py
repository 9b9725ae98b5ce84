"""The workbook: the same bytes, every table complete, marked up for screen readers."""

from __future__ import annotations

import time
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from gp_segmentation.insight.workbook.long_tables import LONG
from gp_segmentation.insight.workbook.workbook import MISSING, WorkbookSheet, write_workbook

SOURCE = {"label": "Nowhere 2025", "synthetic": True, "attribution": "From <nobody>", "licence": "OGL v3.0"}


def sheets() -> dict[str, WorkbookSheet]:
    table = pd.DataFrame(
        {"code": ["A1", "A2"], "share": [0.256, None], "fitted": [True, False], "name": ["=1+1", "x"]},
        index=[5, 3],
    )
    columns = {"code": "Practice code", "share": "Share (%)", "fitted": "Fitted", "name": "Name"}
    return {"Lookup": WorkbookSheet(table, "The practices", "All practices", columns)}


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("workbook") / "segments.xlsx"
    write_workbook(found, sheets(), SOURCE)
    return found


def test_cover_contents_and_notes_come_first(path: Path) -> None:
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["Cover", "Contents", "Notes", "Lookup"]
    words = " ".join(str(cell.value) for row in book["Cover"].iter_rows() for cell in row if cell.value)
    assert "SYNTHETIC DATA" in words
    assert "not a performance-management tool" in words
    assert "From <nobody>" in words


def test_a_table_is_marked_up_with_its_figures(path: Path) -> None:
    sheet = openpyxl.load_workbook(path)["Lookup"]
    (name,) = sheet.tables
    rows = [[cell.value for cell in row] for row in sheet[sheet.tables[name].ref]]
    assert name == "table_lookup"
    assert rows[0][:2] == ["Practice code", "Share (%)"]
    assert rows[0][2].startswith("Fitted")
    assert "[note" in rows[0][2], "the word has a note"
    assert [row[:3] for row in rows[1:]] == [["A1", 25.6, "yes"], ["A2", MISSING, "no"]]
    assert "synthetic" in str(sheet["A1"].value)


def test_a_name_that_looks_like_a_formula_is_text(path: Path) -> None:
    sheet = openpyxl.load_workbook(path)["Lookup"]
    cells = [cell for row in sheet.iter_rows() for cell in row if cell.value == "=1+1"]
    assert [cell.data_type for cell in cells] == ["s"]


def test_names_that_gptables_refuses_or_obeys_are_written_as_they_are(tmp_path: Path) -> None:
    names = ["-", "*", "😀", "عيادة", "[x](http://a)", "[a](b) [c](d)", "$$Segment$$", "M" * 40_000, "a\x00b"]
    table = pd.DataFrame({"area": names, "name": names[::-1], "figure": 1.5})
    columns = {"area": "Area", "name": "Name", "figure": "Margin"}
    write_workbook(tmp_path / "n.xlsx", {"Mix": WorkbookSheet(table, "Names", "All", columns)}, SOURCE)
    sheet = openpyxl.load_workbook(tmp_path / "n.xlsx")["Mix"]
    found = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=sheet.max_row - len(names) + 1)]
    shown = [*names[:7], "M" * 32_766 + "…", "a{U+0000}b"]
    assert found == [[area, name, 1.5] for area, name in zip(shown, shown[::-1], strict=True)]
    assert [cell.coordinate for row in sheet.iter_rows() for cell in row if cell.hyperlink] == []


def test_the_same_tables_give_the_same_bytes(path: Path, tmp_path: Path) -> None:
    time.sleep(1.1)  # a time of writing would differ
    write_workbook(tmp_path / "again.xlsx", sheets(), SOURCE)
    assert (tmp_path / "again.xlsx").read_bytes() == path.read_bytes()


#: Texts that a workbook's parts or its readers could take for something else.
AWKWARD = ["=1+1", "a < b & c > d", '"quoted"', "_x0041_", "---", "[a](b)", "$$Segment$$", "عيادة", "a\x00b"]


def long_sheets(count: int) -> dict[str, WorkbookSheet]:
    number = range(count)
    table = pd.DataFrame(
        {
            "code": [f"A{n:05d}" for n in number],
            "name": [AWKWARD[n % len(AWKWARD)] for n in number],
            "share": [None if n < 3 else n / count for n in number],
            "patients": [1000 * n for n in number],
            "fitted": [n % 2 == 0 for n in number],
        }
    )
    columns = dict(
        zip(table, ("Practice code", "Name", "Share (%)", "Registered patients", "Fitted"), strict=True)
    )
    return {**sheets(), "Everyone": WorkbookSheet(table, "The practices", "All practices", columns)}


def test_a_long_table_is_written_whole(tmp_path: Path) -> None:
    count = LONG + 37
    write_workbook(tmp_path / "long.xlsx", long_sheets(count), SOURCE)
    book = openpyxl.load_workbook(tmp_path / "long.xlsx")
    assert book.sheetnames == ["Cover", "Contents", "Notes", "Lookup", "Everyone"]
    sheet = book["Everyone"]
    (table,) = sheet.tables.values()
    assert table.ref == f"A5:E{5 + count}" == sheet.dimensions.replace("A1", "A5")
    rows = [[cell.value for cell in row] for row in sheet[table.ref]]
    assert rows[0][:2] == ["Practice code", "Name"]
    shown = {"_x0041_": "_x005F_x0041_", "a\x00b": "a{U+0000}b"}  # as openpyxl reads it, which undoes nothing
    assert rows[1:] == [
        [
            f"A{n:05d}",
            shown.get(AWKWARD[n % 9], AWKWARD[n % 9]),
            MISSING if n < 3 else round(100 * n / count, 1),
            1000 * n,
            "yes" if n % 2 == 0 else "no",
        ]
        for n in range(count)
    ]
    assert {cell.data_type for cell in sheet["B"][5:]} == {"s"}, "no name is a formula"


def test_a_long_table_looks_as_a_short_one_does(tmp_path: Path) -> None:
    for name, count in (("short", LONG - 1), ("long", LONG)):
        write_workbook(tmp_path / f"{name}.xlsx", long_sheets(count), SOURCE)
    short, long = (openpyxl.load_workbook(tmp_path / f"{n}.xlsx")["Everyone"] for n in ("short", "long"))
    for row in (1, 5, 6, 7, 9, LONG):
        for column in "ABCDE":
            one, other = short[f"{column}{row}"], long[f"{column}{row}"]
            looks = [repr((cell.font, cell.alignment, cell.number_format)) for cell in (one, other)]
            assert looks[0] == looks[1]
            if column == "B" and one.value in ("_x0041_", "_x005F_x0041_"):
                continue
            if row < 6 or column != "C":  # shares are of another total
                assert one.value == other.value
    widths = [{key: d.width for key, d in sheet.column_dimensions.items()} for sheet in (short, long)]
    assert widths[0] == widths[1]


def test_a_long_table_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_workbook(tmp_path / f"{name}.xlsx", long_sheets(LONG), SOURCE)
    assert (tmp_path / "one.xlsx").read_bytes() == (tmp_path / "two.xlsx").read_bytes()


def test_a_cover_says_what_a_row_is(tmp_path: Path) -> None:
    write_workbook(tmp_path / "w.xlsx", sheets(), SOURCE | {"note": "Each row is a network."})
    cover = openpyxl.load_workbook(tmp_path / "w.xlsx")["Cover"]
    words = [str(cell.value) for row in cover.iter_rows() for cell in row if cell.value]
    assert any(text.endswith("None is real. Each row is a network.") for text in words)


def test_a_cover_warns_of_simulated_figures(tmp_path: Path) -> None:
    warning = "SIMULATED FIGURES: what practices achieved."
    write_workbook(tmp_path / "w.xlsx", sheets(), {**SOURCE, "synthetic": False, "warning": warning})
    cover = openpyxl.load_workbook(tmp_path / "w.xlsx")["Cover"]
    words = [str(cell.value) for row in cover.iter_rows() for cell in row if cell.value]
    assert warning in words
    assert not any("Worked out from published" in text for text in words)
