"""Estimators, trees and the order of segments."""

from gp_segmentation.clustering.centroids import Assignment, assign, canonical_order, centroids, margins
from gp_segmentation.clustering.fitting import asked_clusters, by_themselves, fit_labels
from gp_segmentation.clustering.hierarchical import Hierarchical, build_tree, condensed_distances, cut
from gp_segmentation.clustering.kmeans import cluster_labels, fit_kmeans, is_plain_kmeans, ward_starts
from gp_segmentation.clustering.mixture import gaussian_mixture

__all__ = [
    "Assignment",
    "Hierarchical",
    "asked_clusters",
    "assign",
    "build_tree",
    "by_themselves",
    "canonical_order",
    "centroids",
    "cluster_labels",
    "condensed_distances",
    "cut",
    "fit_kmeans",
    "fit_labels",
    "gaussian_mixture",
    "is_plain_kmeans",
    "margins",
    "ward_starts",
]
