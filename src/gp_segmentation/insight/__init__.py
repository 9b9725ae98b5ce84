"""Reading the segments: profiles, portraits, surrogate rules, peers and opportunities."""

from gp_segmentation.insight.opportunities import opportunities
from gp_segmentation.insight.peers import peers
from gp_segmentation.insight.portraits import names, portraits
from gp_segmentation.insight.profiles import attributes, profiles
from gp_segmentation.insight.rules import Rules, rules
from gp_segmentation.insight.space import join_counts, spatial_sentence

__all__ = [
    "Rules",
    "attributes",
    "join_counts",
    "names",
    "opportunities",
    "peers",
    "portraits",
    "profiles",
    "rules",
    "spatial_sentence",
]
