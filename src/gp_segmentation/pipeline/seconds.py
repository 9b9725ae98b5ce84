"""How long each stage took, kept beside the results and no part of them."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gp_segmentation.utils.files import read_json, write_json

#: Name of the file: of a job in its folder, of DVC's stages in the project's cache.
FILE = "seconds.json"


@contextmanager
def noted(folder: Path, stage: str) -> Iterator[None]:
    """Note in `folder` how long a stage took, if it comes to its end."""
    began = time.monotonic()
    yield
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / FILE, _read(folder) | {stage: round(time.monotonic() - began, 3)})


def total(*folders: Path) -> float | None:
    """Return how long all stages took together, by the last folder that knows; None if none does."""
    found: dict[str, float] = {}
    for folder in folders:
        found |= _read(folder)
    return sum(found.values()) if found else None


def _read(folder: Path) -> dict[str, float]:
    path = folder / FILE
    return dict(read_json(path)) if path.is_file() else {}
