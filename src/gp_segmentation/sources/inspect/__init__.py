"""What an unknown file is: its members, their dialect, the reader that fits, and the YAML that names it."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import yaml

from gp_segmentation.errors import InputError
from gp_segmentation.sources.inspect.found import Found, Text, texts_of
from gp_segmentation.sources.inspect.publishers import (
    boundaries,
    fingertips,
    organisations,
    postcodes,
    registrations,
)
from gp_segmentation.sources.inspect.qof import is_qof, qof_archive
from gp_segmentation.sources.inspect.tables import PRACTICE, table_of_practices

MOST_LISTED = 12


def inspect_file(path: Path) -> str:
    """Return what is in a file, which reader fits, what that reads, and the YAML to put into `conf/source/`.

    QOF archives, registrations, lists of organisations, Fingertips files, postcodes, boundaries and tables of
    practices (CSV, workbook, parquet) are known. Raises InputError for a file that is missing or damaged.
    """
    if not path.is_file():
        problem = "is a folder" if path.is_dir() else "is missing"
        remedy = "Name a file that is there, from the folder you are in"
        raise InputError(problem, file=path.name, remedy=remedy)
    texts = texts_of(path)
    found = next(known for matches, known in _KNOWN if matches(path, texts))(path, texts)
    lines = [f"{path.name}: {found.reader}", *map(str, texts[:MOST_LISTED])]
    lines += [f"  ... and {len(texts) - MOST_LISTED:,} more"] if len(texts) > MOST_LISTED else []
    lines += [f"  {line}" for line in found.lines]
    if found.source:
        proposed = yaml.safe_dump(found.source, sort_keys=False, allow_unicode=True, width=100)
        lines += [f"Proposed for {found.target}:", "", proposed.rstrip()]
    return "\n".join(lines)


def _header_has(*names: str) -> Callable[[Path, Sequence[Text]], bool]:
    return lambda _path, texts: any(text.has(*names) for text in texts)


def _is_epraccur(_path: Path, texts: Sequence[Text]) -> bool:
    return any(len(text.header) == 27 and bool(PRACTICE.fullmatch(text.header[0])) for text in texts)


def _is_code_point(_path: Path, texts: Sequence[Text]) -> bool:
    areas = [text for text in texts if re.fullmatch(r"[a-z]{1,2}\.csv", text.name, re.IGNORECASE)]
    return bool(areas) or any(text.has("pcds", "lat", "long") for text in texts)


#: What tells a file, and what is then told of it; the first that matches is taken.
_KNOWN: tuple[tuple[Callable[[Path, Sequence[Text]], bool], Callable[[Path, Sequence[Text]], Found]], ...] = (
    (is_qof, qof_archive),
    (_header_has("ORG_TYPE", "AGE_GROUP_5", "NUMBER_OF_PATIENTS"), registrations),
    (_header_has("Indicator ID", "Area Code"), fingertips),
    (_is_epraccur, organisations),
    (_is_code_point, postcodes),
    (lambda path, _texts: path.suffix.lower() in (".geojson", ".json"), boundaries),
    (lambda _path, _texts: True, table_of_practices),
)
