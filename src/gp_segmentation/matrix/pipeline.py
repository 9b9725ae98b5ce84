"""From features to the matrix that is clustered: impute, limit outliers, scale, weight blocks, reduce.

Every step is a scikit-learn transformer in one Pipeline. It is fitted on ordinary practices only and then
applied to all practices, special ones included.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.decomposition import PCA, FactorAnalysis
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from gp_segmentation.errors import InputError
from gp_segmentation.matrix.transformers import BlockWeights, NamedComponents
from gp_segmentation.utils.rounding import signed

#: Prefix of the component names of a reducer.
PREFIXES: dict[type, str] = {PCA: "PC", FactorAnalysis: "factor_"}


@dataclass(frozen=True)
class MatrixResult:
    """The matrix and how it was made.

    Attributes
    ----------
    matrix : practice_code -> the columns that are clustered, special practices included.
    imputed : feature, label, count and share of the values that were missing, over all practices.
    loadings : feature x component; empty without a reducer.
    components : component, share (of the variance before reducing), cumulative, features (those most
        correlated with it); no rows without a reducer.
    pipeline : the fitted pipeline.
    """

    matrix: pd.DataFrame
    imputed: pd.DataFrame
    loadings: pd.DataFrame
    components: pd.DataFrame
    pipeline: Pipeline


def build_pipeline(
    imputer: Any,
    outliers: Any,
    scaler: Any,
    reducer: Any,
    dictionary: pd.DataFrame,
) -> Pipeline:
    """Return the unfitted pipeline: impute, outliers, scale, weight, reduce.

    Parameters
    ----------
    imputer, outliers, scaler, reducer : unfitted transformers; the identity where a step is not wanted.
    dictionary : schema ``dictionary``: the block of each feature and the block's weight, which is its total
        variance on the fitted rows after scaling and before reducing.
    """
    blocks = dict(zip(dictionary["feature"], dictionary["block"], strict=True))
    weights = dict(zip(dictionary["block"], dictionary["weight"].astype(float), strict=True))
    if hasattr(reducer, "n_components"):
        prefix = next((name for kind, name in PREFIXES.items() if isinstance(reducer, kind)), "component_")
        reducer = NamedComponents(reducer, prefix)
    steps = [
        ("impute", imputer),
        ("outliers", outliers),
        ("scale", scaler),
        ("weight", BlockWeights(blocks, weights)),
        ("reduce", reducer),
    ]
    return Pipeline(steps).set_output(transform="pandas")


def prepare_matrix(
    features: pd.DataFrame,
    fitted: pd.Series,
    pipeline: Pipeline,
    dictionary: pd.DataFrame,
) -> MatrixResult:
    """Fit `pipeline` on the fitted practices and transform all practices.

    Parameters
    ----------
    features : practice_code -> features on the analysis scale; NaN where missing.
    fitted : practice_code -> bool, True for practices that the pipeline is fitted on.
    dictionary : schema ``dictionary``; its labels name features in the tables.

    Raises
    ------
    InputError
        Fewer than two practices are fitted, a feature is infinite or has no value among them, or the matrix
        has a value that is not finite.
    """
    rows = fitted.reindex(features.index).fillna(False).to_numpy(dtype=bool)
    if rows.sum() < 2:
        raise InputError(f"only {rows.sum()} practices are not special; fitting needs two", file="features")
    _check_features(features, rows)
    # The number of threads can change the rounding of sums in linear algebra; one thread keeps every byte.
    with threadpool_limits(1):
        pipeline.fit(features[rows])
        matrix = pipeline.transform(features).rename_axis(index="practice_code")
    not_finite = matrix.columns[~np.isfinite(matrix.to_numpy()).all(axis=0)]
    if len(not_finite):
        problem = "a value is not finite after preparation"
        raise InputError(problem, file="matrix", column=not_finite[0])
    reducer = pipeline.named_steps["reduce"]
    named = isinstance(reducer, NamedComponents)
    loadings = reducer.loadings() if named else pd.DataFrame(index=pd.Index([], name="feature", dtype="str"))
    components = _describe_components(loadings, reducer.spread_ if named else np.empty(0), dictionary)
    return MatrixResult(matrix, count_imputed(features, dictionary), loadings, components, pipeline)


def _check_features(features: pd.DataFrame, rows: NDArray[np.bool_]) -> None:
    """Refuse an infinite value, and a feature without a value among the fitted rows."""
    values = features.to_numpy(dtype=float)
    infinite = np.argwhere(np.isinf(values))
    if len(infinite):
        row, column = infinite[0]
        problem = f"{values[row, column]:g} for {features.index[row]} is not finite"
        raise InputError(problem, file="features", column=str(features.columns[column]))
    unknown = features.columns[features[rows].isna().all()]
    if len(unknown):
        problem = "no fitted practice has a value"
        raise InputError(problem, file="features", column=str(unknown[0]), remedy="Leave the feature out")


def _describe_components(
    loadings: pd.DataFrame, spread: np.ndarray, dictionary: pd.DataFrame, *, most: int = 5
) -> pd.DataFrame:
    """Return a row per component: component, share, cumulative, features.

    The share of a component is the sum of its squared loadings over the sum of squares of `spread`, the
    features' standard deviations (scaled and weighted). ``features`` names the `most` features with the
    highest correlation (loading over standard deviation): ``Asthma prevalence +0.81; List size −0.60``.
    """
    labels = dict(zip(dictionary["feature"], dictionary["label"], strict=True))
    deviations = pd.Series(spread, index=loadings.index, dtype=float)
    share = (loadings**2).sum() / max(float((deviations**2).sum()), 1e-300)
    correlations = loadings.div(deviations.where(deviations > 0), axis=0).fillna(0.0)
    strongest = []
    for _, column in correlations.items():
        names = column.abs().sort_values(ascending=False, kind="stable").index[:most]
        strongest.append("; ".join(f"{labels[name]} {signed(column[name])}" for name in names))
    return pd.DataFrame(
        {
            "component": pd.Series(list(loadings.columns), dtype="str"),
            "share": share.to_numpy(dtype=float),
            "cumulative": share.cumsum().to_numpy(dtype=float),
            "features": pd.Series(strongest, dtype="str"),
        }
    )


def count_imputed(features: pd.DataFrame, dictionary: pd.DataFrame) -> pd.DataFrame:
    """Return feature, label, count and share of missing values, most missing values first."""
    missing = features.rename_axis(columns="feature").isna()
    table = pd.DataFrame({"count": missing.sum(), "share": missing.mean()}).reset_index()
    table.insert(1, "label", table["feature"].map(dictionary.set_index("feature")["label"]))
    return table.sort_values(["count", "feature"], ascending=[False, True], ignore_index=True)
