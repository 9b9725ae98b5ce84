from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from pandas.testing import assert_frame_equal

from gp_segmentation.evidence import gaussian_null, null_means, null_table
from gp_segmentation.evidence.null import _covariance_root


def test_the_null_has_the_covariance_of_the_data():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 3)) @ rng.normal(size=(3, 5))  # five columns of rank three
    root = _covariance_root(X)
    assert_allclose(root @ root.T, np.cov(X, rowvar=False), atol=1e-10)


def test_draws_depend_on_the_seed_alone():
    X = np.random.default_rng(1).normal(size=(120, 3))
    one, two = (gaussian_null(X, [2, 3], draws=3, n_init=1, seed=9, jobs=jobs) for jobs in (1, 2))
    assert_frame_equal(one, two, check_exact=True)
    other = gaussian_null(X, [2, 3], draws=3, n_init=1, seed=10)
    assert (one["silhouette"] != other["silhouette"]).all()
    assert one[["draw", "k"]].values.tolist() == [[0, 2], [0, 3], [1, 2], [1, 3], [2, 2], [2, 3]]


def test_a_gaussian_scores_as_its_null_and_groups_score_above(planted, unstructured):
    above = gaussian_null(planted[0], [3], draws=3, n_init=2, seed=0)
    assert null_means(above)[3] < 0.4  # the planted groups themselves score above .6
    # Of 20 clouds, each against 19 draws, about one lies above all of them (exactly 1 in 20 expected).
    exceed = 0
    for seed in range(20):
        cloud = unstructured("gaussian", seed, rows=150)
        frames = gaussian_null(cloud, [3], draws=19, n_init=2, seed=seed)["silhouette"]
        own = gaussian_null(cloud, [3], draws=1, n_init=2, seed=1000 + seed)["silhouette"][0]
        exceed += own > frames.max()
    assert exceed <= 4  # P(more than 4 of 20 at 1 in 20) = 0.003


def test_the_table_sums_up_by_k():
    null = pd.DataFrame({"draw": [0, 1, 0, 1], "k": [2, 2, 3, 3], "silhouette": [0.2, 0.4, 0.1, 0.1]})
    table = null_table(null)
    assert table.loc[2, ["mean", "low", "high"]].tolist() == pytest.approx([0.3, 0.2, 0.4])
    assert null_means(null) == pytest.approx({2: 0.3, 3: 0.1})


def test_no_draws_give_an_empty_table():
    null = gaussian_null(np.eye(4), [2, 3], draws=0)
    assert null.empty
    assert null_means(null) == {}
