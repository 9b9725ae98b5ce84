"""Everything -> data/figures and data/report: the page, and the transparency pack."""

from typing import Any

from gp_segmentation import figures, report
from gp_segmentation.storage.workspace import Workspace
from gp_segmentation.utils.files import fresh_folder


def run(cfg: dict[str, Any], ws: Workspace) -> None:
    """Draw the figures, write the page and the documents that tell how the results came to be."""
    results, options = ws.results(cfg), cfg["report"]
    figures.render_all(results, ws.figures, names=options["figures"], jobs=cfg["jobs"])
    rendered, left_out = figures.load_figures(ws.figures)
    with fresh_folder(ws.report) as out:
        page = out / "report.html"
        report.write_page(results, rendered, page, left_out=left_out, top_features=options["top_features"])
        report.write_transparency(report.Facts(results, **ws.equality()), out / "transparency")
