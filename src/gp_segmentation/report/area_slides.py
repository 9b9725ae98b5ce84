"""Slides of one area: one message a slide, in the title; made of the template's own layouts.

Written with python-pptx (`slide_parts`). Of the same tables come the same bytes.
"""

from __future__ import annotations

import io
from datetime import datetime
from pathlib import Path

from pptx.presentation import Presentation as Slides
from pptx.util import Emu, Pt

from gp_segmentation.report.area import (
    AreaPage,
    area_name,
    expected_from,
    gain_of,
    largest_segment,
)
from gp_segmentation.report.area_data import records
from gp_segmentation.report.expected_text import asked_row, by_chance, register_row, register_sentence
from gp_segmentation.report.slide_parts import (
    BOTTOM,
    TITLE,
    TITLE_ONLY,
    across,
    add_slide,
    add_text,
    describe,
    down,
    open_slides,
    same_bytes,
    table_slide,
)
from gp_segmentation.utils.files import atomic
from gp_segmentation.utils.rounding import natural, signed, whole_percent
from gp_segmentation.utils.wording import UNCHECKED, inline

MEASURES, INDICATORS, REGISTERS = 7, 7, 7
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
    slides = open_slides(template)
    _title_slide(slides, page)
    _mix_slide(slides, page)
    _map_slide(slides, page)
    _measures_slide(slides, page)
    if len(page.tables.opportunities):
        _opportunities_slide(slides, page)
    if len(page.tables.conditions):
        _asked_slide(slides, page)
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
        file.write_bytes(same_bytes(buffer.getvalue()))


def _foot(page: AreaPage) -> str:
    """What must be known on every slide: that figures are made up, and where they are from."""
    source = page.source
    if source["synthetic"]:
        return "SYNTHETIC DATA: a computer made up every practice, name and figure. None is real."
    said = [str(source[key]) for key in ("warning", "note") if source.get(key)]
    said += [f"{UNCHECKED}."] * bool(source.get("unchecked"))
    return " ".join([*said, f"Source: {source['label']}. {source['licence']}."])


def _title_slide(slides: Slides, page: AreaPage) -> None:
    slide = add_slide(slides, TITLE, f"{area_name(page.tables)}: segments of general practices", _foot(page))
    count = len(page.tables.practices)
    text = f"{count:,} practices, {page.source['period']}. {page.verdict}"
    others = [shape for shape in slide.placeholders if shape.placeholder_format.idx != 0]
    for shape, top, height in zip(
        [slide.shapes.title, *others[:1]], (0.25, 0.52), (0.25, 0.25), strict=False
    ):
        if shape is not None:
            shape.left, shape.top = across(slides, 0.1), down(slides, top)
            shape.width, shape.height = across(slides, 0.8), down(slides, height)
    if others:
        others[0].text_frame.text = text
        for paragraph in others[0].text_frame.paragraphs:
            paragraph.font.size = Pt(18)
    else:
        add_text(slides, slide, text, 0.5, 0.3, 18)


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
    widths = {"Segment": 5, "Practices": 1.2, "Patients": 1.4, "Share": 1, "England": 1}
    table_slide(slides, title, widths, rows, _foot(page))


def _map_slide(slides: Slides, page: AreaPage) -> None:
    if page.map is None:
        return
    title = f"Where the practices of {area_name(page.tables)} are, by segment"
    slide = add_slide(slides, TITLE_ONLY, title, _foot(page))
    height = down(slides, BOTTOM - 0.2)
    picture = slide.shapes.add_picture(io.BytesIO(page.map["png"]), 0, down(slides, 0.2), height=height)
    picture.left = Emu((slides.slide_width - picture.width) // 2)
    describe(
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
    widths = {"Measure (mean of practices)": 5, "Here": 1.2, "England": 1.2, "Difference (SD)": 1.4}
    table_slide(slides, title, widths, cells, _foot(page))


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
    widths = {"Indicator": 3.4, "Here": 0.9, "Target": 0.9, "England": 1}
    widths |= {"Practices below": 1.3, "More patients, about": 3}
    note = (
        "Target: the upper quartile of the practices' own segments. In brackets the 95% interval. A patient "
        "can count for several indicators: do not add them up."
    )
    table_slide(slides, title, widths, cells, _foot(page), note)


def _asked_slide(slides: Slides, page: AreaPage) -> None:
    rows = records(page.tables.conditions)
    first = rows[0]
    title = (
        f"{first['own_practices']:,} practices record {first['way']} patients with "
        f"{inline(str(first['condition']))} than similar practices would"
    )
    cells = [list(asked_row(row).values())[:-1] for row in rows]
    widths = {"Condition": 3.4, "Practices": 1.4, "Together, about": 2, "Also beside their own segment": 3}
    table_slide(slides, title, widths, cells, _foot(page), by_chance(first))


def _expected_slide(slides: Slides, page: AreaPage) -> None:
    rows = records(page.tables.expected.head(REGISTERS))
    title = f"{rows[0]['condition']}: {register_sentence(rows[0])} patients"
    cells = [list(register_row(row).values()) for row in rows]
    widths = {"Register": 3.4, "Recorded": 1.2, "Expected (95% interval)": 2.6}
    widths |= {"Recorded is": 1.4, "In the interval": 1.2}
    table_slide(slides, title, widths, cells, _foot(page), expected_from(page.tables))


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
    widths = {"Probability that a practice belongs to its segment": 6, "Practices": 1.5, "Share": 1.5}
    table_slide(slides, title, widths, rows, _foot(page))
