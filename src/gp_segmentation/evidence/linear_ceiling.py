"""How much of other measures the clustered columns themselves tell, in a linear model: ridge regression."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gp_segmentation.evidence.variance_explained import CrossValidated
from gp_segmentation.utils.arrays import Floats, Ints
from gp_segmentation.utils.parallel import parallel_map
from gp_segmentation.utils.progress import progress_bar

#: Penalties tried, as multiples of the mean variance of a column.
PENALTIES = np.logspace(-4, 4, 17)


def predict_by_ridge(
    X: pd.DataFrame, values: Floats, fold: Ints, folds: int, *, jobs: int | None = 1
) -> CrossValidated:
    """Predict each column of `values` (n, m; NaN where not known) from `X` (n, d), fitted in the other folds.

    The penalty is the one of `PENALTIES` with the least generalised cross-validation score within those
    folds, RSS / (rows - degrees of freedom)² (Golub, Heath & Wahba 1979), so that many columns and few rows
    do no worse than the mean.
    """
    columns = X.to_numpy(dtype=np.float64)
    tasks = [(columns, y, fold, folds) for y in values.T]
    predicted = progress_bar(parallel_map(_predict_one, tasks, jobs), len(tasks), "measures predicted")
    errors, baselines = zip(*predicted, strict=True)
    return CrossValidated(np.stack(errors, axis=1), np.stack(baselines, axis=1))


def _predict_one(X: Floats, y: Floats, fold: Ints, folds: int) -> tuple[Floats, Floats]:
    """Squared errors of ridge regression and of the mean: (folds,) each.

    With rows (1, x, y) and their sums of products M, a prediction a + x·b has the squared error w'Mw,
    w = (-a, -b, 1): each fold's M is all that is needed, both to fit and to test.
    """
    known = np.isfinite(y)
    rows, fold = np.column_stack([np.ones(len(y)), X, y])[known], fold[known]
    tested = np.stack([rows[fold == number].T @ rows[fold == number] for number in range(folds)])
    fitted = tested.sum(axis=0) - tested
    count = np.maximum(fitted[:, 0, 0], 1)
    means = fitted[:, 0, 1:] / count[:, None]
    centred = fitted[:, 1:, 1:] - count[:, None, None] * means[:, :, None] * means[:, None, :]
    slopes = _ridge(centred, count)
    intercepts = means[:, -1] - (means[:, :-1] * slopes).sum(axis=1)
    last = np.ones((folds, 1))
    of_ridge = np.concatenate([-intercepts[:, None], -slopes, last], axis=1)
    of_mean = np.concatenate([-means[:, -1:], np.zeros_like(slopes), last], axis=1)
    return _quadratic(of_ridge, tested), _quadratic(of_mean, tested)


def _ridge(products: Floats, count: Floats) -> Floats:
    """Slopes (folds, d) from centred sums of products of columns and measure (folds, d + 1, d + 1)."""
    roots, vectors = np.linalg.eigh(products[:, :-1, :-1])
    roots = np.maximum(roots, 0)
    along = np.einsum("fij,fi->fj", vectors, products[:, :-1, -1])
    scale = np.maximum(roots.mean(axis=1), np.finfo(float).tiny)
    shrunk = roots[:, None, :] + scale[:, None, None] * PENALTIES[:, None]  # (folds, penalties, d)
    gain = along[:, None] ** 2 * (2 / shrunk - roots[:, None] / shrunk**2)
    left = products[:, -1, -1, None] - gain.sum(-1)
    freedom = count[:, None] - 1 - (roots[:, None] / shrunk).sum(-1)
    best = (np.maximum(left, 0) / np.maximum(freedom, 1e-3) ** 2).argmin(axis=1)
    slopes: Floats = np.einsum("fij,fj->fi", vectors, along / shrunk[np.arange(len(best)), best])
    return slopes


def _quadratic(weights: NDArray, products: NDArray) -> Floats:
    form: Floats = np.einsum("fi,fij,fj->f", weights, products, weights)
    return form
