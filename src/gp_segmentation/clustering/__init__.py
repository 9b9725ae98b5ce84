"""Estimators, trees and the order of segments."""

from gp_segmentation.clustering.hierarchical import Hierarchical, build_tree, condensed_distances, cut
from gp_segmentation.clustering.mixture import gaussian_mixture
from gp_segmentation.clustering.segments import Assignment, assign, canonical_order, centroids, margins
from gp_segmentation.clustering.starts import fit_from_better_starts, takes_starts, ward_starts

__all__ = [
    "Assignment",
    "Hierarchical",
    "assign",
    "build_tree",
    "canonical_order",
    "centroids",
    "condensed_distances",
    "cut",
    "fit_from_better_starts",
    "gaussian_mixture",
    "margins",
    "takes_starts",
    "ward_starts",
]
