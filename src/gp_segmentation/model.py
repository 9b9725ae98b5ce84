"""The whole of a segmentation as one scikit-learn model: from features to segments, kept without pickle.

The model is the fitted matrix pipeline with `Segments` at its end. It is stored in skops' format, which holds
values and the names of types but no code; reading refuses every type outside `TRUSTED`.
"""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
import skops.io
from scipy.spatial import cKDTree
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted, validate_data

from gp_segmentation.atomic import atomic, existing
from gp_segmentation.clustering import Assignment, assign, centroids, margins
from gp_segmentation.errors import InputError

#: How the names of the types that a model file may hold begin, beside those skops itself vouches for.
TRUSTED = (
    *("gp_segmentation.model.", "gp_segmentation.preprocessing.", "gp_segmentation.imputers."),
    *("sklearn.", "numpy.dtype"),
)
#: Rows this near to a fitted row (in the matrix) are that practice with the same figures.
SAME = 1e-8
#: The earliest time a zip file can hold: written for every member, so that bytes depend on content alone.
ZIP_TIME = (1980, 1, 1, 0, 0, 0)
#: The member of a skops file that says what the others are.
SCHEMA = "schema.json"


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
        self.agreement_ = float((assign(self.X_, self._centres()).labels == self.y_).mean())
        return self

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        return self.place(X).labels

    def place(self, X: pd.DataFrame) -> Assignment:
        """Return segment, next nearest segment, margin and distances of every row."""
        values = self._values(X)
        labels = assign(values, self._centres()).labels
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


def save_model(path: Path, model: Any) -> None:
    """Write `model` in skops' format; the same model gives the same bytes."""
    written = io.BytesIO()
    skops.io.dump(model, written)
    with zipfile.ZipFile(written) as members:
        schema = json.loads(members.read(SCHEMA))
        contents = {name: members.read(name) for name in members.namelist() if name != SCHEMA}
    files: dict[str, str] = {}
    schema = _renamed(schema, {}, files)
    with atomic(path) as temporary, zipfile.ZipFile(temporary, "w") as out:
        for name, content in {SCHEMA: json.dumps(schema).encode(), **contents}.items():
            info = zipfile.ZipInfo(files.get(name, name), ZIP_TIME)
            info.compress_type = zipfile.ZIP_DEFLATED
            out.writestr(info, content)


def _renamed(node: Any, ids: dict[int, int], files: dict[str, str]) -> Any:
    """Number objects and files in the order they come: skops names them by memory address."""
    if isinstance(node, list):
        return [_renamed(value, ids, files) for value in node]
    if not isinstance(node, dict):
        return node
    told = dict(node)
    if "__id__" in told:
        told["__id__"] = ids.setdefault(told["__id__"], len(ids) + 1)
    if isinstance(told.get("file"), str):
        told["file"] = files.setdefault(told["file"], f"{len(files) + 1}{Path(told['file']).suffix}")
    return {key: _renamed(value, ids, files) for key, value in told.items()}


def load_model(path: Path) -> Any:
    """Read a model written by `save_model`; raise InputError when it names a type outside `TRUSTED`."""
    return skops.io.load(path, trusted=trusted_types(path))


def trusted_types(path: Path) -> list[str]:
    """Return the types in a model file that skops itself does not vouch for, once all are in `TRUSTED`."""
    found = [str(name) for name in skops.io.get_untrusted_types(file=existing(path))]
    foreign = [name for name in found if not name.startswith(TRUSTED)]
    if foreign:
        raise InputError(
            f"holds the type {foreign[0]}, which no model of this project has",
            file=path.name,
            remedy="Use model files of your own runs only",
        )
    return found
