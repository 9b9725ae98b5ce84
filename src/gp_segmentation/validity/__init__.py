"""How good a clustering is: scores, null models, gap statistic, stability, agreement, separation.

Study and evidence both build on this package; neither imports the other.
"""

from gp_segmentation.validity.agreement import (
    adjusted_rand,
    agreement_by_k,
    best_jaccards,
    contingency_table,
    cophenetic_correlation,
    match_labels,
)
from gp_segmentation.validity.gap import gap_statistic, one_standard_error
from gp_segmentation.validity.mixture import fit_mixture, information_criteria
from gp_segmentation.validity.null_models import (
    NULLS,
    compare_gap_with_null,
    compare_with_null,
    draw_null,
    joint_exceedance,
    null_means,
)
from gp_segmentation.validity.resampling import Resamples, resample
from gp_segmentation.validity.scores import METRICS, Scores, score_labellings, silhouette_samples
from gp_segmentation.validity.separation import lumpy_columns, smooth_valley, valleys
from gp_segmentation.validity.stability import bootstrap_jaccard, prediction_strength, seed_agreement
