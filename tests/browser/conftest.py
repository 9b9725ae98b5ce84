"""The page of a made-up run, opened in Chromium, with what it says and what it asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from gp_segmentation import figures, report
from gp_segmentation.schemas import Results

#: Most of the time of axe goes into these of its rules.
OF_COLOURS = ["color-contrast", "link-in-text-block"]


@pytest.fixture(scope="session")
def path(results_of: Callable[..., Results], figures_of_four: Path, made_once: Callable[..., Path]) -> Path:
    """The page of ``results_of(4)`` with all figures, and the one for analysts beside it; read only."""

    def fill(folder: Path) -> None:
        report.write_page(results_of(4), figures.load_figures(figures_of_four)[0], folder / "report.html")

    return made_once("page_of_four", fill) / "report.html"


@pytest.fixture(scope="module")
def tab(browser: Browser) -> Iterator[Page]:
    """One tab for all tests of a module: a new one takes three times as long as a page loaded in it."""
    page = browser.new_page()
    yield page
    page.close()


@pytest.fixture
def hear(tab: Page) -> Iterator[Callable[[str, Callable[[Any], None]], None]]:
    """Listen to the tab until the test ends: ``hear("pageerror", what_to_do)``."""
    listening: list[tuple[str, Callable[[Any], None]]] = []

    def hear(event: Any, do: Callable[[Any], None]) -> None:
        listening.append((event, do))
        tab.on(event, do)

    yield hear
    for event, do in listening:
        tab.remove_listener(event, do)


@pytest.fixture
def emptied(tab: Page) -> Page:
    """The tab as a new one would be: empty, 1280 wide, light, a screen, the mouse in its corner."""
    tab.goto("about:blank")
    tab.mouse.move(0, 0)
    tab.emulate_media(media="null", color_scheme="light")
    tab.set_viewport_size({"width": 1280, "height": 900})
    return tab


@pytest.fixture
def opened(
    emptied: Page, hear: Callable[[str, Callable[[Any], None]], None], path: Path
) -> tuple[Page, list[str], list[str]]:
    said: list[str] = []
    asked: list[str] = []
    hear("console", lambda message: said.append(message.text))
    hear("pageerror", lambda error: said.append(str(error)))
    hear("dialog", lambda dialog: said.append(f"dialog {dialog.message}"))
    hear("request", lambda request: asked.append(request.url))
    emptied.goto(path.as_uri(), wait_until="load")
    return emptied, said, asked


@pytest.fixture(scope="session")
def barriers() -> Callable[..., str]:
    """What axe finds wrong, "" if nothing: ``barriers(page)``; ``colours=True`` asks for these alone,
    where all else was asked for in other colours, ``colours=False`` for all else."""

    def found(page: Page, colours: bool | None = None) -> str:
        options: dict[str, Any] = {"resultTypes": ["violations"]}
        if colours:
            options["runOnly"] = {"type": "rule", "values": OF_COLOURS}
        elif colours is not None:
            options["rules"] = {rule: {"enabled": False} for rule in OF_COLOURS}
        told = Axe().run(page, options=options)
        return str(told.generate_report()) if told.violations_count else ""

    return found
