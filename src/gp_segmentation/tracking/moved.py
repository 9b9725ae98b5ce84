"""A project that was moved or copied: the absolute addresses in its own store follow it."""

import logging
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import unquote, urlsplit

from gp_segmentation.utils.files import write_text

log = logging.getLogger("gpseg")

#: Where MLflow keeps addresses of artefacts: table, column.
ADDRESSES = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
)
#: Where an experiment keeps its artefacts below the project, unless it says otherwise.
ARTEFACTS = "mlruns/artifacts"
#: Beside the store: the project's folder by which its addresses begin.
HOME = ".home"


def follow_project(root: Path) -> None:
    """Correct the addresses in ``root/mlruns/mlflow.db`` that begin with a folder the project has left.

    Otherwise a project that was moved or copied would go on to write artefacts into the old folder.
    """
    database, note = root / "mlruns" / "mlflow.db", root / "mlruns" / HOME
    with closing(sqlite3.connect(database, timeout=20)) as store, store:
        before = Path(note.read_text(encoding="utf-8")) if note.is_file() else _guessed(store, root)
        if before is not None and _is_same(before, root):
            return
        if before is not None:
            forms = ((before.as_uri(), root.as_uri()), (str(before), str(root)))
            if sum(_replace(store, old, new) for old, new in forms):
                log.warning("the project was in %s: its runs' files are in %s from now on", before, root)
    write_text(note, str(root))


def _guessed(store: sqlite3.Connection, root: Path) -> Path | None:
    """Where the project was before that was noted, by its experiments; None where it is not known."""
    asked = "select artifact_location from experiments where artifact_location like 'file:%'"
    places = [Path(unquote(urlsplit(place).path)) for (place,) in store.execute(asked)]
    homes = [place.parent.parent for place in places if place.match(ARTEFACTS)]
    came_along = (root / ARTEFACTS).is_dir()  # or it is somebody's choice to have them elsewhere
    return homes[0] if homes and came_along and root not in homes else None


def _is_same(one: Path, other: Path) -> bool:
    return one.is_dir() and one.samefile(other)


def _replace(store: sqlite3.Connection, old: str, new: str) -> int:
    """Put the folder `new` where addresses begin with `old`; return how many did."""
    return sum(
        store.execute(
            f"update {table} set {column} = ? || substr({column}, ?) "  # noqa: S608 - our own names
            f"where substr({column}, 1, ?) = ?",
            (new, len(old) + 1, len(old) + 1, f"{old}/"),
        ).rowcount
        for table, column in ADDRESSES
    )
