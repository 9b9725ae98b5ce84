"""Evidence: what the segments are worth beside a null, resamples and another method."""

from gp_segmentation.evidence.agreement import agreement
from gp_segmentation.evidence.assess import NOT_ASSESSED, assess, metrics
from gp_segmentation.evidence.null import gaussian_null, null_means, null_table
from gp_segmentation.evidence.separation import valleys
from gp_segmentation.evidence.stability import bootstrap_jaccard, prediction_strength
from gp_segmentation.evidence.verdict import Verdict, judge

__all__ = [
    "NOT_ASSESSED",
    "Verdict",
    "agreement",
    "assess",
    "bootstrap_jaccard",
    "gaussian_null",
    "judge",
    "metrics",
    "null_means",
    "null_table",
    "prediction_strength",
    "valleys",
]
