"""Evidence: what the segments are worth beside nulls, resamples, other methods and simpler groupings."""

from gp_segmentation.evidence.against import build_blocks, made_of, used_beyond
from gp_segmentation.evidence.agreement import (
    agreement,
    contingency_table,
    cophenetic_correlation,
    matched,
)
from gp_segmentation.evidence.assess import NOT_ASSESSED, Assessment, assess
from gp_segmentation.evidence.beyond import comparators, explained, mean_explained
from gp_segmentation.evidence.by_k import clustergram
from gp_segmentation.evidence.composition import block_shares, reproduced_from
from gp_segmentation.evidence.disputed import consensus, disputed_practices, practice_table
from gp_segmentation.evidence.gap import gap_statistic, one_standard_error
from gp_segmentation.evidence.null import NULLS, beside_null, draw_null, null_means, null_table
from gp_segmentation.evidence.plain import metrics, records
from gp_segmentation.evidence.resampling import Resamples, resample
from gp_segmentation.evidence.sampling import drawn_rows
from gp_segmentation.evidence.separation import lumpy_columns, smooth_valley, valleys
from gp_segmentation.evidence.stability import bootstrap_jaccard, prediction_strength, seed_agreement
from gp_segmentation.evidence.together import consensus_clusters, summarise_consensus, together
from gp_segmentation.evidence.verdict import Verdict, judge

__all__ = [
    "NOT_ASSESSED",
    "NULLS",
    "Assessment",
    "Resamples",
    "Verdict",
    "agreement",
    "assess",
    "beside_null",
    "block_shares",
    "bootstrap_jaccard",
    "build_blocks",
    "clustergram",
    "comparators",
    "consensus",
    "consensus_clusters",
    "contingency_table",
    "cophenetic_correlation",
    "disputed_practices",
    "draw_null",
    "drawn_rows",
    "explained",
    "gap_statistic",
    "judge",
    "lumpy_columns",
    "made_of",
    "matched",
    "mean_explained",
    "metrics",
    "null_means",
    "null_table",
    "one_standard_error",
    "practice_table",
    "prediction_strength",
    "records",
    "reproduced_from",
    "resample",
    "seed_agreement",
    "smooth_valley",
    "summarise_consensus",
    "together",
    "used_beyond",
    "valleys",
]
