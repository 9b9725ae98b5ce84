"""The page in Chromium: opens from disk, asks for nothing, works by keyboard, and axe finds no barrier."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from gp_segmentation import figures, report
from gp_segmentation.results import Results

CHROMIUM = os.environ.get("GPSEG_CHROMIUM", "/usr/bin/chromium")
OPTIONS = [
    *("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--no-first-run", "--disable-default-apps"),
]


@pytest.fixture(scope="module")
def path(results_of: Callable[..., Results], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("browser")
    results = results_of(4)
    shown = figures.render_all(results, folder / "figures")
    report.write_page(results, shown, folder / "report.html")
    return folder / "report.html"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        yield started
        started.close()


@pytest.fixture
def opened(browser: Browser, path: Path) -> Iterator[tuple[Page, list[str], list[str]]]:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: said.append(f"dialog {dialog.message}"))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri(), wait_until="load")
    yield page, said, asked
    page.close()


def test_it_opens_from_disk_and_asks_for_nothing(
    opened: tuple[Page, list[str], list[str]], path: Path
) -> None:
    page, said, asked = opened
    assert page.locator("h1").inner_text().startswith("Segments of general practices")
    assert page.locator("figure img").count() == len(figures.figure_modules())
    broken = page.evaluate("[...document.images].filter(i => !i.naturalWidth).length")
    assert broken == 0
    assert said == []
    assert [url for url in asked if not url.startswith("data:")] == [path.as_uri()]


@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_no_barrier(opened: tuple[Page, list[str], list[str]], width: int) -> None:
    page, _, _ = opened
    page.set_viewport_size({"width": width, "height": 900})
    page.fill("#finder-input", "practice 1")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_it_fits_a_narrow_screen(opened: tuple[Page, list[str], list[str]]) -> None:
    page, _, _ = opened
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_finder_finds_and_shows_hostile_names_as_text(opened: tuple[Page, list[str], list[str]]) -> None:
    page, said, _ = opened
    page.fill("#finder-input", "A00000")
    assert page.locator("#finder-status").inner_text() == "1 practice"
    cells = page.locator("#finder-results tr").first.locator("td")
    assert cells.first.inner_text() == "<script>alert(1)</script>"
    page.fill("#finder-input", "nowhere at all")
    assert page.locator("#finder-status").inner_text() == "0 practices"
    assert not page.locator("#finder-table").is_visible()
    assert said == []


def test_the_first_tab_stop_leads_to_the_content(opened: tuple[Page, list[str], list[str]]) -> None:
    page, _, _ = opened
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_it_reads_without_scripts(browser: Browser, path: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(path.as_uri())
    assert page.locator("#segments").is_visible()
    assert not page.locator("#find").is_visible()
    context.close()
