"""Gaussian mixtures started from a labelling, and information criteria for their number of components.

    BIC = -2 log L + p log n                       (Schwarz 1978),
    ICL = BIC - 2 sum_i sum_j t_ij log t_ij        (Biernacki, Celeux & Govaert 2000),

L being the likelihood, p the number of parameters, n of rows, and t_ij the probability that row i belongs to
component j. Low is good. ICL also asks that the components be apart: rows between them count against it.
"""

import warnings

import numpy as np
from scipy.special import xlogy
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

from gp_segmentation.clustering import number_clusters
from gp_segmentation.utils.arrays import Floats, Ints

#: Added to every variance, so that columns that add up to zero have an ellipsoid.
REGULAR = 1e-4
#: Rounds at most, and the gain in mean log likelihood below which no more are made.
ROUNDS, GAIN = 100, 1e-3


def fit_mixture(values: Floats, labels: Ints) -> GaussianMixture | None:
    """Fit a mixture of ellipsoids (full covariances) that starts from a labelling, not at random.

    Parameters
    ----------
    values : (n, d) rows. labels : (n,) clusters; rows of none (negative) shape no start.

    Returns None where a cluster has a single row.
    """
    names, codes = number_clusters(labels)
    parts = [values[codes == cluster] for cluster in range(len(names))]
    if not parts or min(map(len, parts)) < 2:
        return None
    width = values.shape[1]
    covariances = [np.cov(part, rowvar=False, bias=True).reshape(width, width) for part in parts]
    model = GaussianMixture(
        len(parts),
        weights_init=np.array([len(part) for part in parts]) / sum(map(len, parts)),
        means_init=np.array([part.mean(axis=0) for part in parts]),
        precisions_init=np.linalg.inv(np.array(covariances) + REGULAR * np.eye(width)),
        reg_covar=REGULAR,
        max_iter=ROUNDS,
        tol=GAIN,
        random_state=0,  # of starts that are not used
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the rounds are limited on purpose
        return model.fit(values)


def information_criteria(values: Floats, labels: Ints) -> tuple[float, float]:
    """Return BIC and ICL of the mixture that starts from `labels`; NaN for both where there is none."""
    model = fit_mixture(values, labels)
    if model is None:
        return np.nan, np.nan
    shares, bic = model.predict_proba(values), float(model.bic(values))
    return bic, bic - 2 * float(xlogy(shares, shares).sum())
