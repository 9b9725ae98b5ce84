"""Evidence: what the segments are worth beside nulls, resamples, other methods and simpler groupings."""

from gp_segmentation.evidence.assess import NOT_ASSESSED, Assessment, assess
from gp_segmentation.evidence.composition import block_shares, reproduced_from
from gp_segmentation.evidence.external import composition, external_validity
from gp_segmentation.evidence.json_values import json_records, metrics
from gp_segmentation.evidence.labellings import clustergram
from gp_segmentation.evidence.practice_certainty import practice_table
from gp_segmentation.evidence.sampling import drawn_rows
from gp_segmentation.evidence.variance_explained import comparators, explained, mean_explained
from gp_segmentation.evidence.verdict import Verdict, judge
