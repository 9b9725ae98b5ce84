"""Gaussian mixtures: BIC and ICL by their formulas, and what they say of planted groups."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import multivariate_normal
from sklearn.cluster import KMeans

from gp_segmentation.validity import fit_mixture, information_criteria


@pytest.fixture(scope="module", name="X")
def three_ellipsoids() -> np.ndarray:
    rng = np.random.default_rng(0)
    shape = np.array([[1.0, 0.0], [0.9, 0.3]])
    return np.concatenate([rng.normal(size=(150, 2)) @ shape + centre for centre in ([0, 0], [4, 0], [0, 4])])


def labels(X: np.ndarray, k: int) -> np.ndarray:
    return KMeans(k, n_init=5, random_state=0).fit_predict(X)


def test_bic_and_icl_are_those_of_their_formulas(X):
    model = fit_mixture(X, labels(X, 4))
    densities = np.column_stack(
        [
            weight * multivariate_normal(mean, covariance).pdf(X)
            for weight, mean, covariance in zip(model.weights_, model.means_, model.covariances_, strict=True)
        ]
    )
    parameters = 3 + 4 * 2 + 4 * 3  # three free weights, four means, four covariances
    bic = -2 * np.log(densities.sum(axis=1)).sum() + parameters * np.log(450)
    shares = densities / densities.sum(axis=1, keepdims=True)
    icl = bic - 2 * (shares * np.log(shares)).sum()
    assert information_criteria(X, labels(X, 4)) == pytest.approx((bic, icl))
    assert icl > bic + 10


def test_planted_groups_have_the_lowest_criteria(X):
    found = np.array([information_criteria(X, labels(X, k)) for k in range(2, 6)])
    assert (found.argmin(axis=0) + 2).tolist() == [3, 3]


def test_rows_of_no_cluster_shape_no_start_and_a_cluster_of_one_has_no_ellipsoid(X):
    start = labels(X, 3)
    start[:3] = -1
    assert len(fit_mixture(X, start).means_) == 3
    single = np.zeros(len(X), dtype=np.int64)
    single[0] = 1
    assert fit_mixture(X, single) is None
    assert np.isnan(information_criteria(X, single)).all()
