"""Consensus clustering against Monti's definition, coded again by loops."""

from __future__ import annotations

import json

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from pandas.testing import assert_frame_equal
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from gp_segmentation.evidence import assess
from gp_segmentation.validity import consensus_clusters, resample, summarise_consensus
from gp_segmentation.validity import share_together as counting
from gp_segmentation.validity.consensus import BLOCK

OPTIONS = {
    "nulls": {},
    "null_n_init": 1,
    "bootstraps": 4,
    "bootstraps_by_k": 0,
    "subsamples": 0,
    "subsample_share": 0.8,
    "splits": 0,
    "seeds": 0,
    "starts_by_k": 1,
    "stays_below": 0.75,
    "thresholds": {
        **{"unstable_jaccard": 0.6, "excess": 0.05, "jaccard": 0.75, "ari": 0.65},
        **{"valley": 0.25, "tied": 0.2},
    },
}


def drawn(X: np.ndarray, labels: np.ndarray, k: int, draws: int = 12) -> np.ndarray:
    clusterer = KMeans(k, n_init=2, random_state=0)
    return resample(X, {k: labels}, {k: clusterer}, draws=draws, vote=[k], seed=3).labels[k]


def shares_by_loops(labels: np.ndarray) -> np.ndarray:
    """Monti et al. (2003), equation 1: sum of connectivity matrices / sum of indicator matrices."""
    n = labels.shape[1]
    shares = np.full((n, n), np.nan)
    for i in range(n):
        for j in range(n):
            both = [draw for draw in labels if draw[i] >= 0 and draw[j] >= 0]
            if both:
                shares[i, j] = np.mean([draw[i] == draw[j] for draw in both])
    return shares


@pytest.fixture(scope="module")
def noise() -> tuple[np.ndarray, np.ndarray]:
    X = np.random.default_rng(1).normal(size=(60, 3))
    return drawn(X, KMeans(4, n_init=2, random_state=0).fit_predict(X), 4), X


def test_shares_and_clusters_equal_their_definition(noise):
    labels, _ = noise
    shares = shares_by_loops(labels)
    assert_allclose(counting(labels, labels), shares)
    apart = 1 - np.where(np.isnan(shares), 0.5, shares)
    np.fill_diagonal(apart, 0)
    expected = fcluster(linkage(squareform(apart), "average"), 4, "maxclust")
    found = consensus_clusters(labels, expected, rows=100)
    assert_array_equal(found, expected)
    summary = summarise_consensus(labels, expected, found)
    upper = np.triu_indices(60, 1)
    known = shares[upper][~np.isnan(shares[upper])]
    assert summary["ambiguous"] == pytest.approx(np.mean((known > 0.1) & (known < 0.9)))
    for row in summary["segments"].itertuples():
        inside = np.flatnonzero(found == row.segment)
        pairs = [shares[i, j] for i in inside for j in inside if i < j]
        expected_share = np.nanmean(pairs) if pairs else np.nan
        assert row.together == pytest.approx(expected_share, nan_ok=True)


def test_blocks_change_nothing():
    rng = np.random.default_rng(0)
    n = BLOCK + 90
    labels = rng.integers(-1, 3, size=(5, n)).astype(np.int16)
    segments = rng.integers(1, 4, n)
    whole = counting(labels, labels)
    found = consensus_clusters(labels, segments, rows=n)
    apart = 1 - np.nan_to_num(whole, nan=0.5)
    np.fill_diagonal(apart, 0)
    tree = linkage(squareform(apart, checks=False), "average")
    assert adjusted_rand_score(fcluster(tree, 3, "maxclust"), found) == pytest.approx(1.0)
    upper = np.triu_indices(n, 1)
    known = whole[upper][np.isfinite(whole[upper])]
    share = np.mean((known > 0.1) & (known < 0.9))
    assert summarise_consensus(labels, segments, found)["ambiguous"] == pytest.approx(share)


def test_planted_groups_are_found_from_all_rows_and_from_some(planted):
    X, truth = planted
    labels = drawn(X, truth, 3)
    for rows in (330, 60):
        found = consensus_clusters(labels, truth, rows=rows)
        assert_array_equal(found, truth)
        summary = summarise_consensus(labels, truth, found)
        assert (summary["ari"], summary["moved"], summary["ambiguous"]) == (1.0, 0, 0.0)
        assert summary["segments"]["together"].tolist() == [1.0, 1.0, 1.0]


def test_the_evidence_has_it_when_asked_for_and_jobs_do_not_change_it(planted):
    X, truth = planted
    asked = OPTIONS | {"consensus_rows": 100}
    clusterer = KMeans(3, n_init=2, random_state=0)
    one, two = (assess(X, truth, clusterer, ks=[3], options=asked, jobs=jobs) for jobs in (1, 2))
    assert json.dumps(one.evidence, allow_nan=False) == json.dumps(two.evidence)
    assert_frame_equal(one.practices, two.practices, check_exact=True)
    assert one.practices["consensus_segment"].tolist() == truth.tolist()
    assert one.evidence["consensus"]["clusters"]["moved"] == 0
    never = (drawn(X, truth, 3, draws=4) < 0).all(axis=0)
    assert never.any()  # and yet all have their segment, see above
    without = assess(X, truth, clusterer, ks=[3], options=asked | {"consensus_rows": 0})
    assert "clusters" not in without.evidence["consensus"]
    assert "consensus_segment" not in without.practices
