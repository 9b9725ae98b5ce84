"""`gpseg panel`: several years in the segments of a finished run, written and recorded in MLflow."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from gp_segmentation.pipeline.finished import run_or_latest
from gp_segmentation.pipeline.project import Project
from gp_segmentation.pipeline.queries import existing_run, with_prepared
from gp_segmentation.pipeline.years.panel_files import PAGE, WORKBOOK, write_panel
from gp_segmentation.tracking.errors import StoreError
from gp_segmentation.utils.files import read_json
from gp_segmentation.utils.hashes import identity


def make_panel(asked: dict[str, Any], root: Path) -> str:
    """Write the panel of a finished run into `data/panel`, record it, and return what to know as text.

    Parameters
    ----------
    asked : conf/panel.yaml, composed. root : the project.

    Raises
    ------
    GpsegError : the run is not finished, or the years cannot be compared.
    """
    named = Path(asked["run"]).expanduser() if asked["run"] else None
    folder = existing_run(run_or_latest(None if named is None else root / named, root))
    (cfg, ws), out = with_prepared(folder, root), root / "data" / "panel"
    ws = replace(ws, raw_folder=root / "data" / "raw")
    tags = identity(cfg, read_json(ws.prepared / "source.json"))
    written = write_panel(asked["panel"], cfg, ws, root, out, seed=asked["seed"], tags=tags)
    found = written.panel
    simulated = dict.fromkeys(str(source["warning"]) for source in written.sources if source.get("warning"))
    lines = [*simulated, *found.findings, *found.notes, "", *_recorded(asked, folder, out, root)]
    return "\n".join([*lines, *_places(out), ""])


def _places(out: Path) -> list[str]:
    return [f"The page:   {(out / PAGE).as_uri()}", f"Workbook:   {out / WORKBOOK}", f"The tables: {out}"]


def _recorded(asked: dict[str, Any], run: Path, out: Path, root: Path) -> list[str]:
    """Record the panel where tracking is on; return what came of it."""
    if not asked["tracking"]["enabled"]:
        return []
    from gp_segmentation.tracking import panels

    try:
        told = panels.record(Project(asked, root).open_store(), out, run, asked["panel"])
    except StoreError as error:
        return [f"Not recorded: {error.problem}. The panel is whole in {out}"]
    return [told]
