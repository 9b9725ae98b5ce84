"""Parts of England, one at a time: which practices an area has, and its figures beside England's."""

from gp_segmentation.areas.membership import (
    KINDS,
    Area,
    Grouping,
    every_area,
    find_area,
    read_grouping,
    source_grouping,
)
from gp_segmentation.areas.tables import AreaTables, RunTables, area_tables
from gp_segmentation.areas.workbook import write_area_workbook

__all__ = [
    "KINDS",
    "Area",
    "AreaTables",
    "Grouping",
    "RunTables",
    "area_tables",
    "every_area",
    "find_area",
    "read_grouping",
    "source_grouping",
    "write_area_workbook",
]
