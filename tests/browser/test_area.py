"""The page of an area in Chromium: sorts, filters, shows a practice, saves CSV, prints on two sides; axe."""

from __future__ import annotations

import re
import runpy
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pandas as pd
import pytest
from playwright.sync_api import Page

from gp_segmentation.areas import RunTables, area_tables, find_area
from gp_segmentation.report import AreaPage, write_area_page

RUN: RunTables = runpy.run_path(str(Path(__file__).resolve().parents[1] / "fixtures" / "area_run.py"))[
    "area_run"
]()
SOURCE = {
    "label": "Made-up England", "period": "2024-25", "synthetic": True, "warning": "", "note": "",
    "attribution": "Contains information from nobody.", "licence": "Open Government Licence v3.0",
}  # fmt: skip


def page_of(run: RunTables, path: Path) -> Path:
    tables = area_tables(run, find_area(run.segments, "icb", "QHL"))
    write_area_page(path, AreaPage(tables, SOURCE, run.segments, "Practices differ by degree."))
    return path


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return page_of(RUN, tmp_path_factory.mktemp("area") / "index.html")


@pytest.fixture
def opened(emptied: Page, hear, path: Path) -> Iterator[Page]:
    said: list[str] = []
    hear("console", lambda message: said.append(message.text))
    hear("pageerror", lambda error: said.append(str(error)))
    emptied.goto(path.as_uri(), wait_until="load")
    yield emptied
    assert said == []


def column(page: Page, number: int) -> list[str]:
    return page.locator(f"#list tbody tr > :nth-child({number})").all_inner_texts()


def test_the_practices_are_sorted_and_filtered(opened: Page) -> None:
    assert column(opened, 1) == [f"A{n:05d}" for n in range(1, 8)]
    opened.get_by_role("button", name="Patients", exact=True).click()
    assert column(opened, 1)[0] == "A00007", "the largest first"
    opened.select_option("#segment", label="B1  Younger")
    assert column(opened, 1) == ["A00007"]
    assert opened.locator("#found").inner_text() == "1 of 7 practices"
    opened.select_option("#segment", "")
    opened.fill("#find", "practice 03")
    assert column(opened, 1) == ["A00003"]
    opened.fill("#find", "00003")
    assert column(opened, 1) == [], "codes are found by their beginning"
    opened.fill("#find", "b11aa")
    assert len(column(opened, 1)) == 7, "a postcode without its blank"


def test_a_practice_stands_beside_its_segment_and_england(opened: Page) -> None:
    opened.get_by_role("button", name="Details of A00002, Practice 02").click()
    assert opened.evaluate("document.activeElement.id") == "practice-title"
    first = opened.locator("#profile tbody tr").first.inner_text().split("\t")
    assert first == ["Patients aged 75 and over", "2.0%", "3.5%", "6.5%"]
    gains = opened.locator("#gains tbody tr").first.inner_text().split("\t")
    assert gains == ["CHD1", "50.0%", "60.0%", "50.0%", "1 of 6", "10 (6 to 14)"]
    assert opened.locator("#peers tbody th").all_inner_texts() == ["A00003", "A00004"]
    assert not opened.locator("#registers").is_visible(), "none is outside its interval"
    opened.get_by_role("button", name="Details of A00001, Practice 01").click()
    registers = opened.locator("#registers tbody tr").all_inner_texts()
    assert registers == ["Atrial fibrillation\t130\t100 (80 to 120)"]


def test_what_is_shown_is_saved_as_csv(opened: Page, tmp_path: Path) -> None:
    opened.select_option("#segment", label="A1  Older")
    with opened.expect_download() as started:
        opened.click("#save")
    assert started.value.suggested_filename == "icb_QHL_practices.csv"
    started.value.save_as(tmp_path / "saved.csv")
    saved = pd.read_csv(tmp_path / "saved.csv", encoding="utf-8-sig")
    assert list(saved["practice_code"]) == [f"A{n:05d}" for n in range(1, 7)]
    assert list(saved["list_size"]) == [1000 * n for n in range(1, 7)]
    assert set(saved["segment"]) == {"A1"}


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_axe_finds_no_barrier(
    opened: Page, barriers: Callable[..., str], width: int, scheme: Literal["light", "dark"]
) -> None:
    opened.emulate_media(color_scheme=scheme)
    opened.set_viewport_size({"width": width, "height": 900})
    opened.get_by_role("button", name="Details of A00002, Practice 02").click()
    assert barriers(opened) == ""
    assert opened.evaluate("document.documentElement.scrollWidth") <= width


REGISTERS = "Expected (95% interval)"
ON_PAPER = ("England, mean", "Target", "Additional patients, about (95% interval)", REGISTERS)


@pytest.mark.parametrize("asked", [0, 4])
def test_a_board_of_175_practices_prints_on_two_sides(emptied: Page, tmp_path: Path, asked: int) -> None:
    codes = [f"B{n:05d}" for n in range(175)]
    many = RUN.segments.iloc[[n % 7 for n in range(175)]].assign(practice_code=codes)
    natural = RUN.natural.iloc[[n % 7 for n in range(175)]].set_axis(codes).rename_axis("practice_code")
    measures = pd.DataFrame({f"m{n}": natural["old"] + n for n in range(20)})
    about = pd.DataFrame(
        {"feature": measures.columns, "label": "A measure of practices", "unit": "%", "block": "b"}
    )
    gains = pd.concat(
        RUN.opportunities.iloc[[0]].assign(practice_code=codes[0], indicator_code=f"CHD{n}")
        for n in range(20)
    )
    indicators = pd.DataFrame(
        {
            "indicator_code": gains["indicator_code"],
            "description": "Asks " * 40,
            "group_name": "Heart disease",
        }
    )
    registers = pd.concat(
        RUN.expected_groups.assign(group_code=f"R{n}", condition="A register of long-term conditions")
        for n in range(21)
    )
    expected = (
        pd.concat(
            RUN.expected.iloc[[0] * 30].assign(
                group_code=f"R{n}",
                practice_code=codes[:30],
                recorded=recorded,
                expected=100.0,
                low=80,
                high=120,
            )
            for n, recorded in zip(range(asked), (20, 30, 180, 190), strict=False)
        )
        if asked
        else RUN.expected
    )
    run = replace(
        RUN,
        segments=many,
        natural=measures,
        dictionary=about,
        opportunities=gains,
        indicators=indicators,
        expected=expected,
        expected_groups=registers,
    )
    emptied.goto(page_of(run, tmp_path / "index.html").as_uri(), wait_until="load")
    assert emptied.locator("#ask + ul > li").count() == asked
    printed = emptied.pdf(format="A4", margin=dict.fromkeys(("top", "bottom", "left", "right"), "10mm"))
    assert len(re.findall(rb"/Type\s*/Page[^s]", printed)) == 2
    # Of the columns only what an indicator asks for is left out; what is asked stands for the registers.
    emptied.emulate_media(media="print")
    seen = {text: emptied.get_by_role("columnheader", name=text).is_visible() for text in ON_PAPER}
    assert seen == {text: not (asked and text == REGISTERS) for text in ON_PAPER}
    assert not emptied.get_by_role("columnheader", name="What it asks for").is_visible()
