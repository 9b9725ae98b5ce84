"""The raw files of one source by role, and the irregularities found in them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from gp_segmentation.errors import ConfigError, InputError
from gp_segmentation.sources.download.config import find_in_folder, names_in_folder
from gp_segmentation.sources.download.manifest import MANIFEST, read_manifest
from gp_segmentation.sources.tidy import Codes, NoRowsError, QualityLog
from gp_segmentation.utils.wording import first_few

#: Roles of which a source has at most one file; it may have any number of the others.
SINGLE_ROLES = (
    "qof",
    "practices",
    "registrations",
    "organisations",
    "postcodes",
    "boundaries",
    "small_area_lookup",
)
#: Roles that say which practices there are: a source has one of them.
LISTING_ROLES = ("qof", "practices")
ROLES = (*SINGLE_ROLES, "context", "small_area_patients", "grouping", "successors")
#: Endings of files that a reader may take; others (notes, pictures) are not asked about.
READABLE = (".csv", ".tsv", ".zip", ".xlsx", ".xlsm", ".xls", ".ods", ".parquet", ".geojson", ".json")
#: The check of the quality table that names an optional file which is not there.
NOT_GIVEN = "file not given"
NAME_IT = "name it in `files` of the source's YAML to use it"


@dataclass
class PresentFiles:
    """The files of a source that exist; `quality` collects what was tolerated in reading and joining them."""

    files: list[tuple[str, Path, Callable[..., Any]]] = field(default_factory=list)  # role, path, reader
    quality: list[pd.DataFrame] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)  # role -> file name, also of absent files
    entries: dict[str, str] = field(default_factory=dict)  # name in the source -> file name, also of absent
    optional: set[str] = field(default_factory=set)  # names of the files that the source can do without

    def read(self, role: str, **arguments: Any) -> Any:
        """Return what the reader of the file with `role` returns; None when the file is absent."""
        return next((table for _, table in self.read_all(role, **arguments)), None)

    def read_all(self, role: str, **arguments: Any) -> list[tuple[str, Any]]:
        """Return file name and what its reader returns, for every file with `role`.

        An optional file without rows of the source's year counts as absent.
        """
        tables = []
        for path, read in ((path, read) for own, path, read in self.files if own == role):
            try:
                tables.append((path.name, read(path=path, **arguments)))
            except NoRowsError as error:
                if path.name not in self.optional:
                    raise
                self.note(path.name, "file without rows of this source", [path.name], error.problem)
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
    when not exactly one file has one of `LISTING_ROLES`.
    """
    present = PresentFiles()
    for name, entry in files.items():
        role, filename = str(entry["role"]), str(entry["filename"])
        if role not in ROLES:
            raise ConfigError(f"files.{name}.role is {role!r}; it may be one of: {', '.join(ROLES)}")
        if role in SINGLE_ROLES and role in present.names:
            raise ConfigError(f"files.{name}.role is {role}, but another file has that role")
        present.names[role] = present.entries[name] = filename
        path = find_in_folder(entry, folder)
        if path is not None:
            present.names[role] = present.entries[name] = path.name
            present.files.append((role, path, entry["reader"]))
            present.optional |= set() if entry.get("required", True) else {path.name}
        elif entry.get("required", True) or role in LISTING_ROLES:
            remedy = f"Get it with: gpseg data source={folder.name}"
            raise InputError(f"is missing from {folder}", file=filename, remedy=remedy)
        else:
            present.note(filename, NOT_GIVEN, [name], f"{role}: {name}")
    given = [role for role in LISTING_ROLES if role in present.names]
    if len(given) != 1:
        problem = "both roles qof and practices are given" if given else "no file has role qof or practices"
        raise ConfigError(f"files: {problem}. Name one file that says which practices there are")
    for name in unused_files(files, folder):
        present.note(name, "file not used", [name], f"not named by the source; {NAME_IT}")
    # What is noted of the practices is noted under the file that lists them.
    present.names["qof"] = present.names[given[0]]
    return present


def unused_files(files: Mapping[str, Mapping[str, Any]], folder: Path) -> list[str]:
    """Return the names of the readable files in a source's `folder` that no entry of `files` names."""
    named = {n for entry in files.values() for n in names_in_folder(entry["filename"], entry.get("aliases"))}
    return [name for name in readable_files(folder) if name not in named]


def readable_files(folder: Path) -> list[str]:
    """Return the names of the files in `folder` and below that a reader may take, sorted.

    Hidden files, and those that this package generated itself (by the manifest), are left out.
    """
    generated = {row.filename for row in read_manifest(folder) if row.retrieved is None}
    found = {path.name for path in folder.rglob("*.*") if path.suffix.lower() in READABLE}
    return sorted(name for name in found - generated - {MANIFEST} if not name.startswith("."))
