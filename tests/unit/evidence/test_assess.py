"""The whole evidence: planted groups are called discrete, and clouds without groups never are."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from sklearn.cluster import DBSCAN, KMeans
from sklearn.mixture import GaussianMixture

from gp_segmentation.clustering import Hierarchical
from gp_segmentation.evidence import KnownStability, assess, run_metrics, sample_rows, with_noise
from gp_segmentation.validity import draw_null, resample

THRESHOLDS = {
    "unstable_jaccard": 0.6,
    "excess": 0.05,
    "jaccard": 0.75,
    "ari": 0.65,
    "valley": 0.25,
    "max_tied_share": 0.2,
}
OPTIONS = {
    "assess": True,
    "nulls": {"gaussian": 2},
    "n_init": {"nulls": 1, "by_k": 1},
    "bootstraps": 6,
    "bootstraps_by_k": 2,
    "subsamples": 2,
    "subsample_share": 0.8,
    "splits": 2,
    "seeds": 2,
    "min_stay_share": 0.75,
    "thresholds": THRESHOLDS,
}
NOTHING = {"nulls": {}, "bootstraps": 0, "bootstraps_by_k": 0, "subsamples": 0, "splits": 0, "seeds": 0}
#: Values imputed of two features: how many, and their share.
IMPUTED = pd.DataFrame({"count": [3, 1], "share": [0.3, 0.1]})
SEGMENTS = pd.DataFrame(
    {"supergroup": ["A", "A", "B"], "subgroup": ["A1a", "A2a", "B1a"], "certainty": [1.0, 0.5, np.nan]}
)
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
    evidence = found.evidence
    assert evidence["verdict"] == "discrete"
    assert [row["k"] for row in evidence["by_k"]] == [2, 3, 4]
    assert max(evidence["by_k"], key=lambda row: row["excess"])["k"] == 3
    assert [(row["segment"], row["practices"]) for row in evidence["segments"]] == [
        (1, 150),
        (2, 100),
        (3, 80),
    ]
    assert evidence["figures"]["prediction_strength"] > 0.9
    assert evidence["gap_choice"] == 3
    assert evidence["practices"] == {"sure": 330, "draws": 0, "method": 0, "both": 0}
    assert found.practices["stays"].isna().all()  # not given
    assert evidence["mixture"]["same"] > 0.95
    json.dumps(evidence, allow_nan=False)


def test_every_kind_of_null_is_drawn_when_asked_and_none_when_not(planted):
    X, truth = planted
    asked = OPTIONS | NOTHING | {"nulls": {"gaussian": 1, "copula": 2, "permutation": 1, "uniform": 1}}
    rows = assess(X, truth, kmeans(3), ks=[3], options=asked).evidence["nulls"]
    assert sorted({(row["kind"], row["draws"]) for row in rows}) == [
        ("copula", 2),
        ("gaussian", 1),
        ("permutation", 1),
        ("uniform", 1),
    ]
    assert {row["k"] for row in rows} == {1, 3}
    assert assess(X, truth, kmeans(3), ks=[3], options=OPTIONS | NOTHING).evidence["nulls"] == []


@pytest.mark.parametrize("clusterer", [Hierarchical(3, "average"), GaussianMixture(3, random_state=0)])
def test_other_clusterers_are_set_beside_kmeans_for_every_k(planted, clusterer):
    X, truth = planted
    found = assess(X, truth, clusterer, ks=[2, 3, 4], options=OPTIONS, seed=2).evidence
    assert found["agreement"]["other"] == "K-means"
    assert all(row["jaccard_min"] is not None for row in found["by_k"])
    on_diagonal = sum(r["practices"] for r in found["agreement"]["table"] if r["segment"] == r["other"])
    assert on_diagonal == 330
    assert set(found["agreement"]["cophenetic"]) <= {"ward", "average"}
    assert found["figures"]["cophenetic"] == found["agreement"]["cophenetic"].get(
        "average", found["agreement"]["cophenetic"]["ward"]
    )


@pytest.mark.parametrize("clusterer", [kmeans(3), Hierarchical(3, "ward")])
def test_jobs_do_not_change_the_evidence(planted, clusterer):
    X, truth = planted
    asked = OPTIONS | {"nulls": {"gaussian": 2, "copula": 2, "permutation": 2, "uniform": 2}}
    one, two = (assess(X, truth, clusterer, ks=[2, 3], options=asked, seed=4, jobs=jobs) for jobs in (1, 2))
    assert json.dumps(one.evidence) == json.dumps(two.evidence)
    assert_frame_equal(one.practices, two.practices, check_exact=True)


def test_a_null_already_drawn_is_used_and_only_what_is_missing_is_drawn(planted):
    X, truth = planted
    null = pd.DataFrame({"draw": [0, 1], "k": [3, 3], "silhouette": [0.111, 0.222], "log_within": [1.0, 2.0]})
    found = assess(X, truth, kmeans(3), ks=[2], options=OPTIONS, null=null, seed=6).evidence
    rows = {row["k"]: row for row in found["by_k"]}
    assert (rows[3]["null_low"], rows[3]["null_high"]) == (0.111, 0.222)
    drawn = draw_null(X, [2], kind="gaussian", draws=2, n_init=1, seed=6)["silhouette"]
    assert rows[2]["null_mean"] == pytest.approx(drawn.mean())


@pytest.mark.parametrize("drawn", [4, 6, 8])
@pytest.mark.parametrize("left_out", [0, 30], ids=["all in a segment", "30 in none"])
def test_resamples_are_the_study_s_and_more_where_more_are_asked(drawn, left_out, unstructured):
    rows = unstructured("gaussian", 1, 200)
    every = np.where(np.arange(200) < left_out, -1, kmeans(3).fit_predict(rows) + 1)
    inside = every > 0

    def jaccards(draws):
        return resample(rows, {3: every}, {3: kmeans(3)}, draws=draws, seed=5).jaccard

    known = KnownStability(rows, every, jaccards(drawn), {}, 0)
    asked = OPTIONS | NOTHING | {"bootstraps": 6}
    found = assess(rows[inside], every[inside], kmeans(3), ks=[3], options=asked, known=known, seed=5)
    # Six at once, or all eight that the study drew.
    by_segment = jaccards(max(drawn, 6)).groupby("segment")["jaccard"].mean()
    assert [row["jaccard"] for row in found.evidence["segments"]] == pytest.approx(by_segment.tolist())


def test_without_draws_there_is_no_excess_and_no_claim(planted):
    X, truth = planted
    found = assess(X, truth, kmeans(3), ks=[3], options=OPTIONS | NOTHING)
    assert found.evidence["verdict"] == "not judged"
    for name in ("null_silhouette", "excess_silhouette", "prediction_strength", "jaccard_min", "ari_seeds"):
        assert found.evidence["figures"][name] is None
    assert found.practices["likeliest_segment"].isna().all()


def test_one_segment_for_all_is_assessed_without_scores(planted):
    X, _ = planted
    found = assess(X, np.ones(len(X), dtype=int), kmeans(1), ks=[1], options=OPTIONS).evidence
    assert found["verdict"] == "not judged"
    assert (found["figures"]["silhouette"], found["figures"]["valley_max"]) == (None, None)
    json.dumps(found, allow_nan=False)


def test_switched_off_it_says_so():
    found = assess(np.zeros((3, 1)), [1, 1, 2], kmeans(2), ks=[2], options={"assess": False})
    evidence = found.evidence
    assert (evidence["assessed"], evidence["verdict"], evidence["by_k"]) == (False, None, [])
    assert found.practices.empty
    figures = run_metrics(TRIAL, evidence, IMPUTED, SEGMENTS)
    assert figures["silhouette"] == pytest.approx(0.7)
    assert figures["jaccard_min"] is None
    assert (figures["certainty_mean"], figures["sure_share"]) == (0.75, None)
    unknown = SEGMENTS.assign(certainty=np.nan)  # a study that draws no samples
    assert run_metrics(TRIAL, evidence, IMPUTED, unknown)["certainty_mean"] is None


def test_metrics_are_flat_and_take_from_evidence_what_the_trial_has_not(planted):
    X, truth = planted
    found = assess(X, truth, kmeans(3), ks=[3], options=OPTIONS).evidence
    beyond = {"beyond": {"means": {"segments": 0.2, "icb": 0.1}}}
    figures = run_metrics(TRIAL, found | beyond, IMPUTED, SEGMENTS, 0.9)
    assert all(value is None or isinstance(value, float | int) for value in figures.values())
    assert (figures["n_supergroups"], figures["n_subgroups"], figures["certainty_mean"]) == (2, 3, 0.75)
    assert figures["sure_share"] == pytest.approx(1 - figures["disputed_share"])
    assert (figures["imputed_values"], figures["imputed_share"]) == (3 + 1, (0.3 + 0.1) / 2)
    assert figures["ari_preparations"] == 0.9
    assert figures["null_silhouette"] == found["figures"]["null_silhouette"]
    assert (figures["eta2_unused_segments"], figures["eta2_unused_deprivation"]) == (0.2, None)
    assert {"jaccard_min", "prediction_strength", "ari_kmeans_hierarchical", "smallest_segment"} <= set(
        figures
    )


def test_as_many_rows_as_asked_in_their_order_and_all_where_there_are_no_more():
    X = pd.DataFrame(np.arange(40.0).reshape(20, 2), index=[f"A{i:02}" for i in range(20)])
    drawn = sample_rows(X, 7, seed=1)
    assert len(drawn) == drawn.index.nunique() == 7
    assert drawn.index.is_monotonic_increasing
    assert_frame_equal(drawn, X.loc[drawn.index])
    assert_frame_equal(sample_rows(X, 7, seed=1), drawn)
    assert not sample_rows(X, 7, seed=2).index.equals(drawn.index)
    assert sample_rows(X, 20, seed=1) is X


def test_a_clusterer_that_finds_its_number_has_k_means_at_every_other(planted):
    X, truth = planted
    clusterer = DBSCAN(eps=3.0, min_samples=3)
    found = assess(X, truth, clusterer, ks=[2, 4], options=OPTIONS).evidence
    assert [row["k"] for row in found["by_k"]] == [2, 3, 4]
    assert all(row["jaccard_min"] is not None for row in found["by_k"])
    assert found["agreement"]["other"] == "K-means"
    alone = assess(X, truth, clusterer, ks=[], options=OPTIONS).evidence
    assert [row["k"] for row in alone["by_k"]] == [3]


def test_practices_of_no_segment_are_counted_and_a_sentence_beside_the_reasons_says_so():
    trial = TRIAL | {"noise": 10, "sizes": "20 10"}
    figures = run_metrics(trial, {}, IMPUTED, SEGMENTS)
    assert (figures["noise"], figures["noise_share"]) == (10, 10 / 40)
    assert run_metrics(TRIAL, {}, IMPUTED, SEGMENTS)["noise"] == 0
    told = with_noise({"reasons": ["A gap."], "beside": []}, 10, 40)
    assert told["noise"] == 10
    assert told["beside"][0].startswith("10 of 40 practices belong to no segment.")
