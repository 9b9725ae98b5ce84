"""The raw files of one source by role, and the irregularities found in them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from gp_segmentation.errors import ConfigError, InputError
from gp_segmentation.sources.tidy import Codes, QualityLog, first_few

#: Roles of which a source has at most one file; it may have any number of `context` files.
SINGLE_ROLES = ("qof", "registrations", "organisations", "postcodes", "boundaries")
ROLES = (*SINGLE_ROLES, "context")


@dataclass
class PresentFiles:
    """The files of a source that exist; `quality` collects what was tolerated in reading and joining them."""

    files: list[tuple[str, Path, Callable[..., Any]]] = field(default_factory=list)  # role, path, reader
    quality: list[pd.DataFrame] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)  # role -> file name, also of absent files

    def read(self, role: str, **arguments: Any) -> Any:
        """Return what the reader of the file with `role` returns; None when the file is absent."""
        return next((table for _, table in self.read_all(role, **arguments)), None)

    def read_all(self, role: str, **arguments: Any) -> list[tuple[str, Any]]:
        """Return file name and what its reader returns, for every file with `role`."""
        tables = [(path.name, read(path=path, **arguments)) for own, path, read in self.files if own == role]
        self.quality.extend(table.quality for _, table in tables)
        return tables

    def note(self, file: str, check: str, codes: Codes, detail: str | None = None) -> None:
        """Record the number of `codes` to which `check` applies.

        `file` is a role or a file name; the detail lists the first few codes unless it is given.
        """
        log = QualityLog(self.names.get(file, file))
        log.note(check, len(codes), first_few(codes) if detail is None else detail)
        self.quality.append(log.frame)


def find_present(files: Mapping[str, Mapping[str, Any]], folder: Path) -> PresentFiles:
    """Look for a source's files in `folder`; an absent optional file is counted in `quality`.

    Raises InputError when a required file is missing, ConfigError when a role is unknown, used twice or
    when no file has the role qof.
    """
    present = PresentFiles()
    for name, entry in files.items():
        role, filename = str(entry["role"]), str(entry["filename"])
        if role not in ROLES:
            raise ConfigError(f"files.{name}.role is {role!r}; it may be one of: {', '.join(ROLES)}")
        if role in SINGLE_ROLES and role in present.names:
            raise ConfigError(f"files.{name}.role is {role}, but another file has that role")
        present.names[role] = filename
        path = folder / filename
        if path.is_file():
            present.files.append((role, path, entry["reader"]))
        elif entry.get("required", True) or role == "qof":
            remedy = f"Get it with: gpseg-data source={folder.name} (from=FOLDER if you have it)"
            raise InputError(f"is missing from {folder}", file=filename, remedy=remedy)
        else:
            present.note(filename, "file not given", [name], f"{role}: {name}")
    if "qof" not in present.names:
        raise ConfigError("files: no file has the role qof, which gives the practices")
    return present
