"""Which tables of a source are simulated, as stated by whoever made the files; figures are never judged.

Files in the official layout may hold figures drawn by computer to build and test software. Two places state
this, and the tables named in either are simulated; where neither does and a README speaks of simulation, the
files are refused until the source says it:

* ``simulated: [achievement]`` in the source's YAML (or ``source.simulated=[achievement]`` on a command line);
* a file `MARKER` beside the raw files, with one table on each line, and optionally a colon and a remark;
  lines that begin with # are comments. `gpseg data from=FOLDER` copies it from anywhere below FOLDER.
"""

import logging
import os
import re
from collections.abc import Collection, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from gp_segmentation.errors import ConfigError, InputError
from gp_segmentation.sources.download.folder import lock_folder
from gp_segmentation.sources.download.manifest import BY_HAND, describe, read_manifest, write_manifest
from gp_segmentation.utils.files import write_text
from gp_segmentation.utils.wording import visible_name

log = logging.getLogger(__name__)

MARKER = "SIMULATED.txt"
#: Tables that can be simulated: their figures in words, and the results that use them.
TABLES = {
    "registers": ("disease registers", "prevalence and all results from it"),
    "achievement": (
        "achievement of QOF indicators",
        "every figure of achievement, its outliers and opportunities",
    ),
    "age_sex": ("patients by age and sex", "age structure and age-adjusted prevalence"),
    "context": ("deprivation and other context measures", "deprivation quintiles and every context measure"),
    "practices": ("practices, their places and lists", "every table"),
}
_SIMULATED = re.compile(r"\b(?:simulat|synthetic)\w*", re.IGNORECASE)
#: Size limit of a marker, in bytes.
MAX_BYTES = 100_000


def simulated_tables(named: Collection[str] | None, folder: Path) -> dict[str, str]:
    """Return the simulated tables of a source, each with its remark ("" when there is none).

    Parameters
    ----------
    named : ``simulated`` of the source's configuration. folder : its raw files.

    Raises ConfigError (InputError) when the configuration (the marker) names a table not in `TABLES`.
    """
    if isinstance(named, str) or not all(isinstance(name, str) for name in named or ()):
        raise ConfigError(f"simulated is {named!r}, which is not a list of tables. Write [achievement]")
    unknown = sorted(set(named or ()) - set(TABLES))
    if unknown:
        raise ConfigError(f"simulated names {unknown[0]!r}. Tables: {', '.join(TABLES)}")
    return dict(sorted((dict.fromkeys(named or (), "") | _read(folder / MARKER)).items()))


def write_marker(from_folder: Path, folder: Path, named: Collection[str] | None) -> None:
    """Write the marker of `folder` from the tables `named`, the markers below `from_folder`, and its own.

    The marker is a raw file like the others and is listed in the manifest. It stays when official files
    replace the simulated ones: delete it then.
    """
    found = simulated_tables(named, folder)
    for path in _below(from_folder, MARKER):
        found |= _read(path)
    if not found:
        return
    lines = [f"{table}: {note}" if note else table for table, note in sorted(found.items())]
    with lock_folder(folder):
        write_text(folder / MARKER, "\n".join(["# Tables whose figures are simulated", *lines]) + "\n")
        address = BY_HAND if from_folder == folder else f"folder: {from_folder.resolve().name}"
        # Without a time, so that the same remark gives the same manifest.
        row = replace(describe(folder / MARKER, address=address, licence=None), retrieved=None)
        others = (known for known in read_manifest(folder) if known.filename != MARKER)
        write_manifest(folder, [*others, row])
    log.warning("simulated tables, stated by %s in %s: %s", MARKER, folder, ", ".join(sorted(found)))


def refuse_undeclared(named: Collection[str] | None, from_folder: Path, folder: Path) -> None:
    """Raise InputError when a README below `from_folder` says "simulated" and nothing says which tables are.

    Parameters
    ----------
    named : ``simulated`` of the source's configuration; a list, also an empty one, says which tables are.
    folder : the source's raw files; a marker there, or below `from_folder`, says it too.
    """
    if named is not None or (folder / MARKER).is_file() or any(_below(from_folder, MARKER)):
        return
    for path in _below(from_folder, "README", "README.md", "README.txt"):
        said = _SIMULATED.search(path.read_text("utf-8", errors="replace")[:MAX_BYTES])
        if said:
            raise InputError(
                f"says {said[0]!r}, and nothing says which tables are",
                file=str(path),
                remedy=f"Say it with source.simulated=[TABLE,...] ({', '.join(TABLES)}), or with "
                "source.simulated=[] if none is; or as `simulated` in the source's YAML",
            )


def _below(folder: Path, *accepted: str) -> Iterator[Path]:
    """Yield the files below `folder` with one of the names `accepted`, in upper or lower case."""
    names = {name.casefold() for name in accepted}
    for parent, _, found in os.walk(folder):
        yield from (Path(parent) / name for name in sorted(found) if name.casefold() in names)


def simulated_warning(tables: Collection[str]) -> str:
    """Return the warning that goes with every result from simulated `tables`; "" when there are none.

    >>> simulated_warning([])
    ''
    """
    if not tables:
        return ""
    figures, results = zip(*(TABLES[name] for name in sorted(tables)), strict=True)
    return (
        f"SIMULATED FIGURES: {'; '.join(figures)}. They were made up to build and test software, and are not "
        f"published. Results that use them describe no real practice: {'; '.join(results)}."
    )


def _read(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    fail = partial(InputError, file=str(path))
    if path.stat().st_size > MAX_BYTES:
        raise fail(f"is larger than {MAX_BYTES:,} bytes", remedy="Is it the right file?")
    found = {}
    for number, line in enumerate(path.read_text("utf-8-sig", errors="replace").splitlines(), start=1):
        name, _, note = line.partition(":")
        name = name.strip()
        if not line.strip() or name.startswith("#"):
            continue
        if name not in TABLES:
            raise fail(f"{name!r} is not a table", row=number, remedy=f"Tables: {', '.join(TABLES)}")
        found[name] = visible_name(note)
    return found
