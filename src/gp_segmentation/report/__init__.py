"""The pages of a run: one HTML file each, which needs no network."""

from gp_segmentation.report.area import AreaPage, write_area_page
from gp_segmentation.report.area_slides import write_area_slides
from gp_segmentation.report.comparison import ComparedRun, write_comparison
from gp_segmentation.report.page import WORKBOOK, write_first_look, write_page
from gp_segmentation.report.panel import PanelPage, write_panel_page
from gp_segmentation.report.summarise import summarise
from gp_segmentation.report.transparency import Facts, write_transparency
