"""The rows of long tables, written into a workbook that has the first few of them.

gptables and xlsxwriter take some 20 microseconds a cell: a minute for the practices' opportunities. So they
get `sample_rows`, which is enough to lay a sheet out, and `fill_rows` writes all rows in their place, each
cell in the look of its column. A text stands in its cell, and places are counted, not written: both as the
standard has it (ECMA-376 part 1, 18.3.1), and a third of the size.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from xml.sax.saxutils import escape

import pandas as pd

from gp_segmentation.utils.files import atomic

#: Rows of a table from which on it is long.
LONG = 400
#: What a reader of XLSX would take for a character's number (`_x0041_`), and what cannot be in XML.
_NUMBERED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
#: A row and its number; a cell, and the number of its look.
_ROW = re.compile(r'<row r="(\d+)".*?</row>', re.DOTALL)
_CELL = re.compile(r'<c r="[A-Z]+\d+"(?: s="(\d+)")?')


def sample_rows(table: pd.DataFrame, missing: str) -> pd.DataFrame:
    """Return a few rows in which every column has a figure, if it has one: what its look depends on."""
    known = table != missing
    rows = sorted({0, 1, *(int(known[name].to_numpy().argmax()) for name in table)})
    return table.iloc[rows].reset_index(drop=True)


def fill_rows(path: Path, tables: Mapping[str, tuple[pd.DataFrame, int]]) -> None:
    """Write all rows of `tables` into their sheets of the workbook at `path`, in place of those there.

    Parameters
    ----------
    tables : name of the sheet -> table of texts and numbers, and the number of its first row in the sheet.
    """
    if not tables:
        return
    with zipfile.ZipFile(path) as old:
        names = re.findall(r'<sheet name="([^"]*)"', old.read("xl/workbook.xml").decode("utf-8"))
        changed: dict[str, str] = {}
        for name, (table, first) in tables.items():
            sheet = f"xl/worksheets/sheet{names.index(escape(name)) + 1}.xml"
            changed[sheet] = _with_rows(old.read(sheet).decode("utf-8"), table, first)
            links = old.read(sheet.replace("worksheets/", "worksheets/_rels/") + ".rels").decode("utf-8")
            part = "xl/" + re.findall(r'Target="\.\./(tables/[^"]*)"', links)[0]
            changed[part] = _to_row(old.read(part).decode("utf-8"), first + len(table) - 1)
        members = [(member, changed.get(member.filename) or old.read(member)) for member in old.infolist()]
    with atomic(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as new:
        for member, content in members:
            new.writestr(member, content)


def _to_row(text: str, last: int) -> str:
    """The ranges of a sheet or table (``ref="A5:P9"``), ending in row `last`."""
    return re.sub(r'ref="([A-Z]+\d+:[A-Z]+)\d+"', rf'ref="\g<1>{last}"', text)


def _with_rows(text: str, table: pd.DataFrame, first: int) -> str:
    start, end = text.index("<sheetData>"), text.index("</sheetData>")
    rows = {int(row[1]): row[0] for row in _ROW.finditer(text, start, end)}
    looks = _CELL.findall(rows[first])
    cells = [_cells(table[name], look or "0") for look, name in zip(looks, table.columns, strict=True)]
    written = ["<row>" + "".join(row) + "</row>" for row in zip(*cells, strict=True)]
    above = [row for number, row in rows.items() if number < first]
    head = _to_row(text[:start], first + len(table) - 1)
    return "".join([head, "<sheetData>", *above, *written, text[end:]])


def _cells(column: pd.Series, look: str) -> list[str]:
    """The cells of a column, each with the number of its look."""
    number, values = pd.factorize(column.astype(object))
    texts = [f'<c s="{look}"{_contents(value)}</c>' for value in values]
    return [texts[i] for i in number]


def _contents(value: object) -> str:
    if isinstance(value, str):
        shown = escape(_NUMBERED.sub("_x005F_", _FORBIDDEN.sub("", value)))
        return f' t="inlineStr"><is><t>{shown}</t></is>'
    return f"><v>{value:.16g}</v>"
