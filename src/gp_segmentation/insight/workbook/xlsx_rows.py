"""The rows of a workbook's tables, written into sheets that have one row for each look.

gptables and xlsxwriter take some 20 microseconds a cell: a minute for the practices' opportunities. So they
lay out made-up rows that have the looks of the real ones, and `fill_rows` writes these in their place. Places
are counted, not written, as the standard has it (ECMA-376 part 1, 18.3.1). No text is seen by gptables, which
takes some for links or refuses them.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from xml.sax.saxutils import escape

from gp_segmentation.insight.workbook.layout import LANGUAGE, LaidColumn, LaidSheet
from gp_segmentation.insight.workbook.number_formats import NumberFormat
from gp_segmentation.utils.files import atomic

#: What a reader of XLSX would take for a character's number (`_x0041_`), and what cannot be in XML.
_NUMBERED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
#: The part with the texts of all sheets.
SHARED = "xl/sharedStrings.xml"
#: A row and its number; a cell, and the number of its look.
_ROW = re.compile(r'<row r="(\d+)".*?</row>', re.DOTALL)
_CELL = re.compile(r'<c r="[A-Z]+\d+"(?: s="(\d+)")?')


class SharedTexts:
    """The texts that all sheets of a workbook share: each stands there once, and cells name its number."""

    def __init__(self, part: str) -> None:
        self._part = part
        self._before = part.count("<si>") + part.count("<si/>")
        self._numbers: dict[str, int] = {}

    def number(self, text: str) -> int:
        """Return the number of a text, which is added where it is not there yet."""
        return self._before + self._numbers.setdefault(text, len(self._numbers))

    def part(self) -> str:
        """Return the part of the file with the texts added; without counts, which readers may do without."""
        items = (escape(_NUMBERED.sub("_x005F_", FORBIDDEN.sub("", text))) for text in self._numbers)
        added = "".join(f"<si><t>{item}</t></si>" for item in items)
        head, first, rest = self._part.partition("<si>")
        head = re.sub(r' (?:count|uniqueCount)="\d+"', "", head)
        return "".join([head, first, rest.removesuffix("</sst>"), added, "</sst>"])


def fill_rows(path: Path, sheets: Mapping[str, LaidSheet]) -> None:
    """Write the rows of `sheets` into the workbook at `path`, in place of those there.

    Their tables get buttons to filter by, and the document its language, which xlsxwriter cannot write.
    """
    with zipfile.ZipFile(path) as old:
        names = re.findall(r'<sheet name="([^"]*)"', old.read("xl/workbook.xml").decode("utf-8"))
        core = old.read("docProps/core.xml").decode("utf-8")
        language = f"<dc:language>{LANGUAGE}</dc:language></cp:coreProperties>"
        changed = {"docProps/core.xml": core.replace("</cp:coreProperties>", language)}
        texts = SharedTexts(old.read(SHARED).decode("utf-8"))
        for name, laid in sheets.items():
            sheet = f"xl/worksheets/sheet{names.index(escape(name)) + 1}.xml"
            links = old.read(sheet.replace("worksheets/", "worksheets/_rels/") + ".rels").decode("utf-8")
            part = "xl/" + re.findall(r'Target="\.\./(tables/[^"]*)"', links)[0]
            table = _to_row(old.read(part).decode("utf-8"), laid.above + laid.rows)
            changed[sheet] = _with_rows(old.read(sheet).decode("utf-8"), laid, texts)
            changed[part] = _filtered(table) if laid.filtered else table
        changed[SHARED] = texts.part()
        members = [(member, changed.get(member.filename) or old.read(member)) for member in old.infolist()]
    with atomic(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as new:
        for member, content in members:
            new.writestr(member, content)


def _to_row(text: str, last: int) -> str:
    """The ranges of a sheet or table (``ref="A5:P9"``), ending in row `last`."""
    return re.sub(r'ref="([A-Z]+\d+:[A-Z]+)\d+"', rf'ref="\g<1>{last}"', text)


def _filtered(text: str) -> str:
    """A table with a button in every header."""
    area = re.findall(r'ref="([^"]*)"', text)[0]
    return re.sub(r"(<table [^>]*>)", rf'\1<autoFilter ref="{area}"/>', text, count=1)


def _with_rows(text: str, laid: LaidSheet, texts: SharedTexts) -> str:
    start, end = text.index("<sheetData>"), text.index("</sheetData>")
    rows = {int(row[1]): row[0] for row in _ROW.finditer(text, start, end)}
    first = laid.above + 1
    looks = [_CELL.findall(row) for number, row in rows.items() if number >= first]
    cells = [
        _cells(column, [row[place] for row in looks], texts) for place, column in enumerate(laid.columns)
    ]
    written = ["<row>" + "".join(row) + "</row>" for row in zip(*cells, strict=True)]
    above = [row for number, row in rows.items() if number < first]
    head = _to_row(text[:start], laid.above + laid.rows)
    return "".join([head, "<sheetData>", *above, *written, text[end:]])


def _cells(column: LaidColumn, looks: list[str], shared: SharedTexts) -> list[str]:
    """The cells of a column, each with the number of its look."""
    contents = [
        f' t="s"><v>{shared.number(value)}</v>' if isinstance(value, str) else f"><v>{value:.12g}</v>"
        for value in column.distinct
    ]
    if isinstance(column.formats, NumberFormat):
        return column.each([f'<c s="{looks[0] or 0}"{content}</c>' for content in contents])
    look = dict(zip(column.looks, looks, strict=False))
    rows = zip(column.formats, column.each(contents), strict=True)
    return [f'<c s="{look[one] or 0}"{content}</c>' for one, content in rows]
