"""The raw files of one source that are there, by role, and what their readers found on the way."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from gp_segmentation.errors import ConfigError, InputError
from gp_segmentation.sources.tidy import ContextTable, QualityLog

#: Roles of which a source has at most one file; `context` may come any number of times.
SINGLE_ROLES = ("qof", "registrations", "organisations", "postcodes", "boundaries")
ROLES = (*SINGLE_ROLES, "context")


@dataclass(frozen=True)
class _File:
    """One raw file that is there, and what reads it."""

    name: str
    path: Path
    role: str
    reader: Callable[..., Any]


@dataclass
class PresentFiles:
    """Files that can be read; `quality` gathers what their readers, and those who join them, tolerated."""

    present: list[_File] = field(default_factory=list)
    quality: list[pd.DataFrame] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)  # role -> file name, also of absent files

    def read(self, role: str, **arguments: Any) -> Any:
        """Return what the reader of the one file of `role` gives, None when it is absent."""
        one = next((file for file in self.present if file.role == role), None)
        if one is None:
            return None
        value = one.reader(path=one.path, **arguments)
        self.quality.append(value.quality)
        return value

    def context(self) -> list[tuple[str, ContextTable]]:
        found = [
            (file.path.name, file.reader(path=file.path)) for file in self.present if file.role == "context"
        ]
        self.quality.extend(value.quality for _, value in found)
        return found

    def log(self, role: str) -> QualityLog:
        return QualityLog(self.names.get(role, role))


def find_present(files: Mapping[str, Mapping[str, Any]], folder: Path) -> PresentFiles:
    """Look for a source's files in `folder`; an absent optional one is counted in quality.

    Raises InputError when a required file is missing, ConfigError when roles are not as they may be.
    """
    found = PresentFiles()
    for name, entry in files.items():
        role, filename = str(entry["role"]), str(entry["filename"])
        if role not in ROLES:
            raise ConfigError(f"files.{name}.role is {role!r}; it may be one of: {', '.join(ROLES)}")
        if role in SINGLE_ROLES and role in found.names:
            raise ConfigError(f"files.{name}.role is {role}, which another file has too")
        found.names[role] = filename
        path = folder / filename
        if path.is_file():
            found.present.append(_File(name, path, role, entry["reader"]))
        elif entry.get("required", True) or role == "qof":
            raise InputError(
                f"is missing from {folder}",
                file=filename,
                remedy=f"Get it with: gpseg-data source={folder.name} (from=FOLDER if you have it)",
            )
        else:
            log = QualityLog(filename)
            log.note("file not given", 1, f"{role}: {name}")
            found.quality.append(log.frame)
    if "qof" not in found.names:
        raise ConfigError("files: none has the role qof, from which practices are taken")
    return found
