"""The pages of a run: one HTML file each, which needs no network."""

from gp_segmentation.report.comparison import ComparedRun, write_comparison
from gp_segmentation.report.page import write_first_look, write_page
from gp_segmentation.report.summarise import summarise
