"""The documents of the transparency pack in Chromium: no request, no barrier, no wider than the screen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Page

from gp_segmentation import config, report
from gp_segmentation.schemas import Results

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def folder(results_of: Callable[..., Results], tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("transparency")
    report.write_transparency(report.Facts(replace(results_of(4), config=config.compose_config(ROOT))), made)
    return made


@pytest.mark.parametrize("name", ["assumptions", "atrs", "checklist", "equality", "model_card"])
def test_a_document_is_read_without_a_barrier(
    emptied: Page, hear, barriers: Callable[..., str], folder: Path, name: str
) -> None:
    page, asked = emptied, list[str]()
    hear("request", lambda request: asked.append(request.url))
    address = (folder / f"{name}.html").as_uri()
    page.goto(address, wait_until="load")
    schemes: dict[int, Literal["light", "dark"]] = {1280: "light", 390: "dark"}
    for width, scheme in schemes.items():
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        # All documents are built of the same parts: on the wide screen their colours alone are new.
        assert barriers(page, colours=scheme == "light" or None) == ""
    assert [url for url in asked if not url.startswith("data:")] == [address]
