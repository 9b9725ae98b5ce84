"""The page and the slides of an area: what they say, nothing from data obeyed, the same bytes twice."""

from __future__ import annotations

import json
import re
import runpy
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest
from pptx import Presentation

from gp_segmentation.areas import area_tables, find_area
from gp_segmentation.errors import ConfigError
from gp_segmentation.report import AreaPage, write_area_page, write_area_slides
from gp_segmentation.report.area import summary

RUN = runpy.run_path(str(Path(__file__).resolve().parents[2] / "fixtures" / "area_run.py"))["area_run"]()
SOURCE = {
    "label": "Made-up England", "period": "2024-25", "synthetic": False, "warning": "", "note": "",
    "attribution": "Contains information from nobody.", "licence": "Open Government Licence v3.0",
}  # fmt: skip


@pytest.fixture(scope="module")
def page() -> AreaPage:
    tables = area_tables(RUN, find_area(RUN.segments, "icb", "QHL"))
    return AreaPage(tables, SOURCE, RUN.segments, "Practices differ by degree.")


def written(page: AreaPage, folder: Path) -> str:
    write_area_page(folder / "index.html", page)
    return (folder / "index.html").read_text(encoding="utf-8")


def test_the_first_lines_say_how_many_where_what_differs_how_sure_and_what_to_do(page):
    assert summary(page) == [
        "7 practices with 28,000 registered patients.",
        "86% of them are in segment A1, older (England 50%).",
        "What sets Birmingham and Solihull apart most: patients aged 75 and over, 4.0% (England 6.5%).",
        "The segment is certain for 7 of 7 practices: the probability that they belong to it is 90% or more.",
        "The largest opportunity is heart disease (CHD1): about 60 (50 to 70) more patients if practices "
        "reached the upper quartile of their own segment (62.9%; here 54.3%).",
        "The register furthest from what age and sex lead to expect is hypertension: expected 700 (665 to "
        "735), recorded 630 patients, a difference to look into.",
    ]


def strip(row: str) -> list[str]:
    return [re.sub("<[^>]*>", "", cell) for cell in re.findall(r"<t[hd].*?</t[hd]>", row)]


def test_the_page_has_every_practice_and_is_the_same_twice(page, tmp_path):
    text = written(page, tmp_path)
    data = json.loads(re.search(r'id="page-data">(.*?)</script>', text, re.DOTALL)[1])
    assert [row[0] for row in data["practices"]] == [f"A{n:05d}" for n in range(1, 8)]
    assert data["gains"][0] == [["CHD1", 50.0, 60.0, 50.0, "1 of 6", "10 (6 to 14)"]]
    assert data["expected"][:2] == [[["Atrial fibrillation", "130", "100 (80 to 120)"]], []]
    assert "if patients of the same age and sex were on it as often as in England" in text
    cells = [
        cell for row in re.findall(r'<th scope="row">(?:AF|Hyp|Atr).*?</tr>', text) for cell in strip(row)
    ]
    assert cells == [
        *("Hypertension", "630", "700 (665 to 735)", "10% fewer", "no"),
        *("Atrial fibrillation", "730", "700 (665 to 735)", "4% more", "yes"),
    ]
    assert text == written(page, tmp_path)
    assert "Contains information from nobody." in text


def test_names_from_data_are_shown_and_not_obeyed(page, tmp_path):
    practices = page.tables.practices.assign(practice_name="<script>alert(1)</script>")
    hostile = replace(page, tables=replace(page.tables, practices=practices, name="<b>Board"))
    text = written(hostile, tmp_path)
    assert "<script>alert" not in text
    assert "<b>Board" not in text
    assert "<b>Board" in unescape(text)


def test_simulated_figures_are_warned_of_on_page_and_slides(page, tmp_path):
    warned = replace(page, source=SOURCE | {"warning": "SIMULATED FIGURES: achievement."})
    assert "SIMULATED FIGURES: achievement." in written(warned, tmp_path)
    write_area_slides(tmp_path / "slides.pptx", warned)
    for slide in Presentation(str(tmp_path / "slides.pptx")).slides:
        assert any("SIMULATED FIGURES" in s.text_frame.text for s in slide.shapes if s.has_text_frame)


def titles(path: Path) -> list[str]:
    return [slide.shapes.title.text_frame.text for slide in Presentation(str(path)).slides]


def test_files_supplied_locally_are_called_so_on_page_and_every_slide(page, tmp_path):
    own = replace(page, source={**SOURCE, "synthetic": False, "unchecked": ["q.csv"]})
    words = "The files were supplied locally and not checked against the publisher."
    assert words in written(own, tmp_path)
    write_area_slides(tmp_path / "slides.pptx", own)
    for slide in Presentation(str(tmp_path / "slides.pptx")).slides:
        assert any(words in shape.text_frame.text for shape in slide.shapes if shape.has_text_frame)


def test_every_slide_has_one_message_and_its_tables_have_alternative_texts(page, tmp_path):
    write_area_slides(tmp_path / "slides.pptx", page)
    assert titles(tmp_path / "slides.pptx") == [
        "Birmingham and Solihull: segments of general practices",
        "86% of practices are in segment A1, older (England 50%)",
        "What differs most from England: patients aged 75 and over, 4.0% (England 6.5%)",
        "The largest opportunity is heart disease (CHD1): about 60 (50 to 70) more patients",
        "Hypertension: expected 700 (665 to 735), recorded 630 patients",
        "The segment is certain for 7 of 7 practices",
    ]
    frames = [
        s for slide in Presentation(str(tmp_path / "slides.pptx")).slides for s in slide.shapes if s.has_table
    ]
    described = [frame._element.xpath(".//p:cNvPr")[0].get("descr") for frame in frames]
    assert len(described) == 5
    assert all(text.startswith("Table: ") for text in described)
    cells = [cell.text for cell in frames[0].table.rows[1].cells]
    assert cells == ["A1  Older", "6", "21,000", "86%", "50%"]


def test_slides_are_the_same_bytes_twice_and_take_a_template(page, tmp_path):
    for name in ("one", "two"):
        write_area_slides(tmp_path / f"{name}.pptx", page)
    assert (tmp_path / "one.pptx").read_bytes() == (tmp_path / "two.pptx").read_bytes()
    own = Presentation()
    own.slides.add_slide(own.slide_layouts[0]).shapes.title.text_frame.text = "Our own slide"
    own.slide_width = 9_000_000
    own.save(tmp_path / "ours.pptx")
    write_area_slides(tmp_path / "in_ours.pptx", page, tmp_path / "ours.pptx")
    assert Presentation(str(tmp_path / "in_ours.pptx")).slide_width == 9_000_000
    assert titles(tmp_path / "in_ours.pptx") == titles(tmp_path / "one.pptx"), "its own slides are left out"


def test_a_template_that_is_none_is_refused(page, tmp_path):
    (tmp_path / "no.pptx").write_text("no archive", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"--template .*no\.pptx cannot be read as a presentation"):
        write_area_slides(tmp_path / "slides.pptx", page, tmp_path / "no.pptx")
