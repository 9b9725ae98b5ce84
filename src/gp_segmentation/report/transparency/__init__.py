"""What a run tells of itself: reporting checklist, model card, ATRS draft, equality analysis, assumptions."""

from gp_segmentation.report.transparency.facts import Facts
from gp_segmentation.report.transparency.write import write_transparency
