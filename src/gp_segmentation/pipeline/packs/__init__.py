"""Packs of areas: a page, a workbook, slides and tables of each, from the results in a workspace."""

from gp_segmentation.pipeline.packs.write import PAGE, Packs, Wanted, write_packs

__all__ = ["PAGE", "Packs", "Wanted", "write_packs"]
