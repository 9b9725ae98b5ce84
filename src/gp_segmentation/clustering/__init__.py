"""Estimators, trees and the order of segments."""

from gp_segmentation.clustering.hierarchical import Hierarchical, build_tree, condensed_distances, cut
from gp_segmentation.clustering.kmeans import cluster_labels, fit_kmeans, is_plain_kmeans, ward_starts
from gp_segmentation.clustering.mixture import gaussian_mixture
from gp_segmentation.clustering.segments import Assignment, assign, canonical_order, centroids, margins

__all__ = [
    "Assignment",
    "Hierarchical",
    "assign",
    "build_tree",
    "canonical_order",
    "centroids",
    "cluster_labels",
    "condensed_distances",
    "cut",
    "fit_kmeans",
    "gaussian_mixture",
    "is_plain_kmeans",
    "margins",
    "ward_starts",
]
