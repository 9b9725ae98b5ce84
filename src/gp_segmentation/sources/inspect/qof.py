"""An archive of the Quality and Outcomes Framework that no data year names yet."""

import re
import zipfile
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from gp_segmentation import schemas
from gp_segmentation.sources.files.archive import member_names
from gp_segmentation.sources.inspect.found import Found, Text, attempt
from gp_segmentation.sources.nhs_england import DIALECT, MEMBERS, OPTIONAL, read_qof

#: The index of deprivation of 2025 is the current one from 2024-25 on.
_IMD_2025: dict[str, Any] = {
    "imd_2019": {"reader": {"measure": "imd_2019_score"}},
    "imd_2025": {"required": True, "reader": {"measure": "imd_score"}},
}


def _qof_suffix(path: Path) -> str | None:
    names = member_names(path) if zipfile.is_zipfile(path) else []
    matches = [re.search(r"PREVALENCE_(\d{4})(_v\d+)?\.csv$", name, re.IGNORECASE) for name in names]
    return next((match[1] for match in matches if match), None)


def is_qof(path: Path, _texts: Sequence[Text]) -> bool:
    """Whether a zip has a PREVALENCE member, of whatever year."""
    return _qof_suffix(path) is not None


def qof_archive(path: Path, texts: Sequence[Text]) -> Found:
    """Return what is told of an archive, and the YAML of its year.

    A column that has none of the known names is taken to be the one of the most similar name.
    """
    suffix = _qof_suffix(path) or ""
    found = Found("a QOF archive, read by nhs_england.read_qof")
    columns: dict[str, dict[str, str]] = {}
    for table, pattern in MEMBERS.items():
        members = [
            t for t in texts if re.fullmatch(rf"{pattern}_{suffix}(_v\d+)?\.csv", t.name, re.IGNORECASE)
        ]
        found.lines.append(f"{table}: {', '.join(text.name for text in members) or 'no member'}")
        if members and table in DIALECT:
            renamed = _renamed(members[0], DIALECT[table], OPTIONAL.get(table, frozenset()))
            columns |= {table: renamed} if renamed else {}
    year = f"20{suffix[:2]}-{suffix[2:]}"
    name = f"nhs_{year.replace('-', '_')}"
    reader: dict[str, Any] = {"suffix": suffix} | ({"columns": columns} if columns else {})
    found.target = f"conf/source/{name}.yaml (url: the official address, if you know it)"
    found.source = {
        "defaults": ["_nhs", "_self_"],
        "name": name,
        "label": f"England {year}",
        "period": year,
        "files": {
            "qof": {"filename": path.name, "url": None, "reader": reader},
            "registrations": {"reader": {"expected_date": f"20{suffix[2:]}-04-01"}},
            **(_IMD_2025 if suffix >= "2425" else {}),
            "workforce": {"reader": {"where": {"Year": int(f"20{suffix[:2]}")}}},
        },
    }
    for table, renamed in columns.items():
        found.lines += [f"{table}: no known name for {own}, taken: {new}" for own, new in renamed.items()]

    def read() -> list[str]:
        qof = read_qof(path, suffix=suffix, columns=columns)
        registers, rated = sorted(set(qof.prevalence["group_code"])), set(qof.achievement["indicator_code"])
        absent = sorted(schemas.REGISTERS.keys() - set(registers))
        return [
            f"practices: {len(qof.geographies):,}; patients: {qof.list_sizes.sum():,}",
            f"registers: {len(registers)} ({', '.join(registers)}); not there: {', '.join(absent) or 'none'}",
            f"indicators: {len(qof.indicators)} described, {len(rated)} with achievement",
        ]

    return attempt(found, read)


def _renamed(text: Text, names: Mapping[str, Any], optional: frozenset[str]) -> dict[str, str]:
    """Return own name -> the most similar free name of the header, where none of the known names is there."""
    accepted = {own: (known,) if isinstance(known, str) else tuple(known) for own, known in names.items()}
    free = [
        name for name in text.header if name.upper() not in {n for known in accepted.values() for n in known}
    ]
    near = {
        own: get_close_matches(known[0], free, 1, 0.5)
        for own, known in accepted.items()
        if not text.has(*known[:1]) and not any(text.has(name) for name in known) and own not in optional
    }
    return {own: matches[0] for own, matches in near.items() if matches}
