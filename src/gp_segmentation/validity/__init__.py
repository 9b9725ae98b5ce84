"""How good a clustering is: scores, null models, gap statistic, stability, agreement, separation.

Study and evidence both stand on this room and know nothing of each other.
"""

from gp_segmentation.validity.agreement import (
    adjusted_rand,
    agreement_by_k,
    contingency_table,
    cophenetic_correlation,
    matched,
)
from gp_segmentation.validity.consensus import consensus_clusters, share_together, summarise_consensus
from gp_segmentation.validity.dunn import Farthest, dunn_indices, farthest_pairs
from gp_segmentation.validity.gap import gap_statistic, one_standard_error
from gp_segmentation.validity.null_models import (
    NULLS,
    beside_null,
    draw_null,
    gap_beside_null,
    null_means,
    null_table,
)
from gp_segmentation.validity.resampling import Resamples, contingency, jaccard, matching, resample
from gp_segmentation.validity.scores import METRICS, Scores, score_labellings, silhouette_samples
from gp_segmentation.validity.separation import lumpy_columns, smooth_valley, valleys
from gp_segmentation.validity.stability import (
    bootstrap_jaccard,
    pairs_kept,
    prediction_strength,
    seed_agreement,
)

__all__ = [
    "METRICS",
    "NULLS",
    "Farthest",
    "Resamples",
    "Scores",
    "adjusted_rand",
    "agreement_by_k",
    "beside_null",
    "bootstrap_jaccard",
    "consensus_clusters",
    "contingency",
    "contingency_table",
    "cophenetic_correlation",
    "draw_null",
    "dunn_indices",
    "farthest_pairs",
    "gap_beside_null",
    "gap_statistic",
    "jaccard",
    "lumpy_columns",
    "matched",
    "matching",
    "null_means",
    "null_table",
    "one_standard_error",
    "pairs_kept",
    "prediction_strength",
    "resample",
    "score_labellings",
    "seed_agreement",
    "share_together",
    "silhouette_samples",
    "smooth_valley",
    "summarise_consensus",
    "valleys",
]
