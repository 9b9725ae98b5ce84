"""The gap statistic against the published formula, coded here a second time with numpy alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from sklearn.cluster import KMeans

from gp_segmentation.validity import draw_null, gap_statistic, one_standard_error


def log_w(X: np.ndarray, labels: np.ndarray) -> float:
    """Tibshirani et al. (2001), equations 1 and 2: sum over clusters of pairwise squares / (2 n_r)."""
    total = 0.0
    for name in set(labels.tolist()):
        rows = X[labels == name]
        pairs = ((rows[:, None, :] - rows[None, :, :]) ** 2).sum()
        total += pairs / (2 * len(rows))
    return float(np.log(total))


@pytest.mark.parametrize("seed", range(3))
def test_the_gap_equals_its_formula(seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(60, 2))
    ks, draws = [1, 2, 3], 4
    # What draw_null does, from the same seeds: box along the principal axes, K-means on every draw.
    _, axes = np.linalg.eigh(np.cov(X - X.mean(axis=0), rowvar=False))
    turned = (X - X.mean(axis=0)) @ axes
    expected = []
    for child in np.random.SeedSequence(seed, spawn_key=(3,)).spawn(draws):
        generator = np.random.default_rng(child)
        cloud = generator.uniform(turned.min(axis=0), turned.max(axis=0), X.shape) @ axes.T
        state = int(generator.integers(2**31))
        fits = [KMeans(k, n_init=1, random_state=state).fit_predict(cloud) for k in ks]
        expected.append([log_w(cloud, labels) for labels in fits])
    own = np.array([log_w(X, KMeans(k, n_init=1, random_state=0).fit_predict(X)) for k in ks])
    reference = np.array(expected)
    null = draw_null(X, ks, kind="uniform", draws=draws, n_init=1, seed=seed)
    found = gap_statistic(pd.Series(own, index=ks), null)
    assert_allclose(found["gap"], reference.mean(axis=0) - own)
    assert_allclose(found["se"], reference.std(axis=0) * np.sqrt(1 + 1 / draws))


def test_the_rule_takes_the_smallest_number_within_one_error_of_the_next():
    #        gap(2) .5 < .9 - .1; gap(3) .9 >= .95 - .1
    gaps = pd.DataFrame({"gap": [0.2, 0.5, 0.9, 0.95], "se": 0.1}, index=[1, 2, 3, 4])
    assert one_standard_error(gaps) == 3
    assert one_standard_error(gaps.loc[[1, 2]]) is None
    assert one_standard_error(gaps.loc[[2, 4]]) is None
    assert one_standard_error(pd.DataFrame({"gap": [np.nan], "se": [np.nan]}, index=[1])) is None


@pytest.mark.parametrize("groups", [1, 2, 3, 4])
def test_planted_numbers_are_found_one_among_them(groups):
    rng = np.random.default_rng(groups)
    centres = 9 * np.array([[0, 0], [0, 1], [1, 0], [1, 1]])[:groups]
    X = np.concatenate([centre + rng.normal(size=(60, 2)) for centre in centres])
    ks = range(1, 7)
    within = [np.log(KMeans(k, n_init=5, random_state=0).fit(X).inertia_) for k in ks]
    null = draw_null(X, ks, kind="uniform", draws=10, n_init=2, seed=1)
    assert one_standard_error(gap_statistic(pd.Series(within, index=list(ks)), null)) == groups
