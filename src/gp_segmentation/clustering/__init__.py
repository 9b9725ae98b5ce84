"""Estimators, trees and the order of segments."""

from gp_segmentation.clustering.hierarchical import Hierarchical, build_tree, condensed_distances, cut
from gp_segmentation.clustering.mixture import gaussian_mixture
from gp_segmentation.clustering.segments import Assignment, assign, canonical_order, centroids, margins

__all__ = [
    "Assignment",
    "Hierarchical",
    "assign",
    "build_tree",
    "canonical_order",
    "centroids",
    "condensed_distances",
    "cut",
    "gaussian_mixture",
    "margins",
]
