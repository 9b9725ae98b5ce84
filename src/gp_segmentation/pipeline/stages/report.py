"""Everything -> data/figures and data/report: page, workbook, and the transparency pack."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from gp_segmentation import figures, report
from gp_segmentation.insight.workbook.layout import laid_out
from gp_segmentation.insight.workbook.ods import write_ods
from gp_segmentation.insight.workbook.sheets import workbook_sheets
from gp_segmentation.insight.workbook.xlsx import write_xlsx
from gp_segmentation.storage.workspace import Workspace
from gp_segmentation.utils.files import fresh_folder
from gp_segmentation.utils.hashes import identity


def run(cfg: dict[str, Any], ws: Workspace) -> None:
    """Draw the figures, write the page, the workbook and the documents that tell how results came to be.

    The workbook is made here, and not with its tables, since its cover has the hash of the configuration, as
    the page has: any change of the configuration makes both anew.
    """
    results, options = ws.results(cfg), cfg["report"]
    sheets = workbook_sheets(ws.workbook_tables(results), results.everyone, results.levels)
    book = laid_out(sheets, results.source, cfg, identity(cfg, results.source))
    # Figures are drawn in other processes, and meanwhile the OpenDocument is written here (Excel's is not:
    # its library warns, and warnings are of all threads). The folder is left when nobody writes any more.
    with fresh_folder(ws.report) as out, ThreadPoolExecutor(1) as beside:
        page, workbook = out / "report.html", out / report.WORKBOOK
        opendocument = beside.submit(write_ods, workbook.with_suffix(".ods"), book)
        figures.render_all(results, ws.figures, names=options["figures"], jobs=cfg["jobs"])
        rendered, left_out = figures.load_figures(ws.figures)
        report.write_page(results, rendered, page, left_out=left_out, top_features=options["top_features"])
        report.write_transparency(report.Facts(results, **ws.equality()), out / "transparency")
        write_xlsx(workbook, book)
        opendocument.result()
