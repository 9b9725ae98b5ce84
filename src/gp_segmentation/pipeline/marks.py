"""Whether a job has been done: by the mark it leaves in its folder when its results are whole."""

import hashlib
from pathlib import Path
from typing import Any

import gp_segmentation
from gp_segmentation.pipeline.project import PreparedTables, Project
from gp_segmentation.storage.workspace import Workspace
from gp_segmentation.utils.files import read_json, sha256_of, write_json
from gp_segmentation.utils.hashes import configuration_hash

#: The mark: hashes of the configuration, data and code that the results are of, and of the results.
FILE = "finished.json"


def mark(project: Project, prepared: PreparedTables, folder: Path) -> None:
    """Leave the mark in the folder of a job whose stages have all ended."""
    write_json(folder / FILE, _origin(project, prepared) | {"results": _results(folder)})


def unmark(folder: Path) -> None:
    """Take the mark away: the job begins."""
    (folder / FILE).unlink(missing_ok=True)


def is_marked(folder: Path) -> bool:
    """Whether the results in a job's folder are whole."""
    return (folder / FILE).is_file()


def is_done(project: Project, prepared: PreparedTables, folder: Path) -> bool:
    """Whether the folder holds, unchanged, what this configuration, data and code give."""
    if not is_marked(folder):
        return False
    known = read_json(folder / FILE)
    results = known.pop("results")
    return bool(known == _origin(project, prepared) and results and results == _results(folder))


def _results(folder: Path) -> str | None:
    from gp_segmentation.tracking import recording

    ws = Workspace(folder)
    return None if recording.unfinished(ws) else recording.content_hash(ws)


def _origin(project: Project, prepared: PreparedTables) -> dict[str, Any]:
    return {
        "configuration": configuration_hash(project.cfg),
        "prepared": prepared.content,
        "code": _code(),
    }


def _code() -> str:
    """Return the SHA-256 over names and bytes of this package's files."""
    package, digest = Path(gp_segmentation.__file__).parent, hashlib.sha256()
    for path in sorted(package.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(f"{path.relative_to(package)} {sha256_of(path)}\n".encode())
    return digest.hexdigest()
