"""The parts of an OpenDocument file around its contents: styles, properties, settings, the list of parts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from xml.sax.saxutils import escape, quoteattr

from gp_segmentation.insight.workbook.layout import AUTHOR, LANGUAGE, SUBJECT, LaidBook
from gp_segmentation.insight.workbook.number_formats import NumberFormat

MIMETYPE = "application/vnd.oasis.opendocument.spreadsheet"
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_OASIS = "urn:oasis:names:tc:opendocument:xmlns:"
_NAMES = {
    **{name: f"{_OASIS}{name}:1.0" for name in ("office", "style", "text", "table", "meta", "config")},
    **{"fo": f"{_OASIS}xsl-fo-compatible:1.0", "number": f"{_OASIS}datastyle:1.0"},
    **{"xlink": "http://www.w3.org/1999/xlink", "dc": "http://purl.org/dc/elements/1.1/"},
}
#: The spaces of names that every part declares, and the version of the format.
NAMES = " ".join(f'xmlns:{name}="{address}"' for name, address in _NAMES.items()) + ' office:version="1.3"'
_FONT = 'style:font-name="Arial" fo:font-family="Arial"'
#: Style of a cell -> size of its letters, whether they are bold, whether lines are broken.
TEXT_STYLES = {
    "title": (16, True, False),
    "wrapped-title": (16, True, True),
    "heading": (14, True, True),
    "line": (12, False, False),
    "text": (12, False, True),
    "first": (12, True, True),
    "header": (12, True, True),
}
#: Width of a character and height of a line in centimetres, at the size of the tables' letters.
CHARACTER, LINE = 0.22, 0.5


def number_style(look: NumberFormat) -> str:
    """Return the name of the style of cells whose numbers are shown so."""
    return f"n{look.decimals}{'t' if look.thousands else ''}"


def automatic_styles(looks: Iterable[NumberFormat], widths: Iterable[int], most_lines: int) -> str:
    """Return the styles of columns of these widths, of rows of up to so many lines, and of cells."""
    columns = "".join(
        f'<style:style style:name="w{width}" style:family="table-column"><style:table-column-properties '
        f'style:column-width="{round(width * CHARACTER, 2):g}cm"/></style:style>'
        for width in sorted(set(widths))
    )
    # Heights are given: to find them takes LibreOffice a minute in a long table.
    rows = "".join(
        f'<style:style style:name="r{lines}" style:family="table-row"><style:table-row-properties '
        f'style:row-height="{height:g}cm" style:use-optimal-row-height="false"/></style:style>'
        for lines in range(1, most_lines + 1)
        for height in [round(lines * LINE + 0.03, 2)]
    )
    texts = "".join(_text_style(name) for name in TEXT_STYLES)
    numbers = "".join(_number_style(name, look) for name, look in _by_style(looks).items())
    return f"<office:automatic-styles>{columns}{rows}{texts}{numbers}</office:automatic-styles>"


def _by_style(looks: Iterable[NumberFormat]) -> dict[str, NumberFormat]:
    return {number_style(look): look for look in sorted(looks, key=number_style)}


def _text_style(name: str) -> str:
    size, bold, wrapped = TEXT_STYLES[name]
    weight = ' fo:font-weight="bold"' if bold else ""
    line = ' fo:border-bottom="0.5pt solid #000000"' if name == "header" else ""
    return (
        f'<style:style style:name="{name}" style:family="table-cell" style:parent-style-name="Default">'
        f'<style:table-cell-properties fo:wrap-option="{"wrap" if wrapped else "no-wrap"}" '
        f'style:vertical-align="{"top" if name == "header" else "bottom"}"{line}/>'
        f'<style:text-properties fo:font-size="{size}pt"{weight}/></style:style>'
    )


def _number_style(name: str, look: NumberFormat) -> str:
    thousands = ' number:grouping="true"' if look.thousands else ""
    return (
        f'<number:number-style style:name="f{name}"><number:number number:decimal-places="{look.decimals}" '
        f'number:min-decimal-places="{look.decimals}" number:min-integer-digits="1"{thousands}/>'
        f'</number:number-style><style:style style:name="{name}" style:family="table-cell" '
        f'style:parent-style-name="Default" style:data-style-name="f{name}">'
        '<style:paragraph-properties fo:text-align="end"/></style:style>'
    )


def styles() -> str:
    """Return styles.xml: the font and the language of everything."""
    language, _, country = LANGUAGE.partition("-")
    return (
        f"{HEAD}<office:document-styles {NAMES}><office:styles>"
        '<style:default-style style:family="table-cell">'
        f'<style:text-properties {_FONT} fo:font-size="12pt" fo:language="{language}" '
        f'fo:country="{country}"/></style:default-style>'
        '<style:style style:name="Default" style:family="table-cell"/>'
        "</office:styles></office:document-styles>"
    )


def meta(book: LaidBook, created: datetime) -> str:
    """Return meta.xml: title, subject, language, and the tags of the run."""
    tags = "".join(
        f"<meta:user-defined meta:name={quoteattr(name)}>{escape(value)}</meta:user-defined>"
        for name, value in book.tags.items()
    )
    return (
        f"{HEAD}<office:document-meta {NAMES}><office:meta>"
        f"<meta:generator>{AUTHOR}</meta:generator><dc:title>{escape(book.title)}</dc:title>"
        f"<dc:subject>{escape(SUBJECT)}</dc:subject><dc:language>{LANGUAGE}</dc:language>"
        f"<meta:initial-creator>{AUTHOR}</meta:initial-creator><dc:creator>{AUTHOR}</dc:creator>"
        f"<meta:creation-date>{created:%Y-%m-%dT%H:%M:%S}</meta:creation-date>{tags}"
        "</office:meta></office:document-meta>"
    )


def settings(frozen: Mapping[str, int]) -> str:
    """Return settings.xml: of each sheet (name -> rows) how many rows stay in sight."""
    entries = "".join(_frozen(name, rows) for name, rows in frozen.items())
    return (
        f'{HEAD}<office:document-settings xmlns:ooo="http://openoffice.org/2004/office" {NAMES}>'
        '<office:settings><config:config-item-set config:name="ooo:view-settings">'
        '<config:config-item-map-indexed config:name="Views"><config:config-item-map-entry>'
        '<config:config-item config:name="ViewId" config:type="string">view1</config:config-item>'
        '<config:config-item config:name="ActiveTable" config:type="string">Cover</config:config-item>'
        f'<config:config-item-map-named config:name="Tables">{entries}</config:config-item-map-named>'
        "</config:config-item-map-entry></config:config-item-map-indexed></config:config-item-set>"
        "</office:settings></office:document-settings>"
    )


def _frozen(name: str, rows: int) -> str:
    # 2: a split that does not move. The lower part is the active one, and begins below the rows that stay.
    items = {
        "HorizontalSplitMode": ("short", 0),
        "VerticalSplitMode": ("short", 2),
        "HorizontalSplitPosition": ("int", 0),
        "VerticalSplitPosition": ("int", rows),
        "ActiveSplitRange": ("short", 2),
        "PositionLeft": ("int", 0),
        "PositionRight": ("int", 0),
        "PositionTop": ("int", 0),
        "PositionBottom": ("int", rows),
    }
    written = "".join(
        f'<config:config-item config:name="{item}" config:type="{kind}">{value}</config:config-item>'
        for item, (kind, value) in items.items()
    )
    return (
        f"<config:config-item-map-entry config:name={quoteattr(name)}>{written}"
        "</config:config-item-map-entry>"
    )


def manifest(parts: Iterable[str]) -> str:
    """Return META-INF/manifest.xml: what the file holds."""
    entries = "".join(
        f'<manifest:file-entry manifest:full-path="{part}" manifest:media-type="{kind}"/>'
        for part, kind in (("/", MIMETYPE), *((part, "text/xml") for part in parts))
    )
    return (
        f'{HEAD}<manifest:manifest xmlns:manifest="{_OASIS}manifest:1.0" manifest:version="1.3">'
        f"{entries}</manifest:manifest>"
    )
