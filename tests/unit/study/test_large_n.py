"""Beyond `exact_up_to` rows pairs are sampled, and the table says so."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.metrics import adjusted_rand_score, silhouette_score

from gp_segmentation.study import Limits, Setup, open_space, run_study, run_trials


@pytest.fixture(scope="module")
def many() -> tuple[np.ndarray, np.ndarray]:
    """Four groups of 600 rows."""
    truth = np.repeat(range(4), 600)
    return 7 * np.eye(5)[truth] + np.random.default_rng(5).normal(size=(2400, 5)), truth


def test_the_same_groups_are_found_and_the_silhouette_is_near(many, clusterer, options, build):
    X, truth = many
    setup = Setup(limits=Limits(exact_up_to=1200, sample_rows=500))
    result = run_trials(X, open_space(clusterer, options | {"n_clusters": [4]}), build, setup=setup)
    for row in result.trials.itertuples():
        labels = result.labels[row.trial]
        assert row.silhouette_rows == 500
        if row.linkage in ("single", "average"):
            continue  # these split off a few rows, which a sample may miss
        assert adjusted_rand_score(labels, truth) > 0.99
        assert abs(row.silhouette - silhouette_score(X, labels)) < 5 * row.silhouette_se
        within = sum(((X[labels == j] - X[labels == j].mean(axis=0)) ** 2).sum() for j in range(4))
        assert_allclose(row.inertia, within, rtol=1e-9)


def test_a_whole_study_of_many_rows_chooses(many, clusterer, options, build):
    X, _ = many
    asked = options | {"exact_up_to": 1200, "sample_rows": 500}
    found = run_study(X, open_space(clusterer, asked), build, asked, seed=1)
    assert found.choice["n_clusters"] == 4
    assert found.trials["silhouette_se"].notna().all()


def test_up_to_the_limit_every_pair_is_looked_at(planted, clusterer, options, build):
    setup = Setup(limits=Limits(exact_up_to=len(planted)))
    trials = run_trials(planted, open_space(clusterer, options), build, setup=setup).trials
    assert (trials["silhouette_rows"] == len(planted)).all()
    assert trials["silhouette_se"].isna().all()
