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
