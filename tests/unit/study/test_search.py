"""Trials: complete, equal to scikit-learn's and scipy's, whatever the number of jobs."""

from __future__ import annotations

import numpy as np
import optuna
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from pandas.testing import assert_frame_equal
from scipy.cluster.hierarchy import fcluster, linkage
from sklearn import metrics
from sklearn.cluster import KMeans, MeanShift

from gp_segmentation.clustering import canonical_order
from gp_segmentation.errors import ConfigError
from gp_segmentation.study import Limits, Setup, brute_force, open_space, run_study, run_trials


@pytest.fixture
def result(planted, clusterer, options, build):
    return run_trials(
        planted, open_space(clusterer, options), build, nulls=lambda _: dict.fromkeys(range(2, 6), 0.1)
    )


def test_every_point_is_one_trial_in_the_order_of_the_space(result, clusterer, options):
    assert list(result.points.values()) == open_space(clusterer, options).points()
    assert result.trials["trial"].tolist() == list(range(25))
    assert len(result.optuna_study.trials) == 25


def test_kmeans_trials_are_scikit_learns(planted, clusterer, options, build):
    setup = Setup(limits=Limits(better_starts=False))
    result = run_trials(planted, open_space(clusterer, options), build, setup=setup)
    for row in result.trials[result.trials["clusterer"] == "kmeans"].itertuples():
        model = KMeans(row.n_clusters, n_init=3, random_state=0).fit(planted)
        labels = result.labels[row.trial]
        assert_array_equal(labels, model.labels_)
        assert_allclose(row.inertia, model.inertia_, rtol=1e-4)
        assert row.inertia <= model.inertia_ * (1 + 1e-9)
        assert_allclose(row.silhouette, metrics.silhouette_score(planted, labels), atol=1e-6)
        assert_allclose(row.davies_bouldin, metrics.davies_bouldin_score(planted, labels), rtol=1e-6)
        assert_allclose(row.calinski_harabasz, metrics.calinski_harabasz_score(planted, labels), rtol=1e-6)
        assert row.sizes == " ".join(map(str, sorted(np.bincount(labels), reverse=True)))


def test_hierarchical_trials_are_cuts_of_scipys_trees(result, planted):
    for row in result.trials[result.trials["clusterer"] == "hierarchical"].itertuples():
        tree = linkage(planted, row.linkage)
        found = result.trees[None, row.linkage]
        assert_array_equal(found[:, [0, 1, 3]], tree[:, [0, 1, 3]])
        assert_allclose(found[:, 2], tree[:, 2], rtol=1e-12)
        expected = canonical_order(fcluster(tree, row.n_clusters, "maxclust"))
        assert_array_equal(canonical_order(result.labels[row.trial]), expected)


def test_excess_is_silhouette_less_the_null_of_as_many_clusters(result):
    trials = result.trials
    known = trials["n_clusters"] <= 5
    assert_allclose(trials["excess_silhouette"][known], trials["silhouette"][known] - 0.1)
    assert trials["excess_silhouette"][~known].isna().all()


def test_processes_do_not_change_the_tables(planted, clusterer, options, build):
    opened = open_space(clusterer, options)
    one, two = (run_study(planted, opened, build, options, seed=3, jobs=jobs) for jobs in (1, 2))
    assert_frame_equal(one.trials, two.trials, check_exact=True)
    assert_frame_equal(one.null, two.null, check_exact=True)
    assert one.choice == two.choice


def test_the_planted_number_is_chosen(planted, clusterer, options, build):
    choice = run_study(planted, open_space(clusterer, options), build, options, seed=3).choice
    assert choice["n_clusters"] == 4
    truth = np.repeat(range(4), [100, 80, 70, 50])
    result = run_trials(planted, open_space(clusterer, options), build)
    assert metrics.adjusted_rand_score(result.labels[choice["trial"]], truth) > 0.95


def test_a_fixed_configuration_is_one_trial(planted, clusterer, options, build):
    node = {"name": "kmeans", **clusterer["candidates"]["kmeans"], "n_clusters": 6}
    found = run_study(planted, open_space(node, options), build, options)
    assert found.trials["n_clusters"].tolist() == [6]
    assert found.choice["reason"].startswith("The configuration fixes K-means with 6 segments")


def test_another_sampler_takes_as_many_trials_as_asked(planted, clusterer, options, build):
    sampler = optuna.samplers.TPESampler(seed=1)
    found = run_trials(planted, open_space(clusterer, options), build, sampler=sampler, n_trials=7)
    assert len(found.trials) == 7
    with pytest.raises(ConfigError, match=r"study.n_trials is not set"):
        run_trials(planted, open_space(clusterer, options), build, sampler=sampler)


def test_more_clusters_than_practices_are_refused(clusterer, options, build):
    with pytest.raises(
        ConfigError, match=r"reaches 6, but only 6 practices are fitted. Lower study.n_clusters"
    ):
        run_trials(np.eye(6), open_space(clusterer, options), build)


def test_optunas_verbosity_is_left_as_it_was(planted, clusterer, options, build):
    before = optuna.logging.get_verbosity()
    run_trials(planted[:40], open_space(clusterer, options), build, sampler=brute_force(1))
    assert optuna.logging.get_verbosity() == before


def test_agreement_is_the_highest_adjusted_rand_index_with_another_method(result):
    trials = result.trials
    for row in trials.itertuples():
        others = [
            metrics.adjusted_rand_score(result.labels[row.trial], result.labels[other.trial])
            for other in trials[trials["n_clusters"] == row.n_clusters].itertuples()
            if other.trial != row.trial
        ]
        assert_allclose(row.agreement, max(others), atol=1e-12)


def test_a_clusterer_that_finds_its_own_number_of_clusters_is_one_trial(planted, options):
    node = {"name": "meanshift", "_target_": "MeanShift", "bandwidth": 6.0}
    found = run_trials(
        planted, open_space(node, options), lambda node, **params: MeanShift(bandwidth=node["bandwidth"])
    )
    assert found.trials["n_clusters"].tolist() == [4]
