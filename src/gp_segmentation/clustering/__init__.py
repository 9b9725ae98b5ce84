"""Clusterers, trees, and the order and centroids of segments."""

from gp_segmentation.clustering.fitting import finds_number, fit_labels, gaussian_mixture, singletons
from gp_segmentation.clustering.hierarchical import Hierarchical, build_tree, condensed_distances, cut
from gp_segmentation.clustering.kmeans import cluster_labels, fit_kmeans, is_plain_kmeans, ward_starts
from gp_segmentation.clustering.levels import LEVELS, Levels, assign_levels, parent_code
from gp_segmentation.clustering.nested import Nested, merge_segments, nest
from gp_segmentation.clustering.partition import (
    NOISE,
    Assignment,
    assign_nearest,
    canonical_order,
    centroids,
    margins,
    number_clusters,
)
