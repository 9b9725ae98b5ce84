"""Colours of segments: contrast with what they stand on, and distance as people see them."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from gp_segmentation.figures._style import COLOURS_ON_DARK, LAND, SEGMENT_COLOURS, on_dark

#: What a colour becomes (linear RGB): Machado, Oliveira and Fernandes (2009), A Physiologically-based Model
#: for Simulation of Color Vision Deficiency, severity 1.0.
VISION = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
#: Linear RGB to cone responses, and their cube roots to OKLab: Ottosson (2020), A perceptual color space for
#: image processing.
CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
OKLAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
#: The least distance of any two of so many colours, in OKLab (black and white are 1 apart). For comparison:
#: the palette before was at 0.06 for its first three colours, which readers took for one another.
APART = {
    2: 0.25,
    3: 0.17,
    4: 0.15,
    5: 0.14,
    6: 0.14,
    7: 0.10,
    8: 0.09,
    9: 0.09,
    10: 0.08,
    11: 0.08,
    12: 0.075,
}
#: The least difference in grey (cube root of luminance); beyond six, markers and codes tell segments apart.
GREY_APART = {2: 0.20, 3: 0.11, 4: 0.09, 5: 0.05, 6: 0.05}


#: Palettes, and what their marks stand on: a picture, and a chart on a dark page with its land.
PALETTES = {"light": SEGMENT_COLOURS, "dark": COLOURS_ON_DARK}
GROUNDS = {"light": ["#FFFFFF", LAND], "dark": ["#15191C", "#1B2023"]}


def linear(colour: str) -> np.ndarray:
    values = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def luminance(colour: str) -> float:
    return float(linear(colour) @ [0.2126, 0.7152, 0.0722])


def contrast(one: str, other: str) -> float:
    """WCAG 2.2."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def seen(colour: str, vision: str) -> np.ndarray:
    """The colour in OKLab as a reader with this vision sees it."""
    return OKLAB @ np.cbrt(CONES @ np.clip(VISION[vision] @ linear(colour), 0, 1))


def test_the_formulas_give_known_values() -> None:
    assert contrast("#FFFFFF", "#000000") == pytest.approx(21)
    assert contrast("#FFFFFF", "#777777") == pytest.approx(4.48, abs=0.01)
    assert seen("#FFFFFF", "normal") == pytest.approx([1, 0, 0], abs=1e-4)
    # Red in OKLab: L 0.628, a 0.225, b 0.126.
    assert seen("#FF0000", "normal") == pytest.approx([0.628, 0.225, 0.126], abs=1e-3)
    for vision in VISION:
        assert seen("#808080", vision)[1:] == pytest.approx([0, 0], abs=2e-4)  # grey stays grey


@pytest.mark.parametrize("palette", PALETTES)
def test_there_are_colours_for_twelve_segments(palette: str) -> None:
    assert len(set(PALETTES[palette])) == 12 == max(APART)


def test_a_colour_has_one_on_dark_pages_and_others_stay() -> None:
    assert [on_dark(colour) for colour in SEGMENT_COLOURS] == list(COLOURS_ON_DARK)
    assert on_dark("#7d8589") == "#7d8589"


@pytest.mark.parametrize("number", range(12))
@pytest.mark.parametrize("palette", PALETTES)
def test_a_mark_has_a_contrast_of_three_with_what_it_stands_on(palette: str, number: int) -> None:
    colour = PALETTES[palette][number]
    assert min(contrast(colour, below) for below in GROUNDS[palette]) >= 3


@pytest.mark.parametrize("segments", APART)
@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("palette", PALETTES)
def test_segments_are_told_apart_with_every_vision(palette: str, segments: int, vision: str) -> None:
    shown = [seen(colour, vision) for colour in PALETTES[palette][:segments]]
    assert min(np.linalg.norm(a - b) for a, b in combinations(shown, 2)) >= APART[segments]


@pytest.mark.parametrize("segments", GREY_APART)
@pytest.mark.parametrize("palette", PALETTES)
def test_up_to_six_segments_are_told_apart_in_grey(palette: str, segments: int) -> None:
    greys = [np.cbrt(luminance(colour)) for colour in PALETTES[palette][:segments]]
    assert min(abs(a - b) for a, b in combinations(greys, 2)) >= GREY_APART[segments]
