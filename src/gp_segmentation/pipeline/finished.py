"""Which finished run is asked, where none is named."""

import logging
import os
from pathlib import Path

from gp_segmentation.errors import GpsegError
from gp_segmentation.storage.workspace import Workspace

log = logging.getLogger("gpseg")

#: The last file that a run writes.
LAST = "report/report.html"
#: Where `gpseg` writes below data/runs: DATE/TIME, a sweep's DATE/TIME/NUMBER, or a folder that was named.
DEPTHS = ("*", "*/*", "*/*/*")


def run_or_latest(folder: Path | None, root: Path) -> Path:
    """Return `folder`, or else the latest finished run of the project in `root`, and say which that is."""
    if folder is not None:
        return folder
    latest = latest_run(root)
    log.warning("Run: %s (the latest)", latest)
    return latest


def latest_run(root: Path) -> Path:
    """Return the folder of the newest finished run in `data/` and below `data/runs` (`GPSEG_RUNS`).

    Raises
    ------
    GpsegError : there is none.
    """
    from gp_segmentation.tracking.recording import unfinished

    data = root / "data"
    runs = Path(os.environ.get("GPSEG_RUNS") or data / "runs")
    found = (folder for depth in DEPTHS for folder in runs.glob(depth))
    written = {folder: folder / LAST for folder in (data, *found) if (folder / LAST).is_file()}
    for folder in sorted(written, key=lambda folder: written[folder].stat().st_mtime, reverse=True):
        if not unfinished(Workspace(folder)):
            return folder
    raise GpsegError(f"there is no finished run in {data} or {runs}. Make one: gpseg, or make run")
