"""The accessible workbook: cover, contents, notes and tables for looking things up, in two formats."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gp_segmentation.insight.workbook.layout import WorkbookSheet, laid_out
from gp_segmentation.insight.workbook.ods import write_ods
from gp_segmentation.insight.workbook.xlsx import write_xlsx


def write_workbook(
    path: Path,
    sheets: Mapping[str, WorkbookSheet],
    source: Mapping[str, Any],
    config: Mapping[str, Any],
    tags: Mapping[str, str],
) -> None:
    """Write `sheets` (name -> sheet) to `path` (.xlsx), and beside it the same as OpenDocument (.ods).

    Both are the same bytes for the same tables.

    Parameters
    ----------
    source : contents of source.json: what the data are, whether they are synthetic or partly simulated.
    config : of the run; its features tell what the segments are made from.
    tags : by which MLflow finds the run (`utils.hashes.identity`); they stand on the cover and among the
        properties of the document.
    """
    book = laid_out(sheets, source, config, tags)
    write_xlsx(path, book)
    write_ods(path.with_suffix(".ods"), book)
