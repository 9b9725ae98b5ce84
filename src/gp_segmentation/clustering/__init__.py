"""Estimators, trees and the order of segments."""

from gp_segmentation.clustering.fitting import asked_clusters, fit_labels, singletons
from gp_segmentation.clustering.hierarchical import Hierarchical, build_tree, condensed_distances, cut
from gp_segmentation.clustering.kmeans import cluster_labels, fit_kmeans, is_plain_kmeans, ward_starts
from gp_segmentation.clustering.mixture import gaussian_mixture
from gp_segmentation.clustering.partition import (
    Assignment,
    assign_nearest,
    canonical_order,
    centroids,
    margins,
)
