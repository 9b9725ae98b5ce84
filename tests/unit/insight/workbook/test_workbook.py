"""The workbook for Excel: the same bytes, every table complete, marked up for screen readers."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

from gp_segmentation.insight.workbook import layout
from gp_segmentation.insight.workbook.layout import MISSING, WorkbookSheet
from gp_segmentation.insight.workbook.workbook import write_workbook

SOURCE = {"label": "Nowhere 2025", "synthetic": True, "attribution": "From <nobody>", "licence": "OGL v3.0"}
TAGS = {"configuration_hash": "c0ffee", "data_fingerprint": "decaf"}
ABOUT = (SOURCE, {}, TAGS)


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
    write_workbook(found, sheets(), *ABOUT)
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
    assert sheet["A1"].value == "The practices (SYNTHETIC DATA)"


def test_a_name_that_looks_like_a_formula_is_text(path: Path) -> None:
    sheet = openpyxl.load_workbook(path)["Lookup"]
    cells = [cell for row in sheet.iter_rows() for cell in row if cell.value == "=1+1"]
    assert [cell.data_type for cell in cells] == ["s"]


def test_names_that_gptables_refuses_or_obeys_are_written_as_they_are(tmp_path: Path) -> None:
    names = ["-", "*", "😀", "عيادة", "[x](http://a)", "[a](b) [c](d)", "$$Segment$$", "M" * 40_000, "a\x00b"]
    table = pd.DataFrame({"area": names, "name": names[::-1], "figure": 1.5})
    columns = {"area": "Area", "name": "Name", "figure": "Margin"}
    write_workbook(tmp_path / "n.xlsx", {"Mix": WorkbookSheet(table, "Names", "All", columns)}, *ABOUT)
    sheet = openpyxl.load_workbook(tmp_path / "n.xlsx")["Mix"]
    found = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=sheet.max_row - len(names) + 1)]
    shown = [*names[:7], "M" * 32_766 + "…", "a{U+0000}b"]
    assert found == [[area, name, 1.5] for area, name in zip(shown, shown[::-1], strict=True)]
    assert [cell.coordinate for row in sheet.iter_rows() for cell in row if cell.hyperlink] == []


def test_the_same_tables_give_the_same_bytes(path: Path, tmp_path: Path) -> None:
    time.sleep(1.1)  # a time of writing would differ
    write_workbook(tmp_path / "again.xlsx", sheets(), *ABOUT)
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
    count = 437
    write_workbook(tmp_path / "long.xlsx", long_sheets(count), *ABOUT)
    book = openpyxl.load_workbook(tmp_path / "long.xlsx")
    assert book.sheetnames == ["Cover", "Contents", "Notes", "Lookup", "Everyone"]
    sheet = book["Everyone"]
    (table,) = sheet.tables.values()
    assert table.ref == f"A5:E{5 + count}" == sheet.dimensions.replace("A1", "A5")
    rows = [[cell.value for cell in row] for row in sheet[table.ref]]
    assert rows[0][:2] == ["Practice code", "Name"]
    shown = {"a\x00b": "a{U+0000}b"}
    assert rows[1:] == [
        [
            f"A{n:05d}",
            shown.get(AWKWARD[n % 9], AWKWARD[n % 9]),
            MISSING if n < 3 else pytest.approx(100 * n / count, abs=0.005),
            1000 * n,
            "yes" if n % 2 == 0 else "no",
        ]
        for n in range(count)
    ]
    assert {cell.data_type for cell in sheet["B"][5:]} == {"s"}, "no name is a formula"


def test_a_long_table_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_workbook(tmp_path / f"{name}.xlsx", long_sheets(400), *ABOUT)
    assert (tmp_path / "one.xlsx").read_bytes() == (tmp_path / "two.xlsx").read_bytes()


def test_a_cover_says_what_a_row_is(tmp_path: Path) -> None:
    write_workbook(tmp_path / "w.xlsx", sheets(), SOURCE | {"note": "Each row is a network."}, {}, TAGS)
    cover = openpyxl.load_workbook(tmp_path / "w.xlsx")["Cover"]
    words = [str(cell.value) for row in cover.iter_rows() for cell in row if cell.value]
    assert any(text.endswith("None is real. Each row is a network.") for text in words)


def test_a_cover_warns_of_simulated_figures(tmp_path: Path) -> None:
    warning = "SIMULATED FIGURES: what practices achieved."
    write_workbook(
        tmp_path / "w.xlsx", sheets(), {**SOURCE, "synthetic": False, "warning": warning}, {}, TAGS
    )
    cover = openpyxl.load_workbook(tmp_path / "w.xlsx")["Cover"]
    words = [str(cell.value) for row in cover.iter_rows() for cell in row if cell.value]
    assert warning in words
    assert not any("Worked out from published" in text for text in words)


def cover_of(path: Path) -> list[str]:
    cover = openpyxl.load_workbook(path)["Cover"]
    return [str(cell.value) for row in cover.iter_rows() for cell in row if cell.value]


def test_cover_and_properties_lead_to_the_run(path: Path) -> None:
    words = cover_of(path)
    assert any(text.startswith("To trace this workbook: search MLflow for the run") for text in words)
    assert words[-2:] == ["tags.configuration_hash = 'c0ffee'", "tags.data_fingerprint = 'decaf'"]
    book = openpyxl.load_workbook(path)
    assert {entry.name: entry.value for entry in book.custom_doc_props.props} == TAGS
    about = book.properties
    assert (about.language, about.title) == ("en-GB", "Segments of general practices, Nowhere 2025")
    assert about.subject == layout.SUBJECT


def test_headers_stay_in_sight_and_have_buttons_to_filter_by(path: Path) -> None:
    sheet = openpyxl.load_workbook(path)["Lookup"]
    (table,) = sheet.tables.values()
    assert sheet.freeze_panes == "A6"
    assert table.autoFilter.ref == table.ref == "A5:D7"


def test_numbers_are_numbers_in_the_format_of_their_measure(tmp_path: Path) -> None:
    """Column, header, value -> what stands in the cell, and how it is shown."""
    rows = [
        ("patients", "Registered patients", 12345, 12345, "#,##0"),
        ("share", "Share (%)", 0.123456, 12.35, "0.0"),
        ("certainty", "Certainty (%)", 0.9999, 99, "0"),
        ("difference_sd", "Difference from England (SD)", -0.98765, -0.988, "0.00"),
        ("jaccard", "Overlap", 0.5, 0.5, "0.00"),
        ("additional_patients", "Additional patients", 1234.4, 1234, "#,##0"),
        ("segment", "Segment", 3, 3, "0"),
        ("mean", "Mean", 8765.4, 8765, "#,##0"),  # in the unit of the row
        ("score", "Score", 21.84, 21.84, "#,##0.0"),
    ]
    table = pd.DataFrame({"name": ["A"], "unit": ["patients"]} | {r[0]: [r[2]] for r in rows})
    columns = {"name": "Name", "unit": "Unit"} | {row[0]: row[1] for row in rows}
    sheet = WorkbookSheet(table, "Kinds", "All", columns, in_unit_of_row=("mean",), units={"score": "score"})
    write_workbook(tmp_path / "k.xlsx", {"Kinds": sheet}, *ABOUT)
    cells = openpyxl.load_workbook(tmp_path / "k.xlsx")["Kinds"][6][2:]
    assert [(cell.value, cell.number_format) for cell in cells] == [(row[3], row[4]) for row in rows]
    assert {cell.data_type for cell in cells} == {"n"}


def test_a_column_of_several_units_has_the_format_of_each(tmp_path: Path) -> None:
    units, values = ["percent", "patients", "score", "patients"], [0.0449, 9876.5, 21.84, None]
    table = pd.DataFrame({"label": list("abcd"), "unit": units, "mean": values})
    columns = {"label": "Feature", "unit": "Unit", "mean": "Mean"}
    sheet = WorkbookSheet(table, "Profiles", "All", columns, in_unit_of_row=("mean",))
    write_workbook(tmp_path / "k.xlsx", {"Profiles": sheet}, *ABOUT)
    cells = openpyxl.load_workbook(tmp_path / "k.xlsx")["Profiles"]["C"][5:]
    assert [(cell.value, cell.number_format) for cell in cells] == [
        *((0.04, "0.0"), (9876, "#,##0"), (21.84, "#,##0.0"), (MISSING, "#,##0")),
    ]


def test_every_sheet_that_rests_on_a_simulated_table_is_marked() -> None:
    source = {**SOURCE, "synthetic": False, "warning": "SIMULATED FIGURES: what practices achieved."}
    table, columns = pd.DataFrame({"code": ["A1"]}), {"code": "Practice code"}
    two = {
        "Lookup": WorkbookSheet(table, "Practices", "All", columns),
        "England": WorkbookSheet(table, "Opportunities", "All", columns, shows_achievement=True),
    }
    of_achievement = {"features": {"blocks": {"care": {"_target_": "gp_segmentation.features.Achievement"}}}}

    def titles(simulated: str, config: dict[str, Any]) -> list[str]:
        about = {**source, "simulated": {simulated: ""}}
        return [sheet.title for sheet in layout.laid_out(two, about, config, TAGS).sheets]

    mark = " (SIMULATED FIGURES)"
    assert titles("achievement", {}) == ["Practices", f"Opportunities{mark}"]
    assert titles("achievement", of_achievement) == [f"Practices{mark}", f"Opportunities{mark}"]
    assert titles("registers", {}) == [f"Practices{mark}", f"Opportunities{mark}"]


def test_rows_that_do_not_fit_into_a_sheet_are_missed_aloud(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "LAST_ROW", layout.ABOVE + 3)
    table = pd.DataFrame({"code": list("abcd")})
    sheet = WorkbookSheet(table, "Practices", "All", {"code": "Code"})
    (laid,) = layout.laid_out({"Lookup": sheet}, SOURCE, {}, TAGS).sheets
    assert laid.rows == 3
    assert laid.instructions.endswith("The sheet holds the first 3 of 4 rows: more do not fit.")
    (whole,) = layout.laid_out(
        {"Lookup": WorkbookSheet(table[:3], "P", "All", sheet.columns)}, SOURCE, {}, TAGS
    ).sheets
    assert whole.instructions == "This sheet holds one table. [x] means not known."
