"""Stability against the published formulas, coded here a second time and plainly."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from pandas.testing import assert_frame_equal
from sklearn.cluster import KMeans

from gp_segmentation.clustering import Hierarchical
from gp_segmentation.evidence import agreement, bootstrap_jaccard, prediction_strength
from gp_segmentation.evidence.stability import jaccard, pairs_kept


def jaccard_by_sets(codes: np.ndarray, again: np.ndarray, k: int) -> list[float]:
    first = [set(np.flatnonzero(codes == i)) for i in range(k)]
    second = [set(np.flatnonzero(again == j)) for j in range(again.max() + 1)]
    return [max(len(a & c) / len(a | c) if a | c else 0.0 for c in second) for a in first]


def pairs_by_loops(labels: np.ndarray, predicted: np.ndarray) -> float:
    shares = []
    for cluster in set(labels.tolist()):
        members = np.flatnonzero(labels == cluster)
        pairs = [(i, j) for i in members for j in members if i != j]
        together = [predicted[i] == predicted[j] for i, j in pairs]
        shares.append(np.mean(together) if pairs else 0.0)
    return float(min(shares))


@pytest.mark.parametrize("seed", range(6))
def test_coefficients_agree_with_their_definitions(seed):
    rng = np.random.default_rng(seed)
    codes, again = rng.integers(0, 4, 40), rng.integers(0, 3, 40)
    assert_allclose(jaccard(codes, again, 5), [*jaccard_by_sets(codes, again, 4), 0.0])
    assert_allclose(pairs_kept(codes, again), pairs_by_loops(codes, again))


def test_planted_groups_are_found_again_and_too_many_are_not(planted):
    X, truth = planted
    right = bootstrap_jaccard(X, truth, KMeans(3, n_init=3, random_state=0), draws=10, seed=1)
    assert right.groupby("segment")["jaccard"].mean().min() > 0.98
    assert sorted(right["segment"].unique()) == [1, 2, 3]
    clusterer = KMeans(7, n_init=3, random_state=0)
    many = bootstrap_jaccard(X, clusterer.fit_predict(X), clusterer, draws=10, seed=1)
    assert many.groupby("segment")["jaccard"].mean().min() < 0.75


def test_prediction_strength_tells_the_planted_number(planted):
    X, _ = planted
    strengths = {k: prediction_strength(X, KMeans(k, n_init=3, random_state=0), splits=4) for k in (3, 6)}
    assert strengths[3].shape == (4,)
    assert strengths[3].min() > 0.95
    assert strengths[6].mean() < 0.8


@pytest.mark.parametrize("clusterer", [KMeans(3, n_init=1, random_state=0), Hierarchical(3, "average")])
def test_jobs_do_not_change_the_draws(planted, clusterer):
    X, truth = planted
    one, two = (bootstrap_jaccard(X, truth, clusterer, draws=3, seed=2, jobs=jobs) for jobs in (1, 2))
    assert_frame_equal(one, two, check_exact=True)
    one, two = (prediction_strength(X, clusterer, splits=3, seed=2, jobs=jobs) for jobs in (1, 2))
    assert_allclose(one, two, rtol=0)


def test_agreement_is_one_for_the_same_partition_and_about_nothing_for_unrelated_ones():
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 3, 500), rng.integers(0, 3, 500)
    found = agreement([3, 3], np.stack([a, a]), np.stack([2 - a, b]))
    assert_allclose(found.iloc[0], [1.0, 1.0])
    assert_allclose(found.iloc[1], [0.0, 0.0], atol=0.02)
