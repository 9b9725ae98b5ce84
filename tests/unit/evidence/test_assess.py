"""The whole evidence: planted groups are called discrete, and clouds without groups never are."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans

from gp_segmentation.clustering import Hierarchical, canonical_order
from gp_segmentation.evidence import assess, gaussian_null, metrics

OPTIONS = {
    "assess": True,
    "null_draws": 2,
    "null_n_init": 1,
    "bootstraps": 6,
    "splits": 2,
    "thresholds": {"unstable_jaccard": 0.6, "excess": 0.05, "jaccard": 0.75, "ari": 0.65, "valley": 0.5},
}
TRIAL = {
    "n_clusters": 3,
    "silhouette": 0.7,
    "davies_bouldin": 0.4,
    "calinski_harabasz": 900.0,
    "inertia": 1300.0,
    "smallest_segment": 80,
    "largest_segment": 150,
    "null_silhouette": np.nan,
    "excess_silhouette": np.nan,
}


def kmeans(k: int) -> KMeans:
    return KMeans(k, n_init=3, random_state=0)


def test_planted_groups_are_discrete(planted):
    X, truth = planted
    found = assess(X, truth, kmeans(3), ks=[2, 3, 4], options=OPTIONS, seed=1)
    assert found["verdict"] == "discrete"
    assert [row["k"] for row in found["by_k"]] == [2, 3, 4]
    assert max(found["by_k"], key=lambda row: row["excess"])["k"] == 3
    assert [(row["segment"], row["practices"]) for row in found["segments"]] == [(1, 150), (2, 100), (3, 80)]
    assert found["figures"]["prediction_strength"] > 0.9
    json.dumps(found, allow_nan=False)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("kind", ["gaussian", "gradient", "heavy tails"])
def test_clouds_without_groups_are_never_discrete(unstructured, kind, seed):
    X = unstructured(kind, seed)
    for k in (2, 4):
        labels = canonical_order(kmeans(k).fit_predict(X))
        found = assess(X, labels, kmeans(k), ks=[k], options=OPTIONS, seed=seed)
        assert found["verdict"] in ("continuum", "unstable")


def test_jobs_do_not_change_the_evidence(planted):
    X, truth = planted
    clusterer = Hierarchical(3, "ward")
    found = [assess(X, truth, clusterer, ks=[2, 3], options=OPTIONS, seed=4, jobs=jobs) for jobs in (1, 2)]
    assert json.dumps(found[0]) == json.dumps(found[1])


def test_a_null_already_drawn_is_used_and_only_what_is_missing_is_drawn(planted):
    X, truth = planted
    null = pd.DataFrame({"draw": [0, 1], "k": [3, 3], "silhouette": [0.111, 0.222]})
    found = assess(X, truth, kmeans(3), ks=[2], options=OPTIONS, null=null, seed=6)
    rows = {row["k"]: row for row in found["by_k"]}
    assert (rows[3]["null_low"], rows[3]["null_high"]) == (0.111, 0.222)
    drawn = gaussian_null(X, [2], draws=2, n_init=1, seed=6)["silhouette"]
    assert rows[2]["null_mean"] == pytest.approx(drawn.mean())


def test_without_draws_there_is_no_excess_and_no_claim(planted):
    X, truth = planted
    found = assess(
        X, truth, kmeans(3), ks=[3], options=OPTIONS | {"null_draws": 0, "splits": 0, "bootstraps": 0}
    )
    assert found["verdict"] == "continuum"
    for name in ("null_silhouette", "excess_silhouette", "prediction_strength", "jaccard_min"):
        assert found["figures"][name] is None


def test_one_segment_for_all_is_assessed_without_scores(planted):
    X, _ = planted
    found = assess(X, np.ones(len(X), dtype=int), kmeans(1), ks=[1], options=OPTIONS)
    assert found["verdict"] == "continuum"
    assert (found["figures"]["silhouette"], found["figures"]["valley_max"]) == (None, None)
    json.dumps(found, allow_nan=False)


def test_switched_off_it_says_so():
    found = assess(np.zeros((3, 1)), [1, 1, 2], kmeans(2), ks=[2], options={"assess": False})
    assert (found["assessed"], found["verdict"], found["by_k"]) == (False, None, [])
    figures = metrics(TRIAL, found)
    assert figures["silhouette"] == pytest.approx(0.7)
    assert figures["jaccard_min"] is None


def test_metrics_are_flat_and_take_from_evidence_what_the_trial_has_not(planted):
    X, truth = planted
    found = assess(X, truth, kmeans(3), ks=[3], options=OPTIONS)
    figures = metrics(TRIAL, found)
    assert all(isinstance(value, float) for value in figures.values())
    assert figures["null_silhouette"] == found["figures"]["null_silhouette"]
    assert {"jaccard_min", "prediction_strength", "ari_kmeans_hierarchical", "smallest_segment"} <= set(
        figures
    )
