"""data/prepared -> a first look at the features, with figures and a page; no stage of a run."""

from typing import Any

from gp_segmentation import figures, report
from gp_segmentation.pipeline.stages import features
from gp_segmentation.storage.workspace import Workspace


def run(cfg: dict[str, Any], ws: Workspace) -> None:
    """Build the features, draw the figures that need nothing clustered, and write their page."""
    features.run(cfg, ws)
    results = ws.explored(cfg)
    figures.render_all(results, ws.figures, names=figures.exploring())
    rendered, left_out = figures.load_figures(ws.figures)
    report.write_first_look(results, rendered, ws.root / "index.html", left_out=left_out)
