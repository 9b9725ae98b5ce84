"""A panel of several years in MLflow: years as datasets, what moved as metrics, tables and page."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gp_segmentation.storage.provenance import content
from gp_segmentation.tracking.names import KIND, PANEL, USER, user
from gp_segmentation.utils.files import read_json

if TYPE_CHECKING:
    from gp_segmentation.tracking.run import Run
    from gp_segmentation.tracking.store import Store


def record(store: Store, folder: Path, run: Path, options: Mapping[str, Any]) -> str:
    """Record the panel in `folder` as a run of its own, once; return what came of it.

    Parameters
    ----------
    run : folder of the run whose segments are kept. options : ``panel`` of the configuration.
    """
    digest = content(folder)
    if known := store.find(digest):
        return f"This panel is recorded already, as run {known}"
    periods = read_json(folder / "panel.json")["periods"]
    tags = {KIND: PANEL, USER: user(), "panel_of": str(run)}
    with store.run(f"panel {' to '.join(periods)}", tags) as opened:
        opened.log_params({f"panel.{name}": value for name, value in options.items()})
        log_years(opened, folder)
        opened.set_tags({"content_hash": digest})
    return f"Recorded as MLflow run {opened.id}"


def log_years(run: Run, folder: Path) -> None:
    """Log the panel in `folder`: metrics (a step for each two years), years as datasets, files.

    Nothing where no panel was asked for.
    """
    result = read_json(folder / "panel.json")
    if not result["periods"]:
        return
    run.log_curves(
        {
            f"panel/{name}": {step: value for step, value in enumerate(steps.values()) if value is not None}
            for name, steps in result["metrics"].items()
        }
    )
    for source in result["sources"]:
        counts = {key: source[key] for key in ("period", "practices", "patients", "licence")}
        name = f"{source['name']} prepared"
        run.log_data(name, source["tables"], "panel", f"data/raw/{source['name']}", counts)
    run.log_files(sorted(folder.iterdir()), "panel")
