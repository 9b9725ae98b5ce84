"""A workbook in the OpenDocument format (ODF 1.3), for LibreOffice and for those who must publish in it.

Written with the standard library: odfpy, with which pandas writes such files, takes some 80 microseconds
a cell: four minutes for the practices' opportunities, which take three seconds here.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import numpy as np

from gp_segmentation.insight.workbook import ods_styles as styles
from gp_segmentation.insight.workbook.layout import MOST_LINES, LaidBook, LaidColumn, LaidSheet
from gp_segmentation.insight.workbook.number_formats import NumberFormat
from gp_segmentation.insight.workbook.xlsx import CONTENTS, COVER_WIDTH, CREATED
from gp_segmentation.insight.workbook.xlsx_rows import FORBIDDEN
from gp_segmentation.utils.files import atomic

#: Rows that are written at once.
CHUNK = 5_000


def write_ods(path: Path, book: LaidBook) -> None:
    """Write a workbook to `path`; the same bytes for the same book."""
    parts = {
        "styles.xml": styles.styles(),
        "meta.xml": styles.meta(book, CREATED),
        "settings.xml": styles.settings({sheet.name: sheet.above for sheet in book.sheets}),
    }
    with atomic(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as file:
        # First and not compressed: by it systems tell what kind of file this is.
        file.writestr(_member("mimetype", zipfile.ZIP_STORED), styles.MIMETYPE)
        for name, text in parts.items():
            file.writestr(_member(name), text)
        with file.open(_member("content.xml"), "w", force_zip64=True) as stream:
            stream.writelines(part.encode("utf-8") for part in _contents(book))
        file.writestr(_member("META-INF/manifest.xml"), styles.manifest([*parts, "content.xml"]))


def _member(name: str, compression: int = zipfile.ZIP_DEFLATED) -> zipfile.ZipInfo:
    """A part of the file, with a time that is always the same."""
    member = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    member.compress_type = compression
    member.external_attr = 0o600 << 16
    return member


def _contents(book: LaidBook) -> Iterator[str]:
    """The text of content.xml, in parts."""
    columns = [column for sheet in book.sheets for column in sheet.columns]
    looks = {look for column in columns for look in column.looks}
    widths = {*(column.width for column in columns), *CONTENTS, COVER_WIDTH}
    yield f"{styles.HEAD}<office:document-content {styles.NAMES}>"
    yield styles.automatic_styles(looks, widths, MOST_LINES)
    yield "<office:body><office:spreadsheet>"
    yield from _cover(book)
    yield from _table_of_contents(book)
    for sheet in book.sheets:
        yield from _sheet(sheet)
    filtered = [sheet for sheet in book.sheets if sheet.filtered]
    yield "".join(["<table:database-ranges>", *map(_buttons, filtered), "</table:database-ranges>"])
    yield "</office:spreadsheet></office:body></office:document-content>"


def _cover(book: LaidBook) -> Iterator[str]:
    yield _opened("Cover", [(COVER_WIDTH, "text")])
    yield _row([_text(book.title, "wrapped-title")])
    for heading, paragraphs in (("Introductory information", book.intro), ("About these data", book.about)):
        yield _row([_text(heading, "heading")])
        yield from (_row([_text(paragraph, "text")]) for paragraph in paragraphs)
    yield "</table:table>"


def _table_of_contents(book: LaidBook) -> Iterator[str]:
    yield _opened("Contents", [(width, "text") for width in CONTENTS])
    yield _row([_text("Table of contents", "title")])
    yield _row([_text("This worksheet contains one table.", "line")])
    yield _row([_text("Sheet", "header"), _text("Table", "header")])
    for sheet in book.sheets:
        name = _escaped(sheet.name)
        link = f'<text:a xlink:type="simple" xlink:href="#\'{name}\'.A1">{name}</text:a>'
        yield _row([_cell("string", link, "text"), _text(sheet.title, "text")])
    yield "</table:table>"


def _sheet(sheet: LaidSheet) -> Iterator[str]:
    yield _opened(
        sheet.name, [(column.width, _style(column, place)) for place, column in enumerate(sheet.columns)]
    )
    yield _row([_text(sheet.title, "title")])
    yield from (_row([_text(line, "line")]) for line in sheet.lines)
    headers = _row([_text(column.header, "header") for column in sheet.columns])
    yield f"<table:table-header-rows>{headers}</table:table-header-rows>"
    cells = [_cells(column, place) for place, column in enumerate(sheet.columns)]
    lines = np.max([column.lines for column in sheet.columns], axis=0).tolist()
    rows = [
        f'<table:table-row table:style-name="r{high}">{"".join(row)}</table:table-row>'
        for high, *row in zip(lines, *cells, strict=True)
    ]
    for start in range(0, len(rows), CHUNK):
        yield "".join(rows[start : start + CHUNK])
    yield "</table:table>"


def _opened(name: str, columns: Iterable[tuple[int, str]]) -> str:
    """The beginning of a sheet, with the width of its columns and the style of cells that name none."""
    written = "".join(
        f'<table:table-column table:style-name="w{width}" table:default-cell-style-name="{style}"/>'
        for width, style in columns
    )
    return f"<table:table table:name={quoteattr(name)}>{written}"


def _style(column: LaidColumn, place: int) -> str:
    """The style of most cells of a column: the first column names the rows."""
    if not column.numeric:
        return "text" if place else "first"
    return styles.number_style(column.looks[0])


def _cells(column: LaidColumn, place: int) -> list[str]:
    """The cells of a column; they name a style where it is not that of the column."""
    if isinstance(column.formats, NumberFormat) or not column.numeric:
        return column.each([_plain_cell(value) for value in column.distinct])
    usual = _style(column, place)
    named = [styles.number_style(look) for look in column.formats]
    return [
        _plain_cell(column.distinct[i], "" if style == usual else style)
        for i, style in zip(column.places, named, strict=True)
    ]


def _plain_cell(value: object, style: str = "") -> str:
    if isinstance(value, str):
        return _text(value, style)
    named = f' table:style-name="{style}"' if style else ""
    return f'<table:table-cell{named} office:value-type="float" office:value="{value:.12g}"/>'


def _text(text: str, style: str = "") -> str:
    return _cell("string", "</text:p><text:p>".join(map(_escaped, text.split("\n"))), style)


def _cell(kind: str, content: str, style: str) -> str:
    named = f' table:style-name="{style}"' if style else ""
    return (
        f'<table:table-cell{named} office:value-type="{kind}"><text:p>{content}</text:p></table:table-cell>'
    )


def _escaped(text: str) -> str:
    return escape(FORBIDDEN.sub("", text))


def _row(cells: Iterable[str]) -> str:
    return f"<table:table-row>{''.join(cells)}</table:table-row>"


def _buttons(sheet: LaidSheet) -> str:
    """Buttons to filter by in the headers of a sheet's table."""
    name = _escaped(sheet.name).replace('"', "&quot;")
    last = _letters(len(sheet.columns))
    area = f"'{name}'.A{sheet.above}:'{name}'.{last}{sheet.above + sheet.rows}"
    return (
        f'<table:database-range table:name="{name.replace(" ", "_")}" table:target-range-address="{area}" '
        'table:display-filter-buttons="true"/>'
    )


def _letters(number: int) -> str:
    """The name of a column by its number, from 1.

    >>> _letters(1), _letters(26), _letters(27), _letters(703)
    ('A', 'Z', 'AA', 'AAA')
    """
    rest, letter = divmod(number - 1, 26)
    return (_letters(rest) if rest else "") + chr(ord("A") + letter)
