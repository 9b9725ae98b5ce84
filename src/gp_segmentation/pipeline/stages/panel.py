"""data/segments -> data/years: several years in the run's segments; nothing where `conf/panel` names none."""

from typing import Any

from gp_segmentation.storage.workspace import Workspace
from gp_segmentation.utils.files import fresh_folder, write_json
from gp_segmentation.utils.root import project_root


def run(cfg: dict[str, Any], ws: Workspace) -> None:
    """Write the panel, or where no year is named only that there is none."""
    if not cfg["panel"]["sources"]:
        with fresh_folder(ws.years) as out:
            write_json(out / "panel.json", {"periods": [], "sources": []})
        return
    # Imported only where it is used: without it the stage is over at once.
    from gp_segmentation.pipeline.years.panel_files import write_panel

    run = {
        "source": cfg["source"],
        "special": cfg["special"],
        "scope": cfg["scope"],
        "features": cfg["features"],
        "selection": cfg["selection"],
    }
    write_panel(cfg["panel"], run, ws, project_root(), ws.years, seed=cfg["seed"])
