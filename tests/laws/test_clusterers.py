"""One law per test, over every option of conf/clusterer."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from gp_segmentation import config
from gp_segmentation.clustering import canonical_order
from gp_segmentation.study import open_space

ROOT = Path(__file__).resolve().parents[2]
OPTIONS = sorted(path.stem for path in (ROOT / "conf" / "clusterer").glob("*.yaml"))
EVERY_OPTION = pytest.mark.parametrize("option", OPTIONS)
TRUTH = np.repeat(range(4), [60, 50, 40, 30])


@cache
def composed(*overrides: str) -> dict[str, Any]:
    """The whole configuration; read only."""
    return config.compose_config(ROOT, overrides)


def nodes(option: str, *overrides: str) -> dict[str, dict[str, Any]]:
    """Return label -> node for every clusterer of an option, one for each value of its open parameters."""
    cfg = composed(f"clusterer={option}", *overrides)
    opened = open_space(cfg["clusterer"], cfg["study"] | {"n_clusters": [4]})
    return {
        f"{point.family} {dict(point.values)}": opened.family(point.family).node | point.values
        for point in opened.points()
    }


def labels_of(node: dict[str, Any], X: np.ndarray) -> np.ndarray:
    return np.asarray(config.build(node).fit_predict(X))


@pytest.fixture(scope="module", name="X")
def planted_rows() -> np.ndarray:
    """Four planted groups, nine standard deviations from the origin along an axis each."""
    return 9 * np.eye(6)[TRUTH] + np.random.default_rng(2).normal(size=(len(TRUTH), 6))


def test_no_option_is_left_out():
    assert {"open", "kmeans", "hierarchical", "gaussian_mixture", "bisecting_kmeans"} <= set(OPTIONS)


def test_open_holds_the_options_it_is_composed_of():
    for name in ("kmeans", "hierarchical"):
        option = composed(f"clusterer={name}")["clusterer"]
        assert composed("clusterer=open")["clusterer"]["candidates"][name] == option


@EVERY_OPTION
def test_every_option_can_be_built(option):
    cfg = composed(f"clusterer={option}")
    for family in open_space(cfg["clusterer"], cfg["study"]).families:
        assert hasattr(config.build(family.node), "fit_predict")


@EVERY_OPTION
def test_planted_groups_are_recovered(option, X):
    for label, node in nodes(option).items():
        # Bisecting cannot undo its first splits, hence a lower bound.
        least = 0.6 if "bisecting" in label else 0.95
        assert adjusted_rand_score(TRUTH, labels_of(node, X)) >= least, label


@EVERY_OPTION
def test_the_same_seed_gives_the_same_labels(option, X):
    for label, node in nodes(option).items():
        np.testing.assert_array_equal(labels_of(node, X), labels_of(node, X), err_msg=label)


@EVERY_OPTION
def test_the_order_of_rows_does_not_matter(option, X):
    order = np.random.default_rng(3).permutation(len(X))
    keys = np.array([f"P{i:03d}" for i in range(len(X))])
    for label, node in nodes(option).items():
        if "bisecting" in label:
            continue  # its first split is random where four groups are alike; recovery is tested above
        first = canonical_order(labels_of(node, X), keys)
        again = canonical_order(labels_of(node, X[order]), keys[order])
        np.testing.assert_array_equal(again, first[order], err_msg=label)


@EVERY_OPTION
def test_every_option_gives_the_number_of_clusters_requested(option, X):
    for label, node in nodes(option).items():
        assert len(np.unique(labels_of(node, X))) == 4, label


@EVERY_OPTION
def test_a_parameter_that_is_set_is_not_searched(option):
    keys = (
        ["clusterer"]
        if option != "open"
        else ["clusterer.candidates.kmeans", "clusterer.candidates.hierarchical"]
    )
    cfg = config.compose_config(ROOT, [f"clusterer={option}", *(f"{key}.n_clusters=6" for key in keys)])
    opened = open_space(cfg["clusterer"], cfg["study"])
    assert opened.ks == [6]
    assert all("n_clusters" not in point.values for point in opened.points())
