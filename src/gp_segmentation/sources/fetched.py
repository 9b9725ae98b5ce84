"""Whether the raw files of a source are there and are those that its configuration means."""

import logging
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from gp_segmentation.errors import InputError
from gp_segmentation.sources.download.config import find_in_folder
from gp_segmentation.sources.download.manifest import read_manifest
from gp_segmentation.sources.raw_folder import NAME_IT, unused_files
from gp_segmentation.sources.simulated import refuse_undeclared

log = logging.getLogger("gpseg")

#: The address of a generated file (`synthetic.address`).
_ORIGIN = re.compile(r"synthetic England, seed (\d+), (\d+) practices")


def check_fetched(source: Mapping[str, Any], folder: Path, command: Callable[[], str]) -> None:
    """Check the raw files of `source` in `folder`; files that it does not name are logged.

    Parameters
    ----------
    command : returns the command that brings in what the configuration says; called for an error only.

    Raises
    ------
    InputError
        A required file is missing, the synthetic England is another than the configuration says, or a README
        says "simulated" and nothing says of what.
    """
    england = source.get("england")
    for entry in source["files"].values():
        if entry.get("required", True) and find_in_folder(entry, folder) is None:
            hint = "" if england else " (with from=FOLDER if you have it)"
            raise InputError(
                f"is missing from {folder}",
                file=str(entry["filename"]),
                remedy=f"Get it with: {command()}{hint}",
            )
    drawn = drawn_england(folder)
    wanted = {key: england[key] for key in ("seed", "practices")} if england else None
    if wanted and drawn and wanted != drawn:
        raise InputError(
            f"this England was drawn with {_told(drawn)}, and the configuration says {_told(wanted)}",
            file=str(folder),
            remedy=f"Draw the configured one: {command()}; or take the one there: "
            + " ".join(f"source.england.{key}={value}" for key, value in drawn.items()),
        )
    refuse_undeclared(source.get("simulated"), folder, folder)
    for name in unused_files(source["files"], folder):
        log.warning("%s is in %s and not used; %s", name, folder, NAME_IT)


def drawn_england(folder: Path) -> dict[str, int] | None:
    """Return seed and practices of the synthetic England in `folder`, by its manifest; None if there is none.

    Where files of several are mixed, that of the first file is returned.
    """
    found = (_ORIGIN.fullmatch(row.address) for row in read_manifest(folder))
    origin = next((match for match in found if match), None)
    return {"seed": int(origin[1]), "practices": int(origin[2])} if origin else None


def _told(england: Mapping[str, int]) -> str:
    return f"seed {england['seed']} and {england['practices']:,} practices"
