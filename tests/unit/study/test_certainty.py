"""A practice's certainty rests on as many samples of practices whatever the rule needed to choose."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.cluster import KMeans

from gp_segmentation.study import open_space, run_study
from gp_segmentation.validity import resample

DRAWS, SEED = 9, 3
KMEANS = {"name": "kmeans", "_target_": "KMeans", "n_clusters": None, "n_init": 1, "random_state": 0}


@pytest.fixture(scope="module", name="X")
def cloud() -> np.ndarray:
    return np.random.default_rng(1).normal(size=(120, 3))


@pytest.mark.parametrize("n_clusters", [None, 3])  # open, fixed
def test_the_choice_is_completed_where_the_rule_stopped_early(n_clusters, X, build, options):
    asked = options | {"n_clusters": [2, 3, 4], "null_model": {"kind": "gaussian", "draws": 19, "n_init": 1}}
    hopeless = {"min_jaccard": 2.0, "min_exceedance": 0.95, "min_prediction_strength": 0.75}
    asked["rule"] = asked["rule"] | hopeless | {"kind": "finest", "stability_draws": DRAWS}
    found = run_study(X, open_space(KMEANS | {"n_clusters": n_clusters}, asked), build, asked, seed=SEED)
    trial, k = found.choice["trial"], found.choice["n_clusters"]
    assert found.choice["supported"] in (False, None)
    draws = found.resamples.groupby("trial")["draw"].agg(list).map(set)
    others = [] if n_clusters else [set(range(DRAWS // 3))] * 2
    assert draws.drop(trial).tolist() == others
    assert draws[trial] == set(range(DRAWS))
    labels = {k: found.result.labels[trial]}
    clusterer = {k: KMeans(k, n_init=1, random_state=0)}
    at_once = resample(X, labels, clusterer, draws=DRAWS, trace=[k], seed=SEED)
    assert_array_equal(found.centroids, at_once.centroids[k])
    mine = found.resamples[found.resamples["trial"] == trial]
    assert mine["jaccard"].tolist() == at_once.jaccard["jaccard"].tolist()
