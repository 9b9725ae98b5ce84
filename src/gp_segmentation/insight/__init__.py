"""Reading the segments: profiles, portraits, surrogate rules, peers, opportunities, outliers, workbook."""

from gp_segmentation.insight.achieved import achieved
from gp_segmentation.insight.attributes import attributes
from gp_segmentation.insight.names import claims, names
from gp_segmentation.insight.opportunities import Opportunities, opportunities
from gp_segmentation.insight.outliers import outliers
from gp_segmentation.insight.peer_text import peers_in_words
from gp_segmentation.insight.peers import peers
from gp_segmentation.insight.portraits import portraits
from gp_segmentation.insight.profiles import profiles
from gp_segmentation.insight.reading import PREPARED, Run, equity, portray, read
from gp_segmentation.insight.reasons import Comparison
from gp_segmentation.insight.rules import Rules, rules
from gp_segmentation.insight.sheets import sheets
from gp_segmentation.insight.space import join_counts, spatial_sentence
from gp_segmentation.insight.workbook import write_workbook

__all__ = [
    "PREPARED",
    "Comparison",
    "Opportunities",
    "Rules",
    "Run",
    "achieved",
    "attributes",
    "claims",
    "equity",
    "join_counts",
    "names",
    "opportunities",
    "outliers",
    "peers",
    "peers_in_words",
    "portraits",
    "portray",
    "profiles",
    "read",
    "rules",
    "sheets",
    "spatial_sentence",
    "write_workbook",
]
