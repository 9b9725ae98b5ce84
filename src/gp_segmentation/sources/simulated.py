"""Which tables of a source are simulated: said by whoever made the files, never guessed from figures.

A source that is official in layout may hold figures drawn by computer, made to build and test software with.
It is said in either of two places, and what both name together counts:

* ``simulated: [achievement]`` in the source's YAML (or ``source.simulated=[achievement]`` on a command line);
* a file `MARKER` beside the raw files: a table's name on each line, after a colon what there is to say of it;
  lines that begin with # are comments. `gpseg-data from=FOLDER` takes it along from anywhere below FOLDER.
"""

import logging
import os
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from gp_segmentation.errors import ConfigError, InputError
from gp_segmentation.sources.download.folder import lock_folder
from gp_segmentation.sources.download.manifest import BY_HAND, describe, read_manifest, write_manifest
from gp_segmentation.utils.files import write_text

log = logging.getLogger(__name__)

MARKER = "SIMULATED.txt"
#: Tables that can be simulated: their figures in words, and what rests on them.
TABLES = {
    "registers": ("disease registers", "prevalence and what is made from it"),
    "achievement": (
        "what practices achieved of each indicator",
        "opportunities, outliers and every figure of achievement",
    ),
    "age_sex": ("patients by age and sex", "age structure and age-adjusted prevalence"),
    "context": ("deprivation and other context measures", "deprivation quintiles and every context measure"),
    "practices": ("practices, their places and lists", "every table"),
}
#: No marker is larger than this.
MOST_BYTES = 100_000


def simulated_tables(named: Collection[str] | None, folder: Path) -> dict[str, str]:
    """Return the simulated tables of a source, each with what there is to say of it ("" when nothing).

    Parameters
    ----------
    named : ``simulated`` of the source's configuration. folder : its raw files.

    Raises
    ------
    ConfigError, InputError
        The configuration, or the marker, names what is none of `TABLES`.
    """
    if isinstance(named, str) or not all(isinstance(name, str) for name in named or ()):
        raise ConfigError(f"simulated is {named!r}, which is not a list of tables. Write [achievement]")
    unknown = sorted(set(named or ()) - set(TABLES))
    if unknown:
        raise ConfigError(f"simulated names {unknown[0]!r}. Tables that can be: {', '.join(TABLES)}")
    found = dict.fromkeys(sorted(named or ()), "") | _read(folder / MARKER)
    return dict(sorted(found.items()))


def take_marker(from_folder: Path, folder: Path, named: Collection[str] | None) -> None:
    """Write the marker of `folder`: what is named, what markers below `from_folder` say, what stood there.

    The marker is a raw file like the others and stands in their manifest. Official files do not take away
    what a marker says: delete it once they have replaced the simulated ones.
    """
    found = simulated_tables(named, folder)
    for parent, _, names in os.walk(from_folder):
        for name in sorted(names):
            if name.casefold() == MARKER.casefold():
                found |= _read(Path(parent) / name)
    if not found:
        return
    lines = [f"{table}: {note}" if note else table for table, note in sorted(found.items())]
    with lock_folder(folder):
        write_text(folder / MARKER, "\n".join(["# Tables whose figures are simulated", *lines]) + "\n")
        _enter_marker(folder, BY_HAND if from_folder == folder else f"folder: {from_folder.resolve().name}")
    log.warning("simulated, as %s in %s says: %s", MARKER, folder, ", ".join(sorted(found)))


def _enter_marker(folder: Path, address: str) -> None:
    """Put the marker into the manifest; without a time, so that the same remark gives the same manifest."""
    row = replace(describe(folder / MARKER, address=address, licence=None), retrieved=None)
    others = (known for known in read_manifest(folder) if known.filename != MARKER)
    write_manifest(folder, [*others, row])


def simulated_warning(tables: Collection[str]) -> str:
    """Return what a reader of anything made from simulated `tables` has to know; "" when none is.

    >>> simulated_warning([])
    ''
    """
    if not tables:
        return ""
    figures, resting = zip(*(TABLES[name] for name in sorted(tables)), strict=True)
    return (
        f"SIMULATED FIGURES: {'; '.join(figures)}. Drawn by computer to build and test with, not published. "
        f"What rests on them describes no real practice: {'; '.join(resting)}."
    )


def _read(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    if path.stat().st_size > MOST_BYTES:
        raise InputError(
            f"is larger than {MOST_BYTES:,} bytes", file=str(path), remedy="Is it the right file?"
        )
    found = {}
    for number, line in enumerate(path.read_text("utf-8-sig", errors="replace").splitlines(), start=1):
        name, _, note = line.partition(":")
        name = name.strip()
        if not line.strip() or name.startswith("#"):
            continue
        if name not in TABLES:
            known = ", ".join(TABLES)
            raise InputError(
                f"{name!r} is no table", file=str(path), row=number, remedy=f"Tables that can be: {known}"
            )
        found[name] = " ".join(note.split())
    return found
