"""Features: tidy tables -> one row per practice, on a scale fit for distances and in natural units.

A feature set is a mapping of weighted blocks (``conf/features/*.yaml``), one module each. Public here:
the tables a block reads, what a block returns, and `build_features`.
"""

from gp_segmentation.features.base import Block, BlockFeatures, FeatureSet, Tables
from gp_segmentation.features.build import build_features
from gp_segmentation.features.selection import Selection
from gp_segmentation.features.transforms import to_natural

__all__ = ["Block", "BlockFeatures", "FeatureSet", "Selection", "Tables", "build_features", "to_natural"]
