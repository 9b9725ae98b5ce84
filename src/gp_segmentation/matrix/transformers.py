"""Transformers scikit-learn does not have: imputers on a common scale, outliers, block weights, components.

All work on frames, learn from the rows they are fitted on, and change no row's identity.
"""

import warnings
from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin, clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.experimental import enable_iterative_imputer  # noqa: F401  (its import makes the next one possible)
from sklearn.impute import IterativeImputer, KNNImputer
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted, validate_data

from gp_segmentation.errors import ConfigError

#: A normal distribution's standard deviation is this many times its median absolute deviation.
MAD_TO_SD = 1.4826022185056018


class _Limits(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Hold every column between limits learnt from the fitted rows."""

    def _limits(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        raise NotImplementedError

    def fit(self, X: pd.DataFrame, y: None = None) -> Self:
        self.lower_, self.upper_ = self._limits(validate_data(self, X, dtype=float))
        return self

    def transform(self, X: pd.DataFrame) -> np.ndarray:
        check_is_fitted(self)
        return np.clip(validate_data(self, X, dtype=float, reset=False), self.lower_, self.upper_)


class Winsorise(_Limits):
    """Hold each column between two of its quantiles.

    Parameters
    ----------
    lower, upper : probabilities, ``0 <= lower < upper <= 1``.
    """

    def __init__(self, lower: float = 0.01, upper: float = 0.99) -> None:
        self.lower = lower
        self.upper = upper

    def _limits(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if not 0 <= self.lower < self.upper <= 1:
            raise ConfigError(f"winsorise from {self.lower} to {self.upper}: need 0 <= lower < upper <= 1")
        low, high = np.quantile(values, [self.lower, self.upper], axis=0)
        return low, high


class ClipRobustZ(_Limits):
    """Hold each column within `limit` robust standard deviations of its median.

    The robust z is ``(x - median) / (1.4826 MAD)``. A column with a median absolute deviation of zero
    (more than half of it is one value) has no such scale and is left as it is.

    Parameters
    ----------
    limit : in robust standard deviations.
    """

    def __init__(self, limit: float = 4.0) -> None:
        self.limit = limit

    def _limits(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if not self.limit > 0:
            raise ConfigError(f"clip at a robust z of {self.limit}: give a positive limit")
        middle = np.median(values, axis=0)
        spread = MAD_TO_SD * np.median(np.abs(values - middle), axis=0)
        reach = np.where(spread > 0, self.limit * spread, np.inf)
        return middle - reach, middle + reach


class BlockWeights(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Multiply each block's columns by one factor, so that its total variance is its weight.

    For block B with weight w the factor is ``sqrt(w / sum_{j in B} var(x_j))``, the variances
    (divided by n) being those of the fitted rows. Squared distances between practices are then made up
    of the blocks in proportion to their weights, on average, however many features each has.

    Parameters
    ----------
    blocks : feature -> block.
    weights : block -> total variance.
    """

    def __init__(self, blocks: Mapping[str, str], weights: Mapping[str, float]) -> None:
        self.blocks = blocks
        self.weights = weights

    def fit(self, X: pd.DataFrame, y: None = None) -> Self:
        names = [str(name) for name in X.columns]
        variance = validate_data(self, X, dtype=float).var(axis=0)
        self.factors_ = np.ones(len(names))
        block_of = np.array([self.blocks[name] for name in names])
        for block in dict.fromkeys(block_of):
            total = variance[block_of == block].sum()
            if not total > 0:
                raise ConfigError(f"block {block} does not vary among the fitted practices. Leave it out")
            self.factors_[block_of == block] = np.sqrt(self.weights[block] / total)
        return self

    def transform(self, X: pd.DataFrame) -> np.ndarray:
        check_is_fitted(self)
        return validate_data(self, X, dtype=float, reset=False) * self.factors_


class NamedComponents(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """A reducer whose components have names and settled signs.

    A component's sign is arbitrary. Here the largest loading in absolute value is positive, so the same
    data give the same columns on any machine.

    Parameters
    ----------
    reducer : an estimator with ``components_`` (components x features) once fitted.
    prefix : of the columns: ``PC`` gives PC1, PC2, ...

    Once fitted, `spread_` holds the columns' standard deviations: a loading over it is a correlation, and the
    sum of their squares is the variance of which each component has a share.
    """

    def __init__(self, reducer: Any, prefix: str = "component_") -> None:
        self.reducer = reducer
        self.prefix = prefix

    def fit(self, X: pd.DataFrame, y: None = None) -> Self:
        values = validate_data(self, X, dtype=float)
        self.reducer_ = clone(self.reducer).fit(values)
        # scikit-learn divides by n - 1 for principal components, by n for factors.
        divisor_less = 1 if hasattr(self.reducer_, "explained_variance_") else 0
        self.spread_ = values.std(axis=0, ddof=divisor_less)
        directions = np.asarray(self.reducer_.components_)
        largest = np.abs(directions).argmax(axis=1)
        self.signs_ = np.where(directions[np.arange(len(directions)), largest] < 0, -1.0, 1.0)
        return self

    def transform(self, X: pd.DataFrame) -> np.ndarray:
        check_is_fitted(self)
        return self.reducer_.transform(validate_data(self, X, dtype=float, reset=False)) * self.signs_

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        check_is_fitted(self)
        return np.array([f"{self.prefix}{i + 1}" for i in range(len(self.signs_))], dtype=object)

    def loadings(self) -> pd.DataFrame:
        """Return features x components: covariance of each feature with each component of unit variance.

        For principal components this is direction times the component's standard deviation; a factor
        analysis's components are loadings already.
        """
        check_is_fitted(self)
        directions = np.asarray(self.reducer_.components_).T * self.signs_
        variance = getattr(self.reducer_, "explained_variance_", None)
        if variance is not None:
            directions = directions * np.sqrt(variance)
        names = [str(name) for name in self.feature_names_in_]
        return pd.DataFrame(
            directions,
            index=pd.Index(names, name="feature", dtype="str"),
            columns=[str(name) for name in self.get_feature_names_out()],
        )


class StandardisedImputer(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Impute standardised columns, then undo the standardising.

    Neighbours found on raw columns would be neighbours in list size and little else.

    Parameters
    ----------
    imputer : a scikit-learn imputer that keeps every column.
    """

    def __init__(self, imputer: Any) -> None:
        self.imputer = imputer

    def fit(self, X: pd.DataFrame, y: None = None) -> Self:
        values = validate_data(self, X, dtype=float, ensure_all_finite="allow-nan")
        self.scaler_ = StandardScaler().fit(values)
        self.imputer_ = clone(self.imputer)
        with warnings.catch_warnings():
            # The last round of a capped number of rounds is used; how far it still moved is no news.
            warnings.simplefilter("ignore", ConvergenceWarning)
            self.imputer_.fit(self.scaler_.transform(values))
        return self

    def transform(self, X: pd.DataFrame) -> np.ndarray:
        check_is_fitted(self)
        values = validate_data(self, X, dtype=float, ensure_all_finite="allow-nan", reset=False)
        filled = self.scaler_.inverse_transform(self.imputer_.transform(self.scaler_.transform(values)))
        # What was known stays exactly as it was, without the rounding of there and back.
        return np.where(np.isnan(values), filled, values)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


def nearest(n_neighbors: int = 10) -> StandardisedImputer:
    """Impute by the mean of the `n_neighbors` most similar practices that have it, nearer ones more."""
    return StandardisedImputer(
        KNNImputer(n_neighbors=n_neighbors, weights="distance", keep_empty_features=True)
    )


def iterative(max_iter: int = 5, n_nearest_features: int | None = 15, seed: int = 0) -> StandardisedImputer:
    """Impute each feature by ridge regression on its most correlated others, in rounds."""
    return StandardisedImputer(
        IterativeImputer(
            max_iter=max_iter,
            n_nearest_features=n_nearest_features,
            skip_complete=True,
            random_state=seed,
            keep_empty_features=True,
        )
    )
