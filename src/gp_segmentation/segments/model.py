"""A segmentation as one scikit-learn model: the matrix pipeline with `Segments` at its end."""

from typing import Self

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted, validate_data

from gp_segmentation.clustering import Assignment, assign_nearest, centroids, margins

#: Rows this near to a fitted row (in the matrix) are that practice with the same figures.
SAME = 1e-8


class Segments(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # sklearn is untyped
    """Gives rows of the matrix their segment: that of the same fitted row, else that of the nearest centroid.

    K-means and every other clusterer end in a partition of the fitted practices. That partition stands: a
    row that is a fitted practice with unchanged figures keeps its segment. Any other row gets the segment
    whose centroid (mean of its fitted practices) is nearest. For hierarchical segments, which are not
    made of nearest centroids, `agreement_` says how far the rule gives what the tree gave.

    Attributes
    ----------
    X_, y_ : the fitted rows and their segments. centroids_ : (k, p). classes_ : segments.
    agreement_ : share of the fitted rows whose segment is that of the nearest centroid.
    """

    def fit(self, X: pd.DataFrame, y: pd.Series) -> Self:
        """Keep the segments `y` of the rows `X`."""
        self.X_ = validate_data(self, X, dtype=np.float64)
        self.y_ = np.asarray(y, dtype=np.int64)
        self.classes_ = np.unique(self.y_)
        self.centroids_ = centroids(self.X_, self.y_).to_numpy()
        self.agreement_ = float((assign_nearest(self.X_, self._centres()).labels == self.y_).mean())
        return self

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        return self.place(X).labels

    def place(self, X: pd.DataFrame) -> Assignment:
        """Return segment, next nearest segment, margin and distances of every row."""
        values = self._values(X)
        labels = assign_nearest(values, self._centres()).labels
        known = self.known(X)
        labels[known >= 0] = self.y_[known[known >= 0]]
        return margins(values, labels, self._centres())

    def known(self, X: pd.DataFrame) -> np.ndarray:
        """Return the position of the fitted row that each row is, or -1."""
        values = self._values(X)
        distance, position = cKDTree(self.X_).query(values, distance_upper_bound=SAME)
        return np.where(np.isfinite(distance), position, -1)

    def _values(self, X: pd.DataFrame) -> np.ndarray:
        check_is_fitted(self)
        values: np.ndarray = validate_data(self, X, dtype=np.float64, reset=False)
        return values

    def _centres(self) -> pd.DataFrame:
        return pd.DataFrame(self.centroids_, index=pd.Index(self.classes_, name="segment"))


def whole_model(pipeline: Pipeline, matrix: pd.DataFrame, labels: pd.Series) -> Pipeline:
    """Return the fitted matrix `pipeline` with the segments of the fitted practices at its end.

    Parameters
    ----------
    matrix : what `pipeline` made of the fitted practices. labels : practice_code -> segment, same rows.
    """
    segments = Segments().fit(matrix.loc[labels.index], labels)
    return Pipeline([*pipeline.steps, ("segments", segments)])
