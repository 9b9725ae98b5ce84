"""Features: tidy tables -> one row per practice, on the analysis scale and in natural units.

A feature set is a mapping of weighted blocks (``conf/features/*.yaml``), one module each.
"""

from gp_segmentation.features.age_adjustment import age_design
from gp_segmentation.features.base import Block, BlockFeatures, FeatureSet, Tables, condition_name
from gp_segmentation.features.build import build_blocks, build_features
from gp_segmentation.features.explore import first_look
from gp_segmentation.features.redraw import Redraw
from gp_segmentation.features.selection import Selection
from gp_segmentation.features.shrinkage import shrink
from gp_segmentation.features.special import SpecialRules, special_reasons
