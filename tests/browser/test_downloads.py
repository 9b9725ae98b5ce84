"""What is saved from the page in Chromium: tables as CSV, pictures as PNG, drawings as SVG."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image
from playwright.sync_api import Page

from gp_segmentation import figures, report
from gp_segmentation.report import pictures
from gp_segmentation.schemas import Results
from gp_segmentation.utils.hashes import configuration_hash

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def saved(opened: tuple[Page, list[str], list[str]], tmp_path: Path) -> Callable[[str, str], Path]:
    """Save a chart's table, picture or drawing and return the file: ``saved("sizes", "csv")``."""
    page = opened[0]

    def save(chart: str, kind: str) -> Path:
        fold = page.locator(f"#{chart}-data")
        if fold.get_attribute("open") is None:
            fold.locator("summary").focus()
            page.keyboard.press("Enter")
        fold.locator(f".{kind}").focus()
        with page.expect_download() as started:
            page.keyboard.press("Enter")
        started.value.save_as(tmp_path / started.value.suggested_filename)
        return tmp_path / started.value.suggested_filename

    return save


def test_the_name_of_a_file_says_what_is_not_real_and_of_which_run_it_is(
    saved: Callable[[str, str], Path], results_of: Callable[..., Results]
) -> None:
    run = configuration_hash(results_of(4).config)[:8]
    assert saved("sizes", "csv").name == f"gpseg_synthetic_{run}_sizes.csv"


def test_the_table_of_a_figure_is_saved_as_it_stands_in_the_page(
    saved: Callable[[str, str], Path], opened: tuple[Page, list[str], list[str]], figures_of_four: Path
) -> None:
    (figure,) = (each for each in figures.load_figures(figures_of_four)[0] if each.name == "sizes")
    table = pd.read_csv(saved("sizes", "csv"), encoding="utf-8-sig", dtype=str)
    assert list(table.columns) == [heading for heading, _ in figure.table["columns"]]
    assert table["Patients"].tolist() == [row[4].replace(",", "") for row in figure.table["rows"]]
    shown = opened[0].locator("#sizes-data tbody tr").all_inner_texts()
    assert [row.split("\t") for row in shown] == figure.table["rows"]


def test_a_practice_whose_name_is_a_formula_is_saved_as_text_and_a_number_as_a_number(
    opened: tuple[Page, list[str], list[str]], tmp_path: Path
) -> None:
    page, _, _ = opened
    page.evaluate("""() => {
      const cells = document.querySelectorAll("#heatmap-data tbody tr:first-child > *");
      cells[0].textContent = "=1+1";
      cells[1].textContent = "-0.5";
    }""")
    page.locator("#heatmap-data summary").click()
    with page.expect_download() as started:
        page.locator("#heatmap-data .csv").click()
    started.value.save_as(tmp_path / "saved.csv")
    first = pd.read_csv(tmp_path / "saved.csv", encoding="utf-8-sig", dtype=str).iloc[0]
    assert first.iloc[:2].tolist() == ["'=1+1", "-0.5"]


@pytest.mark.parametrize("chart", ["heatmap", "explore-map", "explore-chart"])
def test_a_chart_is_saved_as_a_picture_and_as_a_drawing(
    saved: Callable[[str, str], Path], opened: tuple[Page, list[str], list[str]], chart: str
) -> None:
    with Image.open(saved(chart, "png")) as picture:
        assert picture.format == "PNG"
        assert picture.width > 500
        assert len(set(picture.convert("RGB").resize((60, 60)).get_flattened_data())) > 10  # not blank
    drawing = ET.parse(saved(chart, "svg")).getroot()  # noqa: S314 - the page's own
    assert drawing.tag == f"{SVG}svg"
    assert len(list(drawing.iter(f"{SVG}path"))) > 50
    assert opened[1] == []


def test_a_drawing_of_a_chart_has_its_groups_its_source_and_says_that_it_is_synthetic(
    saved: Callable[[str, str], Path], opened: tuple[Page, list[str], list[str]]
) -> None:
    opened[0].select_option("#explore-icb", label="ICB & 1")
    drawing = ET.parse(saved("explore-map", "svg")).getroot()  # noqa: S314 - the page's own
    words = " ".join(text.text or "" for text in drawing.iter(f"{SVG}text"))
    for part in ("ICB & 1: 80 practices", "A1  ", "SYNTHETIC DATA", "Contains information from nobody"):
        assert part in words


def test_the_table_of_a_chart_has_the_practices_that_it_shows(
    saved: Callable[[str, str], Path],
    opened: tuple[Page, list[str], list[str]],
    results_of: Callable[..., Results],
) -> None:
    page, _, _ = opened
    page.select_option("#explore-icb", label="ICB & 1")
    page.check("input[value=subgroup]")
    table = pd.read_csv(saved("explore-map", "csv"), encoding="utf-8-sig").set_index("practice_code")
    segments = results_of(4).segments.query("icb_name == 'ICB & 1'").set_index("practice_code")
    assert sorted(table.index) == sorted(segments.index)
    assert table["subgroup"].equals(segments["subgroup"].reindex(table.index).astype(table["subgroup"].dtype))
    # On the National Grid England lies within 700 by 700 km.
    assert all(table[axis].between(0, 700_000).all() for axis in ("easting", "northing"))


def test_a_figure_without_a_drawing_in_the_page_is_saved_as_a_drawing_of_its_picture(
    emptied: Page,
    results_of: Callable[..., Results],
    figures_of_four: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pictures, "LARGEST_DRAWING", 0)
    shown = [each for each in figures.load_figures(figures_of_four)[0] if each.name == "sizes"]
    report.write_page(results_of(4), shown, tmp_path / "report.html")
    page = emptied
    page.goto((tmp_path / "report.html").as_uri())
    page.locator("#sizes-data summary").click()
    with page.expect_download() as started:
        page.locator("#sizes-data .svg").click()
    started.value.save_as(tmp_path / "saved.svg")
    drawing = ET.parse(tmp_path / "saved.svg").getroot()  # noqa: S314 - the page's own
    (image,) = drawing.iter(f"{SVG}image")
    assert image.attrib["href"].startswith("data:image/png;base64,")
    words = " ".join(text.text or "" for text in drawing.iter(f"{SVG}text"))
    assert words.startswith(shown[0].title)
    assert "Contains information from nobody" in words


def test_every_figure_has_its_table_in_one_of_the_two_pages(path: Path) -> None:
    texts = [path.with_name(name).read_text(encoding="utf-8") for name in ("report.html", "analyst.html")]
    for name in figures.figure_modules():
        assert sum(f'id="{name}-data"' in text for text in texts) == 1
