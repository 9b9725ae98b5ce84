"""Parts of a presentation, in the layouts and look of a template; tables and pictures have alternative texts.

Of the same contents come the same bytes.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pptx import Presentation
from pptx.presentation import Presentation as Slides
from pptx.util import Emu, Pt

from gp_segmentation.errors import ConfigError

#: Names under which templates have the layouts used here; else the one at this place.
TITLE, TITLE_ONLY = ("Title Slide", 0), ("Title Only", 5)
#: Of the height of a slide: where the contents begin and end, and where the foot is.
TOP, BOTTOM, FOOT = 0.26, 0.88, 0.915
SIDE = 0.06


def open_slides(template: Path | None) -> Slides:
    """A presentation without slides, in the look of a template or wide and plain.

    Raises
    ------
    ConfigError : the template cannot be read as a presentation.
    """
    if template is None:
        slides = Presentation()
        slides.slide_width, slides.slide_height = Emu(12_192_000), Emu(6_858_000)
        return slides
    try:
        slides = Presentation(str(template))
    except Exception as error:  # python-pptx raises what zip and XML raise
        raise ConfigError(
            f"--template {template} cannot be read as a presentation ({error}). Give a .pptx file"
        ) from None
    listed = slides.slides._sldIdLst
    for entry in list(listed):
        slides.part.drop_rel(entry.rId)
        listed.remove(entry)
    return slides


def add_slide(slides: Slides, layout: tuple[str, int], title: str, foot: str) -> Any:
    """A new slide with its title, and at its foot what must be known on every one."""
    name, place = layout
    layouts = list(slides.slide_layouts)
    found = next((one for one in layouts if one.name == name), layouts[min(place, len(layouts) - 1)])
    slide = slides.slides.add_slide(found)
    if slide.shapes.title is None:
        add_text(slides, slide, title, 0.05, 0.15, 28, bold=True)
    else:
        shape = slide.shapes.title
        shape.text_frame.text = title
        if layout == TITLE_ONLY:
            shape.left, shape.top = across(slides, SIDE), down(slides, 0.05)
            shape.width, shape.height = across(slides, 1 - 2 * SIDE), down(slides, 0.18)
            for paragraph in shape.text_frame.paragraphs:
                paragraph.font.size, paragraph.font.bold = Pt(26), True
    add_text(slides, slide, foot, FOOT, 0.07, 9)
    return slide


def table_slide(
    slides: Slides,
    title: str,
    widths: Mapping[str, float],
    rows: Sequence[Sequence[str]],
    foot: str,
    note: str = "",
) -> None:
    """A slide of a table, `widths` by heading, numbers to the right, and a note below it."""
    slide, heading = add_slide(slides, TITLE_ONLY, title, foot), list(widths)
    width, height = across(slides, 1 - 2 * SIDE), down(slides, 0.06) * (len(rows) + 1)
    frame = slide.shapes.add_table(
        len(rows) + 1, len(heading), across(slides, SIDE), down(slides, TOP), width, height
    )
    describe(frame, f"Table: {', '.join(heading)}.")
    for number, share in enumerate(widths.values()):
        frame.table.columns[number].width = Emu(int(width * share / sum(widths.values())))
    for row, texts in enumerate([heading, *rows]):
        for column, text in enumerate(texts):
            cell = frame.table.cell(row, column)
            cell.text_frame.text = text
            for paragraph in cell.text_frame.paragraphs:
                paragraph.font.size = Pt(14)
                if column:
                    paragraph.alignment = 3  # right
    if note:
        add_text(slides, slide, note, BOTTOM - 0.03, 0.05, 12)


def add_text(
    slides: Slides, slide: Any, text: str, top: float, height: float, size: int, *, bold: bool = False
) -> None:
    """Text as wide as the slide; `top` and `height` are shares of the slide's height, `size` is in points."""
    box = slide.shapes.add_textbox(
        across(slides, SIDE), down(slides, top), across(slides, 1 - 2 * SIDE), down(slides, height)
    )
    box.text_frame.word_wrap = True
    box.text_frame.text = text
    for paragraph in box.text_frame.paragraphs:
        paragraph.font.size, paragraph.font.bold = Pt(size), bold


def describe(shape: Any, text: str) -> None:
    """Give a shape its alternative text."""
    shape._element.xpath(".//p:cNvPr")[0].set("descr", text)


def across(slides: Slides, share: float) -> Emu:
    """A share of the slides' width."""
    return Emu(int((slides.slide_width or 0) * share))


def down(slides: Slides, share: float) -> Emu:
    """A share of the slides' height."""
    return Emu(int((slides.slide_height or 0) * share))


def same_bytes(content: bytes) -> bytes:
    """The archive with a constant time for every member."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.infolist():
            new.writestr(
                zipfile.ZipInfo(member.filename, (2025, 1, 1, 0, 0, 0)),
                old.read(member),
                zipfile.ZIP_DEFLATED,
            )
    return made.getvalue()
