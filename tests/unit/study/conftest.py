"""A small planted matrix and a builder of clusterers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.cluster import KMeans

from gp_segmentation.clustering import Hierarchical
from gp_segmentation.study import brute_force

TARGETS = {"KMeans": KMeans, "Hierarchical": Hierarchical, "brute_force": brute_force}


def build_node(node: dict[str, Any], **params: Any) -> Any:
    arguments = {key: value for key, value in node.items() if key not in ("name", "_target_")}
    return TARGETS[node["_target_"].rsplit(".", 1)[-1]](**(arguments | params))


@pytest.fixture(scope="session")
def build() -> Callable[..., Any]:
    return build_node


@pytest.fixture(scope="session")
def planted() -> np.ndarray:
    """Four groups of 100, 80, 70 and 50 rows in five columns, eight standard deviations apart."""
    rng = np.random.default_rng(11)
    centres = 8 * np.eye(5)[:4]
    truth = np.repeat(range(4), [100, 80, 70, 50])
    return centres[truth] + rng.normal(size=(300, 5))


@pytest.fixture
def clusterer() -> dict[str, Any]:
    kmeans = {"_target_": "KMeans", "n_clusters": None, "n_init": 3, "random_state": 0}
    hierarchical = {"_target_": "Hierarchical", "n_clusters": None, "linkage": None, "metric": "euclidean"}
    return {"name": "open", "candidates": {"kmeans": kmeans, "hierarchical": hierarchical}}


@pytest.fixture
def options() -> dict[str, Any]:
    rule = {
        "min_share": 0.02,
        "min_practices": 5,
        "criterion": "excess_silhouette",
        "tolerance": 0.005,
        "stability_draws": 3,
        "min_jaccard": 0.6,
        "stability_checks": 3,
    }
    return {
        "n_clusters": {"low": 2, "high": 6},
        "linkage": ["ward", "average", "complete", "single"],
        "sampler": {"_target_": "brute_force", "seed": 0},
        "n_trials": None,
        "null_model": {"kind": "gaussian", "draws": 2, "n_init": 1},
        "rule": rule,
    }
