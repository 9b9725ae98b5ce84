"""Slides of one area: one message a slide, in the title; made of the template's own layouts.

Written with python-pptx. Pictures and tables have alternative texts. Of the same tables come the same bytes.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from pptx import Presentation
from pptx.presentation import Presentation as Slides
from pptx.util import Emu, Pt

from gp_segmentation.errors import ConfigError
from gp_segmentation.report.area import (
    AreaPage,
    area_name,
    expected_from,
    gain_of,
    largest_segment,
)
from gp_segmentation.report.area_data import records
from gp_segmentation.report.expected_text import register_row, register_sentence
from gp_segmentation.utils.files import atomic
from gp_segmentation.utils.rounding import natural, signed, whole_percent
from gp_segmentation.utils.wording import UNCHECKED, inline

#: Names under which templates have the layouts used here; else the one at this place.
TITLE, TITLE_ONLY = ("Title Slide", 0), ("Title Only", 5)
MEASURES, INDICATORS, REGISTERS = 7, 7, 7
#: Of the height of a slide: where the contents begin and end, and where the foot is.
TOP, BOTTOM, FOOT = 0.26, 0.88, 0.915
SIDE = 0.06
#: Time in the file: a constant, so that the same tables give the same bytes.
CREATED = datetime(2025, 1, 1)


def write_area_slides(path: Path, page: AreaPage, template: Path | None = None) -> None:
    """Write the slides of an area.

    Parameters
    ----------
    template : a presentation whose layouts and look are taken; its own slides are left out.

    Raises
    ------
    ConfigError : the template cannot be read as a presentation.
    """
    slides = _open(template)
    _title_slide(slides, page)
    _mix_slide(slides, page)
    _map_slide(slides, page)
    _measures_slide(slides, page)
    if len(page.tables.opportunities):
        _opportunities_slide(slides, page)
    if len(page.tables.expected):
        _expected_slide(slides, page)
    _certainty_slide(slides, page)
    properties = slides.core_properties
    properties.title = f"Segments of general practices: {area_name(page.tables)}"
    properties.author = properties.last_modified_by = "GP Practice Segmentation"
    properties.created = properties.modified = CREATED
    buffer = io.BytesIO()
    slides.save(buffer)
    with atomic(path) as file:
        file.write_bytes(_same_bytes(buffer.getvalue()))


def _open(template: Path | None) -> Slides:
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


def _slide(slides: Slides, layout: tuple[str, int], title: str, page: AreaPage) -> Any:
    name, place = layout
    layouts = list(slides.slide_layouts)
    found = next((one for one in layouts if one.name == name), layouts[min(place, len(layouts) - 1)])
    slide = slides.slides.add_slide(found)
    if slide.shapes.title is None:
        _text(slides, slide, title, 0.05, 0.15, 28, bold=True)
    else:
        shape = slide.shapes.title
        shape.text_frame.text = title
        if layout == TITLE_ONLY:
            shape.left, shape.top = _x(slides, SIDE), _y(slides, 0.05)
            shape.width, shape.height = _x(slides, 1 - 2 * SIDE), _y(slides, 0.18)
            for paragraph in shape.text_frame.paragraphs:
                paragraph.font.size, paragraph.font.bold = Pt(26), True
    _text(slides, slide, _foot(page), FOOT, 0.07, 9)
    return slide


def _foot(page: AreaPage) -> str:
    """What must be known on every slide: that figures are made up, and where they are from."""
    source = page.source
    if source["synthetic"]:
        return "SYNTHETIC DATA: a computer made up every practice, name and figure. None is real."
    said = [str(source[key]) for key in ("warning", "note") if source.get(key)]
    said += [f"{UNCHECKED}."] * bool(source.get("unchecked"))
    return " ".join([*said, f"Source: {source['label']}. {source['licence']}."])


def _title_slide(slides: Slides, page: AreaPage) -> None:
    slide = _slide(slides, TITLE, f"{area_name(page.tables)}: segments of general practices", page)
    count = len(page.tables.practices)
    text = f"{count:,} practices, {page.source['period']}. {page.verdict}"
    others = [shape for shape in slide.placeholders if shape.placeholder_format.idx != 0]
    for shape, top, height in zip(
        [slide.shapes.title, *others[:1]], (0.25, 0.52), (0.25, 0.25), strict=False
    ):
        if shape is not None:
            shape.left, shape.top = _x(slides, 0.1), _y(slides, top)
            shape.width, shape.height = _x(slides, 0.8), _y(slides, height)
    if others:
        others[0].text_frame.text = text
        for paragraph in others[0].text_frame.paragraphs:
            paragraph.font.size = Pt(18)
    else:
        _text(slides, slide, text, 0.5, 0.3, 18)


def _mix_slide(slides: Slides, page: AreaPage) -> None:
    mix = page.tables.mix
    top = largest_segment(mix)
    title = (
        f"{whole_percent(top['share'])} of practices are in segment {top['segment_code']}, "
        f"{inline(top['segment_name'])} (England {whole_percent(top['england_share'])})"
    )
    rows = [
        [
            f"{row['segment_code']}  {row['segment_name']}" if row["segment"] > 0 else "No segment",
            *(f"{row[name]:,}" for name in ("practices", "patients")),
            *(whole_percent(row[name]) for name in ("share", "england_share")),
        ]
        for row in records(mix)
    ]
    heading = ["Segment", "Practices", "Patients", "Share", "England"]
    _table(slides, _slide(slides, TITLE_ONLY, title, page), heading, rows, [5, 1.2, 1.4, 1, 1])


def _map_slide(slides: Slides, page: AreaPage) -> None:
    if page.map is None:
        return
    slide = _slide(
        slides, TITLE_ONLY, f"Where the practices of {area_name(page.tables)} are, by segment", page
    )
    height = _y(slides, BOTTOM - 0.2)
    picture = slide.shapes.add_picture(io.BytesIO(page.map["png"]), 0, _y(slides, 0.2), height=height)
    picture.left = Emu((slides.slide_width - picture.width) // 2)
    _describe(
        picture,
        "Map of the area's practices, coloured by segment; the table on the slide before has the numbers.",
    )


def _measures_slide(slides: Slides, page: AreaPage) -> None:
    rows = records(page.tables.measures.dropna(subset=["difference_sd"]).head(MEASURES))
    if not rows:
        return
    first = rows[0]
    area, england = (natural(first[name], first["unit"]) for name in ("area_mean", "england_mean"))
    title = f"What differs most from England: {inline(first['label'])}, {area} (England {england})"
    cells = [
        [
            row["label"],
            *(natural(row[name], row["unit"]) for name in ("area_mean", "england_mean")),
            signed(row["difference_sd"]),
        ]
        for row in rows
    ]
    heading = ["Measure (mean of practices)", "Here", "England", "Difference (SD)"]
    _table(slides, _slide(slides, TITLE_ONLY, title, page), heading, cells, [5, 1.2, 1.2, 1.4])


def _opportunities_slide(slides: Slides, page: AreaPage) -> None:
    rows = records(page.tables.opportunities.head(INDICATORS))
    first = rows[0]
    title = (
        f"The largest opportunity is {inline(first['group_name'])} ({first['indicator_code']}): about "
        f"{gain_of(first)} more patients"
    )
    cells = [
        [
            f"{row['indicator_code']}  {row['group_name']}",
            *(natural(100 * row[name], "%") for name in ("rate", "target", "england_rate")),
            f"{int(row['practices_below']):,} of {int(row['practices']):,}",
            str(gain_of(row)),
        ]
        for row in rows
    ]
    heading = ["Indicator", "Here", "Target", "England", "Practices below", "More patients, about"]
    slide = _slide(slides, TITLE_ONLY, title, page)
    _table(slides, slide, heading, cells, [3.4, 0.9, 0.9, 1, 1.3, 3])
    note = (
        "Target: the upper quartile of the practices' own segments. In brackets the 95% interval. A patient "
        "can count for several indicators: do not add them up."
    )
    _text(slides, slide, note, BOTTOM - 0.03, 0.05, 12)


def _expected_slide(slides: Slides, page: AreaPage) -> None:
    rows = records(page.tables.expected.head(REGISTERS))
    title = f"{rows[0]['condition']}: {register_sentence(rows[0])} patients"
    cells = [list(register_row(row).values()) for row in rows]
    heading = ["Register", "Recorded", "Expected (95% interval)", "Recorded is", "In the interval"]
    slide = _slide(slides, TITLE_ONLY, title, page)
    _table(slides, slide, heading, cells, [3.4, 1.2, 2.6, 1.4, 1.2])
    _text(slides, slide, expected_from(page.tables), BOTTOM - 0.03, 0.05, 12)


def _certainty_slide(slides: Slides, page: AreaPage) -> None:
    known = page.tables.practices["certainty"].dropna()
    if known.empty:
        return
    bands = [("90% or more", 0.9, 1.01), ("60% to 90%", 0.6, 0.9), ("below 60%", -1.0, 0.6)]
    counts = [int(((known >= low) & (known < high)).sum()) for _, low, high in bands]
    title = f"The segment is certain for {counts[0]:,} of {len(known):,} practices"
    rows = [
        [text, f"{n:,}", whole_percent(n / len(known))] for (text, _, _), n in zip(bands, counts, strict=True)
    ]
    heading = ["Probability that a practice belongs to its segment", "Practices", "Share"]
    _table(slides, _slide(slides, TITLE_ONLY, title, page), heading, rows, [6, 1.5, 1.5])


def _table(
    slides: Slides, slide: Any, heading: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[float]
) -> None:
    """A table with a row of headings, numbers to the right."""
    width, height = _x(slides, 1 - 2 * SIDE), _y(slides, 0.06) * (len(rows) + 1)
    frame = slide.shapes.add_table(
        len(rows) + 1, len(heading), _x(slides, SIDE), _y(slides, TOP), width, height
    )
    _describe(frame, f"Table: {', '.join(heading)}.")
    for number, share in enumerate(widths):
        frame.table.columns[number].width = Emu(int(width * share / sum(widths)))
    for row, texts in enumerate([heading, *rows]):
        for column, text in enumerate(texts):
            cell = frame.table.cell(row, column)
            cell.text_frame.text = text
            for paragraph in cell.text_frame.paragraphs:
                paragraph.font.size = Pt(14)
                if column:
                    paragraph.alignment = 3  # right


def _text(
    slides: Slides, slide: Any, text: str, top: float, height: float, size: int, *, bold: bool = False
) -> None:
    box = slide.shapes.add_textbox(
        _x(slides, SIDE), _y(slides, top), _x(slides, 1 - 2 * SIDE), _y(slides, height)
    )
    box.text_frame.word_wrap = True
    box.text_frame.text = text
    for paragraph in box.text_frame.paragraphs:
        paragraph.font.size, paragraph.font.bold = Pt(size), bold


def _describe(shape: Any, text: str) -> None:
    """Give a shape its alternative text."""
    shape._element.xpath(".//p:cNvPr")[0].set("descr", text)


def _x(slides: Slides, share: float) -> Emu:
    return Emu(int((slides.slide_width or 0) * share))


def _y(slides: Slides, share: float) -> Emu:
    return Emu(int((slides.slide_height or 0) * share))


def _same_bytes(content: bytes) -> bytes:
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
