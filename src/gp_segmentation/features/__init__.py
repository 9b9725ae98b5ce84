"""Features: tidy tables -> one row per practice, on a scale fit for distances and in natural units.

A feature set is a mapping of weighted blocks (``conf/features/*.yaml``), one module each. Public here: the
tables a block reads, what a block returns, `build_features` and `to_natural` (back from the analysis scale);
which practices are special (`special_reasons`); and a first look at the data (`first_look`, or one by one
`age_explained`, `summarise_features`, `achievement_ceilings`, `correlations`, `correlated_pairs`,
`missing_patterns`).
"""

from gp_segmentation.features.base import Block, BlockFeatures, FeatureSet, Tables, condition_name
from gp_segmentation.features.build import build_blocks, build_features
from gp_segmentation.features.explore import (
    achievement_ceilings,
    correlated_pairs,
    correlations,
    first_look,
    missing_patterns,
    summarise_features,
)
from gp_segmentation.features.prevalence import age_explained
from gp_segmentation.features.selection import Selection
from gp_segmentation.features.shrinkage import Shrunk, shrink
from gp_segmentation.features.special import SpecialRules, special_reasons
from gp_segmentation.features.transforms import to_natural
