"""What is told of an unknown file, and the texts in it."""

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gp_segmentation.errors import InputError
from gp_segmentation.sources.files.archive import TextFile, find_texts
from gp_segmentation.sources.files.delimited import letters_of
from gp_segmentation.sources.files.sheets import OTHER_FORMATS, WORKBOOKS

_SAMPLE = 1 << 20
_NO_TEXT = (*WORKBOOKS, *OTHER_FORMATS, ".parquet", ".geojson", ".json")


@dataclass(frozen=True)
class Text:
    """A text of the file: its first record, and the dialect it is in."""

    name: str
    encoding: str
    line_end: str
    delimiter: str
    header: list[str]

    def has(self, *names: str) -> bool:
        """Whether all `names` stand in the header, in any case and with whatever between their words."""
        return set(map(letters_of, names)) <= set(map(letters_of, self.header))

    def __str__(self) -> str:
        shown = ", ".join(self.header[:12]) + (", ..." if len(self.header) > 12 else "")
        dialect = f"{self.encoding}, {self.line_end}, {self.delimiter!r} between {len(self.header)} columns"
        return f"  {self.name}: {dialect}\n    {shown}"


@dataclass
class Found:
    """What is told of a file: `lines` of text, and the part of a source's YAML that reads it."""

    reader: str
    lines: list[str] = field(default_factory=list)
    source: dict[str, Any] = field(default_factory=dict)  # the proposed YAML
    target: str = "the YAML of your source"


def texts_of(path: Path) -> list[Text]:
    """Return the texts in a file: its members, or itself; none of a workbook, parquet or GeoJSON file."""
    if path.suffix.lower() in _NO_TEXT:
        return []
    return [_text(text) for text in find_texts(path, r".*\.(csv|txt|tsv)")]


def _text(text: TextFile) -> Text:
    with text.open() as stream:
        sample = stream.read(_SAMPLE).decode("utf-8", "replace")
        encoding = stream.raw.encoding  # type: ignore[attr-defined]  # a Utf8Stream
        first = sample.partition("\n")[0]
        delimiter = max(",;\t|", key=first.count)
        header = next(csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter), [])
    ends = {"\r\n": "CRLF", "\n": "LF", "\r": "CR"}
    line_end = next((name for end, name in ends.items() if end in sample), "one line")
    return Text(text.base_name, encoding, line_end, delimiter, [name.strip() for name in header])


def context_entry(path: Path, licence: str | None, target: str, **reader: Any) -> dict[str, Any]:
    """Return the entry of a file that no year names yet."""
    return {
        "filename": path.name,
        "url": None,
        "sha256": None,
        "required": False,
        "max_bytes": 100_000_000,
        "licence": licence,
        "role": "context",
        "reader": {"_target_": f"gp_segmentation.sources.{target}", "_partial_": True, **reader},
    }


def attempt(found: Found, read: Callable[[], list[str]]) -> Found:
    """Add the lines that reading gives; where the reader refuses the file, why."""
    try:
        found.lines += read()
    except InputError as error:
        found.lines.append(f"the reader refuses it: {error}")
        found.target += ", to be completed"
    return found
