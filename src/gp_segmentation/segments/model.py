"""A segmentation as one scikit-learn model: the matrix pipeline with `Segments` as its last step."""

from collections.abc import Mapping
from typing import Self

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted, validate_data

from gp_segmentation.clustering import Assignment, Levels, assign_levels, assign_nearest, centroids, margins
from gp_segmentation.segments.table import codes_of

#: Rows of the matrix at most this far apart are the same practice with unchanged figures.
SAME_FIGURES = 1e-6


class Segments(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # sklearn is untyped
    """Gives each row of the matrix a segment: that of the same fitted row, else that of the nearest centroid.

    Every clusterer ends in a partition of the fitted practices, and the model keeps this partition: a fitted
    practice with unchanged figures keeps its segment. Any other row gets the segment whose centroid (mean
    of its fitted practices) is nearest. Hierarchical segments are not defined by nearest centroids;
    `agreement_` says how well this rule reproduces them. Rows that a clusterer left in no cluster (noise) are
    not among the fitted rows: they, too, get the nearest segment here (`assign_practices` knows them by the
    run's table).

    Attributes
    ----------
    X_, y_ : the fitted rows and their segments. centroids_ : (k, p). classes_ : segments.
    codes_, level_codes_, level_centroids_ : see `with_levels`.
    agreement_ : share of the fitted rows whose segment is that of the nearest centroid.
    """

    def fit(self, X: pd.DataFrame, y: pd.Series) -> Self:
        """Keep the segments `y` of the rows `X`."""
        self.X_ = validate_data(self, X, dtype=np.float64)
        self.y_ = np.asarray(y, dtype=np.int64)
        self.classes_ = np.unique(self.y_)
        self.centroids_ = centroids(self.X_, self.y_).to_numpy()
        self.agreement_ = float((assign_nearest(self.X_, self.centroid_table()).labels == self.y_).mean())
        return self

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        return self.place(X).labels

    def place(self, X: pd.DataFrame) -> Assignment:
        """Return segment, second nearest segment, margin and distances of every row."""
        values, centres = self._values(X), self.centroid_table()
        labels = assign_nearest(values, centres).labels
        position = self.fitted_rows(X)
        labels[position >= 0] = self.y_[position[position >= 0]]
        return margins(values, labels, centres)

    def fitted_rows(self, X: pd.DataFrame) -> np.ndarray:
        """Return for each row the position of the same fitted row, or -1."""
        distance, position = cKDTree(self.X_).query(self._values(X), distance_upper_bound=SAME_FIGURES)
        return np.where(np.isfinite(distance), position, -1)

    def with_levels(self, codes: Mapping[int, str], centres: pd.DataFrame) -> Self:
        """Keep the code of every segment, and code -> centroid of the groups of every level (`Levels`)."""
        self.codes_ = np.array([codes[segment] for segment in self.classes_.tolist()], dtype=str)
        self.level_codes_ = centres.index.to_numpy(dtype=str)
        self.level_centroids_ = centres.to_numpy()
        return self

    def levels(self, X: pd.DataFrame) -> pd.DataFrame | None:
        """Return supergroup, segment and subgroup (codes) of every row; None in models of older runs."""
        if not hasattr(self, "level_codes_"):
            return None
        values = self._values(X)
        known = self.codes_[np.searchsorted(self.classes_, self.predict(X))]
        centres = pd.DataFrame(self.level_centroids_, index=pd.Index(self.level_codes_, name="code"))
        return assign_levels(values, centres, known).set_axis(getattr(X, "index", range(len(values))), axis=0)

    def centroid_table(self) -> pd.DataFrame:
        """Return segment -> centroid, with the columns of the matrix where it was a frame."""
        columns = getattr(self, "feature_names_in_", None)
        return pd.DataFrame(self.centroids_, index=pd.Index(self.classes_, name="segment"), columns=columns)

    def _values(self, X: pd.DataFrame) -> np.ndarray:
        check_is_fitted(self)
        return np.asarray(validate_data(self, X, dtype=np.float64, reset=False))


def add_segments(pipeline: Pipeline, matrix: pd.DataFrame, labels: pd.Series, levels: Levels) -> Pipeline:
    """Return the fitted `pipeline` with the segments of the fitted practices as its last step.

    Parameters
    ----------
    matrix : the output of `pipeline`. labels : practice_code -> segment of the fitted practices. levels : of
        these practices.
    """
    segments = Segments().fit(matrix.loc[labels.index], labels)
    segments.with_levels(codes_of(labels, levels), levels.centroids)
    return Pipeline([*pipeline.steps, ("segments", segments)])
