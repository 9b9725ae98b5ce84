"""What the default rule calls supported: never data without groups, and planted groups at both levels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from gp_segmentation.clustering import nest
from gp_segmentation.study import brute_force, open_space, run_study

TARGETS = {"KMeans": KMeans, "brute_force": brute_force}
NODE = {"name": "kmeans", "_target_": "KMeans", "n_clusters": None, "n_init": 3, "random_state": 0}
ROWS = 250


def build(node: dict[str, Any], **params: Any) -> Any:
    arguments = {key: value for key, value in node.items() if key not in ("name", "_target_")}
    return TARGETS[node["_target_"]](**(arguments | params))


@pytest.fixture(scope="module")
def options(compose_option) -> dict[str, Any]:
    made = compose_option("study", "default") | {"n_clusters": [2, 3, 4, 5, 6], "storage": None}
    made["sampler"] = {"_target_": "brute_force"}
    made["null_model"] = made["null_model"] | {"n_init": 1}
    made["rule"] = made["rule"] | {"min_practices": 10, "stability_draws": 9, "splits": 4}
    return made


def gaussian(rng: np.random.Generator) -> np.ndarray:
    return rng.normal(size=(ROWS, 6)) * [2, 1.5, 1, 1, 0.7, 0.5]


def gradient(rng: np.random.Generator) -> np.ndarray:
    """Spread evenly from -3 to 3 along one axis, without a gap."""
    return np.column_stack([rng.uniform(-3, 3, ROWS), rng.normal(size=(ROWS, 5)) / 2])


def heavy_tails(rng: np.random.Generator) -> np.ndarray:
    values = rng.standard_t(3, size=(ROWS, 6))
    return np.clip(values / values.std(axis=0), -4, 4)  # as outliers=clip leaves them


def skewed(rng: np.random.Generator) -> np.ndarray:
    values = np.exp(0.7 * rng.normal(size=(ROWS, 6)))
    return np.clip((values - values.mean(axis=0)) / values.std(axis=0), -4, 4)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("world", [gaussian, gradient, heavy_tails, skewed])
def test_data_without_groups_are_not_called_supported(world, seed, options):
    """Of 20 seeds none is, but 18 of 20 gradients by the Gaussian null alone (the default)."""
    X = world(np.random.default_rng([seed, 8]))
    asked = options | {"rule": options["rule"] | {"gradient": world is gradient}}
    assert run_study(X, open_space(NODE, asked), build, asked, seed=seed).choice["supported"] is False


def test_a_gradient_is_cut_alike_every_time_and_the_reason_says_so(options):
    X, space = gradient(np.random.default_rng([0, 8])), open_space(NODE, options)
    found = run_study(X, space, build, options, seed=0)
    assert found.choice["supported"] is True
    assert "Found again does not mean that there are gaps" in found.choice["reason"]
    asked = options | {"rule": options["rule"] | {"gradient": True}}
    both = run_study(X, space, build, asked, seed=0)
    rows = [study.candidates.set_index("n_clusters").loc[2] for study in (found, both)]
    assert [row["beats_random"] for row in rows] == [True, False]
    assert [row["jaccard_min"] > 0.9 for row in rows] == [True, True]


def test_two_groups_apart_on_one_axis_are_no_gradient(options):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(ROWS, 6)) + 6 * np.eye(6)[0] * (np.arange(ROWS)[:, None] % 2)
    asked = options | {"rule": options["rule"] | {"gradient": True}}
    choice = run_study(X, open_space(NODE, asked), build, asked, seed=0).choice
    assert (choice["supported"], choice["n_clusters"]) == (True, 2)


@pytest.mark.parametrize("seed", range(5))
def test_a_planted_hierarchy_comes_back_at_both_levels(seed, options):
    """Three supergroups 17 standard deviations apart, of two segments each, 9 apart."""
    rng = np.random.default_rng(seed)
    segment = np.repeat(np.arange(6), [60, 55, 50, 45, 40, 35])
    centres = np.zeros((6, 6))
    centres[np.arange(6), np.arange(6) // 2] = 12
    centres[[1, 3, 5], [3, 4, 5]] = 9  # each on an axis of its own
    X = centres[segment] + rng.normal(size=(len(segment), 6))
    found = run_study(X, open_space(NODE, options), build, options, seed=seed)
    labels = found.result.labels[found.choice["trial"]]
    assert (found.choice["supported"], found.choice["n_clusters"]) == (True, 6)
    assert adjusted_rand_score(segment, labels) >= 0.95
    levels = nest(X, labels, supergroups=None, most_subgroups=6, floor=10)
    assert adjusted_rand_score(segment // 2, levels.supergroup) >= 0.95
    assert adjusted_rand_score(segment, levels.segment) >= 0.95
