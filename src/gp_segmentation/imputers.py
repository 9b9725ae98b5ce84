"""Imputers that compare features on a common scale; `gp_segmentation.matrix` puts one in its pipeline."""

from __future__ import annotations

import warnings
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin, clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.experimental import enable_iterative_imputer  # noqa: F401  (its import makes the next one possible)
from sklearn.impute import IterativeImputer, KNNImputer
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted, validate_data


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
