"""The page of a run: everything found, in one HTML file that needs no network."""

from gp_segmentation.report.page import write_first_look, write_page
from gp_segmentation.report.summarise import summarise
