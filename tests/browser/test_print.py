"""The page for readers on paper: a brief of two sides, light even where the screen is dark."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from playwright.sync_api import Page

from gp_segmentation import figures, report
from gp_segmentation.schemas import Results

A4 = {"format": "A4", "margin": dict.fromkeys(("top", "bottom", "left", "right"), "10mm")}
#: As long as those of official data are.
FIGURES = ["deprivation score (IMD 2025) 33.3 (England 23.5)"] * 2


def sides(page: Page) -> int:
    return len(re.findall(rb"/Type\s*/Page[^s]", page.pdf(**A4)))


def test_the_page_prints_as_a_brief_of_two_sides(opened: tuple[Page, list[str], list[str]]) -> None:
    page, _, _ = opened
    page.fill("#finder-input", "practice 1")
    page.select_option("#explore-icb", label="ICB & 1")
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    assert sides(page) == 2
    page.emulate_media(media="print")
    shown = [h.inner_text() for h in page.locator("h2, h3").all() if h.is_visible()]
    assert [re.sub(r"^\d+\. ", "", heading) for heading in shown] == [
        *("ICB & 1: 80 practices", "To decide or ask"),
        *(
            "Its networks",
            "All practices by segment; in brackets the next segment of those without a clear one",
        ),
        "What not to use it for",
    ]
    for part in (
        "header .synthetic",
        ".overview",
        "footer .code >> nth=0",
        "#use + .warning",
        "#networks-map",
    ):
        assert page.locator(part).is_visible()
    for part in ("nav", "#filter", "#area", "#explore", "#find", "#profiles", ".chart-data >> nth=-1"):
        assert not page.locator(part).is_visible()
    for part in (".next", ".second", "#here-lists"):
        assert not page.locator(part).is_visible()


def test_of_england_the_second_side_is_its_pictures(opened: tuple[Page, list[str], list[str]]) -> None:
    page, _, _ = opened
    assert sides(page) == 2
    page.emulate_media(media="print")
    shown = [h.inner_text() for h in page.locator("h2, h3").all() if h.is_visible()]
    assert [re.sub(r"^\d+\. ", "", heading) for heading in shown] == [
        *("What was found", "How sure", "What to do with it"),
        *("Profiles of segments", "Map", "What not to use it for"),
    ]


def test_many_segments_with_long_figures_fit_on_two_sides(
    emptied: Page, results_of: Callable[..., Results], tmp_path: Path
) -> None:
    results = results_of(12)
    results = replace(results, portraits=[row | {"figures": FIGURES} for row in results.portraits])
    shown = figures.render_all(results, tmp_path / "figures", names=["map", "heatmap"])
    report.write_page(results, shown, tmp_path / "report.html")
    emptied.goto((tmp_path / "report.html").as_uri(), wait_until="load")
    assert sides(emptied) == 2


def test_paper_is_light_where_the_screen_is_dark(opened: tuple[Page, list[str], list[str]]) -> None:
    page, _, _ = opened
    ground = "getComputedStyle(document.body).backgroundColor"
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(ground) == "rgb(21, 25, 28)"
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate(ground) == "rgb(255, 255, 255)"
    border = "getComputedStyle(document.querySelector('.overview tbody th')).borderLeftColor"
    on_paper = page.evaluate(border)
    page.emulate_media(media="screen", color_scheme="light")
    assert page.evaluate(border) == on_paper
