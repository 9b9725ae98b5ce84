"""Evidence: what the segments are worth beside nulls, resamples, other methods and simpler groupings."""

from gp_segmentation.evidence.assess import NOT_ASSESSED, Assessment, assess
from gp_segmentation.evidence.composition import block_shares, reproduced_from
from gp_segmentation.evidence.external import made_of, used_beyond
from gp_segmentation.evidence.json_values import metrics, records
from gp_segmentation.evidence.labellings import clustergram
from gp_segmentation.evidence.practice_certainty import consensus, practice_table
from gp_segmentation.evidence.sampling import drawn_rows
from gp_segmentation.evidence.variance_explained import comparators, explained, mean_explained
from gp_segmentation.evidence.verdict import Verdict, judge

__all__ = [
    "NOT_ASSESSED",
    "Assessment",
    "Verdict",
    "assess",
    "block_shares",
    "clustergram",
    "comparators",
    "consensus",
    "drawn_rows",
    "explained",
    "judge",
    "made_of",
    "mean_explained",
    "metrics",
    "practice_table",
    "records",
    "reproduced_from",
    "used_beyond",
]
