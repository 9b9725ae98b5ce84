"""Evidence on the segments: null models, resamples, another method, other measures, and a verdict."""

from gp_segmentation.evidence.assess import assess, sample_rows, with_noise
from gp_segmentation.evidence.composition import block_shares, single_block_agreement
from gp_segmentation.evidence.external import composition, external_validity, unused_measures
from gp_segmentation.evidence.json_values import run_metrics
from gp_segmentation.evidence.labellings import clustergram
from gp_segmentation.evidence.practice_certainty import practice_table
from gp_segmentation.evidence.stability_by_k import KnownStability
from gp_segmentation.evidence.through_years import with_years
from gp_segmentation.evidence.transport import transport, transport_reasons, with_transport
from gp_segmentation.evidence.usefulness import usefulness, usefulness_table
from gp_segmentation.evidence.variance_explained import comparators, explained_variance, mean_explained
from gp_segmentation.evidence.verdict import judge, without_support
