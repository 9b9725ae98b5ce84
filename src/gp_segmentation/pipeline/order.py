"""The stages in their order, each imported when it runs: no command waits for libraries it does not use."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gp_segmentation.storage.workspace import Workspace

log = logging.getLogger("gpseg")

#: From raw files to the page. `configure` comes before them and `track` after.
STAGES = (
    "prepare",
    "features",
    "matrix",
    "study",
    "segment",
    "panel",
    "evidence",
    "insight",
    "area",
    "report",
)
#: What each of them does, said when it begins.
WORK = {
    "prepare": "read the raw files",
    "features": "compute the measures of every practice",
    "matrix": "impute, scale and weight them",
    "study": "try numbers of segments, and choose one",
    "segment": "name the segments, and put every practice into one",
    "panel": "put other years into the segments, where some are asked for",
    "evidence": "test what the segments are worth",
    "insight": "find portraits, peers and opportunities",
    "area": "write the pack of an area, where one is asked for",
    "report": "draw the figures, write the page and the workbook",
    "track": "record the run in MLflow",
}


@contextmanager
def announced(name: str) -> Iterator[None]:
    """Say of a stage what it does when it begins, and how long it took when it ends."""
    log.info("%-9s %s ...", name, WORK[name])
    began = time.monotonic()
    yield
    log.info("%-9s done in %.1f s", name, time.monotonic() - began)


def stage(name: str) -> Callable[[dict[str, Any], Workspace], None]:
    """Return the function ``run(cfg, workspace)`` of one of `STAGES`."""
    run: Callable[[dict[str, Any], Workspace], None] = import_module(
        f"gp_segmentation.pipeline.stages.{name}"
    ).run
    return run
