"""Several years on one frozen model: what they have in common, who closed or merged, and what moved."""

from gp_segmentation.panel.build import Run, build_panel
from gp_segmentation.panel.comparable import Year
