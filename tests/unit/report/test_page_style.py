"""Colours of the pages, light and dark: what page.css and the charts' script name, and their contrasts."""

from __future__ import annotations

import re
import runpy
from importlib.resources import files
from pathlib import Path

import pytest

contrast = runpy.run_path(str(Path(__file__).parents[1] / "figures" / "test_colours.py"))["contrast"]
TEMPLATES = files("gp_segmentation.report") / "templates"
CSS = (TEMPLATES / "page.css").read_text(encoding="utf-8")
CHARTS = (TEMPLATES / "explore.js").read_text(encoding="utf-8")
COLOUR = r"#[0-9a-fA-F]{3,6}"
#: What stands on what, and the contrast it needs (WCAG 2.2): text 4.5, graphics and large text 3.
ON = {
    ("ink", "paper"): 4.5, ("ink", "pale"): 4.5, ("soft", "paper"): 4.5, ("soft", "pale"): 4.5,
    ("grey", "paper"): 4.5, ("link", "paper"): 4.5, ("link", "pale"): 4.5, ("on-focus", "focus"): 4.5,
    ("blue", "paper"): 3, ("blue", "pale"): 3, ("below", "pale"): 2.5,
}  # fmt: skip


def variables(scheme: str) -> dict[str, str]:
    """The variables of the light page; of the dark one with what it changes."""
    light, dark = (
        dict(re.findall(rf"--([a-z-]+): ({COLOUR});", part)) for part in re.findall(r":root {[^}]*}", CSS)
    )
    return light if scheme == "light" else light | dark


def full(colour: str) -> str:
    return colour if len(colour) == 7 else "#" + "".join(2 * digit for digit in colour[1:])


def looks(name: str) -> dict[str, str]:
    """The colours of `LIGHT` or `DARK` in the charts' script."""
    (text,) = re.findall(rf"const {name} = {{(.*)}};", CHARTS)
    return {key: full(colour) for key, colour in re.findall(rf'(\w+): "({COLOUR})"', text)}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("pair", ON)
def test_what_stands_on_a_page_has_enough_contrast(scheme: str, pair: tuple[str, str]) -> None:
    found = variables(scheme)
    assert contrast(*(full(found[name]) for name in pair)) >= ON[pair]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_head_of_a_page_is_read_on_its_ground(scheme: str) -> None:
    assert contrast("#FFFFFF", variables(scheme)["head"]) >= 4.5


def test_a_dark_page_changes_colours_that_the_light_one_has() -> None:
    light, dark = variables("light"), variables("dark")
    assert set(light) == set(dark)
    assert light["paper"] != dark["paper"]


@pytest.mark.parametrize(("name", "scheme"), [("LIGHT", "light"), ("DARK", "dark")])
def test_charts_are_drawn_for_the_ground_they_stand_on(name: str, scheme: str) -> None:
    look = looks(name)
    assert look["ground"] == full(variables(scheme)["paper"])
    assert contrast(look["border"], look["ground"]) >= 3
    assert contrast(look["ring"], look["ground"]) >= 7


def test_no_rule_names_white_or_black_ground_but_for_pictures_and_paper() -> None:
    screen = CSS.split("@media print")[0]
    rules = re.findall(r"^([^\n{]+){[^}]*background: #[0-9a-f]+", screen, flags=re.MULTILINE)
    assert [rule.strip() for rule in rules] == ["figure img"]
