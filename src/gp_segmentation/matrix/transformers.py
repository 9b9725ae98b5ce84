"""Transformers that scikit-learn lacks: imputation on one scale, outlier limits, block weights, components.

All take frames and learn from the rows they are fitted on. They return every row, in the same order.
"""

import warnings
from collections.abc import Mapping
from typing import Annotated, Any, Self

import numpy as np
import pandas as pd
from pydantic import Field
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin, clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.experimental import enable_iterative_imputer  # noqa: F401  (its import makes the next one possible)
from sklearn.impute import IterativeImputer, KNNImputer
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted, validate_data

from gp_segmentation.errors import ConfigError

#: Standard deviation of a normal distribution over its median absolute deviation (MAD).
MAD_TO_SD = 1.4826022185056018

Share = Annotated[float, Field(ge=0, le=1)]


class _ColumnLimits(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Base of transformers that clip every column to limits learnt by `fit`."""

    def transform(self, X: pd.DataFrame) -> np.ndarray:
        check_is_fitted(self)
        return np.clip(validate_data(self, X, dtype=float, reset=False), self.lower_, self.upper_)


class Winsorise(_ColumnLimits):
    """Clip each column to its `lower` and `upper` quantile, ``0 <= lower < upper <= 1``."""

    def __init__(self, lower: Share = 0.01, upper: Share = 0.99) -> None:
        self.lower = lower
        self.upper = upper

    def check_parameters(self) -> None:
        """Raise ConfigError where the limits are none."""
        if not 0 <= self.lower < self.upper <= 1:
            raise ConfigError(f"winsorise from {self.lower} to {self.upper}: need 0 <= lower < upper <= 1")

    def fit(self, X: pd.DataFrame, y: None = None) -> Self:
        self.check_parameters()
        values = validate_data(self, X, dtype=float)
        self.lower_, self.upper_ = np.quantile(values, [self.lower, self.upper], axis=0)
        return self


class ClipRobustZ(_ColumnLimits):
    """Clip each column to within `limit` robust standard deviations of its median.

    The robust z-score is ``(x - median) / (1.4826 MAD)``. Where more than half of a column is one value,
    the MAD is zero; such a column is not clipped.
    """

    def __init__(self, limit: Annotated[float, Field(gt=0)] = 4.0) -> None:
        self.limit = limit

    def fit(self, X: pd.DataFrame, y: None = None) -> Self:
        if not self.limit > 0:
            raise ConfigError(f"clip at a robust z of {self.limit}: give a positive limit")
        values = validate_data(self, X, dtype=float)
        median = np.median(values, axis=0)
        robust_sd = MAD_TO_SD * np.median(np.abs(values - median), axis=0)
        reach = np.where(robust_sd > 0, self.limit * robust_sd, np.inf)
        self.lower_, self.upper_ = median - reach, median + reach
        return self


class BlockWeights(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Multiply the columns of each block by one factor, so that the block's total variance is its weight.

    For block B with weight w the factor is ``sqrt(w / sum_{j in B} var(x_j))``, with the variances (divided
    by n) of the fitted rows. On average, each block then contributes to the squared distances between
    practices in proportion to its weight, however many features it has.

    Parameters
    ----------
    blocks : feature -> block.
    weights : block -> total variance.
    """

    def __init__(self, blocks: Mapping[str, str], weights: Mapping[str, float]) -> None:
        self.blocks = blocks
        self.weights = weights

    def fit(self, X: pd.DataFrame, y: None = None) -> Self:
        variance = validate_data(self, X, dtype=float).var(axis=0)
        block_of = np.array([self.blocks[str(name)] for name in X.columns])
        self.factors_ = np.ones(len(block_of))
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
    """A reducer whose components have names and fixed signs.

    The sign of a component is arbitrary. Here its largest loading in absolute value is positive, so that
    the same data give the same columns on any machine.

    Parameters
    ----------
    reducer : an estimator that has ``components_`` (components x features) once fitted.
    prefix : of the component names: ``PC`` gives PC1, PC2, ...

    Attributes
    ----------
    spread_ : (features,) standard deviations. A loading divided by it is a correlation; the sum of their
        squares is the variance that the components share.
    """

    def __init__(self, reducer: Any, prefix: str = "component_") -> None:
        self.reducer = reducer
        self.prefix = prefix

    def fit(self, X: pd.DataFrame, y: None = None) -> Self:
        values = validate_data(self, X, dtype=float)
        wanted = getattr(self.reducer, "n_components", None)
        if isinstance(wanted, int) and wanted > values.shape[1]:  # some reducers would keep all in silence
            raise ConfigError(
                f"reducer.n_components is {wanted}, but there are {values.shape[1]} features. Lower it"
            )
        self.reducer_ = clone(self.reducer).fit(values)
        # scikit-learn divides by n - 1 for principal components, by n for factors.
        self.spread_ = values.std(axis=0, ddof=int(hasattr(self.reducer_, "explained_variance_")))
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
        """Return features x components: covariances of features with components of unit variance.

        The loadings of a principal component are its direction times its standard deviation. The
        ``components_`` of a factor analysis are loadings already.
        """
        check_is_fitted(self)
        loadings = np.asarray(self.reducer_.components_).T * self.signs_
        if hasattr(self.reducer_, "explained_variance_"):
            loadings = loadings * np.sqrt(self.reducer_.explained_variance_)
        features = pd.Index(self.feature_names_in_, name="feature", dtype="str")
        return pd.DataFrame(loadings, index=features, columns=self.get_feature_names_out().tolist())


class StandardisedImputer(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Standardise the columns, impute, and undo the standardisation.

    On raw columns the nearest neighbours would be neighbours in list size and little else. `imputer` is a
    scikit-learn imputer that keeps every column.
    """

    def __init__(self, imputer: Any) -> None:
        self.imputer = imputer

    def fit(self, X: pd.DataFrame, y: None = None) -> Self:
        values = validate_data(self, X, dtype=float, ensure_all_finite="allow-nan")
        self.scaler_ = StandardScaler().fit(values)
        self.imputer_ = clone(self.imputer)
        with warnings.catch_warnings():
            # The number of rounds is limited on purpose.
            warnings.simplefilter("ignore", ConvergenceWarning)
            self.imputer_.fit(self.scaler_.transform(values))
        return self

    def transform(self, X: pd.DataFrame) -> np.ndarray:
        check_is_fitted(self)
        values = validate_data(self, X, dtype=float, ensure_all_finite="allow-nan", reset=False)
        imputed = self.scaler_.inverse_transform(self.imputer_.transform(self.scaler_.transform(values)))
        # Known values stay exact; scaling there and back would round them.
        return np.where(np.isnan(values), imputed, values)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


def knn_imputer(n_neighbors: int = 10) -> StandardisedImputer:
    """Impute by the mean of the `n_neighbors` nearest practices with a value, weighted by 1 / distance."""
    imputer = KNNImputer(n_neighbors=n_neighbors, weights="distance", keep_empty_features=True)
    return StandardisedImputer(imputer)


def iterative_imputer(
    max_iter: int = 5, n_nearest_features: int | None = 15, seed: int = 0
) -> StandardisedImputer:
    """Impute each feature by ridge regression on its most correlated features, in `max_iter` rounds."""
    return StandardisedImputer(
        IterativeImputer(
            max_iter=max_iter,
            n_nearest_features=n_nearest_features,
            skip_complete=True,
            random_state=seed,
            keep_empty_features=True,
        )
    )
