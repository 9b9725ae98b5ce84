"""The page of a made-up run, opened in Chromium, with what it says and what it asks for."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from gp_segmentation import figures, report
from gp_segmentation.schemas import Results

CHROMIUM = os.environ.get("GPSEG_CHROMIUM", "/usr/bin/chromium")
OPTIONS = [
    *("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--no-first-run", "--disable-default-apps"),
]


@pytest.fixture(scope="session")
def path(
    results_of: Callable[..., Results], figures_of_four: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    page = tmp_path_factory.mktemp("browser") / "report.html"
    report.write_page(results_of(4), figures.load_figures(figures_of_four)[0], page)
    return page


@pytest.fixture(scope="module")  # one that outlives its module stands in the way of other modules' own
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
