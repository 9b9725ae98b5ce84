"""docs/SOURCES.md, the table of all published files, is what conf/source says."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


MADE = runpy.run_path(str(ROOT / "benchmarks" / "sources.py"))


@pytest.fixture(scope="module")
def rows() -> list[tuple[str, ...]]:
    return list(MADE["rows"]())


def test_the_page_is_what_the_configuration_says(rows):
    page = (ROOT / "docs" / "SOURCES.md").read_text(encoding="utf-8")
    assert page == MADE["page"](rows), "make it anew: python benchmarks/sources.py"


def test_a_row_names_publisher_address_licence_layout_and_yaml(rows):
    by_name = {(row[0], row[-1]): row for row in rows}
    assert by_name["payments", "_payments.yaml"] == (
        "payments",
        "NHS England",
        "`nhspaymentsgp-23-24-prac-csv.csv`<br>"
        "<https://files.digital.nhs.uk/7A/651D52/nhspaymentsgp-23-24-prac-csv.csv>",
        "Open Government Licence v3.0",
        "table by `Practice Code`: `Total NHS Payments to General Practice`",
        "_payments.yaml",
    )
    assert by_name["rurality", "_small_areas.yaml"][2:5] == (
        "`ruc2011_lsoa11.csv`<br>placed by hand",
        "Open Government Licence v3.0",
        "table by `LSOA11CD`: `RUC11CD`; weighted by registrations_lsoa",
    )
    assert ("registrations", "_nhs.yaml") in by_name  # placed by hand but in 2024-25
    assert by_name["registrations", "_nhs.yaml"][2].endswith("placed by hand")


def test_every_row_is_complete(rows):
    assert len(rows) >= 30
    assert [row for row in rows if not all(row)] == []
    assert {row[-1] for row in rows} == {
        path.name
        for path in (ROOT / "conf" / "source").glob("*.yaml")
        if path.stem not in ("_renumbered", "synthetic", "tables_2024_25")
    }
